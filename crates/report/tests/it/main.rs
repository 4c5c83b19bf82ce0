//! Pages and cards from made results.

mod card;
mod compare;
mod compression;
mod made;
mod made_value;
mod page;
mod value;
