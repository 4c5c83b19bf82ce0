//! Mean and spread of rows, and exact distances of rows to their own centroids, in `f64`.

use super::vector::{Level, Task, Vector};
use crate::kmeans::{Metric, Rows};

/// Weighted sums of a column about an origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// `Σ w`.
    pub weight: f64,
    /// `Σ w·(x − origin)`, `[D]`.
    pub first: Vec<f64>,
    /// `Σ w·(x − origin)²`, `[D]`.
    pub second: Vec<f64>,
}

impl Moments {
    /// Zeros for `n_columns`.
    pub fn zeros(n_columns: usize) -> Moments {
        Moments { weight: 0.0, first: vec![0.0; n_columns], second: vec![0.0; n_columns] }
    }

    /// Adds another partial.
    pub fn add(&mut self, other: &Moments) {
        self.weight += other.weight;
        self.first.iter_mut().zip(&other.first).for_each(|(a, b)| *a += b);
        self.second.iter_mut().zip(&other.second).for_each(|(a, b)| *a += b);
    }

    /// Whether every value that went in was finite.
    pub fn is_finite(&self) -> bool {
        self.weight.is_finite() && self.second.iter().all(|second| second.is_finite())
    }
}

/// Moments of a chunk of rows about `origin`, `[D]`. A row of weight 0 still makes them NaN where it is not finite.
pub fn moments(level: Level, rows: Rows<'_>, origin: &[f64]) -> Moments {
    level.run(Gather { rows, origin })
}

struct Gather<'a> {
    rows: Rows<'a>,
    origin: &'a [f64],
}

impl Task for Gather<'_> {
    type Output = Moments;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Moments {
        let mut out = Moments::zeros(self.rows.n_columns);
        for (i, x) in self.rows.x.chunks_exact(self.rows.n_columns).enumerate() {
            let weight = f64::from(self.rows.weight(i));
            out.weight += weight;
            let sums = out.first.iter_mut().zip(&mut out.second);
            for ((&x, &origin), (first, second)) in x.iter().zip(self.origin).zip(sums) {
                let x = f64::from(x) - origin;
                *first += weight * x;
                *second += weight * x * x;
            }
        }
        out
    }
}

/// Distance of each row to the centroid its label names: squared Euclidean, or `1 − cos`.
///
/// # Shapes
/// `labels`, `out`: `[N]`; `centroids`: `[K, D]`, of length 1 under cosine.
///
/// # Panics
/// If a label names no centroid.
pub fn own_distances(level: Level, rows: Rows<'_>, labels: &[u32], centroids: &[f64], metric: Metric, out: &mut [f64]) {
    level.run(Own { rows, labels, centroids, metric, out });
}

struct Own<'a> {
    rows: Rows<'a>,
    labels: &'a [u32],
    centroids: &'a [f64],
    metric: Metric,
    out: &'a mut [f64],
}

impl Task for Own<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let d = self.rows.n_columns;
        let rows = self.rows.x.chunks_exact(d).zip(self.labels);
        for ((x, &label), out) in rows.zip(self.out.iter_mut()) {
            let centroid = &self.centroids[label as usize * d..(label as usize + 1) * d];
            *out = match self.metric {
                Metric::SquaredEuclidean => sum_of(x, centroid, |x, c| (x - c) * (x - c)),
                Metric::Cosine => {
                    let norm = sum_of(x, centroid, |x, _| x * x).sqrt();
                    (1.0 - sum_of(x, centroid, |x, c| x * c) / norm).max(0.0)
                }
            };
        }
    }
}

/// Sum over columns in eight lanes, so that it can be vectorised without changing its order.
#[inline(always)]
fn sum_of(x: &[f32], centroid: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let (x_eights, x_rest) = x.as_chunks::<8>();
    let (c_eights, c_rest) = centroid.as_chunks::<8>();
    for (x, c) in x_eights.iter().zip(c_eights) {
        for lane in 0..8 {
            lanes[lane] += term(f64::from(x[lane]), c[lane]);
        }
    }
    let rest: f64 = x_rest.iter().zip(c_rest).map(|(&x, &c)| term(f64::from(x), c)).sum();
    lanes.iter().sum::<f64>() + rest
}
