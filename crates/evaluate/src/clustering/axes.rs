//! Principal axes of a few columns, for a picture in two dimensions and for the gap statistic's reference.

use super::{ClusteringError, Points};

/// Sweeps of Jacobi's method; it converges quadratically and needs fewer than ten.
const MAX_SWEEPS: usize = 64;

/// Rows whose products are added before they are put to the others.
const TOGETHER: usize = 8;

/// The principal axes of a set of points, most variance first.
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalAxes {
    /// The points' mean, `[D]`.
    pub mean: Vec<f64>,
    /// Unit vectors, `[D, D]` row-major: row `i` is the i-th axis. Its largest component (the first of equal ones) is
    /// positive, so that the picture is not mirrored from run to run.
    pub axes: Vec<f64>,
    /// The variance along each axis (with `N - 1`), `[D]`, descending.
    pub variances: Vec<f64>,
}

impl PrincipalAxes {
    /// A row's coordinates along the first `n_axes` axes.
    pub fn project<T: Copy + Into<f64>>(&self, row: &[T], n_axes: usize) -> Vec<f64> {
        let d = self.mean.len();
        let along = |axis: &[f64]| {
            row.iter().zip(&self.mean).zip(axis).map(|((&cell, mean), axis)| (cell.into() - mean) * axis).sum()
        };
        self.axes.chunks_exact(d).take(n_axes).map(along).collect()
    }

    /// The point with these coordinates along all axes; the inverse of [`PrincipalAxes::project`].
    pub fn restore(&self, coordinates: &[f64]) -> Vec<f64> {
        let d = self.mean.len();
        let mut point = self.mean.clone();
        for (axis, coordinate) in self.axes.chunks_exact(d).zip(coordinates) {
            point.iter_mut().zip(axis).for_each(|(cell, component)| *cell += coordinate * component);
        }
        point
    }

    /// The share of all variance along the first `n_axes` axes.
    pub fn explained_share(&self, n_axes: usize) -> f64 {
        let total: f64 = self.variances.iter().sum();
        if total > 0.0 { self.variances.iter().take(n_axes).sum::<f64>() / total } else { 0.0 }
    }
}

/// The principal axes of `points`: eigenvectors of their covariance, by Jacobi's rotations.
///
/// Meant for tens of columns: a sweep costs `D³`.
///
/// # Errors
/// [`ClusteringError::NoSpread`] with fewer than two rows; [`ClusteringError::Read`].
pub fn principal_axes(points: &Points<'_>) -> Result<PrincipalAxes, ClusteringError> {
    let (n, d) = (points.n_rows(), points.n_columns());
    if n < 2 {
        return Err(ClusteringError::NoSpread { measure: "the principal axes", reason: "fewer than two rows" });
    }
    let mean = points.mean()?;
    let mut covariance = points.sums(d * d, |_, cells, sums| add_products(cells, &mean, sums))?;
    for sum in &mut covariance {
        *sum /= (n - 1) as f64;
    }
    for i in 0..d {
        for j in 0..i {
            covariance[i * d + j] = covariance[j * d + i];
        }
    }
    let vectors = diagonalize(&mut covariance, d);
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|&a, &b| covariance[b * d + b].total_cmp(&covariance[a * d + a]));
    let mut axes = Vec::with_capacity(d * d);
    for &column in &order {
        axes.extend(oriented((0..d).map(|i| vectors[i * d + column]).collect()));
    }
    let variances = order.iter().map(|&i| covariance[i * d + i].max(0.0)).collect();
    Ok(PrincipalAxes { mean, axes, variances })
}

/// Adds `(x_i - m_i) (x_j - m_j)` of each row to `sums`, `[D, D]`, for `j >= i`.
fn add_products(cells: &[f32], mean: &[f64], sums: &mut [f64]) {
    let d = mean.len();
    let mut centred = vec![[0.0; TOGETHER]; d];
    for rows in cells.chunks(TOGETHER * d) {
        centred.fill([0.0; TOGETHER]);
        for (place, row) in rows.chunks_exact(d).enumerate() {
            for ((out, &cell), mean) in centred.iter_mut().zip(row).zip(mean) {
                out[place] = f64::from(cell) - mean;
            }
        }
        for (i, a) in centred.iter().enumerate() {
            for (sum, b) in sums[i * d + i..(i + 1) * d].iter_mut().zip(&centred[i..]) {
                *sum += a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            }
        }
    }
}

fn oriented(axis: Vec<f64>) -> Vec<f64> {
    let largest = axis.iter().fold(0.0_f64, |largest, &x| if x.abs() > largest.abs() + 1e-12 { x } else { largest });
    let sign = if largest < 0.0 { -1.0 } else { 1.0 };
    axis.into_iter().map(|x| x * sign + 0.0).collect()
}

/// Rotates the symmetric `matrix` until it is diagonal; the columns of what comes back are its eigenvectors.
///
/// Source: cyclic Jacobi, Golub and Van Loan, Matrix Computations, §8.5.
fn diagonalize(matrix: &mut [f64], d: usize) -> Vec<f64> {
    let mut vectors = vec![0.0; d * d];
    (0..d).for_each(|i| vectors[i * d + i] = 1.0);
    let total: f64 = matrix.iter().map(|x| x * x).sum();
    for _ in 0..MAX_SWEEPS {
        let off: f64 = (0..d).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| matrix[i * d + j].powi(2)).sum();
        if off <= total * 1e-30 {
            break;
        }
        for p in 0..d {
            for q in p + 1..d {
                rotate(matrix, &mut vectors, d, (p, q));
            }
        }
    }
    vectors
}

/// One rotation in the plane of `p` and `q` that makes their common entry zero.
fn rotate(matrix: &mut [f64], vectors: &mut [f64], d: usize, (p, q): (usize, usize)) {
    let common = matrix[p * d + q];
    if common == 0.0 {
        return;
    }
    let theta = (matrix[q * d + q] - matrix[p * d + p]) / (2.0 * common);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for i in 0..d {
        let (a, b) = (matrix[i * d + p], matrix[i * d + q]);
        (matrix[i * d + p], matrix[i * d + q]) = (c * a - s * b, s * a + c * b);
    }
    for i in 0..d {
        let (a, b) = (matrix[p * d + i], matrix[q * d + i]);
        (matrix[p * d + i], matrix[q * d + i]) = (c * a - s * b, s * a + c * b);
    }
    for i in 0..d {
        let (a, b) = (vectors[i * d + p], vectors[i * d + q]);
        (vectors[i * d + p], vectors[i * d + q]) = (c * a - s * b, s * a + c * b);
    }
}
