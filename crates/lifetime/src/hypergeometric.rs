//! Gauss' hypergeometric function ₂F₁ for positive parameters, in log space.

/// Terms above this are scaled down, so that no partial sum overflows.
const RESCALE: f64 = 1e250;
/// The series gives up after this many terms; its value is then NaN, never a wrong number.
const MAX_TERMS: usize = 50_000_000;

/// ln ₂F₁(a, b; c; z) for a, b, c > 0 and 0 ≤ z < 1, by its power series: every term is positive, so nothing cancels.
///
/// The number of terms grows like 1 / (1 − z).
pub(crate) fn ln_hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let (mut term, mut sum, mut log_scale) = (1.0_f64, 1.0_f64, 0.0);
    for n in 0..MAX_TERMS {
        let n = n as f64;
        let ratio = (a + n) * (b + n) / ((c + n) * (1.0 + n)) * z;
        term *= ratio;
        sum += term;
        if sum > RESCALE {
            log_scale += sum.ln();
            term /= sum;
            sum = 1.0;
        }
        // Ratios tend to z, from above or below: the rest is at most a geometric series with the larger of both.
        let bound = ratio.max(z);
        if bound < 1.0 && term <= 1e-17 * sum * (1.0 - bound) {
            return sum.ln() + log_scale;
        }
    }
    f64::NAN
}
