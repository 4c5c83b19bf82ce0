//! Gauss' hypergeometric function ₂F₁ for positive parameters, in log space.

/// Terms above this are scaled down, so that no partial sum overflows.
const RESCALE: f64 = 1e250;
/// The series gives up after this many terms; its value is then NaN, never a wrong number.
const MAX_TERMS: usize = 50_000_000;

/// ln ₂F₁(a, b; c; z) for a, b, c > 0 and 0 ≤ z < 1, by its power series: every term is positive, so nothing cancels.
///
/// The number of terms grows like 1 / (1 − z).
pub(crate) fn ln_hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    // The sum without its first term, 1, as long as nothing has been scaled: near 1 the logarithm needs those digits.
    let (mut term, mut rest, mut first, mut log_scale) = (1.0_f64, 0.0_f64, 1.0_f64, 0.0);
    for n in 0..MAX_TERMS {
        let n = n as f64;
        let ratio = (a + n) * (b + n) / ((c + n) * (1.0 + n)) * z;
        term *= ratio;
        rest += term;
        if rest > RESCALE {
            let scale = rest;
            log_scale += scale.ln();
            (term, rest, first) = (term / scale, 1.0, first / scale);
        }
        // Ratios tend to z, from above or below: what is left is at most a geometric series with the larger of both.
        let bound = ratio.max(z);
        if bound < 1.0 && term <= 1e-17 * rest * (1.0 - bound) {
            return if log_scale == 0.0 { rest.ln_1p() } else { (first + rest).ln() + log_scale };
        }
    }
    f64::NAN
}
