//! Elementary functions for code that has no standard library and must give the same bits everywhere.
//!
//! `core` has no `exp`, `ln` or `sqrt`, and those of `std` differ by an ulp between platforms. These use nothing but
//! IEEE additions, multiplications, divisions and bit moves, so training and every edge device agree to the bit.
//! Largest errors found by the tests: `exp` and `ln` 2 ulp, `sqrt` none (correctly rounded), [`normal_quantile`]
//! 4e-15 relative, [`normal_cdf`] 2e-15 absolute, [`ln_gamma`] and [`lower_gamma`] 2e-13.
#![allow(clippy::inline_always, reason = "a caller compiled for wider vectors must get these loops compiled with it")]

mod special;

pub(crate) use special::{inverse_softplus, softplus};
pub use special::{ln_gamma, lower_gamma, normal_cdf};

/// ln 2 in two parts: the first has its low 21 bits clear, so that `k * LN2_HIGH` is exact for every exponent `k`.
const LN2_HIGH: f64 = f64::from_bits(core::f64::consts::LN_2.to_bits() & !0x1f_ffff);
/// What [`LN2_HIGH`] leaves of ln 2, to double precision.
const LN2_LOW: f64 = (core::f64::consts::LN_2 - LN2_HIGH) + LN2_TAIL;
/// ln 2 less its nearest double.
const LN2_TAIL: f64 = 2.319_046_813_846_299_6e-17;

/// Bits of the fraction of a double.
const FRACTION_BITS: u32 = 52;
/// Exponent bias of a double.
const BIAS: i64 = 1023;
/// 2^54, which lifts any subnormal number into the normal range.
const TWO_54: f64 = 18_014_398_509_481_984.0;

/// e to the `x`: 0 below -745.2, infinity above 709.8, NaN for NaN.
///
/// `x = k ln 2 + r` with `|r| <= ln 2 / 2`, then the Taylor series of `exp(r)` to the 14th order.
pub fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > 709.782_712_893_384 {
        return f64::INFINITY;
    }
    if x < -745.133_219_101_941_2 {
        return 0.0;
    }
    exp_moderate(x)
}

/// [`exp`] between its bounds.
#[inline(always)]
fn exp_moderate(x: f64) -> f64 {
    /// 1/2!, 1/3!, ... 1/14!
    const INVERSE_FACTORIALS: [f64; 13] = inverse_factorials();
    // Within ±1,076, which 32 bits hold: vectors convert to them on every processor.
    let scaled = x * core::f64::consts::LOG2_E;
    let k = (scaled + 0.5_f64.copysign(scaled)) as i32;
    let high = x - f64::from(k) * LN2_HIGH;
    let low = f64::from(k) * LN2_LOW;
    let r = high - low;
    let rounding = (high - r) - low;
    let series = INVERSE_FACTORIALS.iter().rev().fold(0.0, |sum, term| sum * r + term);
    scale_by_power_of_two(1.0 + (r + (rounding + r * r * series)), i64::from(k))
}

/// The natural logarithm: negative infinity at 0, NaN below.
///
/// `x = 2^k (1 + f)` with `1 + f` between √½ and √2, and `ln(1 + f) = 2 atanh(s)` with `s = f / (2 + f)`.
pub fn ln(x: f64) -> f64 {
    /// The series is cut after `s^25`, where `s^2 <= 0.0295`.
    const N_TERMS: u32 = 12;
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY {
        return x;
    }
    let (mantissa, k) = split_exponent(x);
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let series = (1..=N_TERMS).rev().fold(0.0, |sum, n| (sum + 2.0 / f64::from(2 * n + 1)) * s2);
    // 2 atanh(s) = f - s (f - series); with h = f²/2 the large part, f, is added last and unrounded.
    let h = 0.5 * f * f;
    let k = k as f64;
    k * LN2_HIGH - ((h - (s * (h + series) + k * LN2_LOW)) - f)
}

/// The square root, correctly rounded; NaN below 0.
pub fn sqrt(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 || x == f64::INFINITY {
        return x;
    }
    let (mantissa, exponent) = split_exponent(x);
    let odd = exponent.rem_euclid(2);
    let m = if odd == 1 { 2.0 * mantissa } else { mantissa };
    scale_by_power_of_two(sqrt_near_one(m), (exponent - odd) / 2)
}

/// The logistic function, 1 / (1 + exp(-x)), without cancellation for either sign.
pub fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + exp(-x))
    } else {
        let e = exp(x);
        e / (1.0 + e)
    }
}

/// [`sigmoid`] of each, in place and to the same bits; eight at a time, without branches, where none is extreme.
#[inline(always)]
pub fn sigmoids(values: &mut [f64]) {
    /// [`exp`] of these needs none of its exits.
    const MODERATE: f64 = 700.0;
    // A page that scores loads every byte of this, and scores a row at a time.
    let at_once = if cfg!(target_arch = "wasm32") { 0 } else { values.len() };
    let (values, others) = values.split_at_mut(at_once);
    for x in others {
        *x = sigmoid(*x);
    }
    let (eights, rest) = values.as_chunks_mut::<8>();
    for eight in eights {
        if eight.iter().all(|x| x.abs() < MODERATE) {
            let mut powers = eight.map(|x| -x.abs());
            for x in &mut powers {
                *x = exp_moderate(*x);
            }
            for (x, e) in eight.iter_mut().zip(powers) {
                *x = share(*x, e);
            }
        } else {
            for x in eight.iter_mut() {
                *x = sigmoid(*x);
            }
        }
    }
    for x in rest {
        // The same without a call, where that is the same.
        *x = if x.abs() < MODERATE { moderate_sigmoid(*x) } else { sigmoid(*x) };
    }
}

/// [`sigmoid`] where [`exp`] needs none of its exits.
#[inline(always)]
fn moderate_sigmoid(x: f64) -> f64 {
    share(x, exp_moderate(-x.abs()))
}

/// The logistic function of `x` from exp(-|x|).
#[inline(always)]
fn share(x: f64, e: f64) -> f64 {
    (if x >= 0.0 { 1.0 } else { e }) / (1.0 + e)
}

/// The inverse of [`sigmoid`]: ln(p / (1 - p)); infinite at 0 and 1, NaN outside.
pub fn logit(p: f64) -> f64 {
    ln(p) - ln_1p(-p)
}

/// ln(1 + x), accurate where `x` is small.
///
/// `1 + x` is rounded to `u`; the first-order term of what was lost is added back (Kahan).
pub fn ln_1p(x: f64) -> f64 {
    let u = 1.0 + x;
    if u == 1.0 {
        return x;
    }
    if u <= 0.0 || u == f64::INFINITY {
        return ln(u);
    }
    let lost = if x.abs() < 1.0 { x - (u - 1.0) } else { 1.0 - (u - x) };
    ln(u) + lost / u
}

/// The standard normal quantile: the `z` with Φ(z) = `p`; infinite at 0 and 1, NaN outside.
///
/// Source: M. J. Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988), 477-484.
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 || p == 1.0 {
        return if p == 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return normal_quantile_centre(q);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = sqrt(-ln(tail));
    let z = if r <= 5.0 {
        ratio(r - 1.6, &quantile::MIDDLE_TOP, &quantile::MIDDLE_BOTTOM)
    } else {
        ratio(r - 5.0, &quantile::FAR_TOP, &quantile::FAR_BOTTOM)
    };
    if q < 0.0 { -z } else { z }
}

/// [`normal_quantile`] of `q + ½`, for `|q| <= 0.425`.
#[inline(always)]
pub(crate) fn normal_quantile_centre(q: f64) -> f64 {
    let r = 0.180_625 - q * q;
    q * ratio(r, &quantile::CENTRE_TOP, &quantile::CENTRE_BOTTOM)
}

/// A polynomial over a polynomial, coefficients in ascending order.
#[inline(always)]
fn ratio(x: f64, top: &[f64; 8], bottom: &[f64; 8]) -> f64 {
    let horner = |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c);
    horner(top) / horner(bottom)
}

/// The square root of a number between ½ and 4.
fn sqrt_near_one(m: f64) -> f64 {
    // Half the exponent and half the fraction: within 6 % of the root, doubled in digits by each step.
    let mut y = f64::from_bits((m.to_bits() >> 1) + (1023 << 51));
    for _ in 0..4 {
        y = 0.5 * (y + m / y);
    }
    // One step with the exact residual settles the last bit. It cannot tell 1 - 2^-54 - 2^-109, the root of the double
    // before 1, from half-way between that double and 1.
    if m == 1.0_f64.next_down() {
        return m;
    }
    y + residual(m, y) / (2.0 * y)
}

/// `m - y * y` without the rounding of the product (Dekker's split into 26-bit halves).
fn residual(m: f64, y: f64) -> f64 {
    let spread = 134_217_729.0 * y;
    let high = spread - (spread - y);
    let low = y - high;
    let square = y * y;
    let error = ((high * high - square) + 2.0 * high * low) + low * low;
    (m - square) - error
}

/// `(m, k)` with `x = m 2^k` and `m` between √½ and √2; `x` is positive and finite.
fn split_exponent(x: f64) -> (f64, i64) {
    let (x, lifted) = if x < f64::MIN_POSITIVE { (x * TWO_54, 54) } else { (x, 0) };
    let bits = x.to_bits();
    let exponent = (bits >> FRACTION_BITS).cast_signed() - BIAS;
    let fraction = f64::from_bits((bits & ((1 << FRACTION_BITS) - 1)) | ((BIAS.cast_unsigned()) << FRACTION_BITS));
    if fraction > core::f64::consts::SQRT_2 {
        (fraction * 0.5, exponent + 1 - lifted)
    } else {
        (fraction, exponent - lifted)
    }
}

/// `x * 2^k` for `x` near 1 and `|k| <= 1100`, in two exact steps where one power would not fit.
#[inline(always)]
fn scale_by_power_of_two(x: f64, k: i64) -> f64 {
    let half = k / 2;
    x * power_of_two(half) * power_of_two(k - half)
}

/// `2^k` for a normal exponent.
#[inline(always)]
fn power_of_two(k: i64) -> f64 {
    f64::from_bits((k + BIAS).cast_unsigned() << FRACTION_BITS)
}

const fn inverse_factorials() -> [f64; 13] {
    let mut terms = [0.0; 13];
    let mut factorial = 1.0;
    let mut n = 0;
    while n < 13 {
        factorial *= (n + 2) as f64;
        terms[n] = 1.0 / factorial;
        n += 1;
    }
    terms
}

/// Coefficients of AS 241 ([`normal_quantile`]), as printed there, in ascending order: each ratio of two polynomials.
pub mod quantile {
    /// For `|p - ½| <= .425`, above.
    pub const CENTRE_TOP: [f64; 8] = [
        3.387_132_872_796_366_6,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ];
    /// For `|p - ½| <= .425`, below.
    pub const CENTRE_BOTTOM: [f64; 8] = [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ];
    /// For a root of `-ln` of the tail up to 5, above.
    pub const MIDDLE_TOP: [f64; 8] = [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ];
    /// The same, below.
    pub const MIDDLE_BOTTOM: [f64; 8] = [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ];
    /// For one beyond 5, above.
    pub const FAR_TOP: [f64; 8] = [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288e-7,
    ];
    /// The same, below.
    pub const FAR_BOTTOM: [f64; 8] = [
        1.0,
        5.998_322_065_558_879e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ];
}

#[cfg(test)]
mod tests;
