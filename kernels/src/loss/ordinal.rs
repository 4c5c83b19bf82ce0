//! Ordered buckets of value, and a density `t eᵗᵘ / (eᵗ − 1)` within each.

use super::{sigmoid, softplus};

/// Cross-entropies of going on to the next bucket wherever a row got so far, and for a value above 0 minus the logarithm of
/// its density within its bucket.
pub(super) fn evaluate(outputs: &[f32], targets: &[f32], n: usize, gradient: &mut [f32]) -> f64 {
    let reached = |j: usize| if j < n { f64::from(targets[j]) } else { 0.0 };
    let (place, log_scale) = (f64::from(targets[n]), f64::from(targets[n + 1]));
    let positive = reached(0);
    let own = |j: usize| reached(j) - reached(j + 1);
    let tilt: f64 = (0..n).map(|j| own(j) * f64::from(outputs[n + j])).sum();
    let (log_mgf, slope) = log_mgf(tilt);
    let mut loss = positive * (log_scale - tilt * place + log_mgf);
    for j in 0..n {
        let (logit, asked) = (f64::from(outputs[j]), if j == 0 { 1.0 } else { reached(j - 1) });
        loss += asked * softplus(logit) - reached(j) * logit;
        gradient[j] = (asked * sigmoid(logit) - reached(j)) as f32;
        gradient[n + j] = (positive * own(j) * (slope - place)) as f32;
    }
    loss
}

/// `ln((eᵗ − 1)/t)` and its slope `1/(1 − e⁻ᵗ) − 1/t`; near 0 by their series.
fn log_mgf(t: f64) -> (f64, f64) {
    let a = t.abs();
    if a < 0.02 {
        let square = t * t;
        return (0.5 * t + square / 24.0 - square * square / 2880.0, 0.5 + t / 12.0 - t * square / 720.0);
    }
    let value = t.max(0.0) + (-(-a).exp_m1() / a).ln();
    // 1/(1 − e⁻ᵗ) = eᵗ/(eᵗ − 1), whichever does not overflow.
    let share = if t > 0.0 { -1.0 / (-t).exp_m1() } else { t.exp() / t.exp_m1() };
    (value, share - 1.0 / t)
}
