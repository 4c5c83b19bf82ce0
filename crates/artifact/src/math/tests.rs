//! Accuracy against the standard library, and against 60-digit arithmetic where that has no such function.

extern crate std;

use super::*;

/// Distance in units of the last place of `expected`.
fn ulps(found: f64, expected: f64) -> f64 {
    if found == expected || (found.is_nan() && expected.is_nan()) {
        return 0.0;
    }
    let ulp = expected.abs().next_up() - expected.abs();
    (found - expected).abs() / ulp
}

/// Points that fill `low..high` evenly but fall on no round numbers.
fn points(low: f64, high: f64, n: usize) -> impl Iterator<Item = f64> {
    let golden = 0.618_033_988_749_894_9;
    (0..n).map(move |i| low + (high - low) * (i as f64 * golden).fract())
}

#[test]
fn exp_is_within_two_ulps() {
    let worst = points(-708.0, 709.7, 200_000).chain(points(-2.0, 2.0, 200_000)).map(|x| ulps(exp(x), x.exp()));
    assert!(worst.fold(0.0, f64::max) <= 2.0);
    assert_eq!(exp(0.0), 1.0);
    assert_eq!((exp(710.0), exp(-746.0)), (f64::INFINITY, 0.0));
    assert_eq!((exp(f64::INFINITY), exp(f64::NEG_INFINITY)), (f64::INFINITY, 0.0));
    assert!(exp(f64::NAN).is_nan());
    // Subnormal results are rounded once more, and lose no more than one unit.
    assert!(
        points(-745.0, -708.5, 1_000).all(|x| (exp(x) - x.exp()).abs() <= 2.0 * f64::from_bits(1) + 4e-16 * x.exp())
    );
}

#[test]
fn ln_is_within_two_ulps() {
    let magnitudes = points(-700.0, 700.0, 200_000).map(f64::exp);
    let worst = magnitudes.chain(points(0.5, 2.0, 200_000)).map(|x| ulps(ln(x), x.ln()));
    assert!(worst.fold(0.0, f64::max) <= 2.0);
    assert_eq!((ln(1.0), ln(0.0), ln(f64::INFINITY)), (0.0, f64::NEG_INFINITY, f64::INFINITY));
    assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
    assert!(ulps(ln(f64::from_bits(3)), f64::from_bits(3).ln()) <= 1.0);
}

#[test]
fn ln_1p_is_accurate_near_zero() {
    let small = points(-40.0, 0.0, 100_000).map(f64::exp);
    let worst = small.flat_map(|x| [x, -0.999 * x]).map(|x| ulps(ln_1p(x), x.ln_1p())).fold(0.0, f64::max);
    assert!(worst <= 3.0, "{worst}");
    assert_eq!((ln_1p(0.0), ln_1p(-1.0)), (0.0, f64::NEG_INFINITY));
}

#[test]
fn sqrt_is_correctly_rounded() {
    let magnitudes = points(-744.0, 709.0, 300_000).map(f64::exp);
    for x in magnitudes.chain(points(0.0, 4.0, 300_000)).chain([f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1)]) {
        assert_eq!(sqrt(x).to_bits(), x.sqrt().to_bits(), "{x:e}");
    }
    assert_eq!((sqrt(0.0), sqrt(f64::INFINITY), sqrt(9.0)), (0.0, f64::INFINITY, 3.0));
    assert!(sqrt(-1.0).is_nan());
}

#[test]
fn sigmoid_and_logit_undo_each_other() {
    for x in points(-30.0, 15.0, 10_000) {
        assert!((logit(sigmoid(x)) - x).abs() < 1e-9 * (1.0 + x.abs()), "{x}");
    }
    assert_eq!((sigmoid(0.0), logit(0.5)), (0.5, 0.0));
    assert_eq!((logit(0.0), logit(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    assert!((sigmoid(-700.0) - (-700.0_f64).exp()).abs() < 1e-310);
}

/// mpmath, 60 digits: the root in z of `log(erfc(-z / sqrt(2)) / 2) = log(p)` for the double nearest to `p`.
#[test]
fn normal_quantile_agrees_with_sixty_digits() {
    const CASES: [(f64, f64); 11] = [
        (1e-300, -37.047_096_299_361_2),
        (1e-30, -11.464_024_688_443_615),
        (1e-12, -7.034_483_825_301_132),
        (1e-6, -4.753_424_308_822_899),
        (0.001, -3.090_232_306_167_813_6),
        (0.024_25, -1.972_961_051_311_885),
        (0.1, -1.281_551_565_544_600_4),
        (0.3, -0.524_400_512_708_040_8),
        (0.6, 0.253_347_103_135_799_7),
        (0.975, 1.959_963_984_540_053_8),
        (0.999_999, 4.753_424_308_817_087),
    ];
    for (p, expected) in CASES {
        let found = normal_quantile(p);
        assert!((found - expected).abs() <= 4e-15 * expected.abs(), "{p:e}: {found:e} is not {expected:e}");
    }
    assert_eq!(normal_quantile(0.5), 0.0);
    assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
    assert!(normal_quantile(-0.1).is_nan() && normal_quantile(f64::NAN).is_nan());
}
