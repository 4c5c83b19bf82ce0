//! Tables into splits, fitted encoders and dense data sets.
mod dataset;
mod error;
mod explain;
mod fit;
pub mod leakage;
mod seed;
mod split;
mod target;
mod transform;

pub use dataset::Dataset;
pub use error::{EncodeError, PartName, UnitName};
pub use explain::{CODES, explain};
pub use fit::fit_transform;
pub use split::{Partition, partition};
pub use transform::transform;

#[cfg(test)]
mod tests;
