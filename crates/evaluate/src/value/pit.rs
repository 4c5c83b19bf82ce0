//! The probability integral transform: whether whole predicted distributions are right.

use serde::{Deserialize, Serialize};

use super::coverage::{Coverage, check_nominal};
use crate::EvaluateError;
use crate::reliability::check_confidence;
use crate::sample::{check_length, check_weights};

/// Where each actual value falls in its predicted distribution: between `F(y−)`, the probability of less, and `F(y)`, the
/// probability of at most as much.
///
/// Were the distributions right and continuous, `F(y)` would be uniform on 0..=1. A point mass, such as the customers who
/// buy nothing, puts `F(y)` at its top; so each row counts as spread evenly over `[F(y−), F(y)]`, which is uniform again
/// when the distributions are right (Czado, Gneiting and Held 2009, "Predictive model assessment for count data", §2.1:
/// the expectation of the randomised transform, without its noise).
///
/// # Example
/// ```
/// use tenure_evaluate::Pit;
///
/// // Half of the customers buy nothing, and the model says so.
/// let pit = Pit::new(&[0.0, 0.0, 0.6, 0.9], &[0.5, 0.5, 0.6, 0.9], None)?;
/// assert_eq!(pit.histogram(2)?.density, [1.0, 1.0]);
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pit {
    below: Vec<f64>,
    at: Vec<f64>,
    weight: Vec<f64>,
    total: f64,
}

/// The histogram of the transform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PitHistogram {
    /// Density in bins of equal width on 0..=1: 1 everywhere where the distributions are right, high at both ends where
    /// they are too narrow, high in the middle where they are too wide, high on the right where they are too low.
    pub density: Vec<f64>,
    /// What a bin's density varies by chance alone: 1.96 standard errors of a density of 1.
    pub chance: f64,
    /// Largest |observed − nominal| cumulative share at the bins' edges.
    pub distance: f64,
    /// Rows, or of weighted rows `(Σ w)² / Σ w²`.
    pub n_effective: f64,
}

impl Pit {
    /// Checks `[B]` values of `F(y−)`, `[B]` of `F(y)` and, where rows count unequally, `[B]` weights.
    pub fn new(below: &[f64], at: &[f64], weights: Option<&[f64]>) -> Result<Self, EvaluateError> {
        let n_rows = at.len();
        check_length("F(y-)", n_rows, below.len())?;
        check_length("weights", n_rows, weights.map_or(n_rows, <[f64]>::len))?;
        if n_rows == 0 {
            return Err(EvaluateError::Empty);
        }
        let is_sound = |(below, at): (&f64, &f64)| 0.0 <= *below && below <= at && *at <= 1.0;
        if let Some(row_idx) = below.iter().zip(at).position(|row| !is_sound(row)) {
            return Err(EvaluateError::BadTransform { row_idx, below: below[row_idx], at: at[row_idx] });
        }
        check_weights(n_rows, weights)?;
        let weight = weights.map_or_else(|| vec![1.0; n_rows], <[f64]>::to_vec);
        let total = weight.iter().sum();
        Ok(Self { below: below.to_vec(), at: at.to_vec(), weight, total })
    }

    /// The histogram, with bins of equal width.
    pub fn histogram(&self, n_bins: usize) -> Result<PitHistogram, EvaluateError> {
        if n_bins == 0 {
            return Err(EvaluateError::Setting { setting: "PIT bins", expected: "at least 1", found: 0.0 });
        }
        let n = n_bins as f64;
        // Differences of the cumulative shares at the edges; one pass over the rows for each edge would read them
        // `n_bins` times, so each row adds to the bins it touches.
        let mut density = vec![0.0; n_bins];
        for ((&below, &at), &weight) in self.below.iter().zip(&self.at).zip(&self.weight) {
            let first = ((below * n) as usize).min(n_bins - 1);
            let last = ((at * n) as usize).min(n_bins - 1);
            for (bin, density) in density.iter_mut().enumerate().take(last + 1).skip(first) {
                *density += weight * part(below, at, bin as f64 / n, (bin + 1) as f64 / n, bin == last);
            }
        }
        for density in &mut density {
            *density *= n / self.total;
        }
        let mut cumulative = 0.0;
        let distance = density.iter().enumerate().fold(0.0_f64, |largest, (bin, density)| {
            cumulative += density / n;
            largest.max((cumulative - (bin + 1) as f64 / n).abs())
        });
        let n_effective = self.n_effective();
        // The normal approximation of a binomial share, times the bins per unit.
        let chance = 1.959_964 * ((n - 1.0) / n_effective).sqrt();
        Ok(PitHistogram { density, chance, distance, n_effective })
    }

    /// Coverage of the central interval of probability `nominal`: rows count by the part of `[F(y−), F(y)]` that lies
    /// between `(1 − nominal) / 2` and `(1 + nominal) / 2`. A share of `nominal` is right, point mass or not.
    pub fn coverage(&self, nominal: f64, confidence: f64) -> Result<Coverage, EvaluateError> {
        check_confidence(confidence)?;
        check_nominal(nominal)?;
        let (low, high) = (0.5 * (1.0 - nominal), 0.5 * (1.0 + nominal));
        let (below, not_above) = (self.cumulative(low), self.cumulative(high));
        let shares = [below, not_above - below, 1.0 - not_above];
        Ok(Coverage::new(nominal, shares, self.n_effective(), confidence))
    }

    /// Mean over rows of the share of `[F(y−), F(y)]` that lies at or below `u`.
    fn cumulative(&self, u: f64) -> f64 {
        let rows = self.below.iter().zip(&self.at).zip(&self.weight);
        let share = |below: f64, at: f64| {
            if u >= at {
                1.0
            } else if u <= below {
                0.0
            } else {
                (u - below) / (at - below)
            }
        };
        rows.map(|((&below, &at), weight)| weight * share(below, at)).sum::<f64>() / self.total
    }

    fn n_effective(&self) -> f64 {
        self.total * self.total / self.weight.iter().map(|weight| weight * weight).sum::<f64>()
    }
}

/// The part of `[below, at]` that lies in the bin `[low, high)`. A row without length is wholly in its last bin.
fn part(below: f64, at: f64, low: f64, high: f64, is_last: bool) -> f64 {
    if at > below { ((at.min(high) - below.max(low)) / (at - below)).max(0.0) } else { f64::from(u8::from(is_last)) }
}
