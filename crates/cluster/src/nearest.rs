//! Each row's squared distance to the nearest centre chosen so far, for every restart: the state of D² seeding.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use tenure_kernels::kmeans::Rows;
use tenure_kernels::kmeans::cpu::{Candidates, Frame, Level, Panel, lower, padded, potentials};

use crate::error::ClusterError;
use crate::filled::filled;
use crate::lloyd::same_rows;
use crate::random::Stream;
use crate::shared::{Chunks, SharedRows};
use crate::source::{RowSource, for_each_block};
use crate::survey::Survey;

/// Squared distances of all rows to their nearest centres: `4·R` bytes for each row, in memory also where rows are
/// streamed.
pub(crate) struct Nearest<'a> {
    survey: &'a Survey,
    n_restarts: usize,
    chunk_rows: usize,
    /// `[chunk][R][padded rows of the chunk]`.
    squared: Vec<f32>,
    /// `Σ w·squared` of each chunk and restart, `[chunk][R]`.
    totals: Vec<Vec<f64>>,
}

impl<'a> Nearest<'a> {
    pub(crate) fn new(survey: &'a Survey, n_restarts: usize, chunk_rows: usize) -> Nearest<'a> {
        let (n_full, rest) = (survey.n_rows / chunk_rows, survey.n_rows % chunk_rows);
        let len = n_restarts * (n_full * padded(chunk_rows) + padded(rest));
        // Finite, so that a padded row times its weight of 0 is 0.
        let squared = filled(f32::MAX, len);
        let totals = vec![vec![0.0; n_restarts]; n_full + usize::from(rest > 0)];
        Nearest { survey, n_restarts, chunk_rows, squared, totals }
    }

    fn stride(&self) -> usize {
        self.n_restarts * padded(self.chunk_rows)
    }

    /// Takes new centres in, `[R][any number, D]`.
    pub(crate) fn lower(&mut self, source: &mut dyn RowSource, centres: &[Vec<f64>]) -> Result<(), ClusterError> {
        let panels = panels(&self.survey.frame, centres, source.n_columns());
        let (chunk_rows, stride) = (self.chunk_rows, self.stride());
        if let Some(rows) = source.shared() {
            return self.lower_shared(rows, source.n_columns(), &panels);
        }
        let mut n_rows = 0;
        for_each_block(source, chunk_rows, |first_row, rows| {
            let first = first_row / chunk_rows;
            let chunks = chunks(rows, chunk_rows);
            let totals = self.totals.get_mut(first..first + chunks.len()).unwrap_or_default();
            let squared = self.squared.get_mut(first * stride..).unwrap_or_default().par_chunks_mut(stride);
            n_rows += rows.len();
            same_rows(self.survey.n_rows, self.survey.n_rows.max(n_rows))?;
            squared.zip(totals).zip(chunks).for_each(|((squared, totals), rows)| {
                let len = self.n_restarts * padded(rows.len());
                *totals = lower(&panels, rows, &mut squared[..len]);
            });
            Ok(())
        })?;
        same_rows(self.survey.n_rows, n_rows)
    }

    fn lower_shared(&mut self, rows: &dyn SharedRows, n_columns: usize, panels: &[Panel]) -> Result<(), ClusterError> {
        same_rows(self.survey.n_rows, rows.n_rows())?;
        let (chunk_rows, n_restarts, stride) = (self.chunk_rows, self.n_restarts, self.stride());
        // Each chunk is worked on once: no thread waits for another's lock.
        let states: Vec<Mutex<(&mut [f32], &mut Vec<f64>)>> =
            self.squared.chunks_mut(stride).zip(&mut self.totals).map(Mutex::new).collect();
        let work = |start: usize, rows: Rows<'_>| {
            let mut state = states[start / chunk_rows].lock().unwrap_or_else(PoisonError::into_inner);
            let (squared, totals) = &mut *state;
            **totals = lower(panels, rows, &mut squared[..n_restarts * padded(rows.len())]);
            Ok(())
        };
        Chunks { rows, n_columns, chunk_rows }.each(1, work, |_, ()| ())
    }

    /// The potential of each restart with each of its candidates added, `[R][candidates]`.
    pub(crate) fn potentials(
        &self,
        source: &mut dyn RowSource,
        candidates: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, ClusterError> {
        let d = source.n_columns();
        let (level, frame) = (Level::detect(), &self.survey.frame);
        let packed: Vec<Candidates> =
            candidates.iter().map(|points| Candidates::new(level, frame, points, d)).collect();
        let stride = self.stride();
        let mut sums: Vec<Vec<f64>> = candidates.iter().map(|candidates| vec![0.0; candidates.len() / d]).collect();
        let mut add = |partial: Vec<Vec<f64>>| {
            let pairs = sums.iter_mut().flatten().zip(partial.iter().flatten());
            pairs.for_each(|(sum, partial)| *sum += partial);
        };
        if let Some(rows) = source.shared() {
            same_rows(self.survey.n_rows, rows.n_rows())?;
            let n_bytes = 8 * candidates.iter().map(|candidates| candidates.len() / d).sum::<usize>();
            let work = |start: usize, rows: Rows<'_>| {
                let squared = &self.squared[start / self.chunk_rows * stride..];
                Ok(potentials(&packed, rows, &squared[..self.n_restarts * padded(rows.len())]))
            };
            Chunks { rows, n_columns: d, chunk_rows: self.chunk_rows }
                .each(n_bytes, work, |_, partial| add(partial))?;
            return Ok(sums);
        }
        let mut n_rows = 0;
        for_each_block(source, self.chunk_rows, |first_row, rows| {
            n_rows += rows.len();
            same_rows(self.survey.n_rows, self.survey.n_rows.max(n_rows))?;
            let squared = self.squared[first_row / self.chunk_rows * stride..].par_chunks(stride);
            let partials: Vec<Vec<Vec<f64>>> = squared
                .zip(chunks(rows, self.chunk_rows))
                .map(|(squared, rows)| potentials(&packed, rows, &squared[..self.n_restarts * padded(rows.len())]))
                .collect();
            partials.into_iter().for_each(&mut add);
            Ok(())
        })?;
        same_rows(self.survey.n_rows, n_rows)?;
        Ok(sums)
    }

    /// `Σ w·squared` of a restart.
    pub(crate) fn potential(&self, restart: usize) -> f64 {
        self.totals.iter().map(|totals| totals[restart]).sum()
    }

    /// Rows drawn for each restart in proportion to weight times squared distance; `None` where all rows are centres.
    pub(crate) fn draw(&self, streams: &mut [Stream], n: usize) -> Option<Vec<Vec<usize>>> {
        let of_restart = |(restart, stream): (usize, &mut Stream)| -> Option<Vec<usize>> {
            let total = self.potential(restart);
            (total > 0.0).then(|| (0..n).map(|_| self.find(restart, stream.unit() * total)).collect())
        };
        streams.iter_mut().enumerate().map(of_restart).collect()
    }

    /// The row at which the running sum passes `target`.
    fn find(&self, restart: usize, mut target: f64) -> usize {
        let mut chunk = 0;
        for (i, totals) in self.totals.iter().enumerate().filter(|(_, totals)| totals[restart] > 0.0) {
            chunk = i;
            if target < totals[restart] {
                break;
            }
            target -= totals[restart];
        }
        self.find_in(chunk, restart, target)
    }

    /// The same within a chunk; the last row that counts where rounding leaves the sum short.
    fn find_in(&self, chunk: usize, restart: usize, mut target: f64) -> usize {
        let mut last = chunk * self.chunk_rows;
        for (row_idx, term) in self.terms(chunk, restart).filter(|&(_, term)| term > 0.0) {
            last = row_idx;
            if target < term {
                break;
            }
            target -= term;
        }
        last
    }

    /// Each row of a chunk with its weight times squared distance.
    pub(crate) fn terms(&self, chunk: usize, restart: usize) -> impl Iterator<Item = (usize, f64)> {
        let start = chunk * self.chunk_rows;
        let n = self.chunk_rows.min(self.survey.n_rows - start);
        let at = chunk * self.stride() + restart * padded(n);
        let weights = self.survey.weights.as_deref();
        let weight = move |row_idx: usize| weights.map_or(1.0, |weights| f64::from(weights[row_idx]));
        let squared = self.squared[at..at + n].iter().enumerate();
        squared.map(move |(i, &squared)| (start + i, weight(start + i) * f64::from(squared)))
    }

    pub(crate) fn n_chunks(&self) -> usize {
        self.totals.len()
    }
}

fn panels(frame: &Frame, points: &[Vec<f64>], n_columns: usize) -> Vec<Panel> {
    points.iter().map(|points| Panel::points(Level::detect(), frame, points, n_columns)).collect()
}

fn chunks(rows: Rows<'_>, chunk_rows: usize) -> Vec<Rows<'_>> {
    let starts = (0..rows.len()).step_by(chunk_rows);
    starts.map(|start| rows.slice(start, rows.len().min(start + chunk_rows))).collect()
}
