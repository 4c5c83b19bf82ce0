//! Intervals of value metrics, and two predictions compared on the same rows.

use serde::{Deserialize, Serialize};

use super::metric::ValueMetric;
use super::sample::Valued;
use super::view::ValueView;
use crate::bootstrap::{Bootstrap, Estimate};
use crate::reliability::check_confidence;
use crate::{EvaluateError, Undefined};

/// Two predictions of the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueComparison {
    /// What is compared.
    pub metric: ValueMetric,
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
    /// Two-sided, see [`crate::Comparison`].
    pub p_value: Option<f64>,
}

impl ValueComparison {
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
        Ok(self.estimate_values_counted(valued, metrics)?.into_iter().map(|(estimate, _)| estimate).collect())
    }

    /// Each estimate with the number of resamples that define the metric.
    pub(crate) fn estimate_values_counted(
        &self,
        valued: &Valued,
        metrics: &[ValueMetric],
    ) -> Result<Vec<(Estimate, usize)>, EvaluateError> {
        check_confidence(self.confidence)?;
        let values = all_of(valued, metrics)?;
        let replicates = self.replicates(valued.n_units, |_, counts| resampled(valued, counts, metrics));
        let estimate = |(i, value)| {
            let defined: Vec<f64> = replicates.iter().filter_map(|row| row[i]).collect();
            let metric: ValueMetric = metrics[i];
            (self.summarise(metric.is_calibration_error(), value, &defined), defined.len())
        };
        Ok(values.into_iter().enumerate().map(estimate).collect())
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
        check_confidence(self.confidence)?;
        check_same_rows(model, baseline)?;
        let (model_values, baseline_values) = (all_of(model, metrics)?, all_of(baseline, metrics)?);
        let replicates = self.replicates(model.n_units, |_, counts| {
            let [m, b] = [model, baseline].map(|valued| resampled(valued, counts, metrics));
            m.into_iter().zip(b).map(|(m, b)| Some(m? - b?)).collect::<Vec<_>>()
        });
        let pairs = model_values.into_iter().zip(baseline_values).enumerate();
        let judge = |(i, (model, baseline))| {
            let metric: ValueMetric = metrics[i];
            let differences: Vec<f64> = replicates.iter().filter_map(|row| row[i]).collect();
            let judged = self.judge(metric.higher_is_better(), &differences);
            ValueComparison {
                metric,
                name: metric.name().to_string(),
                model,
                baseline,
                difference: Estimate { value: model - baseline, interval: judged.interval },
                share_better: judged.share_better,
                p_value: judged.p_value,
            }
        };
        Ok(pairs.map(judge).collect())
    }
}

fn all_of(valued: &Valued, metrics: &[ValueMetric]) -> Result<Vec<f64>, EvaluateError> {
    let view = valued.view();
    metrics.iter().map(|metric| metric.of_view(&view)).collect()
}

/// The metrics of one resample; none where it leaves one undefined.
pub(crate) fn resampled(valued: &Valued, counts: &[u32], metrics: &[ValueMetric]) -> Vec<Option<f64>> {
    let units = valued.unit.iter().zip(&valued.weight);
    let mass: Vec<f64> = units.map(|(&unit, weight)| weight * f64::from(counts[unit as usize])).collect();
    let view = ValueView::new(valued, &mass);
    if view.totals.mass <= 0.0 {
        return vec![None; metrics.len()];
    }
    metrics.iter().map(|metric| metric.of_view(&view).ok().filter(|value| value.is_finite())).collect()
}

fn check_same_rows(model: &Valued, baseline: &Valued) -> Result<(), EvaluateError> {
    let (expected, found) = (model.n_rows(), baseline.n_rows());
    if expected != found {
        return Err(EvaluateError::Lengths { what: "the baseline's rows", expected, found });
    }
    for row_idx in 0..expected {
        let checks = [
            ("actual value", model.actual[row_idx] == baseline.actual[row_idx]),
            ("weight", model.weight[row_idx] == baseline.weight[row_idx]),
            ("cluster", model.unit[row_idx] == baseline.unit[row_idx]),
        ];
        if let Some((what, _)) = checks.into_iter().find(|(_, same)| !same) {
            return Err(EvaluateError::RowsDiffer { row_idx, what });
        }
    }
    Ok(())
}
