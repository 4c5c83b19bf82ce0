//! Rows that several threads read at once: each takes a chunk, reads it and works on it, and no thread waits for another.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use tenure_kernels::kmeans::Rows;

use crate::error::ClusterError;
use crate::survey::Overview;

/// Rows that any thread can read, in any order.
pub trait SharedRows: Sync {
    /// How many rows.
    fn n_rows(&self) -> usize;

    /// Their weights, `[N]`, if they have some; those stay in memory.
    fn weights(&self) -> Option<&[f32]>;

    /// What is known of the rows from having written them; none where they have to be read to know it.
    fn overview(&self) -> Option<&Overview> {
        None
    }

    /// Reads the rows from `first_row` on, as many as fill `x`.
    fn read(&self, first_row: usize, x: &mut [f32]) -> Result<(), ClusterError>;

    /// These rows where they lie, if they can be used there.
    fn lent(&self, rows: Range<usize>) -> Option<&[f32]> {
        let _ = rows;
        None
    }

    /// Says that a thread is about to use these rows where they lie.
    fn begin(&self, rows: Range<usize>) {
        let _ = rows;
    }

    /// Says that it has used them.
    fn end(&self, rows: Range<usize>) {
        let _ = rows;
    }
}

/// Memory that what chunks give may take together, before it is taken.
const WAITING_BYTES: usize = 16 << 20;

/// A pass over shared rows, chunk by chunk of the grid.
pub(crate) struct Chunks<'a> {
    pub(crate) rows: &'a dyn SharedRows,
    pub(crate) n_columns: usize,
    pub(crate) chunk_rows: usize,
}

impl Chunks<'_> {
    /// Works on all chunks, `work(index of the first row, rows)`, and takes what comes of it in the order of chunks. What
    /// comes of one chunk holds about `n_bytes`.
    pub(crate) fn each<T: Send>(
        &self,
        n_bytes: usize,
        work: impl Fn(usize, Rows<'_>) -> Result<T, ClusterError> + Sync,
        take: impl FnMut(usize, T),
    ) -> Result<(), ClusterError> {
        self.each_unread(n_bytes, |span, room| work(span.start, self.read(span, room)?), take)
    }

    /// The same where `work` reads the rows of its chunk itself, with [`Chunks::read`].
    pub(crate) fn each_unread<T: Send>(
        &self,
        n_bytes: usize,
        work: impl Fn(Range<usize>, &mut Vec<f32>) -> Result<T, ClusterError> + Sync,
        mut take: impl FnMut(usize, T),
    ) -> Result<(), ClusterError> {
        let starts: Vec<usize> = (0..self.rows.n_rows()).step_by(self.chunk_rows).collect();
        let together = (WAITING_BYTES / n_bytes.max(1)).max(4 * rayon::current_num_threads());
        // As many as threads, and kept: fresh memory costs more than the reading.
        let rooms: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());
        let with_room = |&start: &usize| {
            let mut room = rooms.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            self.rows.begin(self.span(start));
            let done = work(self.span(start), &mut room);
            self.rows.end(self.span(start));
            rooms.lock().unwrap_or_else(PoisonError::into_inner).push(room);
            done
        };
        for wave in starts.chunks(together) {
            let done: Vec<Result<T, ClusterError>> = wave.par_iter().map(with_room).collect();
            // Of several errors the first is told, whichever thread was faster.
            for (&start, done) in wave.iter().zip(done) {
                take(start, done?);
            }
        }
        Ok(())
    }

    /// Rows of the chunk that starts at a row.
    pub(crate) fn span(&self, start: usize) -> Range<usize> {
        start..self.rows.n_rows().min(start + self.chunk_rows)
    }

    /// These rows.
    pub(crate) fn read<'b>(&'b self, span: Range<usize>, room: &'b mut Vec<f32>) -> Result<Rows<'b>, ClusterError> {
        let weights = self.rows.weights().map(|weights| &weights[span.clone()]);
        if let Some(x) = self.rows.lent(span.clone()) {
            return Ok(Rows { x, weights, n_columns: self.n_columns });
        }
        room.resize(span.len() * self.n_columns, 0.0);
        self.rows.read(span.start, room)?;
        Ok(Rows { x: room, weights, n_columns: self.n_columns })
    }
}
