//! Labels: 1 for customers who left, 0 for those who stayed.

use std::collections::BTreeSet;

use crate::DataError;
use crate::cell::Cell;

/// Levels kept for messages.
const N_LEVELS: usize = 12;

/// Reads labels and remembers enough to say what is wrong with them.
#[derive(Debug)]
pub(crate) struct Target {
    column: String,
    positive: Option<String>,
    levels: BTreeSet<String>,
    n_positive: u64,
    n_negative: u64,
    /// Rows without a value.
    n_missing: u64,
    /// Rows with a value that is neither class.
    n_unclear: u64,
}

impl Target {
    /// The target column; `positive` is the label of those who left.
    pub(crate) fn new(column: &str, positive: Option<&str>) -> Self {
        Self {
            column: column.into(),
            positive: positive.map(|label| label.trim().to_string()),
            levels: BTreeSet::new(),
            n_positive: 0,
            n_negative: 0,
            n_missing: 0,
            n_unclear: 0,
        }
    }

    /// The label in a cell; none where it is missing (or unclear, which [`Target::check_labels`] tells in the end, when
    /// it has seen what else there is).
    pub(crate) fn label(&mut self, cell: Cell<'_>) -> Option<f32> {
        if cell == Cell::Missing || matches!(cell, Cell::Float(number) if number.is_nan()) {
            self.n_missing += 1;
            return None;
        }
        let level = cell.spelled();
        let is_positive = match &self.positive {
            Some(positive) => Some(level == *positive),
            None => flag(&level),
        };
        if self.levels.len() < N_LEVELS {
            self.levels.insert(level);
        }
        match is_positive {
            Some(true) => self.n_positive += 1,
            Some(false) => self.n_negative += 1,
            None => self.n_unclear += 1,
        }
        is_positive.map(|is_positive| f32::from(u8::from(is_positive)))
    }

    /// Fails where the column does not say who left.
    pub(crate) fn check_labels(&self) -> Result<(), DataError> {
        let column = self.column.clone();
        let found = || self.levels.iter().cloned().collect();
        match (self.n_positive, self.n_negative, &self.positive) {
            _ if self.n_unclear > 0 => Err(DataError::TargetLevels { column, found: found() }),
            (0, 0, _) if self.n_missing > 0 => Err(DataError::TargetMissing { column, n_rows: self.n_missing }),
            (0, 1.., Some(positive)) => {
                Err(DataError::UnknownPositive { column, positive: positive.clone(), found: found() })
            }
            _ => Ok(()),
        }
    }

    /// Fails where all `n_kept` rows have the same label.
    pub(crate) fn check_classes(&self, n_kept: u64) -> Result<(), DataError> {
        if self.n_positive > 0 && self.n_negative > 0 {
            return Ok(());
        }
        let found = self.levels.iter().map(|level| format!("`{level}`")).collect::<Vec<_>>().join(", ");
        Err(DataError::TargetConstant { column: self.column.clone(), found, n_rows: n_kept })
    }
}

/// 0/1 or true/false: what needs no `data.positive`.
fn flag(level: &str) -> Option<bool> {
    match level {
        "1" | "1.0" => Some(true),
        "0" | "0.0" => Some(false),
        _ if level.eq_ignore_ascii_case("true") => Some(true),
        _ if level.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
