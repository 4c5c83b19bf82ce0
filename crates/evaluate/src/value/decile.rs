//! Tenths of the customers by prediction: what was predicted for each, and what came.

use serde::{Deserialize, Serialize};

use super::sample::Valued;
use super::view::{Sums, ValueView};
use crate::EvaluateError;

const N_PARTS: usize = 10;

/// A tenth of the rows, by prediction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueDecile {
    /// 1 holds the highest predictions.
    pub decile: usize,
    /// Mass of its rows; a run of equal predictions across a border is shared out in proportion.
    pub mass: f64,
    /// Mean actual value.
    pub mean_actual: f64,
    /// Mean prediction.
    pub mean_predicted: f64,
    /// Mean prediction less mean actual value.
    pub difference: f64,
    /// |difference| / mean actual value; none where nobody in it has any value.
    pub relative_error: Option<f64>,
    /// Share of the whole actual value; none where that is not positive.
    pub value_share: Option<f64>,
    /// The highest prediction in it.
    pub predicted_max: f64,
    /// The lowest prediction in it.
    pub predicted_min: f64,
}

/// The decile table: ten parts of equal mass, highest predictions first.
///
/// A run of equal predictions that lies across a border gives each side its part of mass and value, which is what random
/// orders of the run would give on average; the table does not depend on the order of rows.
pub fn value_deciles(valued: &Valued) -> Vec<ValueDecile> {
    let view = valued.view();
    let total = view.totals.actual;
    let describe = |(i, part): (usize, &Part)| {
        let (mean_actual, mean_predicted) = (part.sums.actual / part.sums.mass, part.sums.predicted / part.sums.mass);
        ValueDecile {
            decile: i + 1,
            mass: part.sums.mass,
            mean_actual,
            mean_predicted,
            difference: mean_predicted - mean_actual,
            relative_error: relative_error(&part.sums),
            value_share: (total > 0.0).then(|| part.sums.actual / total),
            predicted_max: part.highest,
            predicted_min: part.lowest,
        }
    };
    split(&view).iter().enumerate().map(describe).collect()
}

/// Mean over the ten parts of |mean prediction − mean actual| / mean actual.
pub(crate) fn decile_mape(view: &ValueView<'_>) -> Result<f64, EvaluateError> {
    let mut sum = 0.0;
    for (i, part) in split(view).iter().enumerate() {
        sum += relative_error(&part.sums).ok_or(EvaluateError::EmptyDecile { decile: i + 1 })?;
    }
    Ok(sum / N_PARTS as f64)
}

fn relative_error(part: &Sums) -> Option<f64> {
    (part.actual > 0.0).then(|| (part.predicted - part.actual).abs() / part.actual)
}

/// One of ten parts of equal mass.
#[derive(Clone, Copy)]
struct Part {
    sums: Sums,
    highest: f64,
    lowest: f64,
}

/// A run never leaves a part of this share of a decile behind: it would be rounding and not rows.
const ROUNDING: f64 = 1e-9;

fn split(view: &ValueView<'_>) -> [Part; N_PARTS] {
    let room = view.totals.mass / N_PARTS as f64;
    let mut parts = [Part { sums: Sums::default(), highest: f64::NAN, lowest: f64::NAN }; N_PARTS];
    let mut current = 0;
    let runs = view.by_predicted().iter().zip(&view.valued.by_predicted.value);
    for (run, &predicted) in runs.filter(|(run, _)| run.mass > 0.0) {
        let mut left = run.mass;
        while left > 0.0 {
            let part = &mut parts[current];
            let free = room - part.sums.mass;
            // The last part takes what rounding leaves.
            let fits = current + 1 == N_PARTS || left <= free + ROUNDING * room;
            let taken = if fits { left } else { free };
            part.sums.add_share(run, taken / run.mass);
            part.highest = part.highest.max(predicted);
            part.lowest = predicted;
            left = if fits { 0.0 } else { left - taken };
            if part.sums.mass >= room * (1.0 - ROUNDING) {
                current = (current + 1).min(N_PARTS - 1);
            }
        }
    }
    parts
}
