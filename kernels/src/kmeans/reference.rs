//! The definition, in plain `f64` loops.

use super::{Metric, Rows, Sums};

/// Distance of a row to a centroid: squared Euclidean, or `1 − cos`.
pub fn distance(x: &[f32], centroid: &[f64], metric: Metric) -> f64 {
    match metric {
        Metric::SquaredEuclidean => x.iter().zip(centroid).map(|(&x, c)| (f64::from(x) - c).powi(2)).sum(),
        Metric::Cosine => {
            let dot: f64 = x.iter().zip(centroid).map(|(&x, c)| f64::from(x) * c).sum();
            let squared: f64 = centroid.iter().map(|c| c * c).sum();
            1.0 - dot / (norm(x) * squared.sqrt())
        }
    }
}

/// Euclidean length of a row.
pub fn norm(x: &[f32]) -> f64 {
    x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt()
}

/// Index of the nearest centroid, the lowest of equals, and its distance.
pub fn nearest(x: &[f32], centroids: &[f64], metric: Metric) -> (u32, f64) {
    let mut best = (0, f64::INFINITY);
    for (k, centroid) in centroids.chunks_exact(x.len()).enumerate() {
        let d = distance(x, centroid, metric);
        if d < best.1 {
            best = (k as u32, d);
        }
    }
    best
}

/// Sums per cluster of rows given to their nearest centroid.
pub fn accumulate(rows: Rows<'_>, centroids: &[f64], metric: Metric) -> Sums {
    let d = rows.n_columns;
    let mut out = Sums::zeros(centroids.len() / d, d);
    for i in 0..rows.len() {
        let x = rows.row(i);
        let k = nearest(x, centroids, metric).0 as usize;
        let w = f64::from(rows.weight(i));
        let scale = if metric == Metric::Cosine { w / norm(x) } else { w };
        out.weights[k] += w;
        out.sums[k * d..(k + 1) * d].iter_mut().zip(x).for_each(|(sum, &x)| *sum += scale * f64::from(x));
    }
    out
}

/// `Σ w · distance to the nearest centroid`.
pub fn inertia(rows: Rows<'_>, centroids: &[f64], metric: Metric) -> f64 {
    (0..rows.len()).map(|i| f64::from(rows.weight(i)) * nearest(rows.row(i), centroids, metric).1).sum()
}

/// Squared distance of each row to the nearest of `centres`, at most what it was: the update of k-means++.
pub fn lower(rows: Rows<'_>, centres: &[f64], nearest_squared: &mut [f64]) {
    for (i, nearest) in nearest_squared.iter_mut().enumerate() {
        for centre in centres.chunks_exact(rows.n_columns) {
            *nearest = nearest.min(distance(rows.row(i), centre, Metric::SquaredEuclidean));
        }
    }
}
