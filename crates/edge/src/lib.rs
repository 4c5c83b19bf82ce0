//! Bundle and raw row to prediction: a calibrated probability, an expected value, or a segment.
//!
//! [`Model::from_bytes`] checks a bundle and borrows its weights; [`Model::predict`] encodes a raw row by the bundle's own
//! encoders, runs the network and allocates nothing: everything it writes lies in a [`Workspace`] that is made once.
//! Needs nothing but `alloc`.
//!
//! **The same bits everywhere.** Integer networks are integers throughout (see
//! [`tenure_artifact::bundle::QuantizedDense`]); networks in single precision add products one after the other, in one
//! fixed order, without fused operations; encoders and answers use nothing but IEEE additions, multiplications and
//! divisions. So every [`Kernel`], on every processor, gives the same prediction to the last bit; a test holds each
//! kernel to [`Kernel::Portable`].
//!
//! # Example
//! ```
//! use tenure_artifact::bundle::{Answer, Bundle, Layer, Network};
//! use tenure_artifact::{Calibration, Encoder, InputColumn, Magnitude, RawValue, Scale};
//! use tenure_edge::{Model, Score, Workspace};
//!
//! # let scale = Scale::Robust { median: 20.0, width: 10.0 };
//! # let spend = Encoder::Magnitude(Magnitude { scale, min: 0.0, max: 90.0, missing_indicator: false });
//! # let network = Network {
//! #     n_inputs: 1, category_width: 0, category_table: Default::default(), input_steps: Default::default(),
//! #     n_members: 1, layers: vec![Layer::dense(&[0.7], &[-1.0], None)],
//! # };
//! # let bundle = Bundle {
//! #     inputs: vec![InputColumn::new("spend", spend)], network: Some(network),
//! #     answer: Answer::Churn { calibration: Calibration::Identity },
//! #     thresholds: vec![], policy: Default::default(), samples: vec![], metadata: vec![], signature: None,
//! # };
//! # let file = bundle.to_bytes();
//! let model = Model::from_bytes(&file).unwrap();
//! let mut workspace = Workspace::new(&model);
//! let prediction = model.predict(&[RawValue::Number(20.0)], &mut workspace).unwrap();
//! let Score::Churn { probability } = prediction.score else { unreachable!() };
//! assert!((probability - 0.268_941).abs() < 1e-6); // sigmoid(0.7 · 0 − 1)
//! ```
#![no_std]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod answer;
#[cfg(feature = "capi")]
pub mod capi;
mod error;
mod kernel;
mod model;
mod network;
#[cfg(any(feature = "capi", feature = "wasm"))]
mod owned;
mod prediction;
#[cfg(feature = "wasm")]
pub mod wasm;
mod workspace;

pub use error::{BatchError, ScoreError, VerifyError};
pub use kernel::{Kernel, UnavailableKernel};
pub use model::{Model, Rows};
pub use prediction::{Flags, Prediction, Score};
pub use workspace::Workspace;
