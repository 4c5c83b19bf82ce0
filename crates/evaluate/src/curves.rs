//! ROC, precision-recall, gain by decile, and the histogram of scores.

use serde::{Deserialize, Serialize};

use crate::sample::View;
use crate::thin::thin;
use crate::{EvaluateError, Sample, Scored};

/// A point of the ROC curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// Share of negative rows that are flagged.
    pub false_positive_rate: f64,
    /// Share of positive rows that are flagged.
    pub true_positive_rate: f64,
    /// Rows with at least this score are flagged; none at the first point, where nobody is.
    pub threshold: Option<f64>,
}

/// A point of the precision-recall curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrecisionRecallPoint {
    /// Share of positive rows that are flagged.
    pub recall: f64,
    /// Share of flagged rows that are positive.
    pub precision: f64,
    /// Rows with at least this score are flagged.
    pub threshold: f64,
}

/// The ROC curve from (0, 0) to (1, 1), a point for each distinct score, thinned to at most `max_points`.
pub fn roc_curve<'a>(sample: impl Into<Sample<'a>>, max_points: usize) -> Result<Vec<RocPoint>, EvaluateError> {
    let view = sample.into().ranked().view();
    let totals = view.both_classes("the ROC curve")?;
    let mut curve = vec![RocPoint { false_positive_rate: 0.0, true_positive_rate: 0.0, threshold: None }];
    let (mut positive, mut negative) = (0.0, 0.0);
    for run in view.runs() {
        positive += run.positive;
        negative += run.mass - run.positive;
        curve.push(RocPoint {
            false_positive_rate: (negative / totals.negative).min(1.0),
            true_positive_rate: (positive / totals.positive).min(1.0),
            threshold: Some(run.score),
        });
    }
    Ok(thin(&curve, max_points, |point| (point.false_positive_rate, point.true_positive_rate)))
}

/// The precision-recall curve, a point for each distinct score from the highest, thinned to at most `max_points`.
pub fn precision_recall_curve<'a>(
    sample: impl Into<Sample<'a>>,
    max_points: usize,
) -> Result<Vec<PrecisionRecallPoint>, EvaluateError> {
    let view = sample.into().ranked().view();
    let totals = view.both_classes("the precision-recall curve")?;
    let (mut found, mut flagged) = (0.0, 0.0);
    let mut curve = Vec::with_capacity(view.ranked.end.len());
    for run in view.runs().filter(|run| run.mass > 0.0) {
        found += run.positive;
        flagged += run.mass;
        let recall = (found / totals.positive).min(1.0);
        curve.push(PrecisionRecallPoint { recall, precision: found / flagged, threshold: run.score });
    }
    Ok(thin(&curve, max_points, |point| (point.recall, point.precision)))
}

/// A tenth of the rows, by score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decile {
    /// 1 holds the highest scores.
    pub decile: usize,
    /// Mass of its rows; a run of equal scores across a border is shared out in proportion.
    pub mass: f64,
    /// Mass of its positive rows.
    pub positive: f64,
    /// Share of its rows that are positive.
    pub rate: f64,
    /// Its rate over the base rate.
    pub lift: f64,
    /// Share of all positive rows found in this decile and those above.
    pub cumulative_gain: f64,
    /// Rate of this decile and those above over the base rate.
    pub cumulative_lift: f64,
    /// The highest score in it.
    pub score_max: f64,
    /// The lowest score in it.
    pub score_min: f64,
}

/// Gain and lift by decile.
///
/// A run of equal scores that lies across a border gives each side its part of mass and positives, which is what random
/// orders of the run would give on average; the table does not depend on the order of rows.
pub fn deciles<'a>(sample: impl Into<Sample<'a>>) -> Result<Vec<Decile>, EvaluateError> {
    let view = sample.into().ranked().view();
    let totals = view.both_classes("lift")?;
    let mass = totals.positive + totals.negative;
    let base_rate = totals.positive / mass;
    let mut found = 0.0;
    let tenths = split_evenly(view, mass, 10);
    Ok(tenths
        .into_iter()
        .enumerate()
        .map(|(i, part)| {
            found += part.positive;
            Decile {
                decile: i + 1,
                mass: part.mass,
                positive: part.positive,
                rate: part.positive / part.mass,
                lift: part.positive / part.mass / base_rate,
                cumulative_gain: (found / totals.positive).min(1.0),
                cumulative_lift: found / totals.positive * 10.0 / (i + 1) as f64,
                score_max: part.score_max,
                score_min: part.score_min,
            }
        })
        .collect())
}

/// What falls into one of several parts of equal mass.
#[derive(Clone, Copy)]
struct Part {
    mass: f64,
    positive: f64,
    score_max: f64,
    score_min: f64,
}

fn split_evenly(view: View<'_>, mass: f64, n_parts: usize) -> Vec<Part> {
    let room = mass / n_parts as f64;
    let empty = Part { mass: 0.0, positive: 0.0, score_max: f64::NAN, score_min: f64::NAN };
    let mut parts = vec![empty; n_parts];
    let mut current = 0;
    for run in view.runs().filter(|run| run.mass > 0.0) {
        let mut left = run.mass;
        while left > 0.0 {
            let part = &mut parts[current];
            // The last part takes what rounding leaves.
            let taken = if current + 1 == n_parts { left } else { left.min(room - part.mass) };
            part.positive += taken / run.mass * run.positive;
            part.mass += taken;
            part.score_max = part.score_max.max(run.score);
            part.score_min = run.score;
            left -= taken;
            if left > 0.0 || part.mass >= room {
                current = (current + 1).min(n_parts - 1);
            }
        }
    }
    parts
}

/// Mass of each class by score, in bins of equal width on 0..=1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Bin edges, one more than bins; each bin is closed below, the last on both sides.
    pub edges: Vec<f64>,
    /// Mass of positive rows in each bin.
    pub positive: Vec<f64>,
    /// Mass of negative rows in each bin.
    pub negative: Vec<f64>,
}

/// The histogram of probabilities by class.
pub fn histogram(scored: &Scored, n_bins: usize) -> Result<Histogram, EvaluateError> {
    if n_bins == 0 {
        return Err(EvaluateError::Setting { setting: "histogram bins", expected: "at least 1", found: 0.0 });
    }
    let mut histogram = Histogram {
        edges: (0..=n_bins).map(|i| i as f64 / n_bins as f64).collect(),
        positive: vec![0.0; n_bins],
        negative: vec![0.0; n_bins],
    };
    for run in scored.ranked().view().runs() {
        let bin = ((run.score * n_bins as f64) as usize).min(n_bins - 1);
        histogram.positive[bin] += run.positive;
        histogram.negative[bin] += run.mass - run.positive;
    }
    Ok(histogram)
}
