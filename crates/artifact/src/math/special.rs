//! Distribution functions that value heads need.

use super::{exp, ln, ln_1p};

/// ½ ln 2π
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;

/// The standard normal distribution function, Φ(x); NaN for NaN.
///
/// Source: Hart et al., Computer Approximations (1968), algorithm 5666, in G. West's arrangement (Wilmott, May 2005).
pub fn normal_cdf(x: f64) -> f64 {
    const TOP: [f64; 7] = [
        220.206_867_912_376,
        221.213_596_169_931,
        112.079_291_497_871,
        33.912_866_078_383,
        6.373_962_203_531_65,
        0.700_383_064_443_688,
        0.035_262_496_599_891_1,
    ];
    const BOTTOM: [f64; 8] = [
        440.413_735_824_752,
        793.826_512_519_948,
        637.333_633_378_831,
        296.564_248_779_674,
        86.780_732_202_946_1,
        16.064_177_579_207,
        1.755_667_163_182_64,
        0.088_388_347_648_318_4,
    ];
    let distance = x.abs();
    let density = exp(-0.5 * distance * distance);
    let tail = if distance < 7.071_067_811_865_47 {
        density * horner(distance, &TOP) / horner(distance, &BOTTOM)
    } else {
        // Laplace's continued fraction, cut after four terms.
        let fraction = [4.0, 3.0, 2.0, 1.0].iter().fold(distance + 0.65, |below, n| distance + n / below);
        density / (fraction * 2.506_628_274_631_000_5)
    };
    if x > 0.0 { 1.0 - tail } else { tail }
}

fn horner(x: f64, ascending: &[f64]) -> f64 {
    ascending.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// ln Γ(a) for `a > 0`; NaN elsewhere.
///
/// Stirling's series at `a + 10`, brought down by Γ(a + 1) = a Γ(a).
pub fn ln_gamma(a: f64) -> f64 {
    /// B₂ₙ / (2n (2n − 1))
    const SERIES: [f64; 7] =
        [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0, 1.0 / 156.0];
    const SHIFT: u32 = 10;
    if a.is_nan() || a <= 0.0 {
        return f64::NAN;
    }
    // A product of ten factors overflows only where no shift is needed.
    let (shifted, product) = if a < 10.0 {
        (a + f64::from(SHIFT), (0..SHIFT).fold(1.0, |product, n| product * (a + f64::from(n))))
    } else {
        (a, 1.0)
    };
    let inverse = 1.0 / shifted;
    let series = horner(inverse * inverse, &SERIES) * inverse;
    (shifted - 0.5) * ln(shifted) - shifted + HALF_LN_TAU + series - ln(product)
}

/// The regularised lower incomplete gamma function P(a, x): the distribution function of a gamma variable with shape
/// `a > 0` and scale 1; 0 below 0.
///
/// Its power series below `a + 1`, Legendre's continued fraction (by Lentz's method) above.
pub fn lower_gamma(a: f64, x: f64) -> f64 {
    const MAX_TERMS: u32 = 10_000;
    if a.is_nan() || x.is_nan() || a <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    if x == f64::INFINITY {
        return 1.0;
    }
    let front = exp(a * ln(x) - x - ln_gamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..MAX_TERMS {
            term *= x / (a + f64::from(n));
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return (front * sum).min(1.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut fraction = d;
    for n in (1..MAX_TERMS).map(f64::from) {
        let numerator = -n * (n - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (1.0 - front * fraction).clamp(0.0, 1.0)
}

/// ln(1 + eˣ) without overflow.
pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0) + ln_1p(exp(-x.abs()))
}

/// The `x` with `softplus(x) = y`, for `y > 0`.
pub(crate) fn inverse_softplus(y: f64) -> f64 {
    y + ln(-super::exp(-y) + 1.0)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::math::normal_quantile;

    #[test]
    fn the_normal_distribution_function_inverts_its_quantile() {
        for i in 1..2_000 {
            let p = f64::from(i) / 2_000.0;
            assert!((normal_cdf(normal_quantile(p)) - p).abs() < 2e-15, "{p}");
        }
        for p in [1e-300, 1e-100, 1e-20, 1e-10] {
            let found = normal_cdf(normal_quantile(p));
            assert!((found / p - 1.0).abs() < 1e-6, "{p:e} {found:e}");
        }
        assert_eq!((normal_cdf(f64::INFINITY), normal_cdf(f64::NEG_INFINITY)), (1.0, 0.0));
        assert!(normal_cdf(f64::NAN).is_nan());
    }

    #[test]
    fn ln_gamma_is_the_logarithm_of_factorials() {
        let mut factorial = 1.0_f64;
        for n in 1..25 {
            assert!((ln_gamma(f64::from(n)) - factorial.ln()).abs() < 1e-13 * (1.0 + factorial.ln()), "{n}");
            factorial *= f64::from(n);
        }
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-14);
        assert!((ln_gamma(1e-6) - 13.815_509_980_749_43).abs() < 1e-12);
        assert!(ln_gamma(0.0).is_nan());
    }

    #[test]
    fn the_incomplete_gamma_function_is_right_where_it_is_elementary() {
        for i in 0..400 {
            let x = 0.05 * f64::from(i);
            let exponential = -(-x).exp_m1();
            assert!((lower_gamma(1.0, x) - exponential).abs() < 2e-14, "shape 1 at {x}");
            let erlang = exponential - x * (-x).exp() * (1.0 + x / 2.0);
            assert!((lower_gamma(3.0, x) - erlang).abs() < 2e-14, "shape 3 at {x}");
            let chi = 2.0 * normal_cdf((2.0 * x).sqrt()) - 1.0;
            assert!((lower_gamma(0.5, x) - chi).abs() < 2e-13, "shape one half at {x}");
        }
        assert_eq!((lower_gamma(2.0, -1.0), lower_gamma(2.0, f64::INFINITY)), (0.0, 1.0));
    }

    #[test]
    fn softplus_and_its_inverse_agree() {
        for y in [1e-3, 0.5, 1.0, 30.0] {
            assert!((softplus(inverse_softplus(y)) - y).abs() < 1e-12, "{y}");
        }
        assert_eq!(softplus(1e4), 1e4);
    }
}
