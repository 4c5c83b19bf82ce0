//! Batches of raw rows into scores.

use std::ops::Range;

use tenure_artifact::bundle::Answer;
use tenure_artifact::{ColumnValues, EncodedLevels};
use tenure_data::{BadRow, RawBatch, RawCells, RawColumn};
use tenure_edge::{BatchError, Flags, Model, Prediction, Rows, Workspace};

/// Rows that are scored before the next ones are looked at: what is made of them stays in the cache.
const CHUNK_ROWS: usize = 4_096;

/// What became of consecutive rows.
#[derive(Debug, Default)]
pub struct Scored {
    /// The numbers of each answer, column by column, one for each row; NaN for rows in `bad`.
    pub answers: Vec<Vec<f64>>,
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

/// How many numbers an answer has.
fn n_answers(model: &Model<'_>) -> usize {
    match model.answer() {
        Answer::Churn { .. } => 1,
        Answer::Value(_) | Answer::Segment(_) => 2,
        Answer::ChurnValue { .. } => 3,
    }
}

/// Scores a batch. What cannot be read, and what the model's policy refuses, is among [`Scored::bad`].
pub fn score(model: &Model<'_>, batch: &RawBatch<'_>) -> Scored {
    let levels: Vec<Option<EncodedLevels>> =
        batch.columns.iter().enumerate().map(|(input_idx, cells)| encode(model, input_idx, cells)).collect();
    let columns: Vec<ColumnValues<'_>> = batch.columns.iter().zip(&levels).map(column).collect();
    // What could not be read comes before what became of the half-read row.
    let answers = vec![Vec::with_capacity(batch.n_rows); n_answers(model)];
    let mut scored = Scored { bad: batch.bad.clone(), answers, unusual: Vec::with_capacity(batch.n_rows) };
    let mut workspace = Workspace::new(model);
    let mut out = vec![Prediction::default(); CHUNK_ROWS.min(batch.n_rows)];
    let mut start = 0;
    while start < batch.n_rows {
        let rows = start..(start + CHUNK_ROWS).min(batch.n_rows);
        let out = &mut out[..rows.len()];
        chunk(model, &columns, rows.clone(), out, &mut workspace, &mut scored.bad);
        for (place, column) in scored.answers.iter_mut().enumerate() {
            column.extend(out.iter().map(|prediction| prediction.score.values().0[place]));
        }
        scored.unusual.extend(out.iter().map(|prediction| Flags::from(prediction.unusual).0 as u8));
        start = rows.end;
    }
    scored.bad.sort_by_key(|row| row.row_idx);
    scored.bad.dedup_by_key(|row| row.row_idx);
    for column in &mut scored.answers {
        for row in &scored.bad {
            column[row.row_idx] = f64::NAN;
        }
    }
    scored
}

/// The levels of a column, encoded once for all rows that have them.
fn encode(model: &Model<'_>, input_idx: usize, cells: &RawCells) -> Option<EncodedLevels> {
    match cells {
        RawCells::Numbers(_) => None,
        RawCells::Levels(found) => {
            let encoded = model.encoder().encode_levels(input_idx, &found.levels);
            Some(encoded.expect("columns are read as their encoders need them"))
        }
    }
}

fn column<'c>((cells, levels): (&'c RawCells, &'c Option<EncodedLevels>)) -> ColumnValues<'c> {
    match (cells, levels) {
        (RawCells::Numbers(values), _) => ColumnValues::Numbers(values),
        (RawCells::Levels(found), Some(levels)) => ColumnValues::Levels { codes: &found.codes, levels },
        (RawCells::Levels(_), None) => ColumnValues::Numbers(&[]),
    }
}

/// Scores these rows; a refused row is noted and scoring goes on behind it.
fn chunk(
    model: &Model<'_>,
    columns: &[ColumnValues<'_>],
    rows: Range<usize>,
    out: &mut [Prediction],
    workspace: &mut Workspace,
    bad: &mut Vec<BadRow>,
) {
    let mut first_row = rows.start;
    while first_row < rows.end {
        let done = first_row - rows.start;
        let (place, reason) =
            match model.predict_batch(Rows::Columns { columns, first_row }, &mut out[done..], workspace) {
                Ok(()) => return,
                Err(BatchError::Row { row_idx, error }) => (row_idx, error.to_string()),
                Err(error @ BatchError::Length { .. }) => (0, error.to_string()),
            };
        out[done + place] = Prediction::default();
        let row_idx = first_row + place;
        bad.push(BadRow { row_idx, column: String::new(), reason, value: String::new() });
        first_row = row_idx + 1;
    }
}
