//! The target and the weights, checked.

use tenure_table::{Column, Role, Table, Values};

use crate::EncodeError;
use crate::error::type_name;

/// The target column of a table and its values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) column: &'a Column,
    pub(crate) values: &'a [f32],
}

impl<'a> Target<'a> {
    pub(crate) fn of(table: &'a Table) -> Result<Self, EncodeError> {
        let column = table.with_role(Role::Target).ok_or(EncodeError::NoTarget)?;
        Ok(Self { column, values: magnitudes(column)? })
    }

    /// Whether each row of the table is positive; every row must be 0 or 1.
    pub(crate) fn positives(&self) -> Result<Vec<bool>, EncodeError> {
        (0..self.values.len()).map(|row_idx| self.get(row_idx).map(|value| value == 1.0)).collect()
    }

    /// The targets of these rows, 0 or 1.
    pub(crate) fn take(&self, rows: &[u32]) -> Result<Vec<f32>, EncodeError> {
        rows.iter().map(|&row_idx| self.get(row_idx as usize)).collect()
    }

    fn get(&self, row_idx: usize) -> Result<f32, EncodeError> {
        let value = self.values[row_idx];
        if value == 0.0 || value == 1.0 {
            return Ok(value);
        }
        let found = if value.is_nan() { "no value".to_owned() } else { value.to_string() };
        Err(EncodeError::TargetValue { column: self.column.name.clone(), row_idx, found })
    }
}

/// The weights of these rows; 1 each where no column has the role.
pub(crate) fn weights(table: &Table, rows: &[u32]) -> Result<Vec<f32>, EncodeError> {
    let Some(column) = table.with_role(Role::Weight) else { return Ok(vec![1.0; rows.len()]) };
    let values = magnitudes(column)?;
    rows.iter()
        .map(|&row_idx| match values[row_idx as usize] {
            weight if weight > 0.0 && weight.is_finite() => Ok(weight),
            found => Err(EncodeError::Weight { column: column.name.clone(), row_idx: row_idx as usize, found }),
        })
        .collect()
}

/// The values of a column that must hold numbers.
fn magnitudes(column: &Column) -> Result<&[f32], EncodeError> {
    match &column.values {
        Values::Numeric(values) => Ok(values),
        other => Err(EncodeError::WrongType {
            column: column.name.clone(),
            role: column.role,
            expected: "numbers",
            found: type_name(other),
        }),
    }
}
