//! Fitting numeric columns: extremes, quantiles, scales.

use rand::RngExt;
use tenure_artifact::{ContinuousInput, DropReason, Encoder, Magnitude, Quartiles, Scale, TwoValued};
use tenure_config::NumericEncoding;

use super::{Fitted, Outcome, TrainingRows};
use crate::seed::{Purpose, stream};

/// Quantiles of more training rows than this come from a sample of this size: a quantile's rank is then off by about
/// .0005, far below what a scale or a bin can show.
const MAX_SAMPLE: usize = 1 << 20;
/// Normal scores have one knot for so many training rows, as in TabM, ...
const ROWS_PER_KNOT: usize = 30;
/// ... but at least the first and at most the second of these.
const KNOTS: (usize, usize) = (10, 1000);

/// One look at the training values of a column.
struct Summary {
    n_present: usize,
    has_missing: bool,
    min: f32,
    max: f32,
    /// Whether there is a value that is neither `min` nor `max`.
    has_between: bool,
}

pub(super) fn fit(name: &str, values: &[f32], rows: &TrainingRows<'_>) -> Outcome {
    let summary = summarize(values, rows.rows);
    let missing_indicator = summary.has_missing;
    if summary.n_present == 0 {
        return Outcome::Dropped(DropReason::AllMissing);
    }
    if summary.min == summary.max {
        return if missing_indicator {
            Outcome::plain(Encoder::Presence)
        } else {
            Outcome::Dropped(DropReason::Constant(summary.min.to_string()))
        };
    }
    if !summary.has_between {
        let (low, high) = (summary.min, summary.max);
        return Outcome::plain(Encoder::TwoValued(TwoValued { low, high, missing_indicator }));
    }
    let sorted = sorted_sample(name, values, rows, &summary);
    let scale = scale(&sorted, rows.plan.numeric);
    let quantiles = Some(scaled_quantiles(&sorted, &scale));
    let encoder = Encoder::Magnitude(Magnitude { scale, min: summary.min, max: summary.max, missing_indicator });
    Outcome::Kept(Fitted { encoder, quantiles, ordered: None })
}

/// The scale of these values, ascending and not empty.
pub(super) fn scale(sorted: &[f32], encoding: NumericEncoding) -> Scale {
    match encoding {
        NumericEncoding::Robust => Scale::robust(&quartiles(sorted)),
        NumericEncoding::Quantile => {
            let n_knots = (sorted.len() / ROWS_PER_KNOT).clamp(KNOTS.0, KNOTS.1);
            Scale::quantile(evenly_spaced(sorted, n_knots))
        }
    }
}

/// What [`ContinuousInput::quantiles`] holds.
pub(super) fn scaled_quantiles(sorted: &[f32], scale: &Scale) -> Vec<f32> {
    let raw = evenly_spaced(sorted, ContinuousInput::N_QUANTILES);
    raw.into_iter().map(|value| scale.apply(value)).collect()
}

fn quartiles(sorted: &[f32]) -> Quartiles {
    Quartiles {
        min: sorted[0],
        q25: quantile(sorted, 0.25),
        median: quantile(sorted, 0.5),
        q75: quantile(sorted, 0.75),
        max: sorted[sorted.len() - 1],
    }
}

fn evenly_spaced(sorted: &[f32], n_quantiles: usize) -> Vec<f32> {
    (0..n_quantiles).map(|j| quantile(sorted, j as f64 / (n_quantiles - 1) as f64)).collect()
}

/// The `share`-quantile with linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996).
fn quantile(sorted: &[f32], share: f64) -> f32 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place as usize;
    let low = f64::from(sorted[below]);
    let high = f64::from(sorted[(below + 1).min(sorted.len() - 1)]);
    (low + (place - below as f64) * (high - low)) as f32
}

fn summarize(values: &[f32], rows: &[u32]) -> Summary {
    let start =
        Summary { n_present: 0, has_missing: false, min: f32::INFINITY, max: f32::NEG_INFINITY, has_between: false };
    let mut summary = rows.iter().map(|&row_idx| values[row_idx as usize]).fold(start, |mut summary, value| {
        if value.is_finite() {
            summary.n_present += 1;
            summary.min = summary.min.min(value);
            summary.max = summary.max.max(value);
        } else {
            summary.has_missing = true;
        }
        summary
    });
    // The signs of zeros must not depend on which came first.
    (summary.min, summary.max) = (summary.min + 0.0, summary.max + 0.0);
    summary.has_between = rows.iter().any(|&row_idx| {
        let value = values[row_idx as usize];
        value > summary.min && value < summary.max
    });
    summary
}

/// The present training values, or a sample of them, ascending; the extremes are always among them.
fn sorted_sample(name: &str, values: &[f32], rows: &TrainingRows<'_>, summary: &Summary) -> Vec<f32> {
    let present = |&row_idx: &u32| Some(values[row_idx as usize] + 0.0).filter(|value| value.is_finite());
    let mut sample: Vec<f32> = if rows.rows.len() <= MAX_SAMPLE {
        rows.rows.iter().filter_map(present).collect()
    } else {
        let rng = &mut stream(rows.seed, Purpose::Quantiles(name));
        let start_of = |stretch: usize| (stretch as u64 * rows.rows.len() as u64 / MAX_SAMPLE as u64) as usize;
        // One row out of each of many equal stretches: as even as a sample can be, and read in order.
        let drawn = (0..MAX_SAMPLE).map(|stretch| rng.random_range(start_of(stretch)..start_of(stretch + 1)));
        let drawn = drawn.filter_map(|place| present(&rows.rows[place]));
        drawn.chain([summary.min, summary.max]).collect()
    };
    sample.sort_unstable_by(f32::total_cmp);
    sample
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.quantile([1, 2, 4, 8, 16, 32], [0, .25, .5, .75, 1])`, by hand: places 0, 1.25, 2.5, 3.75, 5.
    #[test]
    fn quantiles_interpolate_as_numpy_does() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
        assert_eq!(evenly_spaced(&sorted, 5), [1.0, 2.5, 6.0, 14.0, 32.0]);
        assert_eq!(evenly_spaced(&[3.0], 3), [3.0; 3]);
    }

    /// Forty values, seven of them 40, against scikit-learn 1.9.1: `QuantileTransformer(n_quantiles=10,
    /// output_distribution="normal")`, and `RobustScaler` followed by `y / sqrt(1 + (y/3)^2)`.
    #[test]
    fn scales_agree_with_scikit_learn() {
        let value = |i: u32| (f64::from((i * 37) % 41).powi(2) / 7.0 - f64::from(i % 3)) as f32;
        let mut sorted: Vec<f32> = (0..40).map(|i| if (5..12).contains(&i) { 40.0 } else { value(i) }).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let probes = [-50.0, 0.5, 3.25, 40.0, 100.0, 150.0, 228.5, 1000.0];
        let normal = [-5.199_337, -1.919_84, -1.501_872, -0.282_216, 0.477_855, 0.960_97, 5.199_337, 5.199_337];
        let robust = [-1.004_506, -0.506_122, -0.477_236, -0.081_252, 0.564_934, 1.051_164, 1.653_249, 2.882_955];
        for (encoding, expected) in [(NumericEncoding::Quantile, normal), (NumericEncoding::Robust, robust)] {
            let scale = scale(&sorted, encoding);
            for (probe, expected) in probes.into_iter().zip(expected) {
                assert!((scale.apply(probe) - expected).abs() < 5e-6, "{encoding} of {probe}: {}", scale.apply(probe));
            }
        }
    }

    /// `TabM` adds a little noise before it fits, so that values which many rows share get scores from the middle of
    /// their shares. Taking the middle outright gives the same scores, without noise.
    #[test]
    fn ties_score_as_a_noisy_fit_scores_them_on_average() {
        let sorted: Vec<f32> = (0..3000_u32).map(|i| [0.0, 0.0, 0.0, 1.0, 2.0, 5.0][i as usize / 500]).collect();
        let exact = scale(&sorted, NumericEncoding::Quantile);
        let mut noisy: Vec<f32> = sorted.clone();
        let mut rng = stream(1, Purpose::Quantiles("noise"));
        for value in &mut noisy {
            *value += rng.random_range(-1e-4..1e-4_f32);
        }
        noisy.sort_unstable_by(f32::total_cmp);
        let noisy = scale(&noisy, NumericEncoding::Quantile);
        for value in [0.0, 1.0, 2.0, 5.0] {
            assert!((exact.apply(value) - noisy.apply(value)).abs() < 0.1, "{value}");
        }
        assert!((exact.apply(0.0) + 0.674_5).abs() < 0.02, "the middle of the lower half");
    }
}
