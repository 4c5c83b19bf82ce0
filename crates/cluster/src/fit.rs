//! A whole fit: survey, seeding, Lloyd iterations, the best restart's labels.

use std::ops::Range;

use rayon::prelude::*;
use tenure_kernels::kmeans::{Rows, chunk_rows};

use crate::centroids::Centroids;
#[cfg(feature = "gpu")]
use crate::device::Device;
use crate::error::ClusterError;
use crate::lloyd::{Lloyd, same_rows};
#[cfg(feature = "gpu")]
use crate::lloyd_gpu;
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
    /// Within-cluster sum of its last assignment; on a GPU from sums in `f32`, off by about 1e-7 of the rows' second moment.
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
    /// In memory stay 12 bytes for each row (label, distance), and before that, while centroids are sought, 4 for each
    /// restart that runs ([`together`](KMeans::together)).
    pub fn fit_source(&self, source: &mut dyn RowSource, observer: &mut dyn Observer) -> Result<Fitted, ClusterError> {
        let n_columns = source.n_columns();
        if n_columns == 0 {
            return Err(ClusterError::NoColumns);
        }
        self.check(n_columns)?;
        let chunk_rows = chunk_rows(self.k);
        let survey = survey(source, self.k, chunk_rows, self.metric)?;
        let lloyd = Lloyd { settings: self, survey: &survey, n_columns, chunk_rows };
        let mut restarts: Vec<Restart> = Vec::with_capacity(self.n_restarts());
        let seeded = |of: Range<usize>, source: &mut dyn RowSource, observer: &mut dyn Observer| {
            let initial = seed(self, of, source, &survey, observer)?;
            let restart = |centroids| Restart::new(centroids, n_columns, self.metric);
            Ok::<Vec<Restart>, ClusterError>(initial.into_iter().map(restart).collect())
        };
        #[cfg(feature = "gpu")]
        if let Device::Gpu(gpu) = &self.device
            && source.in_memory().is_some()
        {
            restarts = seeded(0..self.n_restarts(), source, observer)?;
            if let Some(rows) = source.in_memory() {
                return lloyd_gpu::fit(&lloyd, gpu, rows, restarts, observer);
            }
        }
        while restarts.len() < self.n_restarts() {
            let end = self.n_restarts().min(restarts.len().saturating_add(self.together));
            let mut some = seeded(restarts.len()..end, source, observer)?;
            lloyd.run(source, &mut some, observer)?;
            // Where rows were given to last is not asked for again.
            for restart in &mut some {
                restart.given = None;
            }
            restarts.append(&mut some);
        }
        finish(source, &survey, &restarts, chunk_rows)
    }
}

/// The restart of lowest inertia, the first of equals.
pub(crate) fn best(restarts: &[Restart]) -> usize {
    let best = (0..restarts.len()).min_by(|&a, &b| restarts[a].inertia.total_cmp(&restarts[b].inertia));
    best.expect("n_init is at least 1")
}

/// Labels the rows by the best restart.
pub(crate) fn finish(
    source: &mut dyn RowSource,
    survey: &Survey,
    restarts: &[Restart],
    chunk_rows: usize,
) -> Result<Fitted, ClusterError> {
    let restart_idx = best(restarts);
    let values = restarts[restart_idx].centroids.clone();
    let centroids = Centroids::framed(values, source.n_columns(), survey.frame.clone());
    let mut labelled = Labelled::new(survey.n_rows, centroids.k());
    if let Some(rows) = source.shared() {
        same_rows(survey.n_rows, rows.n_rows())?;
        let chunks = Chunks { rows, n_columns: centroids.n_columns(), chunk_rows };
        let work = |_, rows: Rows<'_>| {
            let (mut labels, mut distances) = (vec![0; rows.len()], vec![0.0; rows.len()]);
            centroids.label(rows, &mut labels, &mut distances);
            Ok((OfChunk::new(rows, &labels, &distances, centroids.k()), labels, distances))
        };
        chunks.each(12 * chunk_rows, work, |start, (of_chunk, labels, distances)| {
            labelled.put(start, &labels, &distances);
            labelled.add(&of_chunk);
        })?;
    } else {
        let mut n_rows = 0;
        for_each_block(source, chunk_rows, |first_row, rows| {
            n_rows += rows.len();
            same_rows(survey.n_rows, survey.n_rows.max(n_rows))?;
            let of_rows = first_row..first_row + rows.len();
            let (labels, distances) = (&mut labelled.labels[of_rows.clone()], &mut labelled.distances[of_rows]);
            centroids.label(rows, labels, distances);
            // Blocks start at chunks, so that the sum does not depend on where they end.
            let chunks = labels.par_chunks(chunk_rows).zip(distances.par_chunks(chunk_rows)).enumerate();
            let of_chunks: Vec<OfChunk> = chunks
                .map(|(i, (labels, distances))| {
                    let start = i * chunk_rows;
                    OfChunk::new(rows.slice(start, start + labels.len()), labels, distances, centroids.k())
                })
                .collect();
            for of_chunk in &of_chunks {
                labelled.add(of_chunk);
            }
            Ok(())
        })?;
        same_rows(survey.n_rows, n_rows)?;
    }
    Ok(labelled.fitted(centroids, restart_idx, restarts))
}

/// Rows with their labels, and what they come to.
pub(crate) struct Labelled {
    labels: Vec<u32>,
    distances: Vec<f64>,
    sizes: Vec<usize>,
    inertia: f64,
}

impl Labelled {
    pub(crate) fn new(n_rows: usize, k: usize) -> Labelled {
        Labelled { labels: vec![0; n_rows], distances: vec![0.0; n_rows], sizes: vec![0; k], inertia: 0.0 }
    }

    /// Takes in the chunk of the grid that starts at a row; chunks come in their order.
    #[cfg(feature = "gpu")]
    pub(crate) fn take(&mut self, start: usize, rows: Rows<'_>, labels: &[u32], distances: &[f64]) {
        self.put(start, labels, distances);
        self.add(&OfChunk::new(rows, labels, distances, self.sizes.len()));
    }

    fn put(&mut self, start: usize, labels: &[u32], distances: &[f64]) {
        self.labels[start..start + labels.len()].copy_from_slice(labels);
        self.distances[start..start + distances.len()].copy_from_slice(distances);
    }

    fn add(&mut self, of_chunk: &OfChunk) {
        self.inertia += of_chunk.inertia;
        self.sizes.iter_mut().zip(&of_chunk.sizes).for_each(|(size, n)| *size += n);
    }

    pub(crate) fn fitted(self, centroids: Centroids, restart_idx: usize, restarts: &[Restart]) -> Fitted {
        let Labelled { labels, distances, sizes, inertia } = self;
        let summary = |restart: &Restart| RestartSummary {
            inertia: restart.inertia,
            n_iter: restart.n_iter,
            converged: restart.converged,
        };
        let restarts = restarts.iter().map(summary).collect();
        Fitted { centroids, labels, distances, sizes, inertia, restart_idx, restarts }
    }
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
