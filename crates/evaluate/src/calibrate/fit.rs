//! One fit for each family of maps.
//!
//! The logistic families are fitted to Platt's targets (Platt 1999, §2.2): `(P + 1) / (P + 2)` for positive rows and
//! `1 / (N + 2)` for negative ones, P and N being the numbers of rows of each class. They are the posterior means of
//! the class under a uniform prior, and keep the fit finite on rows that the scores separate.

use tenure_artifact::Calibration;
use tenure_artifact::calibration::{clipped_logit, clipped_logs};

use super::newton::{Row, fit};
use super::{Method, isotonic};
use crate::{EvaluateError, Scored};

/// Temperatures are kept in this range, where a map still tells scores apart.
const TEMPERATURES: std::ops::RangeInclusive<f64> = 0.05..=20.0;

/// The family's map for these rows.
pub(super) fn fit_map(scored: &Scored, method: Method) -> Result<Calibration, EvaluateError> {
    match method {
        Method::None => Ok(Calibration::Identity),
        Method::Temperature => temperature(scored),
        Method::Platt => platt(scored),
        Method::Beta => beta(scored),
        Method::Isotonic => isotonic::fit(scored),
    }
}

/// Logistic regression on the logit alone gives 1 / t.
fn temperature(scored: &Scored) -> Result<Calibration, EvaluateError> {
    let [inverse] = fit(&rows(scored, |p| [clipped_logit(p)])?, [1.0]);
    let t = if inverse > 0.0 { 1.0 / inverse } else { f64::INFINITY };
    Ok(Calibration::Temperature { t: t.clamp(*TEMPERATURES.start(), *TEMPERATURES.end()) })
}

fn platt(scored: &Scored) -> Result<Calibration, EvaluateError> {
    let [a, b] = fit(&rows(scored, |p| [clipped_logit(p), 1.0])?, [1.0, 0.0]);
    if a > 0.0 {
        Ok(Calibration::Platt { a, b })
    } else {
        Err(EvaluateError::ConstantCalibration { method: Method::Platt.title() })
    }
}

/// Logistic regression on ln p and −ln(1 − p). A slope that comes out negative would make the map fall; the convex
/// optimum with that slope at 0 is the fit without it.
fn beta(scored: &Scored) -> Result<Calibration, EvaluateError> {
    let [a, b, c] = fit(
        &rows(scored, |p| {
            let (ln_p, ln_q) = clipped_logs(p);
            [ln_p, -ln_q, 1.0]
        })?,
        [1.0, 1.0, 0.0],
    );
    if a >= 0.0 && b >= 0.0 {
        return Ok(Calibration::Beta { a, b, c });
    }
    let [low, low_c] = fit(&rows(scored, |p| [clipped_logs(p).0, 1.0])?, [1.0, 0.0]);
    let [high, high_c] = fit(&rows(scored, |p| [-clipped_logs(p).1, 1.0])?, [1.0, 0.0]);
    match (a < 0.0, low > 0.0, high > 0.0) {
        (true, _, true) => Ok(Calibration::Beta { a: 0.0, b: high, c: high_c }),
        (false, true, _) => Ok(Calibration::Beta { a: low, b: 0.0, c: low_c }),
        _ => Err(EvaluateError::ConstantCalibration { method: Method::Beta.title() }),
    }
}

/// One row for each distinct score, with Platt's targets: far fewer than rows where scores repeat.
fn rows<const K: usize>(scored: &Scored, inputs: impl Fn(f64) -> [f64; K]) -> Result<Vec<Row<K>>, EvaluateError> {
    let view = scored.ranked().view();
    view.both_classes("calibration")?;
    let n_positive = scored.ranked().n_positive() as f64;
    let n_negative = scored.ranked().n_rows() as f64 - n_positive;
    let (high, low) = ((n_positive + 1.0) / (n_positive + 2.0), 1.0 / (n_negative + 2.0));
    let runs = view.runs().filter(|run| run.mass > 0.0);
    Ok(runs
        .map(|run| {
            let positive = run.positive / run.mass;
            Row { inputs: inputs(run.score), target: positive * high + (1.0 - positive) * low, mass: run.mass }
        })
        .collect())
}
