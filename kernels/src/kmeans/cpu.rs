//! The CPU twin: registers chosen at run time, chunks on all threads of rayon's pool.
//!
//! A tile of rows is turned so that one register holds one column of many rows; a block of centroids then costs one
//! broadcast and two fused products for each column, and the minimum needs no shuffle. Rows of a group of tiles are then
//! ordered by label and summed in `f64` registers while they are in the L2 cache, and the next group is on its way there.

// Kernels are compiled once for each instruction set by inlining into a function that enables it; a call that is left
// over would run without the registers.
#![allow(clippy::inline_always)]
// Index loops over registers keep arrays in registers; iterators over arrays of arrays do not always.
#![allow(clippy::needless_range_loop)]
// The registers of a CPU are reached through intrinsics and pointers; each block says why it holds.
#![allow(unsafe_code)]

mod ahead;
mod assign;
mod moments;
mod nearest;
#[cfg(target_arch = "aarch64")]
mod neon;
mod panel;
mod peak;
mod portable;
mod seed;
mod sums;
mod sweep;
mod tile;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use assign::{accumulate, assign, assign_with_distances};
pub use moments::{Moments, moments, own_distances};
pub use panel::{Frame, Panel};
pub use peak::{flops_per_round, fused_products};
pub use seed::{lower, padded, potentials, squared_distances};
pub use sweep::accumulate_all;
pub use vector::Level;
