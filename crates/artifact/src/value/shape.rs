//! Distributions of the logarithm of a positive value, `x = ln(value / unit)`.

use crate::math::{exp, ln, ln_1p, ln_gamma, lower_gamma, normal_cdf, sqrt};

/// ½ ln 2π
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// One positive distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// `x` is normal.
    LogNormal { mu: f64, sigma: f64 },
    /// The value itself is gamma distributed, with mean `exp(log_mean)` units.
    Gamma { log_mean: f64, shape: f64 },
    /// `x` lies in `[low, low + width]`, at `low + width · u` with the density `t eᵗᵘ / (eᵗ − 1)` of `u`.
    Bucket { low: f64, width: f64, tilt: f64 },
}

impl Shape {
    /// Natural logarithm of the value's mean, in units.
    pub(super) fn log_mean(self) -> f64 {
        match self {
            Self::LogNormal { mu, sigma } => mu + 0.5 * sigma * sigma,
            Self::Gamma { log_mean, .. } => log_mean,
            Self::Bucket { low, width, tilt } => low + log_mgf(tilt + width) - log_mgf(tilt),
        }
    }

    /// P(X ≤ x)
    pub(super) fn cdf(self, x: f64) -> f64 {
        match self {
            Self::LogNormal { mu, sigma } => normal_cdf((x - mu) / sigma),
            Self::Gamma { log_mean, shape } => lower_gamma(shape, shape * exp(x - log_mean)),
            Self::Bucket { low, width, tilt } => {
                let u = ((x - low) / width).clamp(0.0, 1.0);
                if u == 0.0 { 0.0 } else { u * exp(log_mgf(tilt * u) - log_mgf(tilt)) }
            }
        }
    }

    /// The logarithm of the density of `x`.
    pub(super) fn log_density(self, x: f64) -> f64 {
        match self {
            Self::LogNormal { mu, sigma } => {
                let z = (x - mu) / sigma;
                -ln(sigma) - HALF_LN_TAU - 0.5 * z * z
            }
            Self::Gamma { log_mean, shape } => {
                shape * (ln(shape) + (x - log_mean) - exp(x - log_mean)) - ln_gamma(shape)
            }
            Self::Bucket { low, width, tilt } => {
                let u = (x - low) / width;
                // An edge may miss its bucket by rounding.
                if (-1e-9..=1.0 + 1e-9).contains(&u) { tilt * u - log_mgf(tilt) - ln(width) } else { f64::NEG_INFINITY }
            }
        }
    }

    pub(super) fn density(self, x: f64) -> f64 {
        exp(self.log_density(x))
    }

    /// Bounds outside which there is less than 1e-18 of the distribution on either side.
    pub(super) fn range(self) -> (f64, f64) {
        match self {
            Self::LogNormal { mu, sigma } => (mu - 9.0 * sigma, mu + 9.0 * sigma),
            Self::Gamma { log_mean, shape } => {
                // P(a, y) < yᵃ / Γ(a + 1), and the upper tail falls like that of a normal, then of an exponential.
                let low = (ln(1e-18) + ln_gamma(shape + 1.0)) / shape - ln(shape);
                let high = ln(1.0 + 9.0 / sqrt(shape) + 45.0 / shape);
                (log_mean + low.min(0.0), log_mean + high)
            }
            Self::Bucket { low, width, .. } => (low, low + width),
        }
    }
}

/// ln((eᵗ − 1) / t), the logarithm of the moment generating function of a uniform variable.
fn log_mgf(t: f64) -> f64 {
    if t.abs() < 1e-3 {
        t / 2.0 + t * t / 24.0
    } else if t > 0.0 {
        t + ln_1p(-exp(-t)) - ln(t)
    } else {
        ln_1p(-exp(t)) - ln(-t)
    }
}
