//! The gain curve and the Gini coefficients that summarise it.

use serde::{Deserialize, Serialize};

use super::sample::Valued;
use super::view::{Sums, ValueView};
use crate::EvaluateError;
use crate::thin::thin;

/// A point of a gain curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GainPoint {
    /// Share of customers, highest predictions first.
    pub customer_share: f64,
    /// Share of the whole actual value that they brought.
    pub value_share: f64,
}

/// The gain curve of the predictions from (0, 0) to (1, 1), a point for each distinct prediction, thinned to at most
/// `max_points`.
pub fn gain_curve(valued: &Valued, max_points: usize) -> Result<Vec<GainPoint>, EvaluateError> {
    let view = valued.view();
    check(&view, "the gain curve")?;
    Ok(curve(&view, view.by_predicted(), max_points))
}

/// The gain curve of the actual values ranked by themselves, which no prediction exceeds.
pub fn perfect_gain_curve(valued: &Valued, max_points: usize) -> Result<Vec<GainPoint>, EvaluateError> {
    let view = valued.view();
    check(&view, "the gain curve")?;
    Ok(curve(&view, view.by_actual(), max_points))
}

fn curve(view: &ValueView<'_>, runs: &[Sums], max_points: usize) -> Vec<GainPoint> {
    let (mut mass, mut value) = (0.0, 0.0);
    let mut points = vec![GainPoint { customer_share: 0.0, value_share: 0.0 }];
    for run in runs.iter().filter(|run| run.mass > 0.0) {
        mass += run.mass;
        value += run.actual;
        points.push(GainPoint {
            customer_share: (mass / view.totals.mass).min(1.0),
            value_share: (value / view.totals.actual).min(1.0),
        });
    }
    thin(&points, max_points, |point| (point.customer_share, point.value_share))
}

/// Raw Gini coefficient of the predictions, `2 · mean(gain) − 1`.
pub(crate) fn raw_gini(view: &ValueView<'_>) -> Result<f64, EvaluateError> {
    check(view, "Gini coefficient")?;
    Ok(gini(view, view.by_predicted()))
}

/// Raw Gini of the predictions over that of the actual values ranked by themselves.
pub(crate) fn normalized_gini(view: &ValueView<'_>) -> Result<f64, EvaluateError> {
    const NAME: &str = "normalized Gini";
    check(view, NAME)?;
    let runs = view.by_actual();
    if runs.iter().filter(|run| run.mass > 0.0).nth(1).is_none() {
        return Err(EvaluateError::NoSpread { metric: NAME, what: "actual value" });
    }
    Ok(gini(view, view.by_predicted()) / gini(view, runs))
}

/// Share of the actual value found in the top `share` of customers; a run across the border counts in proportion.
pub(crate) fn gain_at(view: &ValueView<'_>, share: f64) -> Result<f64, EvaluateError> {
    if !(share > 0.0 && share <= 1.0) {
        return Err(EvaluateError::Setting {
            setting: "share",
            expected: "a share above 0 and at most 1",
            found: share,
        });
    }
    check(view, "share of value in the top")?;
    let border = share * view.totals.mass;
    let mut taken = Sums::default();
    for run in view.by_predicted().iter().filter(|run| run.mass > 0.0) {
        let part = ((border - taken.mass) / run.mass).min(1.0);
        taken.add_share(run, part);
        if part < 1.0 {
            break;
        }
    }
    Ok(taken.actual / view.totals.actual)
}

/// `2 · mean(gain) − 1`, where `gain_i` is the share of the value that row i and the rows before it bring.
///
/// In a run of mass M and value V that starts at the cumulative value C, the cumulative sums are on average over all
/// orders of the run `M C + (M V + Σ w y w) / 2`: every other row of the run comes before or after a row equally often,
/// and the row itself always counts. For rows of weight 1 this is `M C + V (M + 1) / 2`.
fn gini(view: &ValueView<'_>, runs: &[Sums]) -> f64 {
    let (mut before, mut area) = (0.0, 0.0);
    for run in runs {
        area += run.mass * before + 0.5 * (run.mass * run.actual + run.own);
        before += run.actual;
    }
    2.0 * area / (view.totals.mass * view.totals.actual) - 1.0
}

/// Refuses rows whose values are no parts of a positive whole.
fn check(view: &ValueView<'_>, metric: &'static str) -> Result<(), EvaluateError> {
    let actual = &view.valued.actual;
    if let Some(row_idx) = view.find(|row| actual[row] < 0.0) {
        return Err(EvaluateError::Negative { metric, what: "actual value", row_idx, found: actual[row_idx] });
    }
    if view.totals.actual <= 0.0 {
        return Err(EvaluateError::NoValue { metric, n_rows: actual.len() });
    }
    Ok(())
}
