//! Bootstrap intervals, of one model and of the difference between two.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::importance::Judged;
use crate::random::Stream;
use crate::reliability::check_confidence;
use crate::sample::View;
use crate::{EvaluateError, Metric, Ranked, Sample};

/// Resamples that must define a metric for its interval to be given.
const MIN_DEFINED_SHARE: f64 = 0.9;

/// How intervals are computed: the percentile bootstrap (Efron 1979).
///
/// Each resample draws as many rows as there are, with replacement; where rows are clustered it draws whole clusters
/// (Field and Welsh 2007), because the rows of one customer are not independent. Classes are not held fixed: the base
/// rate of the next set is as random as its rows, and log loss, Brier score and precision vary with it.
///
/// Resample `i` uses random stream `i` of the seed, so results do not depend on the number of threads. Rows are sorted
/// once; a resample only changes how often each counts. The same resamples are used for every metric and model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// How many resamples; 0 gives no intervals.
    pub resamples: usize,
    /// Coverage of the intervals, such as .95.
    pub confidence: f64,
    /// Seeds the draws.
    pub seed: u64,
}

/// A metric with its uncertainty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The metric on the whole set.
    pub value: f64,
    /// Its interval; none where no resamples were asked for, or too few define the metric.
    pub interval: Option<Interval>,
}

/// A bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard deviation of the resampled values.
    pub standard_error: f64,
    /// Coverage.
    pub confidence: f64,
    /// Resamples that define the metric.
    pub resamples: usize,
}

/// Two models on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What is compared.
    pub metric: Metric,
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

impl Comparison {
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

impl Bootstrap {
    /// Each metric of the sample, with its interval. The first undefined metric is the error.
    ///
    /// Calibration errors are absolute deviations, which resampling inflates once more: theirs is the basic interval,
    /// `2 value − quantile` (Davison and Hinkley 1997, §5.2), not below 0 and never short of the value itself.
    pub fn estimate<'a>(
        &self,
        sample: impl Into<Sample<'a>>,
        metrics: &[Metric],
    ) -> Result<Vec<Estimate>, EvaluateError> {
        Ok(self.estimate_counted(sample.into(), metrics)?.into_iter().map(|(estimate, _)| estimate).collect())
    }

    /// Each estimate with the number of resamples that define the metric.
    pub(crate) fn estimate_counted(
        &self,
        sample: Sample<'_>,
        metrics: &[Metric],
    ) -> Result<Vec<(Estimate, usize)>, EvaluateError> {
        check_confidence(self.confidence)?;
        let values = metrics.iter().map(|metric| metric.of(sample)).collect::<Result<Vec<_>, _>>()?;
        let n_units = sample.ranked().n_units;
        let replicates = self.replicates(n_units, |_, counts| values_of(sample, counts, metrics));
        let estimate = |(i, value)| {
            let defined = column(&replicates, i);
            (self.summarise(metrics[i].is_calibration_error(), value, &defined), defined.len())
        };
        Ok(values.into_iter().enumerate().map(estimate).collect())
    }

    /// Each metric of a model and a baseline scored on the same rows, and their difference over the same resamples.
    pub fn compare<'a>(
        &self,
        model: impl Into<Sample<'a>>,
        baseline: impl Into<Sample<'a>>,
        metrics: &[Metric],
    ) -> Result<Vec<Comparison>, EvaluateError> {
        check_confidence(self.confidence)?;
        let (model, baseline) = (model.into(), baseline.into());
        check_same_rows(model.ranked(), baseline.ranked())?;
        let values = |sample| metrics.iter().map(|metric| metric.of(sample)).collect::<Result<Vec<_>, _>>();
        let (model_values, baseline_values) = (values(model)?, values(baseline)?);
        let replicates = self.replicates(model.ranked().n_units, |_, counts| {
            let [m, b] = [model, baseline].map(|sample| values_of(sample, counts, metrics));
            m.into_iter().zip(b).map(|(m, b)| Some(m? - b?)).collect::<Vec<_>>()
        });
        let pairs = model_values.into_iter().zip(baseline_values).enumerate();
        let judge = |(i, (model, baseline))| {
            let metric: Metric = metrics[i];
            let judged = self.judge(metric.higher_is_better(), &column(&replicates, i));
            Comparison {
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

    /// Resample by resample, the metric of one of `others` (each in turn) less that of `first`; none where a resample
    /// leaves either undefined.
    pub(crate) fn paired_differences(&self, first: &Judged, others: &[Judged]) -> Vec<Option<f64>> {
        self.replicates(first.n_units(), |resample, counts| {
            let [a, b] = [first, &others[resample % others.len()]].map(|judged| judged.resampled(counts));
            Some(b? - a?)
        })
    }

    /// What `measure` makes of each resample; it gets the resample's number and how often each unit was drawn.
    pub(crate) fn replicates<T: Send>(&self, n_units: usize, measure: impl Fn(usize, &[u32]) -> T + Sync) -> Vec<T> {
        let resamples = (0..self.resamples).into_par_iter();
        resamples
            .map_init(
                || vec![0; n_units],
                |counts, resample| {
                    draw(&mut Stream::new(self.seed, resample as u64), counts);
                    measure(resample, counts)
                },
            )
            .collect()
    }

    /// The value with its interval: the percentile one, or of an absolute deviation the basic one.
    pub(crate) fn summarise(&self, is_deviation: bool, value: f64, replicates: &[f64]) -> Estimate {
        let Some(mut interval) = self.percentiles(replicates) else { return Estimate { value, interval: None } };
        if is_deviation {
            let (low, high) = (2.0 * value - interval.high, 2.0 * value - interval.low);
            (interval.low, interval.high) = (low.max(0.0).min(value), high.max(value));
        }
        Estimate { value, interval: Some(interval) }
    }

    /// None where no resamples were asked for, or fewer than nine in ten define the metric.
    pub(crate) fn percentiles(&self, replicates: &[f64]) -> Option<Interval> {
        if replicates.len() < 2 || (replicates.len() as f64) < MIN_DEFINED_SHARE * self.resamples as f64 {
            return None;
        }
        let mut sorted = replicates.to_vec();
        sorted.sort_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - self.confidence);
        Some(Interval {
            low: quantile(&sorted, tail),
            high: quantile(&sorted, 1.0 - tail),
            standard_error: standard_deviation(replicates),
            confidence: self.confidence,
            resamples: replicates.len(),
        })
    }

    /// What resampled differences, model less baseline, say.
    pub(crate) fn judge(&self, higher_is_better: Option<bool>, differences: &[f64]) -> Verdict {
        let interval = self.percentiles(differences);
        let sign = if higher_is_better == Some(false) { -1.0 } else { 1.0 };
        let n = differences.len() as f64;
        let above = differences.iter().filter(|&&d| sign * d > 0.0).count() as f64;
        let below = differences.iter().filter(|&&d| sign * d < 0.0).count() as f64;
        let far_side = (n - above).min(n - below);
        Verdict {
            interval,
            share_better: interval.map(|_| (above + 0.5 * (n - above - below)) / n),
            p_value: interval.map(|_| (2.0 * (far_side + 1.0) / (n + 1.0)).min(1.0)),
        }
    }
}

/// What resampled differences say; see [`Comparison`].
pub(crate) struct Verdict {
    pub(crate) interval: Option<Interval>,
    pub(crate) share_better: Option<f64>,
    pub(crate) p_value: Option<f64>,
}

/// How often each unit is drawn in one resample.
fn draw(stream: &mut Stream, counts: &mut [u32]) {
    counts.fill(0);
    let n_units = counts.len() as u32;
    for _ in 0..n_units {
        counts[stream.below(n_units) as usize] += 1;
    }
}

/// The metrics of one resample; none where it leaves one undefined.
pub(crate) fn values_of(sample: Sample<'_>, counts: &[u32], metrics: &[Metric]) -> Vec<Option<f64>> {
    let ranked = sample.ranked();
    let units = ranked.unit.iter().zip(&ranked.weight);
    let mass: Vec<f64> = units.map(|(&unit, weight)| weight * f64::from(counts[unit as usize])).collect();
    let mass = ranked.mass_by_run(&mass);
    let view = View::new(ranked, &mass);
    let value = |metric: &Metric| metric.of_view(sample, view).ok().filter(|value| value.is_finite());
    metrics.iter().map(value).collect()
}

fn column(replicates: &[Vec<Option<f64>>], i: usize) -> Vec<f64> {
    replicates.iter().filter_map(|row| row[i]).collect()
}

fn check_same_rows(model: &Ranked, baseline: &Ranked) -> Result<(), EvaluateError> {
    let expected = model.n_rows();
    let found = baseline.n_rows();
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

/// The quantile of ascending values by linear interpolation (Hyndman and Fan 1996, type 7).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// The sample standard deviation (divisor n − 1); 0 for fewer than two values.
pub(crate) fn standard_deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
}
