//! The hot loops, one folder per kernel: a readable reference that defines the result, and a CPU twin that is fast.
//!
//! Its invariants: results do not depend on the number of threads; the instruction set is chosen at run time, and AVX2,
//! AVX-512 and NEON give the same bits as each other.

pub mod adamw;
mod dense;
pub mod kmeans;
mod lanes;
pub mod loss;
pub mod scratch;
pub mod step;
mod team;

pub use lanes::Simd;
