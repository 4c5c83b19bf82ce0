//! The bundle: a model with all its preprocessing as one little-endian file (`.tenure`).
//!
//! # Layout of versions 1 and 2
//! | bytes | what |
//! |---|---|
//! | 0..8 | magic: `89 54 4E 52 0D 0A 1A 0A`; a transfer as text spoils it |
//! | 8..12 | format version, `u32` |
//! | 12..16 | zero |
//! | 16..24 | [`digest`] of every byte from 24 to the end |
//! | 24..32 | length of the file, `u64` |
//! | 32..36 | number of sections, `u32` |
//! | 36..64 | zero |
//! | 64.. | section table: kind `u32`, zero `u32`, offset `u64`, length `u64` for each |
//! | … | sections, each at a multiple of 64 bytes |
//!
//! The order of checks is: length of the header, magic, version, length, digest, section table, sections. Nothing is
//! allocated before the digest has been found right, and afterwards no count is believed before the bytes it promises
//! are known to be there: what a reader allocates is bounded by a constant times the length of the file.
//!
//! Weights stay where they are: a read [`Bundle`] borrows them from the file's bytes, whatever their alignment.
//!
//! Version 2 adds answers: values with their unit, cap and pool, churn with value, and segments by cosine. A file without
//! them is still written as version 1, so that runtimes in the field go on reading it.
//!
//! # Policy for unusual values
//! Each encoder documents how it encodes a missing, an unseen or a far value; [`Policy`] says for each kind whether such a
//! row is scored all the same (and flagged) or refused.

mod answer;
mod contents;
mod digest;
mod encoders;
mod error;
mod file;
mod layer;
mod network;
mod numbers;
mod quantize;
mod reader;
mod samples;
mod scheme;
mod signature;
mod writer;

#[cfg(test)]
mod tests;

pub use answer::{Action, Answer, Centroids, Forecast, Nearness, Policy, Threshold, ValuePool, ValueScale};
pub use contents::{Bundle, Description, SectionSize};
pub use digest::digest;
pub use error::BundleError;
pub use file::{MAGIC, Section, VERSION};
pub use layer::{INPUTS_PER_GROUP, IntWeights, Layer, LayerWeights, OUTPUTS_PER_PANEL, Requantize};
pub use network::{Network, UnsupportedNetwork};
pub use numbers::{LeNumber, LeSlice};
pub use quantize::{MAX_MAGNITUDE, QuantizeError, QuantizedDense, fixed_point, quantize_channels};
pub use samples::{Cell, Sample};
pub use scheme::{HiddenScheme, Scheme, max_weight};
pub use signature::{SIGNATURE_BYTES, Signature, attach_signature, reserve_signature, signed_message};
