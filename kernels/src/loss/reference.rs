//! The definition of every loss, straight from its probabilities and densities.

use super::{Loss, SIGMA_FLOOR, ValueLoss};

/// The loss of outputs where a customer churned with `churn` and spent `exp` of the values.
pub(super) fn loss(loss: &Loss, outputs: &[f32], churn: f64, log_values: &[Option<f32>]) -> f64 {
    let out: Vec<f64> = outputs.iter().map(|o| f64::from(*o)).collect();
    let mut sum = 0.0;
    let mut rest = &out[..];
    if let Some(weight) = loss.churn {
        let p = sigmoid(out[0]);
        sum -= weight * (churn * p.ln() + (1.0 - churn) * (1.0 - p).ln());
        rest = &out[1..];
    }
    let value = log_values[0].map(f64::from);
    sum + match loss.value {
        None => 0.0,
        Some(ValueLoss::Ziln { n_horizons }) => linked(rest, &log_values[..n_horizons]),
        Some(ValueLoss::Mixture { n_components: n }) => inflated(rest[0], value, |x| mixture(&rest[1..], n, x)),
        Some(ValueLoss::Gamma) => inflated(rest[0], value, |x| gamma_density(x.exp(), rest[1].exp(), sigma(rest[2]))),
        Some(ValueLoss::Ordinal { n_buckets }) => ordinal(rest, &edges(n_buckets), value),
    }
}

fn inflated(logit: f64, value: Option<f64>, density: impl Fn(f64) -> f64) -> f64 {
    -value.map_or(1.0 - sigmoid(logit), |x| sigmoid(logit) * density(x)).ln()
}

fn linked(out: &[f64], log_values: &[Option<f32>]) -> f64 {
    let (mut buys, mut mean, mut sum) = (0.0, 0.0, 0.0);
    for (horizon, (l, value)) in out.chunks_exact(3).zip(log_values).enumerate() {
        let s = sigma(l[2]);
        buys += (1.0 - buys) * sigmoid(l[0]);
        mean += if horizon == 0 { buys * (l[1] + 0.5 * s * s).exp() } else { l[1].exp() };
        let mu = (mean / buys).ln() - 0.5 * s * s;
        sum -= value.map_or(1.0 - buys, |x| buys * log_normal_density(f64::from(x), mu, s)).ln();
    }
    sum / log_values.len() as f64
}

fn mixture(out: &[f64], n: usize, x: f64) -> f64 {
    let total: f64 = out[..n].iter().map(|a| a.exp()).sum();
    (0..n).map(|j| out[j].exp() / total * log_normal_density(x, out[n + j], sigma(out[2 * n + j]))).sum()
}

fn ordinal(out: &[f64], edges: &[f32], value: Option<f64>) -> f64 {
    let n = edges.len() - 1;
    let Some(x) = value else { return -(1.0 - sigmoid(out[0])).ln() };
    let bucket = (0..n - 1).find(|j| x <= f64::from(edges[j + 1])).unwrap_or(n - 1);
    let mut probability: f64 = (0..=bucket).map(|j| sigmoid(out[j])).product();
    if bucket + 1 < n {
        probability *= 1.0 - sigmoid(out[bucket + 1]);
    }
    let (low, high) = (f64::from(edges[bucket]), f64::from(edges[bucket + 1]));
    let (t, u) = (out[n + bucket], (x - low) / (high - low));
    let density = t * (t * u).exp() / (t.exp() - 1.0) / (high - low) / x.exp();
    -(probability * density).ln()
}

/// Logarithms of the edges of a test's buckets.
pub(super) fn edges(n_buckets: usize) -> Vec<f32> {
    (0..=n_buckets).map(|i| -4.0 + 8.0 * i as f32 / n_buckets as f32).collect()
}

/// The target columns of a value among buckets.
pub(super) fn bucket_columns(edges: &[f32], log_value: Option<f32>) -> Vec<f32> {
    let n = edges.len() - 1;
    let Some(x) = log_value else { return vec![0.0; n + 2] };
    let bucket = (0..n - 1).find(|j| x <= edges[j + 1]).unwrap_or(n - 1);
    let (low, high) = (edges[bucket], edges[bucket + 1]);
    let mut columns: Vec<f32> = (0..n).map(|j| f32::from(u8::from(j <= bucket))).collect();
    columns.extend([(x - low) / (high - low), x + (high - low).ln()]);
    columns
}

/// With the logarithm of the value, the density in the value itself.
fn log_normal_density(x: f64, mu: f64, s: f64) -> f64 {
    let z = (x - mu) / s;
    (-0.5 * z * z).exp() / (s * std::f64::consts::TAU.sqrt() * x.exp())
}

/// Γ by Euler's product, slow and plain.
fn gamma_density(y: f64, mean: f64, a: f64) -> f64 {
    let n = 1_000_000;
    let log_gamma: f64 = (1..=n).map(|i| a * (1.0 / f64::from(i)).ln_1p() - (a / f64::from(i)).ln_1p()).sum();
    let rate = a / mean;
    (a * rate.ln() + (a - 1.0) * y.ln() - rate * y - log_gamma + a.ln()).exp()
}

fn sigma(l2: f64) -> f64 {
    (1.0 + l2.exp()).ln().max(SIGMA_FLOOR)
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
