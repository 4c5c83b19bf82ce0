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
//!
//! # What is read
//! Parquet goes through polars' streaming engine. Text goes through the csv crate, because a user must be told which row
//! has too few fields or a byte that is no UTF-8; polars fills the one with nulls and does not say where the other is.
//!
//! # Example
//! ```
//! use tenure_config::{Overrides, parse};
//! use tenure_data::{Silent, load};
//!
//! let text = "[data]\nsource = \"synthetic\"\n[synthetic]\nn_customers = 500\n";
//! let plan = parse(text, "first.toml", &Overrides::default())?;
//! let loaded = load(&plan, &mut Silent)?;
//! assert_eq!(loaded.validation.n_read, loaded.validation.n_kept + loaded.validation.n_dropped());
//! assert!(loaded.table.features().count() > 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attributes;
mod builder;
mod cell;
mod customers;
mod dictionary;
mod error;
mod explain;
mod holdout;
mod ids;
mod infer;
mod instant;
mod ledger;
mod levels;
mod load;
mod loaded;
mod observe;
mod predictions;
mod profile;
mod raw;
mod rejected;
mod roles;
mod scores;
mod segments;
mod source;
mod stored;
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
pub use raw::{BadRow, RawBatch, RawCells, RawColumn, RawFiles, RawStream, RawWanted};
pub use rejected::Rejected;
pub use scores::{AnswerKind, Answers, Reasons, RejectWriter, ScoreColumns, ScoreStream, ScoreWriter, Scores};
pub use segments::{RfmRows, SegmentRows, Segmented, read_segments, write_segments};
pub use stored::{StoredColumn, StoredColumns};
pub use validation::{Reason, Validation};
pub use write::{Predictions, write_predictions, write_table};
