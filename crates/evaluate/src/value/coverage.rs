//! Whether predicted intervals hold as often as they say.

use serde::{Deserialize, Serialize};

use crate::EvaluateError;
use crate::reliability::{check_confidence, wilson_interval};
use crate::sample::{check_length, check_weights};

/// How often an interval held.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The share it promises.
    pub nominal: f64,
    /// The share of rows whose actual value lay inside.
    pub observed: f64,
    /// The share of rows whose actual value lay below.
    pub below: f64,
    /// The share of rows whose actual value lay above.
    pub above: f64,
    /// Lower end of Wilson's interval for `observed`.
    pub low: f64,
    /// Upper end of Wilson's interval for `observed`.
    pub high: f64,
}

impl Coverage {
    /// From shares of `[B]` rows by weight; Wilson's interval counts `(Σ w)² / Σ w²` rows.
    pub(crate) fn new(nominal: f64, [below, inside, above]: [f64; 3], n_effective: f64, confidence: f64) -> Self {
        let (low, high) = wilson_interval(inside, n_effective, confidence);
        Self { nominal, observed: inside, below, above, low, high }
    }
}

/// Coverage of predicted intervals `[low, high]`, both ends belonging to them, that promise to hold with probability
/// `nominal`; `confidence` is that of Wilson's interval for the share observed.
///
/// Where many customers buy nothing, an interval that begins at 0 must hold more often than it promises, because 0 is its
/// end and a point mass; [`crate::Pit::coverage`] counts the point mass in proportion and is exact in both cases.
///
/// # Example
/// ```
/// use tenure_evaluate::interval_coverage;
///
/// let (low, high) = ([0.0, 5.0, 1.0, 2.0], [10.0, 9.0, 3.0, 4.0]);
/// let coverage = interval_coverage(&low, &high, &[0.0, 9.5, 2.0, 1.0], None, 0.5, 0.95)?;
/// assert_eq!((coverage.below, coverage.observed, coverage.above), (0.25, 0.5, 0.25));
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
pub fn interval_coverage(
    low: &[f64],
    high: &[f64],
    actual: &[f64],
    weights: Option<&[f64]>,
    nominal: f64,
    confidence: f64,
) -> Result<Coverage, EvaluateError> {
    check_confidence(confidence)?;
    check_nominal(nominal)?;
    let n_rows = actual.len();
    check_length("lower ends", n_rows, low.len())?;
    check_length("upper ends", n_rows, high.len())?;
    check_length("weights", n_rows, weights.map_or(n_rows, <[f64]>::len))?;
    if n_rows == 0 {
        return Err(EvaluateError::Empty);
    }
    check_weights(n_rows, weights)?;
    let (mut shares, mut total, mut squares) = ([0.0; 3], 0.0, 0.0);
    for row_idx in 0..n_rows {
        let (low, high, actual) = (low[row_idx], high[row_idx], actual[row_idx]);
        if !actual.is_finite() {
            return Err(EvaluateError::BadValue { row_idx, found: actual });
        }
        if low.is_nan() || high.is_nan() || low > high {
            return Err(EvaluateError::BadInterval { row_idx, low, high });
        }
        let weight = weights.map_or(1.0, |weights| weights[row_idx]);
        shares[usize::from(actual >= low) + usize::from(actual > high)] += weight;
        total += weight;
        squares += weight * weight;
    }
    Ok(Coverage::new(nominal, shares.map(|share| share / total), total * total / squares, confidence))
}

pub(crate) fn check_nominal(nominal: f64) -> Result<(), EvaluateError> {
    if nominal > 0.0 && nominal < 1.0 {
        return Ok(());
    }
    Err(EvaluateError::Setting { setting: "nominal coverage", expected: "a share between 0 and 1", found: nominal })
}
