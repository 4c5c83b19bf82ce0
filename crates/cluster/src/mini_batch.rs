//! Mini-batch k-means (Sculley 2010, algorithm 1): centroids from small samples, each with a learning rate of its own.

use tenure_kernels::kmeans::cpu::{Level, Panel, accumulate_all};
use tenure_kernels::kmeans::{Rows, Sums, chunk_rows};

use crate::error::ClusterError;
use crate::fit::{Fitted, finish};
use crate::observe::Silent;
use crate::random::Stream;
use crate::restart::Restart;
use crate::seeding::{Draws, seed};
use crate::settings::{KMeans, at_least_one};
use crate::survey::{Survey, survey};

/// Stream of the batches, apart from those of the restarts.
const BATCHES: u64 = 1 << 32;

/// How mini-batches are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MiniBatch {
    /// Rows in each batch, drawn with replacement in proportion to weight.
    pub batch_rows: usize,
    /// Batches.
    pub n_batches: usize,
}

impl KMeans {
    /// Fits from mini-batches: one restart, `n_batches` small steps instead of Lloyd iterations over all rows. The inertia
    /// found is above that of [`fit`](KMeans::fit); worth it where one pass over the rows is too slow.
    pub fn fit_mini_batch(&self, rows: Rows<'_>, batches: MiniBatch) -> Result<Fitted, ClusterError> {
        at_least_one("batch_rows", batches.batch_rows)?;
        at_least_one("n_batches", batches.n_batches)?;
        let settings = KMeans { n_init: 1, ..self.clone() };
        settings.check(rows.n_columns)?;
        let chunk_rows = chunk_rows(self.k);
        let mut source = rows;
        let survey = survey(&mut source, self.k, chunk_rows, self.metric)?;
        let initial = seed(&settings, 0..settings.n_restarts(), &mut source, &survey, &mut Silent)?;
        let mut restart = Restart::new(initial.concat(), rows.n_columns, self.metric);
        let draws = Draws::new(&survey);
        let mut stream = Stream::new(self.seed, BATCHES);
        let mut seen = vec![0.0; self.k];
        for _ in 0..batches.n_batches {
            let sample: Vec<usize> = (0..batches.batch_rows).map(|_| draws.row(&mut stream)).collect();
            let x: Vec<f32> = sample.iter().flat_map(|&i| rows.row(i)).copied().collect();
            step(&mut restart, Rows { x: &x, weights: None, n_columns: rows.n_columns }, &survey, &mut seen);
        }
        restart.n_iter = batches.n_batches;
        let mut fitted = finish(&mut source, &survey, &[restart], chunk_rows)?;
        fitted.restarts[0].inertia = fitted.inertia;
        Ok(fitted)
    }
}

/// One batch: each centroid becomes the mean of all rows it was ever given. Taking rows one by one at rate `1 / count`,
/// as the paper has it, comes to the same for rows that are assigned together.
fn step(restart: &mut Restart, batch: Rows<'_>, survey: &Survey, seen: &mut [f64]) {
    let d = batch.n_columns;
    let panel = Panel::scores(Level::detect(), &survey.frame, &restart.centroids, d);
    let mut sums = [Sums::zeros(seen.len(), d)];
    accumulate_all(&[panel], batch, chunk_rows(seen.len()), &mut sums);
    let [mut sums] = sums;
    for (k, seen) in seen.iter_mut().enumerate() {
        let of_cluster = k * d..(k + 1) * d;
        for (sum, centroid) in sums.sums[of_cluster.clone()].iter_mut().zip(&restart.centroids[of_cluster]) {
            *sum += *seen * centroid;
        }
        sums.weights[k] += *seen;
        *seen = sums.weights[k];
    }
    restart.move_to_means(&sums, d, survey.frame.metric);
}
