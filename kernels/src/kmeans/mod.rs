//! k-means: nearest centroid and sums per cluster in one read of the rows, and the D² updates of seeding.
//!
//! # Shapes
//! `N` rows of `D` columns, row-major `f32`; `K` centroids of `D`, row-major `f64`; `R` restarts side by side.
//!
//! # Cost of one Lloyd iteration
//! Bytes: `4·N·D` read once, whatever `R`; the rows of a group stay in the L2 cache for the assignment and the sums. FLOPs:
//! `2·N·K·D·R` for the products, `N·D·R` for the sums. On two AVX-512 cores (≈ 300 GFLOP/s, ≈ 25 GB/s) the reading bounds
//! below `K·R ≈ 24`, the products above. No `N × K` matrix exists.
//!
//! # Numbers
//! The nearest centroid minimises `‖c‖² − 2·x·c` in `f32` over rows shifted by a point near their mean, so that data far
//! from the origin keep their digits. Sums are in `f64`. Where two centroids are closer than `f32` tells apart
//! ([`TOLERANCE`] of the largest squared norm), either may win; exact ties go to the lower index.

pub mod cpu;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod reference;

/// Difference of two scores, as a share of the largest `‖x − shift‖²` or `‖c − shift‖²`, below which labels may differ
/// from the reference's. An `f32` dot product of `D ≤ 512` terms stays within it.
pub const TOLERANCE: f64 = 2e-5;

/// What "near" means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// `‖x − c‖²`; centroids are means.
    SquaredEuclidean,
    /// `1 − x·c / (‖x‖·‖c‖)`; centroids are means of the unit rows, scaled to length 1 (spherical k-means).
    Cosine,
}

/// Rows of one width, with or without weights.
///
/// # Shapes
/// `x`: `[N, D]` row-major; `weights`: `[N]`.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Values, row after row.
    pub x: &'a [f32],
    /// One weight for each row; all 1 where there are none.
    pub weights: Option<&'a [f32]>,
    /// Columns of each row.
    pub n_columns: usize,
}

impl<'a> Rows<'a> {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.x.len() / self.n_columns
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// Row `i`.
    pub fn row(&self, i: usize) -> &'a [f32] {
        &self.x[i * self.n_columns..(i + 1) * self.n_columns]
    }

    /// Weight of row `i`.
    pub fn weight(&self, i: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[i])
    }

    /// Rows `start..end`.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Rows<'a> {
        Rows {
            x: &self.x[start * self.n_columns..end * self.n_columns],
            weights: self.weights.map(|weights| &weights[start..end]),
            n_columns: self.n_columns,
        }
    }
}

/// Rows in one chunk of the fixed grid. Partial sums are made by chunk and added in the order of chunks, so the grid, not
/// the number of threads, decides every rounding. Large `k` gets larger chunks: adding a partial costs `k` rows' work.
pub fn chunk_rows(k: usize) -> usize {
    (64 * k).next_power_of_two().clamp(8192, 1 << 16)
}

/// Weighted sums per cluster: what a Lloyd iteration needs of the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Sums {
    /// `Σ w·x` of each cluster, `[K, D]`; of unit rows under [`Metric::Cosine`].
    pub sums: Vec<f64>,
    /// `Σ w` of each cluster, `[K]`.
    pub weights: Vec<f64>,
}

impl Sums {
    /// Zeros for `k` clusters of `n_columns`.
    pub fn zeros(k: usize, n_columns: usize) -> Sums {
        Sums { sums: vec![0.0; k * n_columns], weights: vec![0.0; k] }
    }

    /// Sets all to 0.
    pub fn clear(&mut self) {
        self.sums.fill(0.0);
        self.weights.fill(0.0);
    }

    /// Adds another partial.
    pub fn add(&mut self, other: &Sums) {
        self.sums.iter_mut().zip(&other.sums).for_each(|(a, b)| *a += b);
        self.weights.iter_mut().zip(&other.weights).for_each(|(a, b)| *a += b);
    }
}
