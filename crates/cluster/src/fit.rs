//! A whole fit: survey, seeding, Lloyd iterations, the best restart's labels.

use rayon::prelude::*;
use tenure_kernels::kmeans::{Rows, chunk_rows};

use crate::centroids::Centroids;
use crate::error::ClusterError;
use crate::lloyd::{Lloyd, same_rows};
use crate::observe::{Observer, Silent};
use crate::restart::Restart;
use crate::seeding::seed;
use crate::settings::KMeans;
use crate::shared::Chunks;
use crate::source::{RowSource, for_each_block};
use crate::survey::{Survey, survey};

/// A fitted clustering.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Centroids of the best restart.
    pub centroids: Centroids,
    /// Nearest centroid of each row, `[N]`.
    pub labels: Vec<u32>,
    /// Squared Euclidean distance (or `1 − cos`) of each row to its centroid, `[N]`.
    pub distances: Vec<f64>,
    /// Rows in each cluster, `[K]`.
    pub sizes: Vec<usize>,
    /// `Σ w · distances`.
    pub inertia: f64,
    /// Which restart won, from 0.
    pub restart_idx: usize,
    /// How each restart ended.
    pub restarts: Vec<RestartSummary>,
}

/// How a restart ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RestartSummary {
    /// Within-cluster sum of its last assignment.
    pub inertia: f64,
    /// Lloyd iterations.
    pub n_iter: usize,
    /// Whether it came to rest before `max_iter`.
    pub converged: bool,
}

impl KMeans {
    /// Fits rows in memory.
    pub fn fit(&self, rows: Rows<'_>) -> Result<Fitted, ClusterError> {
        self.fit_source(&mut { rows }, &mut Silent)
    }

    /// Fits rows that come in passes, and tells of progress. The same rows in the same order give the same bits as
    /// [`fit`](KMeans::fit), however they are cut into blocks.
    ///
    /// In memory stay 12 bytes for each row (label, distance) and, while k-means++ or k-means‖ seeds, `4 · n_init`.
    pub fn fit_source(&self, source: &mut dyn RowSource, observer: &mut dyn Observer) -> Result<Fitted, ClusterError> {
        let n_columns = source.n_columns();
        if n_columns == 0 {
            return Err(ClusterError::NoColumns);
        }
        self.check(n_columns)?;
        let chunk_rows = chunk_rows(self.k);
        let survey = survey(source, self.k, chunk_rows, self.metric)?;
        let initial = seed(self, source, &survey, observer)?;
        let mut restarts: Vec<Restart> =
            initial.into_iter().map(|centroids| Restart::new(centroids, n_columns, self.metric)).collect();
        Lloyd { settings: self, survey: &survey, n_columns, chunk_rows }.run(source, &mut restarts, observer)?;
        finish(source, &survey, &restarts, chunk_rows)
    }
}

/// Labels the rows by the best restart, the first of equals.
pub(crate) fn finish(
    source: &mut dyn RowSource,
    survey: &Survey,
    restarts: &[Restart],
    chunk_rows: usize,
) -> Result<Fitted, ClusterError> {
    let best = (0..restarts.len()).min_by(|&a, &b| restarts[a].inertia.total_cmp(&restarts[b].inertia));
    let restart_idx = best.expect("n_init is at least 1");
    let values = restarts[restart_idx].centroids.clone();
    let centroids = Centroids::framed(values, source.n_columns(), survey.frame.clone());
    let (mut labels, mut distances) = (vec![0; survey.n_rows], vec![0.0; survey.n_rows]);
    let (mut inertia, mut sizes) = (0.0, vec![0; centroids.k()]);
    let mut take = |of_chunk: &OfChunk| {
        inertia += of_chunk.inertia;
        sizes.iter_mut().zip(&of_chunk.sizes).for_each(|(size, n)| *size += n);
    };
    if let Some(rows) = source.shared() {
        same_rows(survey.n_rows, rows.n_rows())?;
        let chunks = Chunks { rows, n_columns: centroids.n_columns(), chunk_rows };
        let work = |_, rows: Rows<'_>| {
            let (mut labels, mut distances) = (vec![0; rows.len()], vec![0.0; rows.len()]);
            centroids.label(rows, &mut labels, &mut distances);
            Ok((OfChunk::new(rows, &labels, &distances, centroids.k()), labels, distances))
        };
        chunks.each(12 * chunk_rows, work, |start, (of_chunk, of_rows, of_distances)| {
            labels[start..start + of_rows.len()].copy_from_slice(&of_rows);
            distances[start..start + of_rows.len()].copy_from_slice(&of_distances);
            take(&of_chunk);
        })?;
    } else {
        let mut n_rows = 0;
        for_each_block(source, chunk_rows, |first_row, rows| {
            n_rows += rows.len();
            same_rows(survey.n_rows, survey.n_rows.max(n_rows))?;
            let of_rows = first_row..first_row + rows.len();
            let (labels, distances) = (&mut labels[of_rows.clone()], &mut distances[of_rows]);
            centroids.label(rows, labels, distances);
            // Blocks start at chunks, so that the sum does not depend on where they end.
            let chunks = labels.par_chunks(chunk_rows).zip(distances.par_chunks(chunk_rows)).enumerate();
            let of_chunks: Vec<OfChunk> = chunks
                .map(|(i, (labels, distances))| {
                    let start = i * chunk_rows;
                    OfChunk::new(rows.slice(start, start + labels.len()), labels, distances, centroids.k())
                })
                .collect();
            of_chunks.iter().for_each(&mut take);
            Ok(())
        })?;
        same_rows(survey.n_rows, n_rows)?;
    }
    let summary = |restart: &Restart| RestartSummary {
        inertia: restart.inertia,
        n_iter: restart.n_iter,
        converged: restart.converged,
    };
    let restarts = restarts.iter().map(summary).collect();
    Ok(Fitted { centroids, labels, distances, sizes, inertia, restart_idx, restarts })
}

/// What the labelled rows of one chunk come to.
struct OfChunk {
    /// `Σ w · distances`.
    inertia: f64,
    sizes: Vec<usize>,
}

impl OfChunk {
    fn new(rows: Rows<'_>, labels: &[u32], distances: &[f64], k: usize) -> OfChunk {
        let inertia = match rows.weights {
            None => distances.iter().sum(),
            Some(weights) => weights.iter().zip(distances).map(|(&w, distance)| f64::from(w) * distance).sum(),
        };
        let mut sizes = vec![0; k];
        for &label in labels {
            sizes[label as usize] += 1;
        }
        OfChunk { inertia, sizes }
    }
}
