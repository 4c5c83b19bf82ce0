//! Batches of raw rows into scores, on all cores, in order.

use std::ops::Range;

use tenure_artifact::RawValue;
use tenure_data::{BadRow, RawBatch, RawCells, RawColumn};
use tenure_edge::{BatchError, Flags, Model, Prediction, Rows, Score, Workspace};

/// Rows that one thread scores before it looks at the next ones: their raw values stay in its cache.
const TILE_ROWS: usize = 256;
/// Fewer rows than this are not worth a second thread.
const ROWS_PER_THREAD: usize = 2_048;

/// What became of consecutive rows.
#[derive(Debug, Default)]
pub struct Scored {
    /// One for each row; NaN for those in `bad`.
    pub probability: Vec<f64>,
    /// One for each row, see [`Flags`].
    pub unusual: Vec<u8>,
    /// Rows that were not scored, ascending.
    pub bad: Vec<BadRow>,
}

/// The columns that a model reads.
pub fn columns(model: &Model<'_>) -> Vec<RawColumn> {
    let inputs = model.encoder().inputs().iter();
    inputs.map(|input| RawColumn { name: input.name.clone(), is_number: input.encoder.reads_numbers() }).collect()
}

/// Scores a batch. What cannot be read, and what the model's policy refuses, is among [`Scored::bad`].
pub fn score(model: &Model<'_>, batch: &RawBatch<'_>) -> Scored {
    let n_cores = std::thread::available_parallelism().map_or(1, usize::from);
    let n_threads = (batch.n_rows / ROWS_PER_THREAD).clamp(1, n_cores);
    let part = |i: usize| i * batch.n_rows / n_threads..(i + 1) * batch.n_rows / n_threads;
    let parts: Vec<Scored> = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..n_threads).map(|i| scope.spawn(move || score_rows(model, batch, part(i)))).collect();
        let first = score_rows(model, batch, part(0));
        let rest = workers.into_iter().map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        std::iter::once(first).chain(rest).collect()
    });
    let mut all = Scored::default();
    for part in parts {
        all.probability.extend(part.probability);
        all.unusual.extend(part.unusual);
        all.bad.extend(part.bad);
    }
    all.bad.extend(batch.bad.iter().cloned());
    all.bad.sort_by_key(|row| row.row_idx);
    // What could not be read comes before what became of the half-read row.
    all.bad.dedup_by_key(|row| row.row_idx);
    for row in &all.bad {
        all.probability[row.row_idx] = f64::NAN;
    }
    all
}

fn score_rows(model: &Model<'_>, batch: &RawBatch<'_>, range: Range<usize>) -> Scored {
    let mut scored = Scored::default();
    let mut workspace = Workspace::new(model);
    let mut out = vec![Prediction::default(); TILE_ROWS];
    let n_columns = batch.columns.len();
    let all_numbers = batch.columns.iter().all(|cells| matches!(cells, RawCells::Numbers(_)));
    let mut numbers = vec![0.0_f32; if all_numbers { TILE_ROWS * n_columns } else { 0 }];
    let mut start = range.start;
    while start < range.end {
        let rows = start..(start + TILE_ROWS).min(range.end);
        let out = &mut out[..rows.len()];
        if all_numbers {
            let numbers = &mut numbers[..rows.len() * n_columns];
            transpose(batch, rows.clone(), numbers);
            tile(model, Rows::Numbers(numbers), rows.start, out, &mut workspace, &mut scored.bad);
        } else {
            let values: Vec<RawValue<'_>> =
                rows.clone().flat_map(|row_idx| batch.columns.iter().map(move |cells| value(cells, row_idx))).collect();
            tile(model, Rows::Values(&values), rows.start, out, &mut workspace, &mut scored.bad);
        }
        scored.probability.extend(out.iter().map(|prediction| probability(prediction.score)));
        scored.unusual.extend(out.iter().map(|prediction| Flags::from(prediction.unusual).0 as u8));
        start = rows.end;
    }
    scored
}

/// Scores rows from `first_row` on; a refused row is noted and scoring goes on behind it.
fn tile(
    model: &Model<'_>,
    rows: Rows<'_>,
    first_row: usize,
    out: &mut [Prediction],
    workspace: &mut Workspace,
    bad: &mut Vec<BadRow>,
) {
    let n_columns = model.encoder().inputs().len();
    let mut done = 0;
    while done < out.len() {
        let rest = match rows {
            Rows::Values(values) => Rows::Values(&values[done * n_columns..]),
            Rows::Numbers(numbers) => Rows::Numbers(&numbers[done * n_columns..]),
        };
        let (row_idx, reason) = match model.predict_batch(rest, &mut out[done..], workspace) {
            Ok(()) => return,
            Err(BatchError::Row { row_idx, error }) => (row_idx, error.to_string()),
            Err(error @ BatchError::Length { .. }) => (0, error.to_string()),
        };
        // Rows of the refused row's tile that stand before it have no score yet.
        for place in done..done + row_idx {
            if let Rows::Values(values) = rows {
                if let Ok(found) = model.predict(&values[place * n_columns..][..n_columns], workspace) {
                    out[place] = found;
                }
            } else if let Rows::Numbers(numbers) = rows
                && let Ok(found) = model.predict_numbers(&numbers[place * n_columns..][..n_columns], workspace)
            {
                out[place] = found;
            }
        }
        let refused = done + row_idx;
        out[refused] = Prediction::default();
        bad.push(BadRow { row_idx: first_row + refused, column: String::new(), reason, value: String::new() });
        done = refused + 1;
    }
}

/// Columns into rows.
fn transpose(batch: &RawBatch<'_>, rows: Range<usize>, out: &mut [f32]) {
    let n_columns = batch.columns.len();
    for (column, cells) in batch.columns.iter().enumerate() {
        if let RawCells::Numbers(values) = cells {
            let cells = out.iter_mut().skip(column).step_by(n_columns);
            cells.zip(&values[rows.clone()]).for_each(|(cell, value)| *cell = *value);
        }
    }
}

fn value(cells: &RawCells, row_idx: usize) -> RawValue<'_> {
    match cells {
        RawCells::Numbers(values) => RawValue::Number(values[row_idx]),
        RawCells::Levels { missing, .. } if missing[row_idx] => RawValue::Missing,
        RawCells::Levels { texts, .. } => RawValue::Level(texts.get(row_idx)),
    }
}

fn probability(score: Score) -> f64 {
    if let Score::Churn { probability } = score { probability } else { f64::NAN }
}
