//! The tests that look at Tenure from outside: its layering, its documents, its errors, and whole runs.
//!
//! Parity of the networks over devices is tested beside them, in `crates/model/tests`.

#![allow(
    unreachable_pub,
    clippy::print_stderr,
    reason = "a test crate: its modules share helpers, and skipped tests say so"
)]

mod bench;
mod bundled_tasks;
mod bundles;
mod clv;
mod documents;
mod exporting;
mod folds;
mod layering;
mod program_errors;
mod runs;
mod segments;
mod sequences;
mod signing;
mod tenure;
