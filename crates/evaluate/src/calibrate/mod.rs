//! Fitting calibration maps, and choosing one by cross-validation.

mod choose;
mod fit;
mod isotonic;
mod newton;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use tenure_artifact::Calibration;

use crate::{EvaluateError, Scored, Undefined};

pub use choose::choose_calibration;

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

impl Method {
    /// Every family, simplest first.
    pub const ALL: [Self; 5] = [Self::None, Self::Temperature, Self::Platt, Self::Beta, Self::Isotonic];

    /// The name that experiment files and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Temperature => "temperature",
            Self::Platt => "platt",
            Self::Beta => "beta",
            Self::Isotonic => "isotonic",
        }
    }

    /// What errors call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::None => "no calibration",
            Self::Temperature => "temperature calibration",
            Self::Platt => "Platt calibration",
            Self::Beta => "beta calibration",
            Self::Isotonic => "isotonic calibration",
        }
    }

    /// Rows of each class below which the automatic choice leaves a family out: ten for each coefficient, and two
    /// hundred for isotonic regression, which below a thousand rows or so fits noise (Niculescu-Mizil and Caruana
    /// 2005, §5).
    pub const fn min_rows_per_class(self) -> usize {
        match self {
            Self::None => 0,
            Self::Temperature => 10,
            Self::Platt => 20,
            Self::Beta => 30,
            Self::Isotonic => 200,
        }
    }
}

/// Fits one family's map to validation rows, whatever their number; both classes must be there.
///
/// # Example
/// ```
/// use tenure_evaluate::{Method, Scored, fit_calibration};
///
/// // Nine in ten of the rows scored .99 are positive, one in ten of those scored .01: too sure by far.
/// let probabilities: Vec<f64> = (0..200).map(|i| if i < 100 { 0.99 } else { 0.01 }).collect();
/// let outcomes: Vec<bool> = (0..200).map(|i| (i < 100) ^ (i % 10 == 0)).collect();
/// let map = fit_calibration(&Scored::new(&probabilities, &outcomes, None)?, Method::Temperature)?;
/// assert!((map.apply(0.99) - 0.9).abs() < 0.01);
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
pub fn fit_calibration(scored: &Scored, method: Method) -> Result<Calibration, EvaluateError> {
    fit::fit_map(scored, method)
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
    pub log_loss_change: Option<f64>,
    /// Standard error of that difference.
    pub standard_error: Option<f64>,
    /// Why the family was not considered.
    pub excluded: Option<Undefined>,
}
