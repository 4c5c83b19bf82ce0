//! What the run read: files, rows dropped, columns, splits, time.

use serde::{Deserialize, Serialize};
use tenure_table::{Role, Timestamp};

/// What the run read and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataFacts {
    /// What the files hold, in words: `events`, `customers`, `synthetic`.
    pub source: String,
    /// Every file read, in order.
    pub files: Vec<FileFacts>,
    /// Rows in the files.
    pub n_rows_read: u64,
    /// Rows that were kept.
    pub n_rows_kept: u64,
    /// Rows that were not, by reason.
    pub dropped: Vec<DroppedRows>,
    /// What was changed or left out without dropping a row, in words, each with its column and count.
    pub notes: Vec<String>,
    /// Where the rejected rows were written, relative to the run.
    pub rejected_file: Option<String>,
    /// Earliest and latest event, where there are events.
    pub time_range: Option<(Timestamp, Timestamp)>,
    /// Rows of the data set that was modelled: customers, or customers times cutoffs.
    pub n_examples: u64,
    /// Those of them whose outcome is positive.
    pub n_positive: u64,
    /// Every column that was named or used.
    pub columns: Vec<ColumnFacts>,
}

/// One file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// The path as the plan names it.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// Digest of its bytes, in hexadecimal, with the algorithm in front (`blake3:…`).
    pub digest: String,
    /// Rows in it, where they were counted by file.
    pub n_rows: Option<u64>,
}

/// Rows left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedRows {
    /// Why, in words a person understands: `no consent`, `unreadable time in column when`.
    pub reason: String,
    /// How many.
    pub n_rows: u64,
}

/// One column as it was used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnFacts {
    /// Its name.
    pub name: String,
    /// What it means.
    pub role: Role,
    /// How it entered the network: `robust scale`, `one-hot (3)`, `target statistics`, or nothing when it did not.
    pub encoding: String,
    /// Share of its values that are missing, 0 to 1.
    pub missing_share: f64,
    /// Where it comes from, for a computed feature: window, source column.
    pub origin: String,
}

/// One partition of the rows: a holdout, or one fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionFacts {
    /// `holdout`, `fold 1`.
    pub name: String,
    /// Rows that train.
    pub train: RowCount,
    /// Rows that stop training and fit the calibration.
    pub validation: RowCount,
    /// Rows that judge.
    pub test: RowCount,
    /// Area under the ROC curve on this partition's test rows alone.
    pub auc: Option<f64>,
    /// Log loss on this partition's test rows alone.
    pub log_loss: Option<f64>,
}

/// How many rows, and how many of them positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCount {
    /// Rows.
    pub n_rows: u64,
    /// Rows whose outcome is positive.
    pub n_positive: u64,
}

impl RowCount {
    /// Share of positive rows, or none where there are no rows.
    pub fn positive_share(self) -> Option<f64> {
        (self.n_rows > 0).then(|| self.n_positive as f64 / self.n_rows as f64)
    }
}

/// Cutoffs of an event log in the order of time; features use events before a cutoff, labels the window after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// First event.
    pub data_start: Timestamp,
    /// Last event.
    pub data_end: Timestamp,
    /// One entry for each cutoff, ascending.
    pub cutoffs: Vec<CutoffFacts>,
}

/// One cutoff with its label window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutoffFacts {
    /// The cutoff; its features reach back from here.
    pub cutoff: Timestamp,
    /// Where features begin, when the look-back is bounded.
    pub lookback_start: Option<Timestamp>,
    /// Start of the label's window (the cutoff plus the gap).
    pub label_start: Timestamp,
    /// End of the label's window, not in it.
    pub label_end: Timestamp,
    /// What its rows are for.
    pub part: Part,
    /// Its customers, and those who did not come back.
    pub rows: RowCount,
}

/// What rows are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// They fit the network (and, a share of them, stop it early).
    Train,
    /// They stop training and fit the calibration.
    Validation,
    /// They judge.
    Test,
}

/// Customers by the month of their first purchase, and how many of them came back in each later month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// In the order of time.
    pub cohorts: Vec<Cohort>,
}

/// Customers who first bought in the same month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cohort {
    /// The first instant of the month, UTC.
    pub start: Timestamp,
    /// `active[k]` of them bought in the k-th month after; `active[0]` is the cohort's size. Shorter for later cohorts.
    pub active: Vec<u64>,
}

impl Cohort {
    /// How many they are.
    pub fn n_customers(&self) -> u64 {
        self.active.first().copied().unwrap_or(0)
    }

    /// Share of them who bought in the k-th month after their first, or none where that lies past the data.
    pub fn active_share(&self, k: usize) -> Option<f64> {
        let n_active = *self.active.get(k)?;
        (self.n_customers() > 0).then(|| n_active as f64 / self.n_customers() as f64)
    }
}

/// A column that may be the label in disguise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// The column.
    pub column: String,
    /// Area under the ROC curve of this column alone (folded so that it is at least one half).
    pub auc: f64,
    /// Why it is suspected, in a sentence.
    pub reason: String,
}
