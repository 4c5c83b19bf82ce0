//! One restart: its centroids and how far it got.

use tenure_kernels::kmeans::cpu::{Frame, UNLABELLED};
use tenure_kernels::kmeans::{Metric, Sums};

use crate::centroids::to_unit;
use crate::filled::filled;

/// A restart on its way.
#[derive(Clone)]
pub(crate) struct Restart {
    /// `[K, D]`; of length 1 under cosine.
    pub(crate) centroids: Vec<f64>,
    /// Inertia of the last assignment about the centroids that came of it.
    pub(crate) inertia: f64,
    pub(crate) n_iter: usize,
    pub(crate) converged: bool,
    /// Which cluster each row was given to last; none where rows are summed anew in each iteration.
    pub(crate) given: Option<Given>,
}

/// Rows given to clusters.
#[derive(Clone)]
pub(crate) struct Given {
    /// `[N]`
    pub(crate) labels: Vec<u16>,
    /// Sums of the rows by these labels.
    pub(crate) sums: Sums,
}

impl Given {
    /// No row has been given yet.
    pub(crate) fn new(n_rows: usize, k: usize, n_columns: usize) -> Given {
        Given { labels: filled(UNLABELLED, n_rows), sums: Sums::zeros(k, n_columns) }
    }
}

impl Restart {
    pub(crate) fn new(mut centroids: Vec<f64>, n_columns: usize, metric: Metric) -> Restart {
        if metric == Metric::Cosine {
            centroids.chunks_exact_mut(n_columns).for_each(to_unit);
        }
        Restart { centroids, inertia: f64::INFINITY, n_iter: 0, converged: false, given: None }
    }

    /// Moves the centroids to the means of their rows; those of empty clusters stay. Returns the squared distance moved.
    pub(crate) fn move_to_means(&mut self, sums: &Sums, n_columns: usize, metric: Metric) -> f64 {
        let mut moved = 0.0;
        let of_clusters = self.centroids.chunks_exact_mut(n_columns).zip(sums.sums.chunks_exact(n_columns));
        for ((centroid, sum), &weight) in of_clusters.zip(&sums.weights) {
            let mut mean: Vec<f64> = sum.iter().map(|sum| sum / weight).collect();
            if metric == Metric::Cosine {
                to_unit(&mut mean);
            }
            // Unit rows that cancel out have no mean direction.
            if weight > 0.0 && mean.iter().any(|&c| c != 0.0 || metric == Metric::SquaredEuclidean) {
                moved += mean.iter().zip(&*centroid).map(|(new, old)| (new - old).powi(2)).sum::<f64>();
                centroid.copy_from_slice(&mean);
            }
        }
        moved
    }

    /// Inertia about the present centroids of rows with these sums per cluster: `Σw‖x‖² − 2 Σ c·S + Σ W‖c‖²`, about the
    /// frame's shift; under cosine `Σ (W − c·S)`.
    pub(crate) fn inertia_of(&self, sums: &Sums, n_columns: usize, frame: &Frame, second_moment: f64) -> f64 {
        let shift = |j: usize| frame.shift.get(j).map_or(0.0, |&shift| f64::from(shift));
        let of_clusters = self.centroids.chunks_exact(n_columns).zip(sums.sums.chunks_exact(n_columns));
        let parts = of_clusters.zip(&sums.weights).map(|((centroid, sum), &weight)| {
            let terms = centroid.iter().zip(sum).enumerate().map(|(j, (c, sum))| {
                let (c, sum) = (c - shift(j), sum - weight * shift(j));
                match frame.metric {
                    Metric::SquaredEuclidean => c * (weight * c - 2.0 * sum),
                    Metric::Cosine => -c * sum,
                }
            });
            terms.sum::<f64>()
        });
        (second_moment + parts.sum::<f64>()).max(0.0)
    }
}
