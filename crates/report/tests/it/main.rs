//! Pages and cards from made results.

mod made;
mod page;
