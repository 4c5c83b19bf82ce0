//! The non-linearities, in arithmetic that is the same everywhere.

use crate::Activation;
use crate::math::{exp, sigmoid};

/// Scale and slope of SELU (Klambauer et al., arXiv 1706.02515).
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
/// 1 / sqrt(2 π)
const INVERSE_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

impl Activation {
    /// The value at `x`, the same to the bit on every machine.
    ///
    /// ```
    /// use tenure_artifact::Activation;
    ///
    /// assert_eq!([-1.5, 2.0].map(|x| Activation::Relu.apply(x)), [0.0, 2.0]);
    /// assert!((Activation::Gelu.apply(1.0) - 0.841_344_746_068_543).abs() < 1e-14);
    /// ```
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::Relu => {
                if x > 0.0 {
                    x
                } else {
                    0.0
                }
            }
            Self::Silu => x * sigmoid(x),
            Self::Gelu => x * normal_cdf(x),
            Self::Selu if x > 0.0 => SELU_SCALE * x,
            Self::Selu => SELU_SCALE * SELU_ALPHA * (exp(x) - 1.0),
        }
    }
}

/// Φ by its power series `½ + φ(x) Σ x^{2n+1} / (2n+1)!!`; beyond 8.3 it is 0 or 1 in double precision.
fn normal_cdf(x: f64) -> f64 {
    if !(-8.3..=8.3).contains(&x) {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + sum * exp(-0.5 * x * x) * INVERSE_SQRT_TAU
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_table() {
        for (x, p) in [(0.0, 0.5), (1.0, 0.841_344_746_068_542_9), (-1.96, 0.024_997_895_148_220_43), (9.0, 1.0)] {
            assert!((normal_cdf(x) - p).abs() < 1e-14, "{x}");
        }
        assert!((Activation::Silu.apply(2.0) - 1.761_594_155_955_765).abs() < 1e-14);
        assert!((Activation::Selu.apply(-1.0) + 1.111_330_737_812_562).abs() < 1e-14);
    }
}
