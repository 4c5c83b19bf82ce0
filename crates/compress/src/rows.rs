//! Rows of a table as a caller of the edge would give them.

use tenure_artifact::{InputColumn, RawValue};
use tenure_table::{Table, Values};

use crate::CompressError;

/// The columns of a table that encoders read, as raw rows.
#[derive(Clone, Debug)]
pub struct RawRows<'a> {
    columns: Vec<&'a Values>,
}

impl<'a> RawRows<'a> {
    /// The columns that these inputs read.
    pub fn new(table: &'a Table, inputs: &[InputColumn]) -> Result<Self, CompressError> {
        let column = |input: &InputColumn| {
            let Some(column) = table.column(&input.name) else {
                return Err(CompressError::AbsentColumn { column: input.name.clone() });
            };
            let reads_numbers = input.encoder.reads_numbers();
            match &column.values {
                Values::Numeric(_) if reads_numbers => Ok(&column.values),
                Values::Category(_) if !reads_numbers => Ok(&column.values),
                _ => Err(CompressError::WrongType {
                    column: input.name.clone(),
                    expected: if reads_numbers { "numbers" } else { "levels" },
                }),
            }
        };
        Ok(Self { columns: inputs.iter().map(column).collect::<Result<_, _>>()? })
    }

    /// Columns of a row.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// One value.
    ///
    /// # Panics
    /// When there is no such row or column.
    pub fn value(&self, row_idx: u32, column: usize) -> RawValue<'a> {
        match self.columns[column] {
            Values::Numeric(numbers) => RawValue::Number(numbers[row_idx as usize]),
            Values::Category(levels) => levels.get(row_idx as usize).map_or(RawValue::Missing, RawValue::Level),
            Values::Text(_) | Values::Time(_) => unreachable!("`new` takes numbers and levels"),
        }
    }

    /// A number, NaN where it is missing or the column holds levels.
    pub(crate) fn number(&self, row_idx: u32, column: usize) -> f32 {
        match self.value(row_idx, column) {
            RawValue::Number(number) => number,
            RawValue::Level(_) | RawValue::Missing => f32::NAN,
        }
    }

    /// These rows, one after the other: `[rows, columns]`.
    pub fn take(&self, rows: &[u32]) -> Vec<RawValue<'a>> {
        rows.iter().flat_map(|&row_idx| (0..self.n_columns()).map(move |c| self.value(row_idx, c))).collect()
    }
}
