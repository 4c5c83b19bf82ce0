//! Magnitudes onto a scale that a network likes: near 0, of size 1, without far outliers.
#![allow(clippy::inline_always, reason = "a caller compiled for wider vectors must get these loops compiled with it")]

use alloc::vec::Vec;

use crate::math::normal_quantile;

/// How far the smooth clip lets a magnitude go.
const CLIP: f64 = 3.0;
/// Shares of the training rows nearer than this to 0 or 1 are moved there, so that no normal score exceeds 5.2.
const MIN_SHARE: f64 = 1e-7;

/// A fitted scale. [`Scale::apply`] is monotone, bounded, and the same to the bit on every machine.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "lowercase"))]
pub enum Scale {
    /// `y = (x - median) / width`, then the smooth clip `y / sqrt(1 + (y/3)²)`, which stays within ±3.
    ///
    /// Source: RealMLP-TD, Holzmüller et al., arXiv 2407.04491, section 3.
    Robust {
        /// The training median.
        median: f32,
        /// The training interquartile range; where that is 0, half of the training range; 0 for a constant, which is
        /// mapped to 0.
        width: f32,
    },
    /// The share of training rows below `x`, mapped to the normal distribution.
    Quantile {
        /// Evenly spaced training quantiles, ascending, at least two: the first is the least training value, the last
        /// the largest. Ties stand for values that many rows share.
        knots: Vec<f32>,
    },
    /// Scores at a few knots, straight lines between them, level beyond the ends: what a compact bundle has in place
    /// of hundreds of quantiles. See [`Piecewise`].
    Piecewise(Piecewise),
}

/// A line with bends: the score at each of a few knots, interpolated linearly in single precision.
///
/// `y = s_0 + Σ_j rise_j · min(max(x − k_j, 0), k_{j+1} − k_j)`, summed in the order of the segments.
///
/// ```
/// use tenure_artifact::Piecewise;
///
/// let line = Piecewise::new(vec![0.0, 10.0, 50.0], vec![-1.0, 0.0, 2.0]).unwrap();
/// assert_eq!([-5.0, 5.0, 30.0, 1e30].map(|x| line.apply(x)), [-1.0, -0.5, 1.0, 2.0]);
/// assert!(Piecewise::new(vec![1.0, 1.0], vec![0.0, 1.0]).is_none());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Piecewise {
    knots: Vec<f32>,
    scores: Vec<f32>,
}

impl Piecewise {
    /// Most segments of a line.
    pub const MAX_SEGMENTS: usize = 8;
    /// No score is farther from 0.
    const MAX_SCORE: f32 = 64.0;

    /// A line through these points; none unless there are 2 to 9 knots, strictly ascending, with scores within ±64, and
    /// every width and slope is finite in single precision.
    pub fn new(knots: Vec<f32>, scores: Vec<f32>) -> Option<Self> {
        let line = Self { knots, scores };
        let n = line.knots.len();
        let is_line = (2..=Self::MAX_SEGMENTS + 1).contains(&n)
            && line.scores.len() == n
            && line.knots.iter().all(|knot| knot.is_finite())
            && line.scores.iter().all(|score| score.abs() <= Self::MAX_SCORE)
            && line.segments().all(|(_, width, rise)| width > 0.0 && width.is_finite() && rise.is_finite());
        is_line.then_some(line)
    }

    /// Where the line bends, with its ends; strictly ascending.
    pub fn knots(&self) -> &[f32] {
        &self.knots
    }

    /// The score at each knot.
    pub fn scores(&self) -> &[f32] {
        &self.scores
    }

    /// The score of a finite value.
    pub fn apply(&self, value: f32) -> f32 {
        self.segments().fold(self.scores[0], |sum, (start, width, rise)| sum + climb(value, start, width, rise)) + 0.0
    }

    /// Start, width and slope of each segment.
    pub(crate) fn segments(&self) -> impl Iterator<Item = (f32, f32, f32)> {
        let (ends, tops) = (self.knots.iter().skip(1), self.scores.iter().skip(1));
        self.knots.iter().zip(ends).zip(self.scores.iter().zip(tops)).map(|((start, end), (low, high))| {
            let width = end - start;
            (*start, width, (high - low) / width)
        })
    }
}

/// What a segment adds to the score of a value.
#[inline(always)]
pub(crate) fn climb(value: f32, start: f32, width: f32, rise: f32) -> f32 {
    let inside = value - start;
    // As comparisons, which are one vector instruction each; `max` and `min` have rules for NaN that are not needed.
    let inside = if inside > 0.0 { inside } else { 0.0 };
    let inside = if inside < width { inside } else { width };
    rise * inside
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Piecewise {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Points {
            knots: Vec<f32>,
            scores: Vec<f32>,
        }
        let points = Points::deserialize(from)?;
        Self::new(points.knots, points.scores)
            .ok_or_else(|| serde::de::Error::custom("expected 2 to 9 ascending knots with a score each"))
    }
}

impl Scale {
    /// The robust scale of a column with these quartiles and extremes.
    ///
    /// A column whose quartiles coincide is scaled by its range instead, and a constant column maps to 0.
    ///
    /// ```
    /// use tenure_artifact::{Quartiles, Scale};
    ///
    /// let tenure = Quartiles { min: 0.0, q25: 9.0, median: 29.0, q75: 55.0, max: 72.0 };
    /// let scale = Scale::robust(&tenure);
    /// assert_eq!(scale.apply(29.0), 0.0);
    /// // (75 - 29) / 46 = 1, and 1 / sqrt(1 + 1/9) = .9487
    /// assert!((scale.apply(75.0) - 0.948_683_3).abs() < 1e-6);
    /// // However far out, never beyond 3.
    /// assert!(scale.apply(1e30) <= 3.0);
    /// ```
    pub fn robust(quartiles: &Quartiles) -> Self {
        let iqr = f64::from(quartiles.q75) - f64::from(quartiles.q25);
        let range = f64::from(quartiles.max) - f64::from(quartiles.min);
        let width = if iqr > 0.0 { iqr } else { range / 2.0 };
        Self::Robust { median: quartiles.median, width: width.min(f64::from(f32::MAX)) as f32 }
    }

    /// The normal score of each value, by evenly spaced training quantiles.
    ///
    /// Between knots the share is interpolated linearly; a value that several knots share gets the middle of their
    /// shares; beyond the ends it is clipped.
    ///
    /// ```
    /// use tenure_artifact::Scale;
    ///
    /// let scale = Scale::quantile(vec![0.0, 0.0, 0.0, 10.0, 20.0]);
    /// // 10 has three quarters of the rows below it, and the normal quantile of .75 is .6745.
    /// assert!((scale.apply(10.0) - 0.674_489_8).abs() < 1e-6);
    /// // 5 lies half way between the shares .5 and .75: the normal quantile of .625.
    /// assert!((scale.apply(5.0) - 0.318_639_4).abs() < 1e-6);
    /// // 0 fills the shares 0 to .5: their middle, .25.
    /// assert!((scale.apply(0.0) + 0.674_489_8).abs() < 1e-6);
    /// assert_eq!(scale.apply(1e9), scale.apply(20.0));
    /// ```
    ///
    /// # Panics
    /// With fewer than two knots.
    pub fn quantile(knots: Vec<f32>) -> Self {
        assert!(knots.len() >= 2, "a quantile scale needs at least two knots");
        Self::Quantile { knots }
    }

    /// The scaled magnitude of a finite value.
    pub fn apply(&self, value: f32) -> f32 {
        match self {
            Self::Robust { width: 0.0, .. } => 0.0,
            Self::Robust { median, width } => robust(value, *median, *width),
            Self::Quantile { knots } => normal_score(share_below(knots, value)),
            Self::Piecewise(line) => line.apply(value),
        }
    }
}

/// The robust scale of a value, for a width above 0.
#[inline(always)]
pub(crate) fn robust(value: f32, median: f32, width: f32) -> f32 {
    smooth_clip((f64::from(value) - f64::from(median)) / f64::from(width)) as f32
}

/// The normal score of a share of training rows.
pub(crate) fn normal_score(share: f64) -> f32 {
    normal_quantile(inner_share(share)) as f32
}

/// A share kept away from 0 and 1.
#[inline(always)]
pub(crate) fn inner_share(share: f64) -> f64 {
    share.clamp(MIN_SHARE, 1.0 - MIN_SHARE)
}

/// The five-number summary that a robust scale is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Quartiles {
    /// The least value.
    pub min: f32,
    /// A quarter of the values lie below.
    pub q25: f32,
    /// Half of the values lie below.
    pub median: f32,
    /// Three quarters of the values lie below.
    pub q75: f32,
    /// The largest value.
    pub max: f32,
}

/// `y / sqrt(1 + (y/3)²)`: the identity near 0, ±3 far out.
#[inline(always)]
fn smooth_clip(y: f64) -> f64 {
    let third = y / CLIP;
    y * inverse_sqrt(1.0 + third * third)
}

/// `1 / sqrt(z)` for `z` between 1 and 1e200, within 4e-16 of itself.
///
/// Every training and edge value of a robust column passes here, so it has neither divisions nor branches: a first
/// guess from the bits (half the exponent, within 3.5 %) and four Newton steps, each of which squares the error.
#[inline(always)]
fn inverse_sqrt(z: f64) -> f64 {
    let mut guess = f64::from_bits(0x5fe6_eb50_c7b5_37a9 - (z.to_bits() >> 1));
    for _ in 0..4 {
        guess *= 1.5 - 0.5 * z * guess * guess;
    }
    guess
}

/// The share of training rows below `value`, half of those equal to it counted, in `[0, 1]`.
fn share_below(knots: &[f32], value: f32) -> f64 {
    share_at(knots, value, knots.partition_point(|&knot| knot < value))
}

/// The share of [`share_below`] for a value with `n_below` knots below it.
#[inline]
pub(crate) fn share_at(knots: &[f32], value: f32, n_below: usize) -> f64 {
    let last = (knots.len() - 1) as f64;
    let n_equal = knots[n_below..].iter().take_while(|&&knot| knot == value).count();
    if n_equal > 0 {
        return (n_below as f64 + (n_equal - 1) as f64 / 2.0) / last;
    }
    if n_below == 0 {
        return 0.0;
    }
    if n_below == knots.len() {
        return 1.0;
    }
    let (low, high) = (f64::from(knots[n_below - 1]), f64::from(knots[n_below]));
    ((n_below - 1) as f64 + (f64::from(value) - low) / (high - low)) / last
}

#[cfg(test)]
mod tests {
    extern crate std;

    use alloc::vec;

    use super::*;

    fn quartiles(values: [f32; 5]) -> Quartiles {
        let [min, q25, median, q75, max] = values;
        Quartiles { min, q25, median, q75, max }
    }

    #[test]
    fn coinciding_quartiles_scale_by_the_range_and_a_constant_maps_to_zero() {
        let mostly_zero = Scale::robust(&quartiles([0.0, 0.0, 0.0, 0.0, 50.0]));
        assert_eq!(mostly_zero, Scale::Robust { median: 0.0, width: 25.0 });
        let constant = Scale::robust(&quartiles([7.0; 5]));
        assert_eq!((constant.apply(7.0), constant.apply(8.0)), (0.0, 0.0));
    }

    /// `y / sqrt(1 + (y/3)^2)` for y = 0, 1, -2, 3, computed by hand: 3 maps to 3 / sqrt 2.
    #[test]
    fn smooth_clip_by_hand() {
        for (y, expected) in [(0.0, 0.0), (1.0, 0.948_683_298), (-2.0, -1.664_100_589), (3.0, 2.121_320_344)] {
            assert!((smooth_clip(y) - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn inverse_sqrt_is_exact_to_the_last_bits() {
        for power in 0..600 {
            for z in [1.0, 1.3, 1.999_999, 2.0, 3.1].map(|m| m * 2.0_f64.powi(power)) {
                assert!((inverse_sqrt(z) * crate::math::sqrt(z) - 1.0).abs() < 5e-16, "{z:e}");
            }
        }
    }

    #[test]
    fn scales_stay_finite_at_the_ends_of_single_precision() {
        let robust = Scale::robust(&quartiles([0.0, f32::MIN_POSITIVE, 1e-30, 1e-30, 1.0]));
        let quantile = Scale::quantile(vec![f32::MIN, 0.0, f32::MAX]);
        for value in [f32::MAX, f32::MIN, 0.0, f32::MIN_POSITIVE] {
            assert!(robust.apply(value).abs() <= 3.0);
            assert!(quantile.apply(value).abs() <= 5.2);
        }
    }

    #[test]
    fn a_line_is_refused_where_single_precision_cannot_hold_it() {
        let points = |knots: &[f32], scores: &[f32]| Piecewise::new(knots.into(), scores.into());
        assert!(points(&[f32::MIN, f32::MAX], &[0.0, 1.0]).is_none(), "its width is infinite");
        assert!(points(&[0.0, f32::MIN_POSITIVE / 4.0], &[0.0, 1.0]).is_none(), "its slope is infinite");
        assert!(points(&[0.0, 1.0], &[0.0, f32::NAN]).is_none());
        assert!(points(&[0.0], &[0.0]).is_none());
        assert!(points(&[0.0, 1.0], &[0.0, 1.0, 2.0]).is_none());
        let ten: Vec<f32> = (0..10).map(|i| i as f32).collect();
        assert!(points(&ten, &ten).is_none(), "nine segments");
        assert!(points(&ten[..9], &ten[..9]).is_some());
    }

    #[test]
    fn scales_are_monotone() {
        let knots = vec![-3.0, -1.0, -1.0, -1.0, 0.0, 0.5, 0.5, 8.0];
        let line = Piecewise::new(vec![-3.0, -1.0, 0.1, 0.3, 8.0], vec![-5.2, -0.3, 0.1, 2.0, 5.2]).expect("a line");
        let robust = Scale::robust(&quartiles([-3.0, -1.0, 0.0, 0.5, 8.0]));
        for scale in [Scale::quantile(knots), robust, Scale::Piecewise(line)] {
            let scaled: Vec<f32> = (-400..=900).map(|i| scale.apply(i as f32 / 100.0)).collect();
            assert!(scaled.is_sorted());
        }
    }
}
