//! Tests across the crate's modules.

mod errors;
mod fitting;
mod leaking;
mod made;
mod splitting;
