//! Metrics of the order: AUC, average precision, Kolmogorov-Smirnov, lift.

use crate::EvaluateError;
use crate::sample::View;

/// Area under the ROC curve: the probability that a positive row scores above a negative one, ties counting half.
///
/// `Σ over tied runs of negative · (positives above + positive / 2) / (P N)`, which is the Mann-Whitney statistic with
/// mid-ranks (Hanley and `McNeil` 1982), for masses instead of counts.
pub(crate) fn auc(view: View<'_>) -> Result<f64, EvaluateError> {
    let totals = view.both_classes("AUC")?;
    let (mut above, mut area) = (0.0, 0.0);
    for run in view.runs() {
        area += (run.mass - run.positive) * (above + 0.5 * run.positive);
        above += run.positive;
    }
    Ok(area / (totals.positive * totals.negative))
}

/// Average precision: `Σ (R_i − R_{i−1}) P_i` over distinct scores, recall R and precision P.
///
/// The step-wise area under the precision-recall curve; no interpolation, which would be optimistic (Davis and
/// Goadrich 2006).
pub(crate) fn average_precision(view: View<'_>) -> Result<f64, EvaluateError> {
    let totals = view.totals;
    if totals.positive <= 0.0 {
        let n_rows = view.ranked.n_rows();
        return Err(EvaluateError::OneClass { metric: "average precision", n_rows, missing: "positive" });
    }
    let (mut found, mut flagged, mut area) = (0.0, 0.0, 0.0);
    for run in view.runs().filter(|run| run.mass > 0.0) {
        found += run.positive;
        flagged += run.mass;
        area += run.positive * (found / flagged);
    }
    Ok(area / totals.positive)
}

/// The largest distance between the score distributions of the two classes, and the score at which it is reached: the
/// first one, coming from the highest score.
pub(crate) fn kolmogorov_smirnov(view: View<'_>) -> Result<(f64, f64), EvaluateError> {
    let totals = view.both_classes("KS")?;
    let (mut positive, mut negative) = (0.0, 0.0);
    let mut best = (0.0, view.ranked.score[0]);
    for run in view.runs() {
        positive += run.positive / totals.positive;
        negative += (run.mass - run.positive) / totals.negative;
        let distance: f64 = (positive - negative).abs();
        if distance > best.0 {
            best = (distance, run.score);
        }
    }
    Ok(best)
}

/// The rate of positives among the top `share` of the mass over the rate among all.
///
/// A run of equal scores across the border counts in proportion, as it would on average over random orders of the run.
pub(crate) fn top_lift(view: View<'_>, share: f64) -> Result<f64, EvaluateError> {
    if !(share > 0.0 && share <= 1.0) {
        return Err(EvaluateError::Setting {
            setting: "share",
            expected: "a share above 0 and at most 1",
            found: share,
        });
    }
    let totals = view.totals;
    if totals.positive <= 0.0 {
        return Err(EvaluateError::OneClass { metric: "lift", n_rows: view.ranked.n_rows(), missing: "positive" });
    }
    let border = share * view.mass();
    let (mut taken, mut found) = (0.0, 0.0);
    for run in view.runs().filter(|run| run.mass > 0.0) {
        let part = ((border - taken) / run.mass).min(1.0);
        taken += part * run.mass;
        found += part * run.positive;
        if part < 1.0 {
            break;
        }
    }
    Ok(found / (share * totals.positive))
}
