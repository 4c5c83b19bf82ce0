//! Partial dependence: the mean prediction when one feature is set to a value for every row.

use serde::{Deserialize, Serialize};

use crate::EvaluateError;
use crate::bootstrap::quantile;
use crate::sample::check;

/// The mean prediction with one feature at one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DependencePoint {
    /// Mean prediction over all rows: a probability, or a value.
    pub mean: f64,
    /// Lower tenth of the rows' predictions: customers differ in more than this feature.
    pub low: f64,
    /// Upper tenth of the rows' predictions.
    pub high: f64,
}

/// Up to `n_points` values of a numeric feature at which to evaluate its dependence: evenly spaced quantiles from the
/// 1st to the 99th percentile, so that no point rests on an outlier. Missing (NaN) values are left out; of equal values
/// one is kept, so the grid can be shorter, or empty.
pub fn dependence_grid(values: &[f64], n_points: usize) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() {
        return sorted;
    }
    let last = n_points.max(2) as f64 - 1.0;
    let mut grid: Vec<f64> = (0..n_points).map(|i| quantile(&sorted, 0.01 + 0.98 * i as f64 / last)).collect();
    grid.dedup();
    grid
}

/// The point of a dependence curve from the predictions of all rows with the feature set to one value (Friedman 2001,
/// §8.2), and the rows' weights where they have any.
pub fn dependence_point(predictions: &[f64], weights: Option<&[f64]>) -> Result<DependencePoint, EvaluateError> {
    let n_rows = predictions.len();
    check(predictions, &vec![false; n_rows], weights)?;
    let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
    let sum: f64 = predictions.iter().enumerate().map(|(row, p)| weight(row) * p).sum();
    let mean = sum / (0..n_rows).map(weight).sum::<f64>();
    let mut sorted = predictions.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(DependencePoint { mean, low: quantile(&sorted, 0.1), high: quantile(&sorted, 0.9) })
}
