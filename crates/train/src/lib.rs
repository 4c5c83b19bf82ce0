//! Dense data sets into trained models.
//!
//! [`fit`] trains the network that `[model]` describes on encoded rows, with early stopping on a part of them that it
//! is given for the purpose; it never sees the test partition. A step is computed by fused kernels on the CPU, else by
//! the tensor library ([`choose_kernels`]); both learn the same up to rounding. Rows live on the device and are gathered
//! there; nothing is read back within an epoch. Every random choice of an epoch is derived from the seed and the epoch's number, so
//! that a run which goes on from a checkpoint ends with the same bits as one that was never broken.
//!
//! [`distil`] trains one plain network to answer what such an ensemble answers, small enough for the edge, and
//! [`Student::rounded`] trains it on while it computes as the edge's integers do.
//!
//! What a network learns is what its rows' targets hold ([`Labels`]): churn, value in one or several horizons, or both. A
//! network for churn gives probabilities ([`Trained::predict`]), one for value distributions ([`Trained::predict_values`]).
//!
//! The baselines are linear, in plain `f64`: [`logistic::fit`] for churn, and for value [`two_part::fit`], which multiplies a
//! logistic regression of whether by a log-normal regression of how much.
//!
//! Letters used for shapes: `B` rows of a batch, `N` rows, `F` magnitudes, `G` indicators, `C` categories, `K` members,
//! `D` width, `P` weights, `H` horizons, `T` targets, `O` outputs of a head.

mod checkpoint;
mod distil;
mod dropout;
mod epoch;
mod error;
mod fit;
mod fused;
mod kernels;
mod labels;
mod lbfgs;
mod linear;
pub mod logistic;
mod observe;
mod optimizer;
mod plain;
mod resident;
mod run;
mod schedule;
mod score;
mod together;
mod trained;
pub mod two_part;
mod value;

pub use checkpoint::Checkpoints;
pub use distil::{
    DistilJob, Student, StudentRows, Taught, TaughtValues, Teacher, TeacherForecast, TeacherValue, distil,
    student_width,
};
pub use error::{TrainError, explain};
pub use fit::{FitJob, fit};
pub use kernels::{KernelsChoice, KernelsUsed, choose_kernels};
pub use labels::{Labels, fit_head};
pub use observe::{EpochRecord, Observer, Progress, Silent};
pub use together::{SideBySide, n_cores};
pub use trained::Trained;
pub use value::ValuePrediction;
