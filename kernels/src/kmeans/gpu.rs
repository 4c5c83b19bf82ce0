//! The GPU's side, in CubeCL: one source for Vulkan, Metal, DirectX 12 and OpenGL, on rows that stay on the device.
//!
//! # One Lloyd iteration
//! 1. [`assign`]: a cube (workgroup) takes a group of rows and one restart's centroids. Tiles of both lie in shared memory;
//!    each unit (invocation) holds scores of a few rows times a few centroids in registers and keeps the nearest, so that no
//!    `N × K` matrix exists. With few centroids the same cube sums its rows per cluster while the tile is in the cache.
//! 2. [`accumulate`], with many centroids: sums per cluster from the labels, in slices of clusters that fit shared memory.
//! 3. [`reduce`]: partial sums of groups are added two by two, centroids move to their means, and each restart's state says
//!    whether it came to rest.
//!
//! Nothing is added atomically and every sum has one order, so a device gives the same bits at each run. Restarts are an axis
//! of every launch; one that came to rest is skipped on the device. The host enqueues iterations and reads states every few
//! of them: no iteration waits for the host. Only an empty cluster does: its restart halts, and the host refills it.
//!
//! # Cost of one iteration
//! Bytes: `4·N·D` read (twice with many centroids, plus `8·N·R` of labels), partial sums of at most [`PARTIAL_BYTES`] written
//! and read. FLOPs: `2·N·K·D·R`. On a card of 3.3 TB/s and 60 TFLOP/s (10M, 16, 16) is bounded by one read, .2 ms, and
//! (10M, 64, 256) by products, 5.5 ms. What a card reaches of it has not been measured: software Vulkan, on which the parity
//! suite runs, is hundreds of times slower than the CPU twin.
//!
//! # Numbers
//! Rows are moved by the frame's shift before they are uploaded (under cosine: scaled to length 1), so that data far from the
//! origin keep their digits, as on the CPU. Scores and sums are `f32`. Up to a million rows a group has 1,024 rows or little
//! more, above that a thousandth of all; units share them, and groups are added two by two, so that a sum is off by few
//! roundings however many rows there are.

// Kernels are launched with raw buffer lengths, and unchecked; each launch says why it holds.
#![allow(unsafe_code)]

mod accumulate;
mod adapter;
mod assign;
mod error;
mod label;
mod reduce;
mod resident;
mod restarts;
mod tile;

pub use adapter::{Adapter, AdapterKind, Api, Gpu};
pub use error::GpuError;
pub use label::Labels;
pub use resident::Resident;
pub use restarts::{Restarts, State, Stop};
pub use tile::Tile;

/// Memory that partial sums of all groups may take together.
pub const PARTIAL_BYTES: usize = 64 << 20;
