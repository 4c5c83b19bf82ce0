//! The target and the weights, checked.

use tenure_table::{Column, Role, Table, Values};

use crate::EncodeError;
use crate::error::type_name;

/// What a table's rows are predicted to be: whether the customer left, what the customer was worth, or both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    churn: Option<Label<'a>>,
    value: Option<Label<'a>>,
}

/// One column of labels.
#[derive(Clone, Copy, Debug)]
struct Label<'a> {
    column: &'a Column,
    values: &'a [f32],
}

impl<'a> Target<'a> {
    pub(crate) fn of(table: &'a Table) -> Result<Self, EncodeError> {
        let label =
            |role| table.with_role(role).map(|column| Ok(Label { column, values: magnitudes(column)? })).transpose();
        let (churn, value) = (label(Role::Target)?, label(Role::Value)?);
        if churn.is_none() && value.is_none() {
            return Err(EncodeError::NoTarget);
        }
        Ok(Self { churn, value })
    }

    /// The column that classes are told by: churn where it is there.
    pub(crate) fn column(&self) -> &'a Column {
        self.churn.or(self.value).expect("a target has a column").column
    }

    /// The class of each row of the table: whether the customer left or, where only value is known, whether there is any.
    pub(crate) fn positives(&self) -> Result<Vec<bool>, EncodeError> {
        let label = self.churn.or(self.value).expect("a target has a column");
        let is_churn = self.churn.is_some();
        (0..label.values.len()).map(|row_idx| Ok(label.get(row_idx, is_churn)? > 0.0)).collect()
    }

    /// The classes of these rows, 0 or 1.
    pub(crate) fn classes(&self, rows: &[u32]) -> Result<Vec<f32>, EncodeError> {
        let label = self.churn.or(self.value).expect("a target has a column");
        let is_churn = self.churn.is_some();
        rows.iter().map(|&row| Ok(f32::from(u8::from(label.get(row as usize, is_churn)? > 0.0)))).collect()
    }

    /// The targets of these rows, row-major `[B, T]`: churn, then value.
    pub(crate) fn take(&self, rows: &[u32]) -> Result<Vec<f32>, EncodeError> {
        let mut taken = Vec::with_capacity(rows.len());
        for &row_idx in rows {
            if let Some(churn) = &self.churn {
                taken.push(churn.get(row_idx as usize, true)?);
            }
            if let Some(value) = &self.value {
                taken.push(value.get(row_idx as usize, false)?);
            }
        }
        Ok(taken)
    }
}

impl Label<'_> {
    /// The label of a row: 0 or 1 for churn, finite and at least 0 for value.
    fn get(&self, row_idx: usize, is_churn: bool) -> Result<f32, EncodeError> {
        let value = self.values[row_idx];
        let column = || self.column.name.clone();
        let found = || if value.is_nan() { "no value".to_owned() } else { value.to_string() };
        match is_churn {
            true if value == 0.0 || value == 1.0 => Ok(value),
            true => Err(EncodeError::TargetValue { column: column(), row_idx, found: found() }),
            false if value >= 0.0 && value.is_finite() => Ok(value),
            false => Err(EncodeError::ValueTarget { column: column(), row_idx, found: found() }),
        }
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
