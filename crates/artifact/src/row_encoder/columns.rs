//! Rows of columns: column after column into a tile of rows, so that what a column needs is looked up once.

use alloc::string::String;
use alloc::vec::Vec;

use super::{EncodeScratch, Route, RowEncoder, Step, cells};
use crate::preprocessor::{apply_level, apply_number};
use crate::{ApplyError, RowBuffers, RowFlags};

/// The values of one input in many rows.
#[derive(Clone, Copy, Debug)]
pub enum ColumnValues<'a> {
    /// NaN where one is missing.
    Numbers(&'a [f32]),
    /// Levels that were encoded once: for each row a place among them; any place beyond the last is a missing value.
    Levels {
        /// `[rows]`
        codes: &'a [u32],
        /// From [`RowEncoder::encode_levels`] of the same input.
        levels: &'a EncodedLevels,
    },
}

impl ColumnValues<'_> {
    /// How many rows it has.
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Levels { codes, .. } => codes.len(),
        }
    }
}

/// What some levels of one input are encoded to, and last what a missing one is.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedLevels {
    widths: (usize, usize, usize),
    /// `[levels + 1, width]` each.
    continuous: Vec<f32>,
    binary: Vec<f32>,
    categorical: Vec<u32>,
    /// `[levels + 1]`
    flags: Vec<RowFlags>,
}

impl EncodedLevels {
    /// Writes what these codes stand for, one to a row, to the rows of a tile from these places on.
    fn write(&self, codes: &[u32], step: &Step, f: usize, out: &mut TileBuffers<'_>) {
        let (binary, stride, n_categorical) = (f + step.binary, out.stride, out.n_categorical());
        write_cells(codes, &self.continuous, self.widths.0, out.inputs, step.continuous, stride);
        write_cells(codes, &self.binary, self.widths.1, out.inputs, binary, stride);
        write_cells(codes, &self.categorical, self.widths.2, out.categorical, step.categorical, n_categorical);
        for (flags, code) in out.flags.iter_mut().zip(codes) {
            let found = &self.flags[(*code as usize).min(self.flags.len() - 1)];
            flags.n_missing += found.n_missing;
            flags.n_unseen += found.n_unseen;
        }
    }
}

/// Writes the cells of each code's level, `width` of them in the table `[levels, width]`, from place `first` of each row on.
fn write_cells<T: Copy>(codes: &[u32], table: &[T], width: usize, rows: &mut [T], first: usize, stride: usize) {
    match width {
        0 => {}
        // Most levels have a few cells, which are copied without a call.
        1 => write_few::<T, 1>(codes, table, rows, first, stride),
        2 => write_few::<T, 2>(codes, table, rows, first, stride),
        3 => write_few::<T, 3>(codes, table, rows, first, stride),
        4 => write_few::<T, 4>(codes, table, rows, first, stride),
        5 => write_few::<T, 5>(codes, table, rows, first, stride),
        _ => {
            let last = table.len() / width - 1;
            for (row, code) in rows.chunks_mut(stride).zip(codes) {
                let level = (*code as usize).min(last);
                row[first..first + width].copy_from_slice(&table[level * width..][..width]);
            }
        }
    }
}

fn write_few<T: Copy, const W: usize>(codes: &[u32], table: &[T], rows: &mut [T], first: usize, stride: usize) {
    let (levels, _) = table.as_chunks::<W>();
    for (row, code) in rows.chunks_mut(stride).zip(codes) {
        let level = &levels[(*code as usize).min(levels.len() - 1)];
        if let Some(cells) = row[first..].first_chunk_mut::<W>() {
            *cells = *level;
        }
    }
}

/// Where a tile of rows is gathered to.
#[derive(Debug)]
pub struct TileBuffers<'b> {
    /// `[rows, stride]`: continuous inputs, binary ones behind them, then what the caller keeps there.
    pub inputs: &'b mut [f32],
    /// Inputs of a row, at least F + G.
    pub stride: usize,
    /// `[rows, C]`
    pub categorical: &'b mut [u32],
    /// `[rows]`; what is unusual is added.
    pub flags: &'b mut [RowFlags],
}

impl TileBuffers<'_> {
    /// C
    fn n_categorical(&self) -> usize {
        self.categorical.len() / self.flags.len().max(1)
    }

    /// The cells that an input writes in row `place`.
    #[inline]
    fn row(&mut self, place: usize, encoder: &RowEncoder) -> (RowBuffers<'_>, &mut RowFlags) {
        let (f, g, c) = encoder.widths;
        let (continuous, rest) = self.inputs[place * self.stride..][..f + g].split_at_mut(f);
        let out = RowBuffers { continuous, binary: rest, categorical: &mut self.categorical[place * c..][..c] };
        (out, &mut self.flags[place])
    }
}

impl RowEncoder {
    /// [`RowEncoder::gather`] of as many rows as `out` has flags, from row `first_row` of these columns on. Allocates
    /// nothing.
    ///
    /// # Panics
    /// When a column, the scratch or a buffer has fewer rows.
    pub fn gather_columns(
        &self,
        columns: &[ColumnValues<'_>],
        first_row: usize,
        scratch: &mut EncodeScratch,
        mut out: TileBuffers<'_>,
    ) -> Result<(), ApplyError> {
        if columns.len() != self.inputs.len() {
            return Err(ApplyError::RowLength { expected: self.inputs.len(), found: columns.len() });
        }
        let n_rows = out.flags.len();
        for (input_idx, column) in columns.iter().enumerate() {
            let (input, step) = (&self.inputs[input_idx].encoder, &self.steps[input_idx]);
            match column {
                ColumnValues::Numbers(values) if input.reads_numbers() => {
                    self.gather_numbers(input_idx, &values[first_row..][..n_rows], scratch, &mut out);
                }
                ColumnValues::Levels { codes, levels } if !input.reads_numbers() && levels.widths == input.widths() => {
                    levels.write(&codes[first_row..][..n_rows], step, self.widths.0, &mut out);
                }
                _ => {
                    let expected = if input.reads_numbers() { "number" } else { "level" };
                    return Err(ApplyError::WrongKind { input_idx, expected });
                }
            }
        }
        Ok(())
    }

    fn gather_numbers(&self, input_idx: usize, values: &[f32], scratch: &mut EncodeScratch, out: &mut TileBuffers<'_>) {
        let step @ Step { route, binary, .. } = &self.steps[input_idx];
        match *route {
            Route::Gathered(place, indicates) => {
                let (n, stride) = (self.n_gathered(), out.stride);
                for (row, value) in values.iter().enumerate() {
                    scratch.gathered[row * n + place] = *value;
                }
                if indicates {
                    for (row, value) in values.iter().enumerate() {
                        let is_missing = u8::from(!value.is_finite());
                        out.inputs[row * stride + self.widths.0 + binary] = f32::from(is_missing);
                    }
                }
            }
            Route::Alone => {
                let encoder = &self.inputs[input_idx].encoder;
                for (place, value) in values.iter().enumerate() {
                    let (mut row, flags) = out.row(place, self);
                    flags.n_missing += u32::from(!value.is_finite());
                    apply_number(encoder, *value, &mut cells(step, encoder, &mut row), flags);
                }
            }
        }
    }

    /// Encodes levels of input `input_idx` once, for any number of rows that have them.
    ///
    /// # Errors
    /// When the input reads numbers.
    ///
    /// # Panics
    /// When there is no such input.
    pub fn encode_levels(&self, input_idx: usize, levels: &[String]) -> Result<EncodedLevels, ApplyError> {
        let encoder = &self.inputs[input_idx].encoder;
        if encoder.reads_numbers() {
            return Err(ApplyError::WrongKind { input_idx, expected: "number" });
        }
        let (n, widths) = (levels.len() + 1, encoder.widths());
        let mut encoded = EncodedLevels {
            widths,
            continuous: alloc::vec![0.0; n * widths.0],
            binary: alloc::vec![0.0; n * widths.1],
            categorical: alloc::vec![0; n * widths.2],
            flags: alloc::vec![RowFlags::default(); n],
        };
        let names = levels.iter().map(|level| Some(level.as_str())).chain([None]);
        for (place, level) in names.enumerate() {
            let mut out = RowBuffers {
                continuous: &mut encoded.continuous[place * widths.0..][..widths.0],
                binary: &mut encoded.binary[place * widths.1..][..widths.1],
                categorical: &mut encoded.categorical[place * widths.2..][..widths.2],
            };
            let flags = &mut encoded.flags[place];
            flags.n_missing = u32::from(level.is_none());
            apply_level(encoder, level, &mut out, flags);
        }
        Ok(encoded)
    }
}
