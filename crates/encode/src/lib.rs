//! Tables into splits, fitted encoders and dense data sets.
//!
//! [`partition`] says which rows train, validate and test; [`fit_transform`] learns encoders from the training rows and
//! [`transform`] applies them to any others; [`leakage::suspects`] names features that look like the label in disguise.
//!
//! Invariants:
//! - nothing outside the training rows has any effect on a fitted encoder, to the bit;
//! - one row encodes at the edge to the bits it encodes to here, because `tenure-artifact` holds the only `apply`;
//! - no customer (or group) is in two parts, except that a temporal split tests customers it has trained on earlier;
//! - the same table, plan and seed give the same result, whatever the number of threads.
//!
//! # Example
//! ```
//! use tenure_config::{Encode, NumericEncoding, Split, SplitKind};
//! use tenure_table::{Column, Role, Table, Values};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let churned = (0..100).map(|i| f32::from(u8::from(i % 3 == 0))).collect();
//! let months = (0..100).map(|i| (i % 36) as f32).collect();
//! let table = Table::new(vec![
//!     Column::new("churned", Role::Target, Values::Numeric(churned)),
//!     Column::new("months", Role::Numeric, Values::Numeric(months)),
//! ])?;
//! let split = Split {
//!     kind: SplitKind::Stratified,
//!     test: 0.2,
//!     validation: 0.25,
//!     validation_max: 0,
//!     folds: 0,
//!     group: None,
//!     column: None,
//!     holdout: None,
//! };
//! let encode = Encode {
//!     numeric: NumericEncoding::Quantile,
//!     one_hot_max: 9,
//!     target_statistics_min: 100,
//!     min_level_count: 5,
//! };
//! let parts = &tenure_encode::partition(&table, &split, 42)?[0];
//! let (prep, train) = tenure_encode::fit_transform(&table, &parts.train, &encode, 42)?;
//! let test = tenure_encode::transform(&prep, &table, &parts.test)?;
//! assert_eq!((train.n_rows(), test.n_rows()), (60, 20));
//! assert_eq!(train.layout.continuous[0].name, "months");
//! # Ok(())
//! # }
//! ```
mod compact;
mod dataset;
mod error;
mod explain;
mod fit;
pub mod leakage;
mod seed;
mod split;
mod target;
mod transform;

pub use compact::{compact, recode};
pub use dataset::Dataset;
pub use error::{EncodeError, PartName, UnitName};
pub use explain::{CODES, explain};
pub use fit::{fit_columns, fit_transform};
pub use split::{Partition, partition};
pub use transform::transform;

#[cfg(test)]
mod tests;
