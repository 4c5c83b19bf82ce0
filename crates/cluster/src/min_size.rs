//! Clusters of at least a given size.
//!
//! Bradley, Bennett and Demiriz (2000) solve each assignment as a minimum-cost flow, which is optimal and slow. Here rows
//! move one by one, the cheapest first, from clusters with rows to spare to clusters that lack some; then centroids move
//! to their means, and so on until labels repeat. Every size holds at the end; the assignment is a good one, not the best
//! one: a chain of moves through a third cluster could be cheaper and is not looked for.

use tenure_kernels::kmeans::reference::norm;
use tenure_kernels::kmeans::{Metric, Rows, Sums};

use crate::centroids::Centroids;
use crate::error::ClusterError;
use crate::fit::Fitted;
use crate::restart::Restart;
use crate::settings::KMeans;

/// Rounds of assignment and means; labels nearly always repeat much earlier.
const MAX_ROUNDS: usize = 50;

impl KMeans {
    /// Fits, then sees to it that each cluster has at least `min_size` rows, whatever their weights. `labels`, `sizes`,
    /// `distances` and `inertia` are those of the constrained assignment;
    /// [`predict`](Centroids::predict) goes by the nearest centroid and may tell another cluster for a moved row.
    pub fn fit_min_size(&self, rows: Rows<'_>, min_size: usize) -> Result<Fitted, ClusterError> {
        let n_rows = rows.x.len().checked_div(rows.n_columns).unwrap_or(0);
        if self.k * min_size > n_rows {
            return Err(ClusterError::MinSize { k: self.k, min_size, n_rows });
        }
        let mut fitted = self.fit(rows)?;
        if fitted.sizes.iter().all(|&size| size >= min_size) {
            return Ok(fitted);
        }
        for _ in 0..MAX_ROUNDS {
            let before = fitted.labels.clone();
            let distances = squared(&fitted.centroids, rows)?;
            fitted.labels = nearest(&distances, self.k);
            fill(&mut fitted.labels, &distances, self.k, min_size);
            fitted.centroids = means(&fitted, rows);
            if fitted.labels == before {
                break;
            }
        }
        Ok(describe(fitted, rows))
    }
}

/// Squared distances (or `1 − cos`) of all rows to all centroids, `[N, K]`.
fn squared(centroids: &Centroids, rows: Rows<'_>) -> Result<Vec<f32>, ClusterError> {
    let mut distances = centroids.transform(rows)?;
    if centroids.metric() == Metric::SquaredEuclidean {
        for distance in &mut distances {
            *distance *= *distance;
        }
    }
    Ok(distances)
}

fn nearest(distances: &[f32], k: usize) -> Vec<u32> {
    let lowest = |of_row: &[f32]| (0..k).min_by(|&a, &b| of_row[a].total_cmp(&of_row[b])).unwrap_or(0) as u32;
    distances.chunks_exact(k).map(lowest).collect()
}

/// Moves rows to clusters that lack some, the least added cost first; equal costs in the order of rows.
fn fill(labels: &mut [u32], distances: &[f32], k: usize, min_size: usize) {
    let mut sizes = vec![0; k];
    for &label in &*labels {
        sizes[label as usize] += 1;
    }
    let lacking: Vec<usize> = (0..k).filter(|&c| sizes[c] < min_size).collect();
    let mut moves: Vec<(f32, usize, usize)> = Vec::new();
    for (row_idx, &label) in labels.iter().enumerate().filter(|(_, label)| sizes[**label as usize] > min_size) {
        let of_row = &distances[row_idx * k..(row_idx + 1) * k];
        moves.extend(lacking.iter().map(|&to| (of_row[to] - of_row[label as usize], row_idx, to)));
    }
    moves.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    let from: Vec<u32> = labels.to_vec();
    for (_, row_idx, to) in moves {
        let owner = from[row_idx] as usize;
        let still_there = labels[row_idx] == from[row_idx];
        if still_there && sizes[owner] > min_size && sizes[to] < min_size {
            labels[row_idx] = to as u32;
            sizes[owner] -= 1;
            sizes[to] += 1;
        }
    }
}

fn means(fitted: &Fitted, rows: Rows<'_>) -> Centroids {
    let (d, metric) = (rows.n_columns, fitted.centroids.metric());
    let sums = sums(rows, &fitted.labels, fitted.centroids.k(), metric);
    let mut restart = Restart::new(fitted.centroids.values().to_vec(), d, metric);
    restart.move_to_means(&sums, d, metric);
    Centroids::framed(restart.centroids, d, fitted.centroids.frame().clone())
}

fn sums(rows: Rows<'_>, labels: &[u32], k: usize, metric: Metric) -> Sums {
    let d = rows.n_columns;
    let mut out = Sums::zeros(k, d);
    for (i, &label) in labels.iter().enumerate() {
        let (x, label, weight) = (rows.row(i), label as usize, f64::from(rows.weight(i)));
        let scale = if metric == Metric::Cosine { weight / norm(x) } else { weight };
        out.weights[label] += weight;
        out.sums[label * d..(label + 1) * d].iter_mut().zip(x).for_each(|(sum, &x)| *sum += scale * f64::from(x));
    }
    out
}

/// Distances, sizes and inertia of the labels.
fn describe(mut fitted: Fitted, rows: Rows<'_>) -> Fitted {
    fitted.distances = fitted.centroids.own_distances(rows, &fitted.labels);
    fitted.inertia = 0.0;
    for (i, distance) in fitted.distances.iter().enumerate() {
        fitted.inertia += f64::from(rows.weight(i)) * distance;
    }
    fitted.sizes.fill(0);
    for &label in &fitted.labels {
        fitted.sizes[label as usize] += 1;
    }
    fitted
}
