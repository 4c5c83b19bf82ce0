//! Metrics of each level of a column.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bootstrap::{Bootstrap, Estimate};
use crate::{EvaluateError, Metric, Scored, Undefined};

/// The name of the level of rows that have none.
pub const MISSING_LEVEL: &str = "(missing)";

/// How slices are judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceSettings {
    /// How intervals are computed.
    pub bootstrap: Bootstrap,
    /// A level with fewer rows is listed but not judged.
    pub min_rows: usize,
    /// Bins of the calibration error.
    pub bins: usize,
    /// Rows with at least this score are flagged.
    pub threshold: f64,
}

/// A column taken apart by level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceTable {
    /// The column.
    pub column: String,
    /// Its levels, largest first, equally large ones by name.
    pub slices: Vec<Slice>,
}

/// The rows of one level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The level.
    pub level: String,
    /// Its rows.
    pub n_rows: usize,
    /// Its positive rows.
    pub n_positive: usize,
    /// Its rows over all rows.
    pub share: f64,
    /// Its metrics; none where it is too small or has one class.
    pub metrics: Option<SliceMetrics>,
    /// Why there are no metrics.
    pub skipped: Option<Undefined>,
}

/// Metrics of one slice; [`Metric`] defines each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceMetrics {
    /// Share of positive rows.
    pub base_rate: Estimate,
    /// Mean of the probabilities; away from the base rate, the slice is over- or underestimated.
    pub mean_probability: Estimate,
    /// Area under the ROC curve.
    pub auc: Estimate,
    /// Mean negative log-likelihood, in nats.
    pub log_loss: Estimate,
    /// Mean squared error of the probabilities.
    pub brier: Estimate,
    /// Expected calibration error, bins of equal mass.
    pub ece: Estimate,
    /// Share of rows that are flagged.
    pub flagged_share: Estimate,
    /// Share of positive rows that are flagged.
    pub recall: Estimate,
}
