//! A student network and its preprocessing into one bundle: quantized, measured as it ships, gated on what it lost.
//!
//! [`compress`] makes the bundle of a network, [`compress_segments`] that of encoders and centroids. Every figure it gives comes from the edge runtime scoring raw rows, never from a
//! simulation of it. Ranges of activations come from training rows, choices from validation rows; test rows are scored
//! once, for the table and the gate.
//!
//! Integers are chosen by [`quantize`]: symmetric 8-bit weights with one scale per output, ranges of activations by
//! several [`RangeMethod`]s, with and without correction of the biases. Where rounding moves the answers, the caller's
//! trainer goes on with the student as those integers compute it ([`Retrain`]), and [`requantize`] rounds what it learned.
//!
//! Letters used for shapes: `N` rows, `I` inputs, `O` outputs.

mod compress;
mod dense;
mod error;
mod integers;
mod job;
mod measure;
mod outcomes;
mod quantize;
mod ranges;
mod rows;
mod samples;
mod scores;
mod segments;
mod step;

pub use compress::compress;
pub use dense::Dense;
pub use error::{CODES, CompressError};
pub use job::{ChurnPart, CompressJob, Retrain, RowSets, Teacher, ValuePart};
pub use measure::Latency;
pub use quantize::{Quantized, Quantizer, quantize, requantize};
pub use ranges::RangeMethod;
pub use rows::RawRows;
pub use segments::{CompressedSegments, SegmentsJob, compress_segments};
pub use step::{Awareness, Candidate, ChurnQuality, Compressed, Gate, Parity, Step, ValueQuality};
