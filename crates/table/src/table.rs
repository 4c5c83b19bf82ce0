//! Columns of equal length.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::{Column, Role, Sequences, Values};

/// Columns of equal length with distinct names.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    n_rows: usize,
    sequences: Option<Sequences>,
}

/// Columns that do not form a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// Two columns share a name.
    DuplicateName {
        /// The name.
        column: String,
    },
    /// A column's length differs from that of the first column.
    Ragged {
        /// The column.
        column: String,
        /// Rows of the first column.
        expected: usize,
        /// Rows of this column.
        found: usize,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateName { column } => write!(f, "two columns are named `{column}`"),
            Self::Ragged { column, expected, found } => {
                write!(f, "column `{column}`: expected {expected} rows, found {found}")
            }
        }
    }
}

impl core::error::Error for TableError {}

impl Table {
    /// A table of these columns.
    pub fn new(columns: Vec<Column>) -> Result<Self, TableError> {
        let n_rows = columns.first().map_or(0, |column| column.values.len());
        let mut names = BTreeSet::new();
        for column in &columns {
            if !names.insert(column.name.as_str()) {
                return Err(TableError::DuplicateName { column: column.name.clone() });
            }
            let found = column.values.len();
            if found != n_rows {
                return Err(TableError::Ragged { column: column.name.clone(), expected: n_rows, found });
            }
        }
        Ok(Self { columns, n_rows, sequences: None })
    }

    /// The table with the events before each row.
    ///
    /// # Errors
    /// [`TableError::Ragged`] where they are of another number of rows.
    pub fn with_sequences(self, sequences: Sequences) -> Result<Self, TableError> {
        let (expected, found) = (self.n_rows, sequences.n_rows());
        if expected != found {
            return Err(TableError::Ragged { column: "sequences of events".into(), expected, found });
        }
        Ok(Self { sequences: Some(sequences), ..self })
    }

    /// The events before each row; none unless they were asked for.
    pub fn sequences(&self) -> Option<&Sequences> {
        self.sequences.as_ref()
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// All columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The table with what `change` makes of its columns; the events before each row stay.
    ///
    /// # Errors
    /// As [`Table::new`] and [`Table::with_sequences`].
    pub fn map_columns(self, change: impl FnOnce(Vec<Column>) -> Vec<Column>) -> Result<Self, TableError> {
        let table = Self::new(change(self.columns))?;
        match self.sequences {
            Some(sequences) => table.with_sequences(sequences),
            None => Ok(table),
        }
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The first column of this role.
    pub fn with_role(&self, role: Role) -> Option<&Column> {
        self.columns.iter().find(|column| column.role == role)
    }

    /// These rows, in this order; a row may be taken more than once.
    ///
    /// # Panics
    /// When a row is not below [`Table::n_rows`].
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        let take = |column: &Column| Column::new(column.name.clone(), column.role, column.values.take(rows));
        Self {
            columns: self.columns.iter().map(take).collect(),
            n_rows: rows.len(),
            sequences: self.sequences.as_ref().map(|sequences| sequences.take(rows)),
        }
    }

    /// The table with the values of one column replaced.
    ///
    /// # Errors
    /// [`TableError::Ragged`] where the values are not one for each row.
    ///
    /// # Panics
    /// When there is no such column.
    pub fn with_values(&self, name: &str, values: Values) -> Result<Self, TableError> {
        let mut columns = self.columns.clone();
        let column = columns.iter_mut().find(|column| column.name == name).expect("the caller names a column it has");
        column.values = values;
        Ok(Self { sequences: self.sequences.clone(), ..Self::new(columns)? })
    }

    /// The columns a model may read, in order.
    pub fn features(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.role.is_feature())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn rows_are_taken_in_the_order_asked_for() {
        let table = Table::new(vec![
            Column::new("x", Role::Numeric, Values::Numeric(vec![0.0, 1.0, 2.0])),
            Column::new("id", Role::Id, Values::Text(["a", "b", "c"].into_iter().collect())),
        ])
        .unwrap();
        let taken = table.take(&[2, 0, 2]);
        assert_eq!(taken.column("x").unwrap().values, Values::Numeric(vec![2.0, 0.0, 2.0]));
        assert_eq!(taken.column("id").unwrap().values, Values::Text(["c", "a", "c"].into_iter().collect()));
        assert!(table.with_values("x", Values::Numeric(vec![7.0])).is_err());
    }

    #[test]
    fn events_stay_with_their_rows() {
        let column = Column::new("x", Role::Numeric, Values::Numeric(vec![0.0, 1.0]));
        let table = Table::new(vec![column]).unwrap();
        let mut sequences = Sequences::new(vec!["amount".into()]);
        sequences.push_row(&[5.0, 6.0]);
        let one_row = table.clone().with_sequences(sequences.clone());
        assert!(matches!(one_row, Err(TableError::Ragged { expected: 2, found: 1, .. })));
        sequences.push_row(&[7.0]);
        let table = table.with_sequences(sequences).unwrap().with_values("x", Values::Numeric(vec![3.0, 4.0])).unwrap();
        assert_eq!(table.take(&[1, 0]).sequences().unwrap().values(), [7.0, 5.0, 6.0]);
    }

    #[test]
    fn ragged_columns_and_repeated_names_are_refused() {
        let column = |name: &str, n| Column::new(name, Role::Numeric, Values::Numeric(vec![0.0; n]));
        assert_eq!(
            Table::new(vec![column("a", 2), column("b", 3)]),
            Err(TableError::Ragged { column: "b".into(), expected: 2, found: 3 })
        );
        assert_eq!(
            Table::new(vec![column("a", 2), column("a", 2)]),
            Err(TableError::DuplicateName { column: "a".into() })
        );
    }
}
