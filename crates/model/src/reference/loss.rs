//! The readable definition of every loss of a head, in `f64`, one member and one row at a time.

use tenure_artifact::{Head, SIGMA_FLOOR, ValueFamily, ValueHead};

/// ½ ln 2π
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// The loss of one member on one row.
///
/// # Shapes
/// `outputs [O]`, `targets [T]` in the order of [`Head::n_targets`]; values in the units of the data
pub fn loss(head: &Head, outputs: &[f64], targets: &[f64]) -> f64 {
    match head {
        Head::Binary => cross_entropy(outputs[0], targets[0]),
        Head::Value(value) => value_loss(value, outputs, targets),
        Head::Joint(joint) => {
            let churn = cross_entropy(outputs[0], targets[0]);
            f64::from(joint.churn_weight) * churn + value_loss(&joint.value, &outputs[1..], &targets[1..])
        }
    }
}

fn cross_entropy(logit: f64, y: f64) -> f64 {
    let p = sigmoid(logit);
    -y * p.ln() - (1.0 - y) * (1.0 - p).ln()
}

fn value_loss(head: &ValueHead, outputs: &[f64], values: &[f64]) -> f64 {
    let unit = f64::from(head.log_unit).exp();
    let values: Vec<f64> = values.iter().map(|value| value / unit).collect();
    match &head.family {
        ValueFamily::Ziln => linked_ziln(outputs, &values),
        ValueFamily::ZilnMixture { components } => {
            inflated(outputs[0], values[0], |y| mixture(outputs, *components, y))
        }
        ValueFamily::Ordinal { edges } => ordinal(outputs, edges, values[0]),
        ValueFamily::ZiGamma => {
            inflated(outputs[0], values[0], |y| log_gamma_density(y, outputs[1], sigma(outputs[2])))
        }
    }
}

/// Minus the logarithm of P(0), or of P(buys) times the density of what is bought.
fn inflated(logit: f64, value: f64, log_density: impl Fn(f64) -> f64) -> f64 {
    if value > 0.0 { -sigmoid(logit).ln() - log_density(value) } else { -(1.0 - sigmoid(logit)).ln() }
}

fn mixture(outputs: &[f64], n: usize, y: f64) -> f64 {
    let total: f64 = outputs[1..=n].iter().map(|a| a.exp()).sum();
    let density = |j: usize| {
        let [a, mu, l2] = [0, 1, 2].map(|part| outputs[1 + part * n + j]);
        a.exp() / total * log_normal_density(y, mu, sigma(l2)).exp()
    };
    (0..n).map(density).sum::<f64>().ln()
}

/// With mean `exp(log_mean)` and shape `a`.
fn log_gamma_density(y: f64, log_mean: f64, a: f64) -> f64 {
    let rate = a / log_mean.exp();
    a * rate.ln() + (a - 1.0) * y.ln() - rate * y - tenure_artifact::math::ln_gamma(a)
}

fn ordinal(outputs: &[f64], edges: &[f32], value: f64) -> f64 {
    let n = edges.len() - 1;
    let edges: Vec<f64> = edges.iter().map(|edge| f64::from(*edge)).collect();
    if value <= 0.0 {
        return -(1.0 - sigmoid(outputs[0])).ln();
    }
    let x = value.ln().clamp(edges[0], edges[n]);
    let bucket = (0..n - 1).find(|j| x <= edges[j + 1]).unwrap_or(n - 1);
    let mut probability: f64 = (0..=bucket).map(|j| sigmoid(outputs[j])).product();
    if bucket + 1 < n {
        probability *= 1.0 - sigmoid(outputs[bucket + 1]);
    }
    let width = edges[bucket + 1] - edges[bucket];
    let (t, u) = (outputs[n + bucket], (x - edges[bucket]) / width);
    -probability.ln() - (t * u - (t.exp_m1() / t).ln()) + width.ln() + x
}

/// The mean over horizons; each one's P(buys) and mean follow from the one before.
fn linked_ziln(outputs: &[f64], values: &[f64]) -> f64 {
    let (mut buys, mut mean, mut sum) = (0.0, 0.0, 0.0);
    for (horizon, (l, value)) in outputs.chunks_exact(3).zip(values).enumerate() {
        let sigma = sigma(l[2]);
        let first_purchase = (1.0 - buys) * sigmoid(l[0]);
        buys += first_purchase;
        mean += if horizon == 0 { buys * (l[1] + 0.5 * sigma * sigma).exp() } else { l[1].exp() };
        let mu = (mean / buys).ln() - 0.5 * sigma * sigma;
        sum += if *value > 0.0 { -buys.ln() - log_normal_density(*value, mu, sigma) } else { -(1.0 - buys).ln() };
    }
    sum / values.len() as f64
}

fn log_normal_density(y: f64, mu: f64, sigma: f64) -> f64 {
    let z = (y.ln() - mu) / sigma;
    -y.ln() - sigma.ln() - HALF_LN_TAU - 0.5 * z * z
}

/// The gradient of one horizon's zero-inflated log-normal loss in its three logits, in closed form:
/// `p − 1[y > 0]`; for `y > 0`, with `z = (log y − mu)/s`, `−z/s` and `(1 − z²)/s · sigmoid(l2)`.
pub fn ziln_gradient(outputs: [f64; 3], value: f64) -> [f64; 3] {
    let [l0, mu, l2] = outputs;
    if value <= 0.0 {
        return [sigmoid(l0), 0.0, 0.0];
    }
    let s = sigma(l2);
    let z = (value.ln() - mu) / s;
    let slope = if softplus(l2) > SIGMA_FLOOR { sigmoid(l2) } else { 0.0 };
    [sigmoid(l0) - 1.0, -z / s, (1.0 - z * z) / s * slope]
}

fn sigma(l2: f64) -> f64 {
    softplus(l2).max(SIGMA_FLOOR)
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
