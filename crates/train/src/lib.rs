//! Dense data sets into trained models.
//!
//! [`fit`] trains the network that `[model]` describes on encoded rows, with early stopping on a part of them that it
//! is given for the purpose; it never sees the test partition. Rows live on the device and are gathered there; nothing
//! is read back within an epoch. Every random choice of an epoch is derived from the seed and the epoch's number, so
//! that a run which goes on from a checkpoint ends with the same bits as one that was never broken.
//!
//! [`logistic::fit`] is the baseline: penalised logistic regression in plain `f64`.
//!
//! Letters used for shapes: `B` rows of a batch, `N` rows, `F` magnitudes, `G` indicators, `C` categories, `K` members,
//! `D` width, `P` weights.

mod checkpoint;
mod dropout;
mod error;
mod fit;
pub mod logistic;
mod observe;
mod optimizer;
mod resident;
mod run;
mod schedule;
mod score;
mod trained;

pub use checkpoint::Checkpoints;
pub use error::{TrainError, explain};
pub use fit::{FitJob, fit};
pub use observe::{EpochRecord, Observer, Progress, Silent};
pub use trained::Trained;
