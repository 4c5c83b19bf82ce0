//! Two models on the same rows, by any metric.

use serde::{Deserialize, Serialize};

use crate::sample::View;
use crate::{Estimate, EvaluateError, Metric, Ranked, Sample};

/// A metric by which models are compared.
pub trait Measure: Copy + Sync {
    /// The name that messages and reports use.
    fn name(self) -> &'static str;

    /// Whether more is better; none where neither is.
    fn higher_is_better(self) -> Option<bool>;

    /// Whether noise alone makes it larger: absolute deviations do not cancel.
    fn is_deviation(self) -> bool;
}

/// Two models on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison<M = Metric> {
    /// What is compared.
    pub metric: M,
    /// Its name.
    pub name: String,
    /// The model's value.
    pub model: f64,
    /// The baseline's value.
    pub baseline: f64,
    /// Model less baseline, with its interval from paired resamples.
    pub difference: Estimate,
    /// Share of resamples in which the model is better, ties counting half; of a metric that has no better side, in
    /// which it is higher.
    pub share_better: Option<f64>,
    /// Two-sided: twice the share of resamples on the far side of zero, counting one more (Davison and Hinkley 1997,
    /// §4.2), at most 1. Never below 2 / (resamples + 1).
    pub p_value: Option<f64>,
}

impl<M: Measure> Comparison<M> {
    /// Whether the interval says that the model is better; false where it has none or covers zero.
    pub fn is_better(&self) -> bool {
        let Some(interval) = self.difference.interval else { return false };
        match self.metric.higher_is_better() {
            Some(true) => interval.low > 0.0,
            Some(false) => interval.high < 0.0,
            None => false,
        }
    }
}

/// On which side of zero resampled differences lie.
#[derive(Clone, Copy)]
pub(crate) struct Sides {
    n: f64,
    better: f64,
    worse: f64,
}

impl Sides {
    /// Of differences "model less baseline".
    pub(crate) fn of(differences: &[f64], higher_is_better: Option<bool>) -> Self {
        let sign = if higher_is_better == Some(false) { -1.0 } else { 1.0 };
        let count = |is_there: fn(f64) -> bool| differences.iter().filter(|&&d| is_there(sign * d)).count() as f64;
        Self { n: differences.len() as f64, better: count(|d| d > 0.0), worse: count(|d| d < 0.0) }
    }

    /// See [`Comparison::share_better`].
    pub(crate) fn share_better(self) -> f64 {
        (self.better + 0.5 * (self.n - self.better - self.worse)) / self.n
    }

    /// See [`Comparison::p_value`].
    pub(crate) fn p_value(self) -> f64 {
        let far_side = (self.n - self.better).min(self.n - self.worse);
        (2.0 * (far_side + 1.0) / (self.n + 1.0)).min(1.0)
    }
}

/// Predictions whose metrics are computed again for each resample.
pub(crate) trait Resampled: Copy + Sync {
    /// What they are measured by.
    type Metric: Measure;

    /// What a bootstrap draws.
    fn n_units(self) -> usize;

    /// The metrics of all rows; the first undefined one is the error.
    fn values(self, metrics: &[Self::Metric]) -> Result<Vec<f64>, EvaluateError>;

    /// The metrics of one resample, by how often each unit was drawn; none where it leaves one undefined.
    fn resampled(self, counts: &[u32], metrics: &[Self::Metric]) -> Vec<Option<f64>>;

    /// An error where a baseline predicts other rows.
    fn check_same_rows(self, baseline: Self) -> Result<(), EvaluateError>;
}

impl Measure for Metric {
    fn name(self) -> &'static str {
        Self::name(self)
    }

    fn higher_is_better(self) -> Option<bool> {
        Self::higher_is_better(self)
    }

    fn is_deviation(self) -> bool {
        self.is_calibration_error()
    }
}

impl Resampled for Sample<'_> {
    type Metric = Metric;

    fn n_units(self) -> usize {
        self.ranked().n_units
    }

    fn values(self, metrics: &[Metric]) -> Result<Vec<f64>, EvaluateError> {
        metrics.iter().map(|metric| metric.of(self)).collect()
    }

    fn resampled(self, counts: &[u32], metrics: &[Metric]) -> Vec<Option<f64>> {
        let ranked = self.ranked();
        let units = ranked.unit.iter().zip(&ranked.weight);
        let mass: Vec<f64> = units.map(|(&unit, weight)| weight * f64::from(counts[unit as usize])).collect();
        let mass = ranked.mass_by_run(&mass);
        let view = View::new(ranked, &mass);
        let value = |metric: &Metric| metric.of_view(self, view).ok().filter(|value| value.is_finite());
        metrics.iter().map(value).collect()
    }

    fn check_same_rows(self, baseline: Self) -> Result<(), EvaluateError> {
        let (model, baseline) = (self.ranked(), baseline.ranked());
        let (expected, found) = (model.n_rows(), baseline.n_rows());
        if expected != found {
            return Err(EvaluateError::Lengths { what: "the baseline's rows", expected, found });
        }
        let by_row = |ranked: &Ranked| {
            let mut rows: Vec<_> = (0..ranked.n_rows())
                .map(|i| (ranked.row[i], ranked.outcome[i], ranked.weight[i], ranked.unit[i]))
                .collect();
            rows.sort_unstable_by_key(|row| row.0);
            rows
        };
        for (m, b) in by_row(model).into_iter().zip(by_row(baseline)) {
            let checks = [("outcome", m.1 == b.1), ("weight", m.2 == b.2), ("cluster", m.3 == b.3)];
            if let Some((what, _)) = checks.into_iter().find(|(_, same)| !same) {
                return Err(EvaluateError::RowsDiffer { row_idx: m.0 as usize, what });
            }
        }
        Ok(())
    }
}
