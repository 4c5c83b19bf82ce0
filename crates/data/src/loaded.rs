//! What a load hands on.

use std::path::PathBuf;

use serde::Serialize;
use tenure_table::{Span, Table, Timestamp};

use crate::events::{CustomerBase, RowHistory};
use crate::{Rejected, StoredColumns, Validation};

/// A validated table and how it came about.
#[derive(Debug)]
pub struct Loaded {
    /// One row for each customer, or for each customer and cutoff.
    ///
    /// Holds the features, the target (0 or 1), and where there are such columns: the id, the cutoff or as-of date
    /// ([`tenure_table::Role::Time`]), the weight, the treatment, sensitive columns, and ignored columns that the split
    /// or a slice names.
    pub table: Table,
    /// Magnitudes and levels, which the table lacks where they take more memory than `segments.memory`.
    pub stored: Option<StoredColumns>,
    /// What was kept, dropped, and why.
    pub validation: Validation,
    /// The files read, in order, with their digests.
    pub files: Vec<FileDigest>,
    /// Only for event logs.
    pub events: Option<EventsInfo>,
    /// The dropped rows themselves.
    pub rejected: Rejected,
}

/// A file as it was when read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileDigest {
    /// Its path.
    pub path: PathBuf,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// Its BLAKE3 digest, 64 hexadecimal digits.
    pub blake3: String,
    /// Its rows, without the header.
    pub n_rows: u64,
}

/// What an event log became.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventsInfo {
    /// The earliest event.
    pub first: Timestamp,
    /// The latest event.
    pub last: Timestamp,
    /// Events kept.
    pub n_events: u64,
    /// Customers with an event.
    pub n_customers: u64,
    /// Ascending; the last one is the test cutoff.
    pub cutoffs: Vec<CutoffInfo>,
    /// One for each computed feature, in the table's order.
    pub lineage: Vec<FeatureLineage>,
    /// How many customers of each cohort came back.
    pub retention: Retention,
    /// What the classical models know of each row of the table; empty unless the plan predicts value or asks for their
    /// forecasts as features.
    #[serde(skip)]
    pub histories: Vec<RowHistory>,
    /// The customers whom the table leaves out, and everybody's purchases by week; empty like `histories`.
    #[serde(skip)]
    pub base: CustomerBase,
}

/// One cutoff: features see `t < cutoff`, labels see `[label_start, label_end)`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CutoffInfo {
    /// The cutoff.
    pub cutoff: Timestamp,
    /// `cutoff + gap`.
    pub label_start: Timestamp,
    /// `cutoff + gap + horizon`, exclusive.
    pub label_end: Timestamp,
    /// Customers in the data set of this cutoff.
    pub n_rows: u64,
    /// Those of them without a purchase in the label's window.
    pub n_positive: u64,
    /// The sum of their values, where value is predicted.
    pub value_sum: Option<f64>,
    /// Whether it is the test cutoff.
    pub is_test: bool,
}

/// Where a feature comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeatureLineage {
    /// The feature's name in the table.
    pub feature: String,
    /// What it is, in words.
    pub definition: String,
    /// The columns of the log (or of the attributes) that it reads.
    pub columns: Vec<String>,
    /// How far back it looks; none means to the beginning, or that it has no window.
    pub window: Option<Span>,
    /// Unit of the values, such as `days`; `1` for pure numbers, `level` for categories.
    pub unit: String,
    /// The latest event that any row's value was measured to come from; none for what no event enters.
    pub latest_event: Option<Timestamp>,
    /// The shortest time from the latest event used to the row's cutoff, measured over all rows: always above zero.
    pub min_slack: Option<Span>,
}

/// Cohort retention: customers by the month of their first purchase, and how many of them came back in each later month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Retention {
    /// Ascending.
    pub cohorts: Vec<Cohort>,
}

/// The customers whose first purchase fell into one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cohort {
    /// The first instant of the month (UTC).
    pub start: Timestamp,
    /// `active[k]` customers purchased in the k-th month after; `active[0]` is the cohort's size.
    pub active: Vec<u64>,
}
