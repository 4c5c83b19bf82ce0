//! Zero-inflated gamma.

use super::{HALF_LN_TAU, sigma, sigmoid, softplus};

/// A value of more than `e³⁰` times its mean counts in the density as if the exponential went on as a straight line.
const LINEAR_ABOVE: f64 = 30.0;

/// `BCE(l0) − 1[y > 0] log Gamma(y; mean e^m, shape a)` with
/// `log Gamma = a log a − a m + (a − 1) log y − a e^(log y − m) − log Γ(a)`.
pub(super) fn evaluate(outputs: &[f32], targets: &[f32], gradient: &mut [f32]) -> f64 {
    let [l0, mean, l2] = [0, 1, 2].map(|i| f64::from(outputs[i]));
    let (positive, log_value) = (f64::from(targets[0]), f64::from(targets[1]));
    let (a, da) = sigma(l2);
    let above = log_value - mean;
    let slope = above.min(LINEAR_ABOVE).exp();
    let ratio = slope * (above - above.min(LINEAR_ABOVE) + 1.0);
    let log_density = a * (a.ln() + above - ratio) - log_value - ln_gamma(a);
    gradient[0] = (sigmoid(l0) - positive) as f32;
    gradient[1] = (positive * a * (1.0 - slope)) as f32;
    gradient[2] = (-positive * (a.ln() + above - ratio + 1.0 - digamma(a)) * da) as f32;
    softplus(l0) - positive * l0 - positive * log_density
}

/// ln Γ(a): Stirling's series at `a + 8`, brought down by Γ(a + 1) = a Γ(a).
fn ln_gamma(a: f64) -> f64 {
    let product: f64 = (0..8).map(|n| a + f64::from(n)).product();
    let x = a + 8.0;
    let square = 1.0 / (x * x);
    let series = ((-square / 1680.0 + 1.0 / 1260.0) * square - 1.0 / 360.0) * square + 1.0 / 12.0;
    (x - 0.5) * x.ln() - x + HALF_LN_TAU + series / x - product.ln()
}

/// ψ(a), the slope of ln Γ, by the same shift.
fn digamma(a: f64) -> f64 {
    let sum: f64 = (0..8).map(|n| 1.0 / (a + f64::from(n))).sum();
    let x = a + 8.0;
    let square = 1.0 / (x * x);
    let series = ((square / 240.0 - 1.0 / 252.0) * square + 1.0 / 120.0) * square - 1.0 / 12.0;
    x.ln() - 0.5 / x + series * square - sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const EULER: f64 = 0.577_215_664_901_532_9;

    #[test]
    fn gamma_at_known_points() {
        for (a, expected) in [(1.0, 0.0), (5.0, 24.0_f64.ln()), (0.5, std::f64::consts::PI.sqrt().ln())] {
            assert!((ln_gamma(a) - expected).abs() < 1e-11, "{a}");
        }
        for (a, expected) in [(1.0, -EULER), (2.0, 1.0 - EULER), (0.5, -EULER - 2.0 * 2.0_f64.ln())] {
            assert!((digamma(a) - expected).abs() < 1e-10, "{a}");
        }
    }
}
