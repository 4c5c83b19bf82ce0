//! Fitting calibration maps, and choosing one by cross-validation.

use serde::{Deserialize, Serialize};
use tenure_artifact::Calibration;

use crate::{EvaluateError, Scored, Undefined};

/// A family of calibration maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// No map.
    None,
    /// Logit divided by one temperature.
    Temperature,
    /// Logistic in the logit.
    Platt,
    /// Beta calibration.
    Beta,
    /// Isotonic regression.
    Isotonic,
}

/// The map that was chosen, and what it was chosen from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The map, fitted on all rows.
    pub map: Calibration,
    /// Its family.
    pub method: Method,
    /// Every family considered, in order of complexity.
    pub candidates: Vec<Candidate>,
}

/// A family considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The family.
    pub method: Method,
    /// Cross-validated log loss, in nats; none where the family was not considered.
    pub log_loss: Option<f64>,
    /// Cross-validated Brier score.
    pub brier: Option<f64>,
    /// Cross-validated log loss less that of no map: below 0 the map helps.
    pub log_loss_gain: Option<f64>,
    /// Standard error of that difference.
    pub standard_error: Option<f64>,
    /// Why the family was not considered.
    pub excluded: Option<Undefined>,
}
