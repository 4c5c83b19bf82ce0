//! Applying fitted encoders to many rows at once, with the very functions that encode a single row.

use rayon::prelude::*;
use tenure_artifact::{Embedding, Encoder, InputColumn, InputLayout, MISSING_INDEX, Preprocessor};
use tenure_table::{Categories, MISSING_CODE, Sequences, Table, Values};

use crate::error::type_name;
use crate::target::{Target, weights};
use crate::{Dataset, EncodeError};

/// Rows encoded by one task: their cells stay in the second-level cache while columns are written one after another.
const CHUNK_ROWS: usize = 1024;

/// Encodes rows with fitted encoders, in the order given.
///
/// Every value is what [`Preprocessor::apply_row`] gives for that row, to the bit.
pub fn transform(prep: &Preprocessor, table: &Table, rows: &[u32]) -> Result<Dataset, EncodeError> {
    check_rows(table, rows)?;
    let target = Target::of(table)?.take(rows)?;
    let sources = prep.inputs.iter().map(|input| source(input, table)).collect::<Result<Vec<_>, EncodeError>>()?;
    let sequence = sequence(prep, table, rows)?;
    Ok(assemble(&prep.layout, &sources, rows, Labels { target, weight: weights(table, rows)? }, sequence))
}

/// The encoded events before these rows, levels as indices behind the numbers; none where the preprocessor knows of none.
pub(crate) fn sequence(prep: &Preprocessor, table: &Table, rows: &[u32]) -> Result<Option<Sequences>, EncodeError> {
    if prep.layout.event_width() == 0 {
        return Ok(None);
    }
    let is_read = |found: &&Sequences| {
        let names = found.names().iter().map(String::as_str);
        found.levels().len() == prep.sequence_levels.len() && names.eq(prep.layout.event_names())
    };
    let Some(found) = table.sequences().filter(is_read) else {
        return Err(EncodeError::AbsentSequences {
            expected: prep.layout.event_names().map(str::to_owned).collect(),
            found: table.sequences().map_or_else(Vec::new, |found| found.names().to_vec()),
        });
    };
    let index = |embedding: &Embedding, name: &String| embedding.index(Some(name)) as f32;
    let columns = prep.sequence_levels.iter().zip(found.levels());
    let indices: Vec<Vec<f32>> =
        columns.map(|(of, names)| names.iter().map(|name| index(&of.embedding, name)).collect()).collect();
    let encode = |place: usize, raw: f32| match place.checked_sub(prep.sequence.len()) {
        None => prep.sequence[place].apply(raw),
        Some(_) if raw.is_nan() => MISSING_INDEX as f32,
        Some(column) => indices[column][raw as usize],
    };
    Ok(Some(found.take(rows).map(encode)))
}

/// What is known of each row beside its inputs.
pub(crate) struct Labels {
    pub(crate) target: Vec<f32>,
    pub(crate) weight: Vec<f32>,
}

/// Refuses row indices beyond the table.
pub(crate) fn check_rows(table: &Table, rows: &[u32]) -> Result<(), EncodeError> {
    let n_rows = table.n_rows();
    match rows.iter().find(|&&row_idx| row_idx as usize >= n_rows) {
        Some(&row_idx) => Err(EncodeError::RowIndex { row_idx, n_rows }),
        None => Ok(()),
    }
}

/// Where the cells of one input come from.
pub(crate) enum Source<'a> {
    /// Raw numbers by table row.
    Numbers { encoder: &'a Encoder, values: &'a [f32] },
    /// Level codes by table row, and the cells of each level.
    Levels { encoder: &'a Encoder, codes: &'a [u32], cells: LevelCells },
    /// A continuous input by place in the list of rows.
    Ordered(Vec<f32>),
}

/// What each level of a table's column is encoded to; the last one is the missing value.
#[derive(Default)]
pub(crate) struct LevelCells {
    continuous: Vec<f32>,
    /// `[levels + 1, width]`
    binary: Vec<f32>,
    categorical: Vec<u32>,
}

/// The source of an input in this table.
pub(crate) fn source<'a>(input: &'a InputColumn, table: &'a Table) -> Result<Source<'a>, EncodeError> {
    let Some(column) = table.column(&input.name) else {
        let present = table.columns().iter().map(|column| column.name.clone()).collect();
        return Err(EncodeError::AbsentColumn { column: input.name.clone(), present });
    };
    let encoder = &input.encoder;
    match &column.values {
        Values::Numeric(values) if encoder.reads_numbers() => Ok(Source::Numbers { encoder, values }),
        Values::Category(categories) if !encoder.reads_numbers() => {
            Ok(Source::Levels { encoder, codes: &categories.codes, cells: level_cells(encoder, categories) })
        }
        other => Err(EncodeError::WrongType {
            column: column.name.clone(),
            role: column.role,
            expected: if encoder.reads_numbers() { "numbers" } else { "levels" },
            found: type_name(other),
        }),
    }
}

/// Encodes every level of a column once.
fn level_cells(encoder: &Encoder, categories: &Categories) -> LevelCells {
    let levels = || categories.levels.iter().map(|level| Some(level.as_str())).chain([None]);
    let mut cells = LevelCells::default();
    match encoder {
        Encoder::OneHot(one_hot) => {
            cells.binary = vec![0.0; (categories.levels.len() + 1) * one_hot.width()];
            let by_level = cells.binary.chunks_exact_mut(one_hot.width());
            levels().zip(by_level).for_each(|(level, out)| one_hot.write(level, out));
        }
        Encoder::Embedding(embedding) => cells.categorical = levels().map(|level| embedding.index(level)).collect(),
        Encoder::TargetStatistics(statistics) => {
            cells.continuous = levels().map(|level| statistics.value(level)).collect();
        }
        Encoder::Magnitude(_) | Encoder::TwoValued(_) | Encoder::Presence => {}
    }
    cells
}

/// Encodes `rows` from their sources, one for each input of the preprocessor.
pub(crate) fn assemble(
    layout: &InputLayout,
    sources: &[Source<'_>],
    rows: &[u32],
    labels: Labels,
    sequence: Option<Sequences>,
) -> Dataset {
    let (f, g, c) = layout.widths();
    let continuous = fill(rows, f, |first, rows, cells| {
        let with_continuous = sources.iter().filter(|source| source.widths().0 == 1);
        for (column, source) in with_continuous.enumerate() {
            source.write_continuous(first, rows, cells.iter_mut().skip(column).step_by(f));
        }
    });
    let binary = fill(rows, g, |_, rows, cells| {
        let mut column = 0;
        for source in sources {
            let width = source.widths().1;
            for (&row_idx, row) in rows.iter().zip(cells.chunks_exact_mut(g)) {
                source.write_binary(row_idx, &mut row[column..column + width]);
            }
            column += width;
        }
    });
    let categorical = fill(rows, c, |_, rows, cells| {
        let with_index = sources.iter().filter(|source| source.widths().2 == 1);
        for (column, source) in with_index.enumerate() {
            source.write_categorical(rows, cells.iter_mut().skip(column).step_by(c));
        }
    });
    let Labels { target, weight } = labels;
    Dataset { layout: layout.clone(), continuous, binary, categorical, target, sequence, weight }
}

/// A row-major matrix, written chunk by chunk in parallel: `write(place of the first row, rows, their cells)`.
fn fill<T: Copy + Default + Send>(
    rows: &[u32],
    width: usize,
    write: impl Fn(usize, &[u32], &mut [T]) + Sync,
) -> Vec<T> {
    let mut matrix = vec![T::default(); rows.len() * width];
    if width > 0 {
        let chunks = matrix.par_chunks_mut(CHUNK_ROWS * width).zip(rows.par_chunks(CHUNK_ROWS)).enumerate();
        chunks.for_each(|(chunk_idx, (cells, rows))| write(chunk_idx * CHUNK_ROWS, rows, cells));
    }
    matrix
}

impl Source<'_> {
    fn widths(&self) -> (usize, usize, usize) {
        match self {
            Self::Numbers { encoder, .. } | Self::Levels { encoder, .. } => encoder.widths(),
            Self::Ordered(_) => (1, 0, 0),
        }
    }

    fn write_continuous<'c>(&self, first: usize, rows: &[u32], cells: impl Iterator<Item = &'c mut f32>) {
        let cells = cells.zip(rows);
        match self {
            Self::Numbers { encoder: Encoder::Magnitude(magnitude), values } => {
                for (cell, &row_idx) in cells {
                    *cell = magnitude.value(values[row_idx as usize]);
                }
            }
            Self::Levels { codes, cells: of_level, .. } => {
                for (cell, &row_idx) in cells {
                    *cell = of_level.continuous[level(codes, row_idx, of_level.continuous.len())];
                }
            }
            Self::Ordered(values) => {
                for ((cell, _), value) in cells.zip(&values[first..]) {
                    *cell = *value;
                }
            }
            Self::Numbers { .. } => {}
        }
    }

    fn write_binary(&self, row_idx: u32, out: &mut [f32]) {
        match self {
            Self::Numbers { encoder, values } => encoder.write_number_indicators(values[row_idx as usize], out),
            Self::Levels { codes, cells, .. } if !out.is_empty() => {
                let width = out.len();
                let start = level(codes, row_idx, cells.binary.len() / width) * width;
                out.copy_from_slice(&cells.binary[start..start + width]);
            }
            Self::Levels { .. } | Self::Ordered(_) => {}
        }
    }

    fn write_categorical<'c>(&self, rows: &[u32], cells: impl Iterator<Item = &'c mut u32>) {
        if let Self::Levels { codes, cells: of_level, .. } = self {
            for (cell, &row_idx) in cells.zip(rows) {
                *cell = of_level.categorical[level(codes, row_idx, of_level.categorical.len())];
            }
        }
    }
}

/// The place of a row's level among `n_cells` levels, of which the last is the missing one.
fn level(codes: &[u32], row_idx: u32, n_cells: usize) -> usize {
    match codes[row_idx as usize] {
        MISSING_CODE => n_cells - 1,
        code => code as usize,
    }
}
