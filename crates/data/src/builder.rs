//! Columns as they grow, in compact form from the first row.

use std::io::{self, Write};

use tenure_table::{MISSING_CODE, Span, Values};

use crate::cell::Cell;
use crate::dictionary::Dictionary;
use crate::instant::Clock;
use crate::roles::Form;
use crate::stored::{is_missing_code, write_values};

/// A column as it grows.
#[derive(Debug)]
pub(crate) enum Builder {
    /// Not kept, or kept elsewhere.
    Nothing,
    Numbers {
        values: Vec<f32>,
        n_infinite: u64,
    },
    Days {
        values: Vec<f32>,
    },
    Levels {
        codes: Vec<u32>,
        levels: Box<Dictionary>,
    },
    Times {
        values: Vec<i64>,
    },
}

impl Builder {
    /// An empty column of this form.
    pub(crate) fn new(form: Form) -> Self {
        match form {
            Form::Id | Form::Consent => Self::Nothing,
            Form::Time => Self::Times { values: Vec::new() },
            Form::Target | Form::Value | Form::Weight | Form::Number => {
                Self::Numbers { values: Vec::new(), n_infinite: 0 }
            }
            Form::Days => Self::Days { values: Vec::new() },
            Form::Level => Self::Levels { codes: Vec::new(), levels: Box::default() },
        }
    }

    /// Makes room for so many values: a column that grows is copied again and again, and leaves holes in memory.
    pub(crate) fn reserve(&mut self, n_rows: usize) {
        match self {
            Self::Nothing => {}
            Self::Numbers { values, .. } | Self::Days { values } => values.reserve_exact(n_rows),
            Self::Levels { codes, .. } => codes.reserve_exact(n_rows),
            Self::Times { values } => values.reserve_exact(n_rows),
        }
    }

    /// Appends an instant.
    pub(crate) fn push_time(&mut self, us: i64) {
        if let Self::Times { values } = self {
            values.push(us);
        }
    }

    /// Appends a number in single precision; what is not finite there is missing.
    pub(crate) fn push_number(&mut self, number: f64) {
        if let Self::Numbers { values, n_infinite } = self {
            let single = number as f32;
            *n_infinite += u64::from(single.is_infinite());
            values.push(if single.is_finite() { single } else { f32::NAN });
        }
    }

    /// Appends a cell; the error says what was expected of it.
    pub(crate) fn push_cell(&mut self, cell: Cell<'_>, clock: &mut Clock) -> Result<(), &'static str> {
        match self {
            Self::Nothing | Self::Times { .. } => {}
            Self::Numbers { .. } => {
                let number = cell.number().map_err(|_unreadable| "a number")?;
                self.push_number(number.unwrap_or(f64::NAN));
            }
            Self::Days { values } => {
                let us = cell.instant(clock).map_err(|_unreadable| "a time")?;
                values.push(us.map_or(f32::NAN, |us| Span(us).as_days() as f32));
            }
            Self::Levels { codes, levels } => codes.push(levels.number_cell(cell).unwrap_or(MISSING_CODE)),
        }
        Ok(())
    }

    /// How many values were infinite (or beyond single precision), where any were.
    pub(crate) fn n_infinite(&self) -> Option<u64> {
        match self {
            Self::Numbers { n_infinite, .. } if *n_infinite > 0 => Some(*n_infinite),
            _ => None,
        }
    }

    /// Writes the values so far, four bytes each, and forgets them; how many were missing. Instants stay.
    pub(crate) fn spill(&mut self, out: &mut impl Write) -> io::Result<u64> {
        match self {
            Self::Nothing | Self::Times { .. } => Ok(0),
            Self::Numbers { values, .. } | Self::Days { values } => {
                let n_missing = write_values(out, values, f32::to_bits, f32::is_nan)?;
                values.clear();
                Ok(n_missing)
            }
            Self::Levels { codes, .. } => {
                let n_missing = write_values(out, codes, |code| code, is_missing_code)?;
                codes.clear();
                Ok(n_missing)
            }
        }
    }

    /// The names of its levels; none for other columns.
    pub(crate) fn into_levels(self) -> Option<Vec<String>> {
        match self {
            Self::Levels { levels, .. } => Some(levels.into_categories(Vec::new()).levels),
            _ => None,
        }
    }

    /// The column, unless it is not kept.
    pub(crate) fn finish(self) -> Option<Values> {
        match self {
            Self::Nothing => None,
            Self::Numbers { values, .. } | Self::Days { values } => Some(Values::Numeric(values)),
            Self::Levels { codes, levels } => Some(Values::Category(levels.into_categories(codes))),
            Self::Times { values } => Some(Values::Time(values)),
        }
    }
}
