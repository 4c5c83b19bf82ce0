//! Lloyd iterations of all restarts at once: the rows are read once for all that still run.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use tenure_kernels::kmeans::cpu::{ChunkSums, Labelled, Level, MOST_LABELLED, Panel, accumulate_all, accumulate_moves};
use tenure_kernels::kmeans::{Metric, Rows, Sums};

use crate::centroids::Centroids;
use crate::error::ClusterError;
use crate::observe::{Iteration, Observer};
use crate::restart::{Before, Given, Restart};
use crate::settings::KMeans;
use crate::shared::{Chunks, SharedRows};
use crate::source::{RowSource, for_each_block};
use crate::survey::Survey;

/// What stays the same over iterations.
pub(crate) struct Lloyd<'a> {
    pub(crate) settings: &'a KMeans,
    pub(crate) survey: &'a Survey,
    pub(crate) n_columns: usize,
    pub(crate) chunk_rows: usize,
}

impl Lloyd<'_> {
    /// Runs every restart to its end.
    pub(crate) fn run(
        &self,
        source: &mut dyn RowSource,
        restarts: &mut [Restart],
        observer: &mut dyn Observer,
    ) -> Result<(), ClusterError> {
        for n_iter in 1..=self.settings.max_iter {
            let mut running: Vec<&mut Restart> = restarts.iter_mut().filter(|restart| !restart.converged).collect();
            if running.is_empty() {
                break;
            }
            let inertia = self.iterate(source, &mut running, n_iter)?;
            observer.iterated(&Iteration { n_iter, n_running: running.len(), inertia });
        }
        Ok(())
    }

    /// One iteration of these restarts; the lowest inertia of any of them before its centroids moved.
    pub(crate) fn iterate(
        &self,
        source: &mut dyn RowSource,
        running: &mut [&mut Restart],
        n_iter: usize,
    ) -> Result<f64, ClusterError> {
        let mut sums = match self.survey.weights {
            None if self.settings.k <= MOST_LABELLED => self.sums_by_moves(source, running, n_iter)?,
            // Differences of weights that are no whole numbers leave rests, and a cluster that is empty must weigh nothing.
            _ => self.sums(source, running)?,
        };
        let mut lowest = f64::INFINITY;
        for (restart, sums) in running.iter_mut().zip(&mut sums) {
            lowest = lowest.min(self.inertia(restart, sums));
            if self.refill(source, restart, sums)? {
                // A row was moved from one cluster's sums to another's: its label does not say so.
                restart.given = None;
            }
            let moved = restart.move_to_means(sums, self.n_columns, self.settings.metric);
            if let Some(given) = &mut restart.given {
                given.drift(&moved, self.n_columns);
            }
            restart.inertia = self.inertia(restart, sums);
            restart.n_iter = n_iter;
            restart.converged = moved.iter().sum::<f64>() <= self.enough();
            if restart.converged {
                restart.given = None;
            }
        }
        Ok(lowest)
    }

    /// The squared distance, all centroids of a restart together, that counts as rest.
    pub(crate) fn enough(&self) -> f64 {
        self.settings.tolerance * self.survey.mean_variance
    }

    pub(crate) fn inertia(&self, restart: &Restart, sums: &Sums) -> f64 {
        restart.inertia_of(sums, self.n_columns, &self.survey.frame, self.survey.second_moment)
    }

    fn panels(&self, running: &[&mut Restart]) -> Vec<Panel> {
        let (level, frame) = (Level::detect(), &self.survey.frame);
        running.iter().map(|restart| Panel::scores(level, frame, &restart.centroids, self.n_columns)).collect()
    }

    /// Sums of rows by their nearest centroids: those of the last iteration, and what moved since.
    fn sums_by_moves(
        &self,
        source: &mut dyn RowSource,
        running: &mut [&mut Restart],
        n_iter: usize,
    ) -> Result<Vec<Sums>, ClusterError> {
        let (k, d, n_rows) = (self.settings.k, self.n_columns, self.survey.n_rows);
        let mut panels = Vec::with_capacity(running.len());
        let (mut labelled, mut kept): (Vec<Labelled<'_>>, Vec<Before<'_>>) = (Vec::new(), Vec::new());
        let leads = self.keeps_leads(running, n_iter);
        let plain = self.panels(running);
        for (restart, panel) in running.iter_mut().zip(plain) {
            let given = restart.given.get_or_insert_with(|| Given::new(n_rows, k, d));
            if leads {
                given.keep_leads();
            }
            panels.push(given.drifted(panel));
            let (rows, before) = given.parts();
            labelled.push(rows);
            kept.push(before);
        }
        let mut sums: Vec<Sums> = kept.iter().map(|before| before.sums.clone()).collect();
        if let Some(rows) = source.shared() {
            same_rows(n_rows, rows.n_rows())?;
            self.moves_of_shared(rows, &panels, labelled, &mut sums)?;
        } else {
            let mut n_seen = 0;
            for_each_block(source, self.chunk_rows, |first_row, rows| {
                n_seen += rows.len();
                same_rows(n_rows, n_rows.max(n_seen))?;
                let of_rows = first_row..first_row + rows.len();
                let labelled = labelled.iter_mut().map(|labelled| labelled.part(of_rows.clone())).collect();
                accumulate_moves(&panels, rows, self.chunk_rows, labelled, &mut sums);
                Ok(())
            })?;
            same_rows(n_rows, n_seen)?;
        }
        kept.into_iter().zip(&sums).for_each(|(before, sums)| before.take(sums));
        Ok(sums)
    }

    /// Whether it pays for these restarts to keep how far rows are from changing their cluster: all do from then on.
    fn keeps_leads(&self, running: &[&mut Restart], n_iter: usize) -> bool {
        let given = || running.iter().filter_map(|restart| restart.given.as_ref());
        if given().any(Given::has_leads) {
            return true;
        }
        // What is found in the last iteration no other needs.
        let n_settling = given().filter(|given| given.is_settling).count();
        let is_euclidean = self.settings.metric == Metric::SquaredEuclidean;
        is_euclidean && n_iter < self.settings.max_iter && 2 * n_settling >= running.len()
    }

    fn moves_of_shared(
        &self,
        rows: &dyn SharedRows,
        panels: &[Panel],
        labelled: Vec<Labelled<'_>>,
        sums: &mut [Sums],
    ) -> Result<(), ClusterError> {
        let chunks = Chunks { rows, n_columns: self.n_columns, chunk_rows: self.chunk_rows };
        let n_bytes = sums_bytes(sums);
        let zeros = vec![Sums::zeros(self.settings.k, self.n_columns); sums.len()];
        // Each chunk is worked on once: no thread waits for another's lock.
        let of_chunks: Vec<Mutex<Vec<Labelled<'_>>>> =
            Labelled::by_chunk(labelled, self.chunk_rows).into_iter().map(Mutex::new).collect();
        let of_chunk = |span: Range<usize>, room: &mut Vec<f32>| {
            let labelled = &of_chunks[span.start / self.chunk_rows];
            let labelled = std::mem::take(&mut *labelled.lock().unwrap_or_else(PoisonError::into_inner));
            chunks.sum(ChunkSums::moves(panels, labelled), span, room, &zeros)
        };
        chunks.each_unread(n_bytes, of_chunk, |_, partial| {
            sums.iter_mut().zip(&partial).for_each(|(sums, partial)| sums.add(partial));
        })
    }

    /// Sums of rows by their nearest centroids, all anew.
    fn sums(&self, source: &mut dyn RowSource, running: &[&mut Restart]) -> Result<Vec<Sums>, ClusterError> {
        let panels = self.panels(running);
        let mut sums = vec![Sums::zeros(self.settings.k, self.n_columns); running.len()];
        if let Some(rows) = source.shared() {
            same_rows(self.survey.n_rows, rows.n_rows())?;
            let chunks = Chunks { rows, n_columns: self.n_columns, chunk_rows: self.chunk_rows };
            let n_bytes = sums_bytes(&sums);
            let zeros = sums.clone();
            let of_chunk = |span, room: &mut Vec<f32>| chunks.sum(ChunkSums::new(&panels), span, room, &zeros);
            chunks.each_unread(n_bytes, of_chunk, |_, partial| {
                sums.iter_mut().zip(&partial).for_each(|(sums, partial)| sums.add(partial));
            })?;
            return Ok(sums);
        }
        let mut n_rows = 0;
        for_each_block(source, self.chunk_rows, |_, rows| {
            accumulate_all(&panels, rows, self.chunk_rows, &mut sums);
            n_rows += rows.len();
            Ok(())
        })?;
        same_rows(self.survey.n_rows, n_rows)?;
        Ok(sums)
    }

    /// Gives each empty cluster the row that is farthest from its own centroid, taken out of that centroid's sums; whether
    /// there was one.
    fn refill(&self, source: &mut dyn RowSource, restart: &Restart, sums: &mut Sums) -> Result<bool, ClusterError> {
        let empty: Vec<usize> = (0..self.settings.k).filter(|&k| sums.weights[k] == 0.0).collect();
        if empty.is_empty() {
            return Ok(false);
        }
        let d = self.n_columns;
        for (k, far) in empty.into_iter().zip(self.farthest(source, restart, d)?) {
            let from = far.label as usize;
            for (j, x) in far.row.iter().enumerate() {
                let moved = far.scale * f64::from(*x);
                sums.sums[from * d + j] -= moved;
                sums.sums[k * d + j] = moved;
            }
            sums.weights[from] -= far.weight;
            sums.weights[k] = far.weight;
        }
        Ok(true)
    }

    /// Different rows, the farthest from their centroids first, at most `K`; of equals the first row.
    fn farthest(&self, source: &mut dyn RowSource, restart: &Restart, d: usize) -> Result<Vec<Far>, ClusterError> {
        let centroids = Centroids::framed(restart.centroids.clone(), d, self.survey.frame.clone());
        let mut farthest: Vec<Far> = Vec::new();
        for_each_block(source, self.chunk_rows, |_, rows| {
            let (mut labels, mut distances) = (vec![0; rows.len()], vec![0.0; rows.len()]);
            centroids.label(rows, &mut labels, &mut distances);
            for i in 0..rows.len() {
                let least = if farthest.len() < self.settings.k { 0.0 } else { farthest[farthest.len() - 1].distance };
                if distances[i] > least && rows.weight(i) > 0.0 {
                    keep(&mut farthest, Far::new(rows, i, labels[i], distances[i], self.settings.metric));
                    farthest.truncate(self.settings.k);
                }
            }
            Ok(())
        })?;
        Ok(farthest)
    }
}

impl Chunks<'_> {
    /// Sums of the rows of a chunk, which are read piece by piece.
    fn sum(
        &self,
        mut chunk: ChunkSums<'_>,
        span: Range<usize>,
        room: &mut Vec<f32>,
        zeros: &[Sums],
    ) -> Result<Vec<Sums>, ClusterError> {
        for start in span.clone().step_by(chunk.piece_rows()) {
            let end = span.end.min(start + chunk.piece_rows());
            chunk.add(self.read(start..end, room)?);
        }
        let mut partial = zeros.to_vec();
        chunk.finish(&mut partial);
        Ok(partial)
    }
}

/// Bytes of so many sums.
fn sums_bytes(sums: &[Sums]) -> usize {
    8 * sums.iter().map(|sums| sums.sums.len() + sums.weights.len()).sum::<usize>()
}

/// A row far from its centroid.
struct Far {
    distance: f64,
    label: u32,
    weight: f64,
    /// What the row counts for in sums: its weight, over its length under cosine.
    scale: f64,
    row: Vec<f32>,
}

impl Far {
    fn new(rows: Rows<'_>, i: usize, label: u32, distance: f64, metric: Metric) -> Far {
        let (row, weight) = (rows.row(i).to_vec(), f64::from(rows.weight(i)));
        let scale = match metric {
            Metric::SquaredEuclidean => weight,
            Metric::Cosine => weight / tenure_kernels::kmeans::reference::norm(&row),
        };
        Far { distance, label, weight, scale, row }
    }
}

/// Inserts in order of falling distance, unless the same row is there.
fn keep(farthest: &mut Vec<Far>, new: Far) {
    let at = farthest.partition_point(|far| far.distance >= new.distance);
    if farthest.iter().all(|far| far.row != new.row) {
        farthest.insert(at, new);
    }
}

/// Every pass must see the rows of the first.
pub(crate) fn same_rows(first: usize, later: usize) -> Result<(), ClusterError> {
    if first == later { Ok(()) } else { Err(ClusterError::SourceChanged { first, later }) }
}
