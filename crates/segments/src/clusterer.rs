//! What finds clusters, handed in by the caller.

use tenure_evaluate::Points;

use crate::SegmentError;

/// Clusters of some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// The cluster of each row, `[N]`.
    pub labels: Vec<u32>,
    /// `[K, D]` row-major.
    pub centroids: Vec<f64>,
    /// The sum of the rows' squared distances (or cosine distances) to their centroids.
    pub inertia: f64,
}

/// Finds clusters and assigns rows to them; the same input and seed give the same bits.
pub trait Clusterer {
    /// The best of `n_init` fits of `k` clusters. Points that are not in memory are those that the clusterer was made for.
    ///
    /// # Errors
    /// [`SegmentError::Clustering`]
    fn fit(&self, points: Points<'_>, k: usize, restarts: Restarts) -> Result<Clustering, SegmentError>;

    /// The nearest centroid of each row, the first of equals.
    ///
    /// # Errors
    /// [`SegmentError::Clustering`]
    fn assign(&self, cells: &[f32], n_columns: usize, centroids: &[f64]) -> Result<Vec<u32>, SegmentError>;
}

/// How often a fit starts, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restarts {
    /// Starts, of which the best is kept.
    pub n_init: usize,
    /// Seeds the first; the others follow from it.
    pub seed: u64,
}
