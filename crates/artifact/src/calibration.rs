//! Maps from a network's probability to a calibrated one.
#![allow(clippy::inline_always, reason = "a caller compiled for wider vectors must get these loops compiled with it")]

use alloc::vec::Vec;

use crate::math::{ln, ln_1p, sigmoid, sigmoids};

/// Probabilities are kept this far from 0 and 1 before their logarithm is taken, so that a saturated network
/// (single precision reaches exactly 1 at a logit of 17) still has a finite logit.
pub const PROBABILITY_FLOOR: f64 = 1e-12;

/// A map from raw to calibrated probability. Every variant is non-decreasing, so no map changes the ranking except
/// by making ties.
///
/// # Example
/// ```
/// use tenure_artifact::Calibration;
///
/// let cautious = Calibration::Temperature { t: 2.0 };
/// assert!((cautious.apply(0.9) - 0.75).abs() < 1e-12); // logit ln 9, halved: ln 3
/// assert_eq!(Calibration::Identity.apply(0.9), 0.9);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "lowercase"))]
pub enum Calibration {
    /// Leaves the probability as it is.
    Identity,
    /// `sigmoid(logit(p) / t)`, `t > 0` (Guo et al. 2017, "On calibration of modern neural networks").
    Temperature {
        /// Above 1 it moves probabilities towards ½.
        t: f64,
    },
    /// `sigmoid(a logit(p) + b)`, `a >= 0` (Platt 1999, on the logit).
    Platt {
        /// Slope.
        a: f64,
        /// Intercept, in logits.
        b: f64,
    },
    /// `sigmoid(a ln p - b ln(1 - p) + c)`, `a, b >= 0` (Kull, Silva Filho, Flach 2017, equation 5).
    Beta {
        /// Slope at the low end.
        a: f64,
        /// Slope at the high end.
        b: f64,
        /// Intercept, in logits.
        c: f64,
    },
    /// Straight lines between knots, flat outside (Zadrozny and Elkan 2002).
    Isotonic {
        /// Raw probabilities, ascending.
        x: Vec<f64>,
        /// The calibrated probability at each knot, never falling.
        y: Vec<f64>,
    },
}

impl Calibration {
    /// The calibrated probability of a raw probability `p` in 0..=1; NaN stays NaN.
    pub fn apply(&self, p: f64) -> f64 {
        match self {
            Self::Identity => p,
            Self::Temperature { t } => sigmoid(clipped_logit(p) / t),
            Self::Platt { a, b } => sigmoid(a * clipped_logit(p) + b),
            Self::Beta { a, b, c } => {
                let (ln_p, ln_q) = clipped_logs(p);
                sigmoid(a * ln_p - b * ln_q + c)
            }
            Self::Isotonic { x, y } => interpolate(x, y, p),
        }
    }

    /// The calibrated probabilities of networks that answer with one logit each, in place: within a few ulp of
    /// [`Calibration::apply`] to their sigmoids, without the way there and back.
    ///
    /// ```
    /// use tenure_artifact::Calibration;
    ///
    /// let mut logits = [0.5, -40.0];
    /// Calibration::Platt { a: 2.0, b: -1.0 }.apply_to_logits(&mut logits);
    /// assert_eq!(logits[0], 0.5); // sigmoid(2 · 0.5 − 1)
    /// assert!(logits[1] > 0.0);
    /// ```
    #[inline(always)]
    pub fn apply_to_logits(&self, logits: &mut [f64]) {
        match self {
            Self::Identity => sigmoids(logits),
            Self::Temperature { t } => {
                for l in logits.iter_mut() {
                    *l = within_floor(*l) / t;
                }
                sigmoids(logits);
            }
            Self::Platt { a, b } => {
                for l in logits.iter_mut() {
                    *l = a * within_floor(*l) + b;
                }
                sigmoids(logits);
            }
            Self::Beta { .. } | Self::Isotonic { .. } => {
                sigmoids(logits);
                for p in logits.iter_mut() {
                    *p = self.apply(*p);
                }
            }
        }
    }

    /// The name that experiment files and reports use.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Identity => "none",
            Self::Temperature { .. } => "temperature",
            Self::Platt { .. } => "platt",
            Self::Beta { .. } => "beta",
            Self::Isotonic { .. } => "isotonic",
        }
    }
}

/// The logit of 1 − [`PROBABILITY_FLOOR`].
const LOGIT_FLOOR: f64 = 27.631_021_115_927_547;

/// A logit no farther from 0 than [`LOGIT_FLOOR`]; NaN stays NaN.
#[inline(always)]
fn within_floor(logit: f64) -> f64 {
    let logit = if logit > LOGIT_FLOOR { LOGIT_FLOOR } else { logit };
    if logit < -LOGIT_FLOOR { -LOGIT_FLOOR } else { logit }
}

/// `(ln p, ln(1 - p))`, both finite: `p` is first moved into
/// [`PROBABILITY_FLOOR`]..= 1 − [`PROBABILITY_FLOOR`].
pub fn clipped_logs(p: f64) -> (f64, f64) {
    let p = p.clamp(PROBABILITY_FLOOR, 1.0 - PROBABILITY_FLOOR);
    (ln(p), ln_1p(-p))
}

/// ln(p / (1 − p)) of the clipped probability; see [`clipped_logs`].
pub fn clipped_logit(p: f64) -> f64 {
    let (ln_p, ln_q) = clipped_logs(p);
    ln_p - ln_q
}

/// Linear interpolation with a flat continuation on both sides; `x` and `y` are equally long and `x` ascends.
fn interpolate(x: &[f64], y: &[f64], p: f64) -> f64 {
    let right = x.partition_point(|knot| *knot < p);
    match (right.checked_sub(1), right < x.len()) {
        _ if p.is_nan() || x.is_empty() => p,
        (None, _) => y[0],
        (Some(last), false) => y[last],
        (Some(left), true) => {
            let share = (p - x[left]) / (x[right] - x[left]);
            y[left] + share * (y[right] - y[left])
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use alloc::vec;

    use super::*;

    #[test]
    fn logits_are_calibrated_as_their_probabilities() {
        let maps = [
            Calibration::Identity,
            Calibration::Temperature { t: 1.7 },
            Calibration::Platt { a: 0.8, b: -0.3 },
            Calibration::Beta { a: 0.9, b: 1.1, c: 0.05 },
            Calibration::Isotonic { x: alloc::vec![0.1, 0.9], y: alloc::vec![0.2, 0.7] },
        ];
        for map in maps {
            let logits: Vec<f64> = (-300..=300).map(|i| f64::from(i) / 9.0).chain([-900.0, 900.0]).collect();
            let mut found = logits.clone();
            map.apply_to_logits(&mut found);
            for (logit, found) in logits.iter().zip(found) {
                let expected = map.apply(sigmoid(*logit));
                // One minus a probability of a few 1e-16 has few digits: the way over probabilities loses them.
                let allowed = 1e-13 + 1e-4 * expected.min(1.0 - expected);
                assert!((found - expected).abs() < allowed, "{map:?} of {logit}: {found:e}, {expected:e}");
                let mut one = [*logit];
                map.apply_to_logits(&mut one);
                assert_eq!(one[0].to_bits(), found.to_bits(), "alone or among others");
            }
        }
    }

    #[test]
    fn parametric_maps_follow_their_equations() {
        let logit = (0.8_f64 / 0.2).ln();
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-14, "{found} is not {expected}");
        near(Calibration::Temperature { t: 0.5 }.apply(0.8), sigmoid(2.0 * logit));
        near(Calibration::Platt { a: 1.5, b: -1.0 }.apply(0.8), sigmoid(1.5 * logit - 1.0));
        let beta = Calibration::Beta { a: 1.5, b: 0.5, c: 0.25 };
        near(beta.apply(0.8), sigmoid(1.5 * 0.8_f64.ln() - 0.5 * 0.2_f64.ln() + 0.25));
        near(Calibration::Beta { a: 1.0, b: 1.0, c: 0.0 }.apply(0.37), 0.37);
    }

    #[test]
    fn isotonic_interpolates_and_is_flat_outside() {
        let map = Calibration::Isotonic { x: vec![0.2, 0.4, 0.4, 0.8], y: vec![0.1, 0.2, 0.5, 0.9] };
        let near = |p: f64, expected: f64| assert!((map.apply(p) - expected).abs() < 1e-15, "{p}");
        near(0.0, 0.1);
        near(0.2, 0.1);
        near(0.3, 0.15);
        near(0.6, 0.7);
        near(1.0, 0.9);
        assert!(map.apply(f64::NAN).is_nan());
    }

    #[test]
    fn saturated_probabilities_stay_finite_and_ordered() {
        for map in [
            Calibration::Identity,
            Calibration::Temperature { t: 3.0 },
            Calibration::Platt { a: 0.7, b: 0.3 },
            Calibration::Beta { a: 0.2, b: 2.0, c: -1.0 },
        ] {
            let (low, high) = (map.apply(0.0), map.apply(1.0));
            assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) && low < high, "{map:?}");
        }
    }
}
