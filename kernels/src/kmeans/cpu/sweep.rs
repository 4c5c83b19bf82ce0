//! Chunks on all threads, partial results added in the order of chunks: the thread count cannot be seen in a result.

use rayon::prelude::*;

use super::accumulate::{ChunkSums, Labelled, accumulate};
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
/// `panels`, `labelled`, `totals`: `[R]`.
pub fn accumulate_moves(
    panels: &[Panel],
    rows: Rows<'_>,
    chunk_rows: usize,
    labelled: Vec<Labelled<'_>>,
    totals: &mut [Sums],
) {
    let of_chunks = Labelled::by_chunk(labelled, chunk_rows).into_iter().enumerate();
    let mut of_chunks: Vec<(usize, Vec<Labelled<'_>>)> =
        of_chunks.map(|(i, labelled)| (i * chunk_rows, labelled)).collect();
    let zeros: Vec<Sums> = totals.iter().map(|total| Sums::zeros(total.weights.len(), rows.n_columns)).collect();
    let together = at_once(totals).min(of_chunks.len()).max(1);
    while !of_chunks.is_empty() {
        let wave: Vec<(usize, Vec<Labelled<'_>>)> = of_chunks.drain(..together.min(of_chunks.len())).collect();
        let partial = |(start, labelled): (usize, Vec<Labelled<'_>>)| {
            let end = rows.len().min(start + chunk_rows);
            let mut partial = zeros.clone();
            let mut chunk = ChunkSums::moves(panels, labelled);
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
