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
}

impl Target {
    /// The target column; `positive` is the label of those who left.
    pub(crate) fn new(column: &str, positive: Option<&str>) -> Self {
        let positive = positive.map(|label| label.trim().to_string());
        Self { column: column.into(), positive, levels: BTreeSet::new(), n_positive: 0, n_negative: 0 }
    }

    /// The label in a cell; none where it is missing.
    pub(crate) fn label(&mut self, cell: Cell<'_>) -> Result<Option<f32>, DataError> {
        let is_positive = match cell {
            Cell::Missing => return Ok(None),
            Cell::Float(number) if number.is_nan() => return Ok(None),
            cell => {
                let level = cell.spelled();
                let is_positive = match &self.positive {
                    Some(positive) => Some(level == *positive),
                    None => flag(&level),
                };
                if self.levels.len() < N_LEVELS {
                    self.levels.insert(level);
                }
                is_positive.ok_or_else(|| self.unclear())?
            }
        };
        *(if is_positive { &mut self.n_positive } else { &mut self.n_negative }) += 1;
        Ok(Some(f32::from(u8::from(is_positive))))
    }

    fn unclear(&self) -> DataError {
        DataError::TargetLevels { column: self.column.clone(), found: self.levels.iter().cloned().collect() }
    }

    /// Fails where the labels cannot be learned from; `n_unlabelled` rows were dropped for want of one.
    pub(crate) fn check(&self, n_unlabelled: u64, n_kept: u64) -> Result<(), DataError> {
        let column = self.column.clone();
        match (self.n_positive, self.n_negative) {
            (0, 0) if n_unlabelled > 0 => Err(DataError::TargetMissing { column, n_rows: n_unlabelled }),
            // Rows were dropped for other reasons, which say more.
            (0, 0) => Ok(()),
            (0, _) if self.positive.is_some() => {
                let positive = self.positive.clone().unwrap_or_default();
                Err(DataError::UnknownPositive { column, positive, found: self.levels.iter().cloned().collect() })
            }
            (0, _) | (_, 0) => {
                let found = self.levels.iter().map(|level| format!("`{level}`")).collect::<Vec<_>>().join(", ");
                Err(DataError::TargetConstant { column, found, n_rows: n_kept })
            }
            _ => Ok(()),
        }
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
