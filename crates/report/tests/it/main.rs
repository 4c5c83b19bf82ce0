//! Pages and cards from made results.

mod card;
mod compare;
mod made;
mod made_value;
mod page;
mod value;
