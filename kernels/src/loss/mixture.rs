//! Zero-inflated mixture of log-normals by its exact likelihood.

use super::{log_normal, sigma, sigmoid, softplus};

/// `BCE(l0) − 1[y > 0] log Σ_j softmax(a)_j LogNormal(y; mu_j, s_j)`; a component's slopes are its share of the density times
/// its own.
pub(super) fn evaluate(outputs: &[f32], targets: &[f32], n: usize, gradient: &mut [f32]) -> f64 {
    let (positive, log_value) = (f64::from(targets[0]), f64::from(targets[1]));
    let l0 = f64::from(outputs[0]);
    gradient[0] = (sigmoid(l0) - positive) as f32;
    let out = |part: usize, j: usize| f64::from(outputs[1 + part * n + j]);
    let greatest = (0..n).map(|j| out(0, j)).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = (0..n).map(|j| (out(0, j) - greatest).exp()).sum();
    let log_share = |j: usize| out(0, j) - greatest - total.ln();
    let term = |j: usize| log_share(j) - log_normal(log_value, out(1, j), sigma(out(2, j)).0)[0];
    let greatest_term = (0..n).map(term).fold(f64::NEG_INFINITY, f64::max);
    let log_density = (0..n).map(|j| (term(j) - greatest_term).exp()).sum::<f64>().ln() + greatest_term;
    for j in 0..n {
        let (s, ds) = sigma(out(2, j));
        let [_, of_mu, of_s] = log_normal(log_value, out(1, j), s);
        let of_density = (term(j) - log_density).exp();
        gradient[1 + j] = (positive * (log_share(j).exp() - of_density)) as f32;
        gradient[1 + n + j] = (positive * of_density * of_mu) as f32;
        gradient[1 + 2 * n + j] = (positive * of_density * of_s * ds) as f32;
    }
    softplus(l0) - positive * l0 - positive * log_density
}
