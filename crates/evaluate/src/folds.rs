//! Metrics over cross-validation folds.

use serde::{Deserialize, Serialize};

use crate::bootstrap::standard_deviation;
use crate::{EvaluateError, Metric, Sample};

/// A metric over folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldSummary {
    /// The metric.
    pub metric: Metric,
    /// Its name.
    pub name: String,
    /// Its value on each fold's test rows.
    pub per_fold: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation (divisor n − 1); 0 for a single fold. Folds share training rows, so this is the
    /// spread between folds and not the error of the mean.
    pub standard_deviation: f64,
    /// The metric on the rows of all folds together, each scored by the model that had not seen it. Ranks of different
    /// models meet here, so the pooled AUC lies a little below the mean.
    pub pooled: f64,
}
