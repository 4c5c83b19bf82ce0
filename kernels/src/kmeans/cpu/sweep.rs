//! Chunks on all threads, partial results added in the order of chunks: the thread count cannot be seen in a result.

use rayon::prelude::*;

use super::assign::{ChunkSums, accumulate};
use super::panel::Panel;
use crate::kmeans::{Rows, Sums};

/// Memory that partial sums of chunks at work may take together.
const PARTIAL_BYTES: usize = 16 << 20;

/// Adds rows, chunk by chunk, to the sums of each restart. The rows start at a chunk of the grid.
///
/// # Shapes
/// `panels`, `totals`: `[R]`.
pub fn accumulate_all(panels: &[Panel], rows: Rows<'_>, chunk_rows: usize, totals: &mut [Sums]) {
    let starts: Vec<usize> = (0..rows.len()).step_by(chunk_rows).collect();
    let most = at_once(totals).min(starts.len());
    let zeros: Vec<Sums> = totals.iter().map(|total| Sums::zeros(total.weights.len(), rows.n_columns)).collect();
    let mut partials = vec![zeros; most];
    for wave in starts.chunks(most.max(1)) {
        partials[..wave.len()].par_iter_mut().zip(wave).for_each(|(partial, &start)| {
            partial.iter_mut().for_each(Sums::clear);
            let end = rows.len().min(start + chunk_rows);
            accumulate(panels, rows.slice(start, end), &rows.x[end * rows.n_columns..], partial);
        });
        for partial in &partials[..wave.len()] {
            totals.iter_mut().zip(partial).for_each(|(total, partial)| total.add(partial));
        }
    }
}

/// [`accumulate_all`] of rows that have labels: adds what changed of the sums, and labels them anew.
///
/// # Shapes
/// `panels`, `totals`: `[R]`; `labels`: `[R][N]`, [`UNLABELLED`](super::UNLABELLED) all of a restart or none.
pub fn accumulate_moves(
    panels: &[Panel],
    rows: Rows<'_>,
    chunk_rows: usize,
    labels: Vec<&mut [u16]>,
    totals: &mut [Sums],
) {
    let mut of_chunks: Vec<(usize, Vec<&mut [u16]>)> =
        (0..rows.len()).step_by(chunk_rows).map(|start| (start, Vec::with_capacity(panels.len()))).collect();
    for of_restart in labels {
        for ((_, of_chunk), labels) in of_chunks.iter_mut().zip(of_restart.chunks_mut(chunk_rows)) {
            of_chunk.push(labels);
        }
    }
    let zeros: Vec<Sums> = totals.iter().map(|total| Sums::zeros(total.weights.len(), rows.n_columns)).collect();
    let together = at_once(totals).min(of_chunks.len()).max(1);
    while !of_chunks.is_empty() {
        let wave: Vec<(usize, Vec<&mut [u16]>)> = of_chunks.drain(..together.min(of_chunks.len())).collect();
        let partial = |(start, labels): (usize, Vec<&mut [u16]>)| {
            let end = rows.len().min(start + chunk_rows);
            let mut partial = zeros.clone();
            let mut chunk = ChunkSums::moves(panels, labels);
            chunk.add_before(rows.slice(start, end), &rows.x[end * rows.n_columns..]);
            chunk.finish(&mut partial);
            partial
        };
        let partials: Vec<Vec<Sums>> = wave.into_par_iter().map(partial).collect();
        for partial in &partials {
            totals.iter_mut().zip(partial).for_each(|(total, partial)| total.add(partial));
        }
    }
}

/// Chunks whose partial sums are in memory together.
fn at_once(totals: &[Sums]) -> usize {
    let partial_bytes: usize = 8 * totals.iter().map(|total| total.sums.len() + total.weights.len()).sum::<usize>();
    (PARTIAL_BYTES / partial_bytes.max(1)).max(4 * rayon::current_num_threads())
}
