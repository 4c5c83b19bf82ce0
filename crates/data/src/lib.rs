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

mod error;
mod events_input;
mod load;
mod loaded;
mod observe;
mod rejected;
mod validation;
mod write;

pub mod events;
pub mod synth;

pub use error::DataError;
pub use events_input::{EventCategory, EventLog};
pub use load::load;
pub use loaded::{Cohort, CutoffInfo, EventsInfo, FeatureLineage, FileDigest, Loaded, Retention};
pub use observe::{Observer, Silent};
pub use rejected::Rejected;
pub use validation::{Reason, Validation};
