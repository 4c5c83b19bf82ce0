//! Points and their labels, checked once.

use super::ClusteringError;

/// A row-major matrix of finite numbers, `[N, D]`.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    cells: &'a [f32],
    n_columns: usize,
}

impl<'a> Points<'a> {
    /// The rows of `n_columns` cells each.
    ///
    /// # Errors
    /// [`ClusteringError::Shape`] and [`ClusteringError::NotFinite`].
    pub fn new(cells: &'a [f32], n_columns: usize) -> Result<Self, ClusteringError> {
        if n_columns == 0 || !cells.len().is_multiple_of(n_columns) {
            return Err(ClusteringError::Shape { n_cells: cells.len(), n_columns });
        }
        match cells.iter().position(|cell| !cell.is_finite()) {
            None => Ok(Self { cells, n_columns }),
            Some(at) => Err(ClusteringError::NotFinite {
                row_idx: at / n_columns,
                column_idx: at % n_columns,
                found: f64::from(cells[at]),
            }),
        }
    }

    /// The number of rows, N.
    pub fn n_rows(&self) -> usize {
        self.cells.len() / self.n_columns
    }

    /// The number of columns, D.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// One row, `[D]`.
    pub fn row(&self, row_idx: usize) -> &'a [f32] {
        &self.cells[row_idx * self.n_columns..(row_idx + 1) * self.n_columns]
    }

    /// All rows.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [f32]> {
        self.cells.chunks_exact(self.n_columns)
    }

    /// The mean of each column, `[D]`.
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.n_columns];
        for row in self.rows() {
            add(&mut mean, row);
        }
        for sum in &mut mean {
            *sum /= self.n_rows().max(1) as f64;
        }
        mean
    }
}

/// Points, each in one of `K` clusters.
#[derive(Clone, Debug)]
pub struct Labelled<'a> {
    /// The points.
    pub points: Points<'a>,
    /// The cluster of each row, `[N]`; numbers need not be consecutive.
    pub labels: &'a [u32],
    /// Rows of each number, `[K]`; zero where a number is not used.
    pub sizes: Vec<usize>,
    /// The mean of each cluster, `[K, D]`; zeros where a number is not used.
    pub(super) means: Vec<f64>,
}

impl<'a> Labelled<'a> {
    /// The points with their clusters.
    ///
    /// # Errors
    /// [`ClusteringError::Lengths`].
    pub fn new(points: Points<'a>, labels: &'a [u32]) -> Result<Self, ClusteringError> {
        if labels.len() != points.n_rows() {
            return Err(ClusteringError::Lengths { what: "labels", expected: points.n_rows(), found: labels.len() });
        }
        let k = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
        let d = points.n_columns();
        let (mut sizes, mut means) = (vec![0; k], vec![0.0; k * d]);
        for (row, &label) in points.rows().zip(labels) {
            sizes[label as usize] += 1;
            add(&mut means[label as usize * d..][..d], row);
        }
        for (mean, &size) in means.chunks_exact_mut(d).zip(&sizes) {
            for sum in mean {
                *sum /= size.max(1) as f64;
            }
        }
        Ok(Self { points, labels, sizes, means })
    }

    /// Clusters that have a row.
    pub fn n_clusters(&self) -> usize {
        self.sizes.iter().filter(|&&size| size > 0).count()
    }

    /// The mean of a cluster, `[D]`.
    pub(super) fn mean(&self, label: usize) -> &[f64] {
        &self.means[label * self.points.n_columns()..][..self.points.n_columns()]
    }

    /// Refuses what a measure that compares clusters cannot judge.
    pub(super) fn check(&self, measure: &'static str) -> Result<(), ClusteringError> {
        let (n_clusters, n_rows) = (self.n_clusters(), self.points.n_rows());
        if n_clusters < 2 || n_rows <= n_clusters {
            return Err(ClusteringError::Clusters { measure, n_clusters, n_rows });
        }
        Ok(())
    }
}

fn add(sum: &mut [f64], row: &[f32]) {
    sum.iter_mut().zip(row).for_each(|(sum, &cell)| *sum += f64::from(cell));
}

/// Squared Euclidean distance between a row and a mean.
pub(super) fn squared(row: &[f32], mean: &[f64]) -> f64 {
    row.iter().zip(mean).map(|(&a, &b)| (f64::from(a) - b).powi(2)).sum()
}
