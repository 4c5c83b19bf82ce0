//! Files into validated tables; event logs into point-in-time features and labels.
//!
//! [`load`] reads the CSV and Parquet files that a plan names, drops and counts the rows that cannot be used, and
//! returns a [`tenure_table::Table`] with one row for each customer (or each customer and cutoff). This is the only
//! crate that knows polars; nothing of polars is in its interface.
//!
//! # Invariants
//! * No row is dropped without being counted under a [`Reason`] and written to the rejected rows.
//! * With `data.id_key_file`, no id leaves this crate unhashed.
//! * A file that is written is whole, or absent.
//! * Memory is bounded by the kept columns in compact form, not by the files.

mod attributes;
mod builder;
mod cell;
mod customers;
mod dictionary;
mod error;
mod explain;
mod ids;
mod infer;
mod instant;
mod ledger;
mod load;
mod loaded;
mod observe;
mod predictions;
mod profile;
mod rejected;
mod roles;
mod source;
mod target;
mod transactions;
mod validation;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub mod events;
pub mod synth;

pub use error::DataError;
pub use explain::{CODES, explain};
pub use infer::infer;
pub use load::{load, load_at};
pub use loaded::{Cohort, CutoffInfo, EventsInfo, FeatureLineage, FileDigest, Loaded, Retention};
pub use observe::{Observer, Silent};
pub use predictions::{ScoredRows, read_predictions};
pub use rejected::Rejected;
pub use validation::{Reason, Validation};
pub use write::{Predictions, write_predictions, write_table};
