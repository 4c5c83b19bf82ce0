//! The gap statistic: how much tighter the clusters are than those of points without any.

use serde::{Deserialize, Serialize};

use super::{ClusteringError, Points, principal_axes};
use crate::random::Stream;

/// The gap at one number of clusters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Mean of `ln W` over the references, less `ln W` of the data.
    pub gap: f64,
    /// `s = sd · sqrt(1 + 1 / B)`: the standard error with the simulation's own.
    pub standard_error: f64,
}

/// The gap, from the within-cluster sum of squares of the data and of each reference.
///
/// Source: Tibshirani, Walther and Hastie 2001, steps 2 and 3 of their §4.
///
/// # Errors
/// [`ClusteringError::NoSpread`] where a sum of squares is zero, or there is no reference.
pub fn gap(within: f64, references: &[f64]) -> Result<Gap, ClusteringError> {
    if within <= 0.0 || references.is_empty() || references.iter().any(|&w| w <= 0.0) {
        let reason = "a within-cluster sum of squares is zero";
        return Err(ClusteringError::NoSpread { measure: "the gap statistic", reason });
    }
    let n = references.len() as f64;
    let mean = references.iter().map(|w| w.ln()).sum::<f64>() / n;
    let variance = references.iter().map(|w| (w.ln() - mean).powi(2)).sum::<f64>() / n;
    Ok(Gap { gap: mean - within.ln(), standard_error: (variance * (1.0 + 1.0 / n)).sqrt() })
}

/// The place of the first gap that is at least the next one less its standard error; none where no gap is.
///
/// Source: Tibshirani, Walther and Hastie 2001, step 3. `gaps` are those of consecutive numbers of clusters; the last one
/// has no next and is never chosen.
pub fn gap_choice(gaps: &[Gap]) -> Option<usize> {
    gaps.windows(2).position(|pair| pair[0].gap >= pair[1].gap - pair[1].standard_error)
}

/// As many points as there are, uniform over the box along the points' principal axes that just holds them: points of
/// the same extent without clusters (reference (b) of Tibshirani et al., §4).
///
/// # Errors
/// [`ClusteringError::NoSpread`] with fewer than two rows; [`ClusteringError::Read`].
pub fn uniform_reference(points: &Points<'_>, seed: u64) -> Result<Vec<f32>, ClusteringError> {
    let d = points.n_columns();
    let axes = principal_axes(points)?;
    let mut range = vec![(f64::INFINITY, f64::NEG_INFINITY); d];
    points.each_row(|_, row| {
        for (range, x) in range.iter_mut().zip(axes.project(row, d)) {
            *range = (range.0.min(x), range.1.max(x));
        }
    })?;
    let mut stream = Stream::new(seed, 0);
    let mut reference = Vec::with_capacity(points.n_rows() * d);
    for _ in 0..points.n_rows() {
        let coordinates: Vec<f64> = range.iter().map(|(low, high)| low + stream.share() * (high - low)).collect();
        reference.extend(axes.restore(&coordinates).into_iter().map(|x| x as f32));
    }
    Ok(reference)
}
