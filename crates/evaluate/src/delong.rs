//! `DeLong`'s interval for the AUC, which needs no resampling.

use tenure_artifact::math::normal_quantile;

use crate::bootstrap::Interval;
use crate::reliability::check_confidence;
use crate::{EvaluateError, Ranked, rank};

/// The interval `AUC ± z · SE`, kept in 0..=1, with `DeLong`'s standard error (`DeLong`, `DeLong` and Clarke-Pearson 1988), by
/// mid-ranks (Sun and Xu 2014). A check on the bootstrap; the formula is for independent rows of equal weight, so
/// others are refused, as are fewer than two rows of a class.
pub fn delong(ranked: &Ranked, confidence: f64) -> Result<Interval, EvaluateError> {
    check_confidence(confidence)?;
    if ranked.weighted || ranked.clustered {
        return Err(EvaluateError::NeedsPlainRows { method: "DeLong's variance" });
    }
    let view = ranked.view();
    let auc = rank::auc(view)?;
    let totals = view.totals;
    if totals.positive < 2.0 || totals.negative < 2.0 {
        let (n_positive, n_negative) = (totals.positive as usize, totals.negative as usize);
        return Err(EvaluateError::TooFewOfAClass { method: "DeLong's variance", needed: 2, n_positive, n_negative });
    }
    // Sums of squared deviations of the placements: for a positive row, the share of negative rows below it; for a
    // negative row, the share of positive rows above it. Their mean is the AUC.
    let (mut positive_squares, mut negative_squares) = (0.0, 0.0);
    let (mut positive_above, mut negative_above) = (0.0, 0.0);
    for run in view.runs() {
        let negative = run.mass - run.positive;
        let below = (totals.negative - negative_above - 0.5 * negative) / totals.negative;
        let above = (positive_above + 0.5 * run.positive) / totals.positive;
        positive_squares += run.positive * (below - auc).powi(2);
        negative_squares += negative * (above - auc).powi(2);
        positive_above += run.positive;
        negative_above += negative;
    }
    let variance_of_mean = |squares: f64, n: f64| squares / (n - 1.0) / n;
    let variance =
        variance_of_mean(positive_squares, totals.positive) + variance_of_mean(negative_squares, totals.negative);
    let standard_error = variance.sqrt();
    let half = normal_quantile(0.5 + 0.5 * confidence) * standard_error;
    let (low, high) = ((auc - half).max(0.0), (auc + half).min(1.0));
    Ok(Interval { low, high, standard_error, confidence, resamples: 0 })
}
