//! Pages and cards from made results.

mod card;
mod compare;
mod made;
mod page;
