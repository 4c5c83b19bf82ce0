//! One restart: its centroids and how far it got.

use tenure_kernels::kmeans::cpu::{Frame, Labelled, Panel, UNLABELLED, drift_of_scores};
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
    labels: Vec<u16>,
    /// Sums of the rows by these labels.
    sums: Sums,
    /// Clusters grew and shrank by few rows in the last iteration: it pays to keep leads.
    pub(crate) is_settling: bool,
    /// From when on most rows need not be compared.
    leads: Option<Kept>,
}

/// By how much rows are nearer to their centroids than to others, and how far centroids have moved since that was first kept.
#[derive(Clone)]
struct Kept {
    /// `[N]`, as [`Labelled`] has them.
    leads: Vec<u16>,
    /// Of each cluster, `[K]`.
    drift: Vec<f64>,
    /// The same, rounded up.
    at_most: Vec<f32>,
}

impl Given {
    /// No row has been given yet.
    pub(crate) fn new(n_rows: usize, k: usize, n_columns: usize) -> Given {
        Given { labels: filled(UNLABELLED, n_rows), sums: Sums::zeros(k, n_columns), is_settling: false, leads: None }
    }

    /// Whether leads of rows are kept.
    pub(crate) fn has_leads(&self) -> bool {
        self.leads.is_some()
    }

    /// From now on they are.
    pub(crate) fn keep_leads(&mut self) {
        let (n_rows, k) = (self.labels.len(), self.sums.weights.len());
        let new = || Kept { leads: filled(0, n_rows), drift: vec![0.0; k], at_most: vec![0.0; k] };
        self.leads.get_or_insert_with(new);
    }

    /// What a pass over the rows changes, and what it starts from.
    pub(crate) fn parts(&mut self) -> (Labelled<'_>, Before<'_>) {
        let leads = self.leads.as_mut().map(|of| of.leads.as_mut_slice());
        let before = Before { sums: &mut self.sums, is_settling: &mut self.is_settling };
        (Labelled { labels: &mut self.labels, leads }, before)
    }

    /// What such a pass compares rows with.
    pub(crate) fn drifted(&self, panel: Panel) -> Panel {
        match &self.leads {
            Some(of) => panel.drifted(of.at_most.clone()),
            None => panel,
        }
    }

    /// Takes in how far each centroid moved, squared.
    pub(crate) fn drift(&mut self, squared_moves: &[f64], n_columns: usize) {
        let Some(Kept { drift, at_most, .. }) = &mut self.leads else { return };
        let (mut farthest, mut second, mut who) = (0.0, 0.0, 0);
        for (k, squared) in squared_moves.iter().enumerate() {
            if *squared > farthest {
                (farthest, second, who) = (*squared, farthest, k);
            } else if *squared > second {
                second = *squared;
            }
        }
        for (k, (drift, at_most)) in drift.iter_mut().zip(at_most).enumerate() {
            let other = if k == who { second } else { farthest };
            *drift += squared_moves[k].sqrt() + f64::sqrt(other) + drift_of_scores(n_columns) * f64::sqrt(farthest);
            *at_most = (*drift as f32).next_up();
        }
    }
}

/// What a pass over the rows starts from.
pub(crate) struct Before<'a> {
    pub(crate) sums: &'a mut Sums,
    is_settling: &'a mut bool,
}

/// Products of a row from which on the work that leads save is large beside their own.
const MANY_PRODUCTS: usize = 4096;

impl Before<'_> {
    /// Takes in the sums after it.
    pub(crate) fn take(self, sums: &Sums) {
        let n_rows: f64 = sums.weights.iter().sum();
        let changed: f64 = sums.weights.iter().zip(&self.sums.weights).map(|(new, old)| (new - old).abs()).sum();
        // A row that changes is counted where it leaves and where it comes.
        let few = if sums.sums.len() >= MANY_PRODUCTS { 1.0 / 20.0 } else { 1.0 / 50.0 };
        *self.is_settling = changed / 2.0 <= few * n_rows;
        self.sums.clone_from(sums);
    }
}

impl Restart {
    pub(crate) fn new(mut centroids: Vec<f64>, n_columns: usize, metric: Metric) -> Restart {
        if metric == Metric::Cosine {
            centroids.chunks_exact_mut(n_columns).for_each(to_unit);
        }
        Restart { centroids, inertia: f64::INFINITY, n_iter: 0, converged: false, given: None }
    }

    /// Moves the centroids to the means of their rows; those of empty clusters stay. Returns the squared distance that each
    /// moved.
    pub(crate) fn move_to_means(&mut self, sums: &Sums, n_columns: usize, metric: Metric) -> Vec<f64> {
        let mut moved = vec![0.0; sums.weights.len()];
        let of_clusters = self.centroids.chunks_exact_mut(n_columns).zip(sums.sums.chunks_exact(n_columns));
        for (((centroid, sum), &weight), moved) in of_clusters.zip(&sums.weights).zip(&mut moved) {
            let mut mean: Vec<f64> = sum.iter().map(|sum| sum / weight).collect();
            if metric == Metric::Cosine {
                to_unit(&mut mean);
            }
            // Unit rows that cancel out have no mean direction.
            if weight > 0.0 && mean.iter().any(|&c| c != 0.0 || metric == Metric::SquaredEuclidean) {
                *moved = mean.iter().zip(&*centroid).map(|(new, old)| (new - old).powi(2)).sum::<f64>();
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
