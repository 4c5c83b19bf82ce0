//! Bootstrap intervals, of one model and of the difference between two.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::comparison::{Comparison, Measure, Resampled, Sides};
use crate::importance::Judged;
use crate::random::Stream;
use crate::reliability::check_confidence;
use crate::{EvaluateError, Metric, Sample};

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

    /// Each metric of a model and a baseline scored on the same rows, and their difference over the same resamples.
    pub fn compare<'a>(
        &self,
        model: impl Into<Sample<'a>>,
        baseline: impl Into<Sample<'a>>,
        metrics: &[Metric],
    ) -> Result<Vec<Comparison>, EvaluateError> {
        self.compare_resampled(model.into(), baseline.into(), metrics)
    }

    /// Each estimate with the number of resamples that define the metric.
    pub(crate) fn estimate_counted<R: Resampled>(
        &self,
        rows: R,
        metrics: &[R::Metric],
    ) -> Result<Vec<(Estimate, usize)>, EvaluateError> {
        check_confidence(self.confidence)?;
        let values = rows.values(metrics)?;
        let replicates = self.replicates(rows.n_units(), |_, counts| rows.resampled(counts, metrics));
        let estimate = |(i, value)| {
            let defined = column(&replicates, i);
            (self.summarise(metrics[i].is_deviation(), value, &defined), defined.len())
        };
        Ok(values.into_iter().enumerate().map(estimate).collect())
    }

    /// See [`Bootstrap::compare`].
    pub(crate) fn compare_resampled<R: Resampled>(
        &self,
        model: R,
        baseline: R,
        metrics: &[R::Metric],
    ) -> Result<Vec<Comparison<R::Metric>>, EvaluateError> {
        check_confidence(self.confidence)?;
        model.check_same_rows(baseline)?;
        let (model_values, baseline_values) = (model.values(metrics)?, baseline.values(metrics)?);
        let replicates = self.replicates(model.n_units(), |_, counts| {
            let [m, b] = [model, baseline].map(|rows| rows.resampled(counts, metrics));
            m.into_iter().zip(b).map(|(m, b)| Some(m? - b?)).collect::<Vec<_>>()
        });
        let pairs = model_values.into_iter().zip(baseline_values).enumerate();
        let compare = |(i, (model, baseline))| {
            let metric: R::Metric = metrics[i];
            let differences = column(&replicates, i);
            let interval = self.percentiles(&differences);
            let sides = interval.map(|_| Sides::of(&differences, metric.higher_is_better()));
            Comparison {
                metric,
                name: metric.name().to_string(),
                model,
                baseline,
                difference: Estimate { value: model - baseline, interval },
                share_better: sides.map(Sides::share_better),
                p_value: sides.map(Sides::p_value),
            }
        };
        Ok(pairs.map(compare).collect())
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
}

/// How often each unit is drawn in one resample.
fn draw(stream: &mut Stream, counts: &mut [u32]) {
    counts.fill(0);
    let n_units = counts.len() as u32;
    for _ in 0..n_units {
        counts[stream.below(n_units) as usize] += 1;
    }
}

fn column(replicates: &[Vec<Option<f64>>], i: usize) -> Vec<f64> {
    replicates.iter().filter_map(|row| row[i]).collect()
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
