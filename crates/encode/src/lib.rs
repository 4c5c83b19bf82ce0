//! Tables into splits, fitted encoders and dense data sets.
mod dataset;
mod error;
mod explain;

pub use dataset::Dataset;
pub use error::{EncodeError, PartName, UnitName};
pub use explain::{CODES, explain};

/// Which rows of a table train, validate and test; one for each fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Encoders and networks are fitted on these rows, ascending.
    pub train: Vec<u32>,
    /// Early stopping and calibration look at these, ascending.
    pub validation: Vec<u32>,
    /// These are judged, ascending.
    pub test: Vec<u32>,
}
