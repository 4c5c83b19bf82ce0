//! Fitted encoders with their apply, the network description, calibration maps, and the bundle that carries them all.
//!
//! What a fit has learned about a table becomes a [`Preprocessor`]: plain data with one way to apply it, used for
//! training rows and for edge rows alike; a [`bundle`] is the same in one file's bytes. Nothing here fits, allocates
//! while scoring, or opens files. Needs nothing
//! beyond `alloc`; every function gives the same bits on every machine.
//!
//! # Example
//! ```
//! use tenure_artifact::{Levels, OneHot};
//!
//! let plan = OneHot::new(Levels::new(vec!["gold".into(), "basic".into(), "trial".into()]), false);
//! let mut row = [0.0; 3];
//! plan.write(Some("gold"), &mut row);
//! assert_eq!(row, [0.0, 1.0, 0.0]);
//! ```
#![no_std]
extern crate alloc;

mod activation;
pub mod bundle;
pub mod calibration;
mod category;
mod head;
mod layout;
mod magnitude;
pub mod math;
mod network;
mod parameters;
mod preprocessor;
mod raw;
mod row_encoder;
mod scale;
mod sequence;
mod value;

pub use calibration::Calibration;
pub use category::{Embedding, Levels, MISSING_INDEX, OneHot, TargetStatistics, UNSEEN_INDEX};
pub use head::{Head, JointHead};
pub use layout::{CategoricalInput, ContinuousInput, InputLayout};
pub use magnitude::{Magnitude, TwoValued};
pub use network::{Activation, Backbone, Hidden, NetworkSpec, NumericSpec, SequenceSpec, Sharing};
pub use parameters::{Parameter, ParameterRole};
pub use preprocessor::{DropReason, DroppedColumn, Encoder, InputColumn, Preprocessor};
pub use raw::{ApplyError, RawValue, RowBuffers, RowFlags};
pub use row_encoder::{ColumnValues, EncodeScratch, EncodedLevels, RawRow, RowEncoder, TileBuffers};
pub use scale::{Piecewise, Quartiles, Scale};
pub use sequence::{SequenceLevels, SequenceScale};
pub use value::{LabelStatistics, Predictive, SIGMA_FLOOR, ValueFamily, ValueHead};
