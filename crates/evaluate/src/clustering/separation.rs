//! Measures of means and spreads: within-cluster sum of squares, Calinski-Harabasz, Davies-Bouldin.

use super::ClusteringError;
use super::points::{Labelled, squared};

/// The sum over all rows of the squared distance to their cluster's mean; at a fixed point of Lloyd's iteration it is the
/// inertia.
///
/// # Errors
/// [`ClusteringError::Read`], only where the rows are not in memory.
pub fn within_sum_of_squares(labelled: &Labelled<'_>) -> Result<f64, ClusteringError> {
    let sum = labelled.points.sums_of_rows(1, |row_idx, row, sum| {
        sum[0] += squared(row, labelled.mean(labelled.labels[row_idx] as usize));
    })?;
    Ok(sum[0])
}

/// The variance between clusters over the variance within them, each by its degrees of freedom; more is better.
///
/// Source: Caliński and Harabasz 1974, `(B / (K - 1)) / (W / (N - K))`.
///
/// # Errors
/// [`ClusteringError::Clusters`], [`ClusteringError::Read`], and [`ClusteringError::NoSpread`] where no cluster has any
/// spread.
pub fn calinski_harabasz(labelled: &Labelled<'_>) -> Result<f64, ClusteringError> {
    const MEASURE: &str = "Calinski-Harabasz";
    labelled.check(MEASURE)?;
    let mean = labelled.points.mean()?;
    let (n, k) = (labelled.points.n_rows() as f64, labelled.n_clusters() as f64);
    let from_mean = |label: usize| labelled.mean(label).iter().zip(&mean).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let between: f64 = (0..labelled.sizes.len()).map(|label| labelled.sizes[label] as f64 * from_mean(label)).sum();
    let within = within_sum_of_squares(labelled)?;
    if within <= 0.0 {
        return Err(ClusteringError::NoSpread { measure: MEASURE, reason: "every cluster is a single point" });
    }
    Ok(between / (k - 1.0) / (within / (n - k)))
}

/// The mean over clusters of the worst ratio of spreads to distance with another cluster; less is better.
///
/// Source: Davies and Bouldin 1979, with p = 2 between means and q = 1 within: `S_i` is the mean distance of a cluster's
/// rows to its mean, `M_ij` the distance of two means, and the measure the mean of `max_j (S_i + S_j) / M_ij`.
///
/// # Errors
/// [`ClusteringError::Clusters`], [`ClusteringError::Read`], and [`ClusteringError::NoSpread`] where two clusters have the
/// same mean.
pub fn davies_bouldin(labelled: &Labelled<'_>) -> Result<f64, ClusteringError> {
    const MEASURE: &str = "Davies-Bouldin";
    labelled.check(MEASURE)?;
    let used: Vec<usize> = (0..labelled.sizes.len()).filter(|&label| labelled.sizes[label] > 0).collect();
    let spread = labelled.points.sums_of_rows(labelled.sizes.len(), |row_idx, row, spread| {
        let label = labelled.labels[row_idx] as usize;
        spread[label] += squared(row, labelled.mean(label)).sqrt() / labelled.sizes[label] as f64;
    })?;
    let mut sum = 0.0;
    for &i in &used {
        let mut worst = 0.0_f64;
        for &j in used.iter().filter(|&&j| j != i) {
            let apart = labelled.mean(i).iter().zip(labelled.mean(j)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            if apart <= 0.0 {
                return Err(ClusteringError::NoSpread { measure: MEASURE, reason: "two clusters have the same mean" });
            }
            worst = worst.max((spread[i] + spread[j]) / apart);
        }
        sum += worst;
    }
    Ok(sum / used.len() as f64)
}
