//! Correlation, of values and of ranks.

use super::view::{Sums, ValueView};
use crate::EvaluateError;

/// Pearson's correlation of predictions and actual values.
pub(crate) fn pearson(view: &ValueView<'_>) -> Result<f64, EvaluateError> {
    let valued = view.valued;
    correlation("Pearson", view.mass, |row| valued.predicted[row], |row| valued.actual[row])
}

/// Spearman's correlation: Pearson's of the mid-ranks (ties averaged), over all rows.
pub(crate) fn spearman(view: &ValueView<'_>) -> Result<f64, EvaluateError> {
    let valued = view.valued;
    let (predicted, actual) = (mid_ranks(view.by_predicted()), mid_ranks(view.by_actual()));
    correlation(
        "Spearman",
        view.mass,
        |row| predicted[valued.by_predicted.of_row[row] as usize],
        |row| actual[valued.by_actual.of_row[row] as usize],
    )
}

/// Spearman's correlation over the rows whose actual value is not zero, ranked among themselves.
pub(crate) fn spearman_nonzero(view: &ValueView<'_>) -> Result<f64, EvaluateError> {
    const NAME: &str = "Spearman (buyers)";
    let valued = view.valued;
    let of_nonzero = |(&mass, &actual): (&f64, &f64)| if actual == 0.0 { 0.0 } else { mass };
    let mass: Vec<f64> = view.mass.iter().zip(&valued.actual).map(of_nonzero).collect();
    let nonzero = ValueView::new(valued, &mass);
    if nonzero.totals.mass <= 0.0 {
        return Err(EvaluateError::NoValue { metric: NAME, n_rows: valued.n_rows() });
    }
    spearman(&nonzero).map_err(|error| match error {
        EvaluateError::NoSpread { what, .. } => EvaluateError::NoSpread { metric: NAME, what },
        other => other,
    })
}

/// By run: the mass above it and half of its own. For rows of weight 1 this is the averaged rank less one half, and a
/// correlation does not see the difference.
fn mid_ranks(runs: &[Sums]) -> Vec<f64> {
    let mut above = 0.0;
    runs.iter()
        .map(|run| {
            above += run.mass;
            above - 0.5 * run.mass
        })
        .collect()
}

/// The correlation of x and y over rows that count by `mass`.
fn correlation(
    metric: &'static str,
    mass: &[f64],
    x: impl Fn(usize) -> f64,
    y: impl Fn(usize) -> f64,
) -> Result<f64, EvaluateError> {
    let rows = || mass.iter().enumerate().filter(|(_, mass)| **mass > 0.0);
    // Measured from the first row, a constant has exactly no spread.
    let first = rows().next().map_or(0, |(row, _)| row);
    let (x0, y0) = (x(first), y(first));
    let (mut total, mut x_mean, mut y_mean) = (0.0, 0.0, 0.0);
    for (row, mass) in rows() {
        total += mass;
        x_mean += mass * (x(row) - x0);
        y_mean += mass * (y(row) - y0);
    }
    (x_mean, y_mean) = (x_mean / total, y_mean / total);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (row, mass) in rows() {
        let (dx, dy) = (x(row) - x0 - x_mean, y(row) - y0 - y_mean);
        xx += mass * dx * dx;
        yy += mass * dy * dy;
        xy += mass * dx * dy;
    }
    for (what, spread) in [("prediction", xx), ("actual value", yy)] {
        if spread <= 0.0 {
            return Err(EvaluateError::NoSpread { metric, what });
        }
    }
    Ok((xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
}
