//! Partial dependence: the mean prediction when one feature is set to a value for every row.

use serde::{Deserialize, Serialize};

use crate::EvaluateError;
use crate::bootstrap::quantile;

/// The mean prediction with one feature at one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DependencePoint {
    /// Mean probability over all rows.
    pub mean: f64,
    /// Lower tenth of the rows' probabilities: customers differ in more than this feature.
    pub low: f64,
    /// Upper tenth of the rows' probabilities.
    pub high: f64,
}
