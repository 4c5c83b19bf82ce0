//! The CPU twin: registers chosen at run time, chunks on all threads of rayon's pool.
//!
//! A tile of rows is turned so that one register holds one column of many rows; a block of centroids then costs one
//! broadcast and two fused products for each column, and the minimum needs no shuffle. Where there are many centroids and
//! registers are wide, a register holds one column of sixteen centroids instead and meets rows as they lie. Rows of a group
//! are then ordered by label and summed in `f64` registers while they are in the L2 cache.

// Kernels are compiled once for each instruction set by inlining into a function that enables it; a call that is left
// over would run without the registers.
#![allow(clippy::inline_always)]
// Index loops over registers keep arrays in registers; iterators over arrays of arrays do not always.
#![allow(clippy::needless_range_loop)]
// The registers of a CPU are reached through intrinsics and pointers; each block says why it holds.
#![allow(unsafe_code)]

mod accumulate;
mod across;
mod ahead;
mod assign;
mod leads;
mod moments;
mod nearest;
mod panel;
mod peak;
mod seed;
mod sums;
mod sweep;
mod tile;

pub use crate::lanes::Level;
pub use accumulate::{ChunkSums, Labelled, MOST_LABELLED, UNLABELLED, accumulate};
pub use assign::{assign, assign_with_distances};
pub use leads::drift_of_scores;
pub use moments::{Moments, moments, own_distances};
pub use panel::{Frame, Panel};
pub use peak::{flops_per_round, fused_products};
pub use seed::{Candidates, lower, padded, potentials, squared_distances};
pub use sweep::{accumulate_all, accumulate_moves};
