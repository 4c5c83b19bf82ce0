//! Columns of equal length.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::{Column, Role};

/// Columns of equal length with distinct names.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    n_rows: usize,
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
        Ok(Self { columns, n_rows })
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// All columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns, given away.
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The first column of this role.
    pub fn with_role(&self, role: Role) -> Option<&Column> {
        self.columns.iter().find(|column| column.role == role)
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
    use crate::Values;

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
