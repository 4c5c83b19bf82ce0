//! A bundle into what other programs read: ONNX, safetensors, or a C header with the bundle itself.
//!
//! | format | what is inside |
//! |---|---|
//! | [`onnx`] | raw columns to the answer, in single precision: encoders, network, calibration |
//! | [`onnx_int8`] | the same with the network's integers between `QuantizeLinear` and `DequantizeLinear` |
//! | [`safetensors()`] | weights, biases and embeddings; encoders and calibration as JSON in the metadata |
//! | [`header`] | the bundle's bytes, for firmware that links `crates/edge` |
//!
//! What a format cannot say is an [`ExportError`], never left out in silence.

mod dense;
mod error;
mod header;
mod onnx;
mod safetensors;

pub use error::ExportError;
pub use header::header;
pub use onnx::{onnx, onnx_int8};
pub use safetensors::safetensors;
