//! Permutation importance: how much worse the model gets when one feature is shuffled.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{Bootstrap, Estimate};
use crate::random::Stream;
use crate::{EvaluateError, Metric, Scored};

/// How much a metric suffers when one feature is shuffled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The feature's position, as the study numbers them.
    pub feature: usize,
    /// Mean loss of quality over the repeats, in the metric's unit: positive where the feature matters, whichever way
    /// the metric points.
    pub loss: Estimate,
    /// The loss of each repeat.
    pub repeats: Vec<f64>,
}
