//! An experiment file into a checked [`Plan`].
mod plan;
pub use plan::*;
