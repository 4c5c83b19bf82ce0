//! Intervals of value metrics, and two predictions compared on the same rows.

use super::metric::ValueMetric;
use super::sample::Valued;
use super::view::ValueView;
use crate::bootstrap::{Bootstrap, Estimate};
use crate::comparison::{Comparison, Measure, Resampled};
use crate::{EvaluateError, Undefined};

/// Two predictions of the same rows.
pub type ValueComparison = Comparison<ValueMetric>;

/// Those of `metrics` that every one of `samples` defines, and why the others are left out.
pub fn defined_for(metrics: &[ValueMetric], samples: &[&Valued]) -> (Vec<ValueMetric>, Vec<Undefined>) {
    let views: Vec<_> = samples.iter().map(|valued| valued.view()).collect();
    let (mut defined, mut undefined) = (Vec::new(), Vec::new());
    for &metric in metrics {
        match views.iter().find_map(|view| metric.of_view(view).err()) {
            None => defined.push(metric),
            Some(error) => undefined.push(Undefined::new(metric.name(), &error)),
        }
    }
    (defined, undefined)
}

impl Bootstrap {
    /// Each metric of the values, with its interval. The first undefined metric is the error.
    ///
    /// Decile MAPE is made of absolute deviations, which resampling inflates once more; its interval is the basic one,
    /// as for calibration errors in [`Bootstrap::estimate`].
    pub fn estimate_values(&self, valued: &Valued, metrics: &[ValueMetric]) -> Result<Vec<Estimate>, EvaluateError> {
        Ok(self.estimate_counted(valued, metrics)?.into_iter().map(|(estimate, _)| estimate).collect())
    }

    /// Each metric of a model and of a baseline that predict the same rows, and their difference over the same resamples.
    ///
    /// A metric that either leaves undefined is an error; [`defined_for`] tells them beforehand.
    pub fn compare_values(
        &self,
        model: &Valued,
        baseline: &Valued,
        metrics: &[ValueMetric],
    ) -> Result<Vec<ValueComparison>, EvaluateError> {
        self.compare_resampled(model, baseline, metrics)
    }
}

impl Measure for ValueMetric {
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

impl Resampled for &Valued {
    type Metric = ValueMetric;

    fn n_units(self) -> usize {
        self.n_units
    }

    fn values(self, metrics: &[ValueMetric]) -> Result<Vec<f64>, EvaluateError> {
        let view = self.view();
        metrics.iter().map(|metric| metric.of_view(&view)).collect()
    }

    fn resampled(self, counts: &[u32], metrics: &[ValueMetric]) -> Vec<Option<f64>> {
        let units = self.unit.iter().zip(&self.weight);
        let mass: Vec<f64> = units.map(|(&unit, weight)| weight * f64::from(counts[unit as usize])).collect();
        let view = ValueView::new(self, &mass);
        if view.totals.mass <= 0.0 {
            return vec![None; metrics.len()];
        }
        metrics.iter().map(|metric| metric.of_view(&view).ok().filter(|value| value.is_finite())).collect()
    }

    fn check_same_rows(self, baseline: Self) -> Result<(), EvaluateError> {
        let (expected, found) = (self.n_rows(), baseline.n_rows());
        if expected != found {
            return Err(EvaluateError::Lengths { what: "the baseline's rows", expected, found });
        }
        for row_idx in 0..expected {
            let checks = [
                ("actual value", self.actual[row_idx] == baseline.actual[row_idx]),
                ("weight", self.weight[row_idx] == baseline.weight[row_idx]),
                ("cluster", self.unit[row_idx] == baseline.unit[row_idx]),
            ];
            if let Some((what, _)) = checks.into_iter().find(|(_, same)| !same) {
                return Err(EvaluateError::RowsDiffer { row_idx, what });
            }
        }
        Ok(())
    }
}
