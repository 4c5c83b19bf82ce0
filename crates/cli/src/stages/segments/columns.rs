//! Columns of the customers, in memory or in a scratch file, behind one door.

use std::borrow::Cow;

use tenure_data::{DataError, Loaded, StoredColumns};
use tenure_table::{Column, Table, Values};

/// Columns of a load.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    table: &'a Table,
    stored: Option<&'a StoredColumns>,
}

impl<'a> Columns<'a> {
    /// Those of the table, and those that are stored.
    pub fn of(loaded: &'a Loaded) -> Self {
        Self { table: &loaded.table, stored: loaded.stored.as_ref() }
    }

    /// Whether some are in a scratch file.
    pub fn are_stored(&self) -> bool {
        self.stored.is_some()
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.stored.map_or(self.table.n_rows(), StoredColumns::n_rows)
    }

    /// Names of the features, in order.
    pub fn features(&self) -> Vec<String> {
        let stored = self.stored.iter().flat_map(|stored| stored.columns());
        let stored = stored.filter(|column| column.role.is_feature()).map(|column| column.name.clone());
        self.table.features().map(|column| column.name.clone()).chain(stored).collect()
    }

    /// Names of the numeric features, in order.
    pub fn numeric_features(&self) -> Vec<String> {
        let in_table = self.table.columns().iter().filter(|column| matches!(column.values, Values::Numeric(_)));
        let in_table = in_table.map(|column| (&column.name, column.role));
        let stored = self.stored.iter().flat_map(|stored| stored.columns());
        let stored = stored.filter(|column| column.levels.is_none()).map(|column| (&column.name, column.role));
        in_table.chain(stored).filter(|(_, role)| role.is_feature()).map(|(name, _)| name.clone()).collect()
    }

    /// Whether there is a column of this name.
    pub fn has(&self, name: &str) -> bool {
        let is_stored = |stored: &StoredColumns| stored.columns().iter().any(|column| column.name == name);
        self.table.column(name).is_some() || self.stored.is_some_and(is_stored)
    }

    /// How many levels a column has; none for numbers, or where there is no such column.
    pub fn n_levels(&self, name: &str) -> Option<usize> {
        if let Some(column) = self.table.column(name) {
            return if let Values::Category(levels) = &column.values { Some(levels.levels.len()) } else { None };
        }
        let column = self.stored?.columns().iter().find(|column| column.name == name)?;
        column.levels.as_ref().map(Vec::len)
    }

    /// The column of this name, all its rows; none where there is no such column.
    pub fn get(&self, name: &str) -> Result<Option<Cow<'a, Column>>, DataError> {
        match (self.table.column(name), self.stored) {
            (Some(column), _) => Ok(Some(Cow::Borrowed(column))),
            (None, Some(stored)) => Ok(stored.column(name)?.map(Cow::Owned)),
            (None, None) => Ok(None),
        }
    }

    /// Some rows of the column of this name; none where there is no such column.
    pub fn rows_of(&self, name: &str, rows: &[u32]) -> Result<Option<Column>, DataError> {
        let take = |column: &Column, rows: &[u32]| Column::new(&column.name, column.role, column.values.take(rows));
        if let Some(column) = self.table.column(name) {
            return Ok(Some(take(column, rows)));
        }
        let Some(stored) = self.stored else { return Ok(None) };
        let (first, last) = (rows.iter().min().copied().unwrap_or(0), rows.iter().max().map_or(0, |last| last + 1));
        let Some(column) = stored.rows_of(name, first as usize..last as usize)? else { return Ok(None) };
        if rows.iter().copied().eq(first..last) {
            return Ok(Some(column));
        }
        Ok(Some(take(&column, &rows.iter().map(|row| row - first).collect::<Vec<_>>())))
    }

    /// Some rows of a numeric column; none where there is no such column.
    pub fn numbers_of(&self, name: &str, rows: &[u32]) -> Result<Option<Vec<f32>>, DataError> {
        if self.n_levels(name).is_some() {
            return Ok(None);
        }
        Ok(self.rows_of(name, rows)?.and_then(|column| match column.values {
            Values::Numeric(values) => Some(values),
            _ => None,
        }))
    }
}
