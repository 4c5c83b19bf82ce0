//! Zero-inflated log-normal, for one horizon or several that are linked.

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, softplus};
use tenure_artifact::SIGMA_FLOOR;

use super::{Columns, log_add};

/// ½ ln 2π
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// What the horizons before have said, as logarithms, `[K, B, 1]` each.
struct Before {
    buys: Tensor<3>,
    none: Tensor<3>,
    mean: Tensor<3>,
}

/// The mean over horizons of
/// `−log P(0)`, or `−log P(buys) − log LogNormal(y; mu, s)` with
/// `log LogNormal(y; mu, s) = −log y − log s − ½ log 2π − (log y − mu)² / (2 s²)`.
pub(super) fn losses(columns: &Columns<'_>, first: usize, n_horizons: usize) -> Tensor<3> {
    let (mut total, before) = first_horizon(columns, first, n_horizons > 1);
    let Some(mut before) = before else { return total };
    for horizon in 1..n_horizons {
        let loss;
        (loss, before) = next_horizon(columns, first, horizon, before);
        total = total + loss;
    }
    total.div_scalar(n_horizons as f64)
}

fn first_horizon(columns: &Columns<'_>, first: usize, goes_on: bool) -> (Tensor<3>, Option<Before>) {
    let [l0, mu, l2] = logits(columns, first, 0);
    let (positive, log_value) = columns.value(first, 0);
    let sigma = sigma(l2);
    let none = log_sigmoid(l0.clone().neg());
    let loss = (none.clone() + l0.clone() * positive.clone()).neg();
    let loss = loss + positive * log_normal(log_value, mu.clone(), sigma.clone());
    let before = goes_on.then(|| {
        let buys = log_sigmoid(l0);
        Before { mean: buys.clone() + mu + half_variance(sigma), buys, none }
    });
    (loss, before)
}

/// A customer who has bought by now bought before, or buys for the first time in what this horizon adds.
fn next_horizon(columns: &Columns<'_>, first: usize, horizon: usize, before: Before) -> (Tensor<3>, Before) {
    let [l0, l1, l2] = logits(columns, first, horizon);
    let (positive, log_value) = columns.value(first, horizon);
    let sigma = sigma(l2);
    let buys = log_add(before.buys, before.none.clone() + log_sigmoid(l0.clone()));
    let none = before.none + log_sigmoid(l0.neg());
    let mean = log_add(before.mean, l1);
    let mu = mean.clone() - buys.clone() - half_variance(sigma.clone());
    let negative = positive.clone().neg().add_scalar(1.0);
    let loss = (positive.clone() * buys.clone() + negative * none.clone()).neg();
    (loss + positive * log_normal(log_value, mu, sigma), Before { buys, none, mean })
}

fn logits(columns: &Columns<'_>, first: usize, horizon: usize) -> [Tensor<3>; 3] {
    [0, 1, 2].map(|part| columns.output(first + 3 * horizon + part))
}

pub(super) fn sigma(l2: Tensor<3>) -> Tensor<3> {
    softplus(l2, 1.0).clamp_min(SIGMA_FLOOR)
}

fn half_variance(sigma: Tensor<3>) -> Tensor<3> {
    sigma.square().mul_scalar(0.5)
}

/// `−log LogNormal(y; mu, s)`
pub(super) fn log_normal(log_value: Tensor<3>, mu: Tensor<3>, sigma: Tensor<3>) -> Tensor<3> {
    let z = (log_value.clone() - mu) / sigma.clone();
    log_value + sigma.log() + z.square().mul_scalar(0.5).add_scalar(HALF_LN_TAU)
}
