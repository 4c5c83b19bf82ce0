//! The automatic choice among families of maps.

use rayon::prelude::*;
use tenure_artifact::Calibration;

use super::fit::fit_map;
use super::{Candidate, Choice, Method};
use crate::random::Stream;
use crate::sample::{Rows, row_log_loss};
use crate::{EvaluateError, Scored, Undefined};

/// Parts of the cross-validation.
const N_FOLDS: usize = 10;

/// Of two losses this close the simpler family's is taken.
const NEGLIGIBLE: f64 = 1e-9;

/// Chooses the family with the lowest cross-validated log loss on validation rows and fits it to all of them.
///
/// No map is always a candidate, so calibration is used only where it helped rows it was not fitted to. Families with
/// too few rows ([`Method::min_rows_per_class`]) are left out, with the reason. Folds keep the share of positive rows,
/// and clusters whole.
pub fn choose_calibration(scored: &Scored, seed: u64) -> Result<Choice, EvaluateError> {
    let rows = scored.rows();
    let folds = assign_folds(&rows, seed);
    let attempts: Vec<_> =
        Method::ALL.par_iter().map(|&method| cross_validate(scored, &rows, &folds, method)).collect();
    let uncalibrated: Vec<f64> = attempts[0].clone()?;
    let mut candidates = Vec::new();
    let (mut best, mut best_loss) = (Method::None, f64::INFINITY);
    for (method, attempt) in Method::ALL.into_iter().zip(attempts) {
        let candidate = describe(method, &rows, &uncalibrated, attempt);
        if let Some(loss) = candidate.log_loss
            && loss < best_loss - NEGLIGIBLE
        {
            (best, best_loss) = (method, loss);
        }
        candidates.push(candidate);
    }
    Ok(Choice { map: fit_map(scored, best)?, method: best, candidates })
}

/// The calibrated probability of each row by a map that was fitted without the row's fold.
fn cross_validate(scored: &Scored, rows: &Rows, folds: &[usize], method: Method) -> Result<Vec<f64>, EvaluateError> {
    if method == Method::None {
        return Ok(rows.scores.clone());
    }
    let n_positive = scored.ranked().n_positive();
    let n_negative = scored.ranked().n_rows() - n_positive;
    let needed = method.min_rows_per_class();
    if n_positive.min(n_negative) < needed {
        return Err(EvaluateError::TooFewOfAClass { method: method.title(), needed, n_positive, n_negative });
    }
    let mut calibrated = rows.scores.clone();
    for fold in 0..N_FOLDS {
        let map = fit_without(rows, folds, fold, method)?;
        let held_out = calibrated.iter_mut().zip(folds).filter(|(_, other)| **other == fold);
        held_out.for_each(|(p, _)| *p = map.apply(*p));
    }
    Ok(calibrated)
}

fn fit_without(rows: &Rows, folds: &[usize], fold: usize, method: Method) -> Result<Calibration, EvaluateError> {
    let kept: Vec<u32> = (0..folds.len() as u32).filter(|&row| folds[row as usize] != fold).collect();
    fit_map(&rows.select(&kept).scored()?, method)
}

/// A fold for each row: units are shuffled, those with a positive row first, and dealt out in turn.
fn assign_folds(rows: &Rows, seed: u64) -> Vec<usize> {
    let n_rows = rows.scores.len();
    let n_units = (0..n_rows).map(|row| rows.unit(row) + 1).max().unwrap_or(0);
    let mut has_positive = vec![false; n_units];
    (0..n_rows).for_each(|row| has_positive[rows.unit(row)] |= rows.outcomes[row]);
    let mut order = Stream::new(seed, 0).permutation(n_units);
    order.sort_by_key(|&unit| !has_positive[unit as usize]);
    let mut fold_of_unit = vec![0; n_units];
    for (i, &unit) in order.iter().enumerate() {
        fold_of_unit[unit as usize] = i % N_FOLDS;
    }
    (0..n_rows).map(|row| fold_of_unit[rows.unit(row)]).collect()
}

fn describe(method: Method, rows: &Rows, uncalibrated: &[f64], attempt: Result<Vec<f64>, EvaluateError>) -> Candidate {
    match attempt {
        Ok(calibrated) => scores_of(method, rows, uncalibrated, &calibrated),
        Err(error) => Candidate {
            method,
            log_loss: None,
            brier: None,
            log_loss_change: None,
            standard_error: None,
            excluded: Some(Undefined::new(method.name(), &error)),
        },
    }
}

fn scores_of(method: Method, rows: &Rows, uncalibrated: &[f64], calibrated: &[f64]) -> Candidate {
    let outcome = |row: usize| f64::from(u8::from(rows.outcomes[row]));
    let loss = |row: usize| row_log_loss(calibrated[row], rows.outcomes[row]);
    let change = |row: usize| loss(row) - row_log_loss(uncalibrated[row], rows.outcomes[row]);
    let mean_change = mean(rows, &change);
    Candidate {
        method,
        log_loss: Some(mean(rows, &loss)),
        brier: Some(mean(rows, &|row| (calibrated[row] - outcome(row)).powi(2))),
        log_loss_change: Some(mean_change),
        standard_error: Some(standard_error(rows, &|row| change(row) - mean_change)),
        excluded: None,
    }
}

fn mean(rows: &Rows, value: &dyn Fn(usize) -> f64) -> f64 {
    let n_rows = rows.scores.len();
    let mass: f64 = (0..n_rows).map(|row| rows.weight(row)).sum();
    (0..n_rows).map(|row| rows.weight(row) * value(row)).sum::<f64>() / mass
}

/// The standard error of a weighted mean from its rows' deviations, added up within clusters first.
fn standard_error(rows: &Rows, deviation: &dyn Fn(usize) -> f64) -> f64 {
    let n_rows = rows.scores.len();
    let n_units = (0..n_rows).map(|row| rows.unit(row) + 1).max().unwrap_or(0);
    let mut sums = vec![0.0; n_units];
    let mut mass = 0.0;
    for row in 0..n_rows {
        sums[rows.unit(row)] += rows.weight(row) * deviation(row);
        mass += rows.weight(row);
    }
    sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt() / mass
}
