//! Columns of a batch and their cells, whatever file they came from.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use polars::prelude::{BooleanChunked, Float64Chunked, Int64Chunked, StringChunked};
use tenure_table::TextColumn;

use crate::instant::Clock;

/// Consecutive rows of one file.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// The number of the first row among the file's rows of data, counted from 1.
    pub first_row: u64,
    /// How many rows.
    pub n_rows: usize,
    /// The columns that were asked for, in the order they were asked for.
    pub columns: Vec<Cells>,
    /// Rows with too few or too many fields, ascending; their cells are all missing.
    pub ragged: Vec<RaggedRow>,
}

/// A row of a text file with too few or too many fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RaggedRow {
    /// Its place in the batch.
    pub row_idx: usize,
    /// How many fields it has.
    pub n_fields: usize,
    /// Its text.
    pub text: String,
}

impl Batch {
    /// The ragged row at this place, if it is one.
    pub(crate) fn ragged_at(&self, row_idx: usize) -> Option<&RaggedRow> {
        let at = self.ragged.binary_search_by_key(&row_idx, |row| row.row_idx).ok()?;
        Some(&self.ragged[at])
    }
}

/// The cells of one column of a batch.
#[derive(Clone, Debug)]
pub(crate) enum Cells {
    /// Fields of a text file.
    Fields(TextColumn),
    /// Text in Parquet.
    Text(StringChunked),
    Integer(Int64Chunked),
    Float(Float64Chunked),
    Boolean(BooleanChunked),
    /// Microseconds as a clock on the wall showed them.
    Local(Int64Chunked),
    /// Microseconds since the epoch.
    Instant(Int64Chunked),
    /// A column without any value.
    Empty,
}

/// One cell, trimmed, with the plan's words for "missing" taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Missing,
    Text(&'a str),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Local(i64),
    Instant(i64),
}

/// Words that mean "missing", besides the empty field.
#[derive(Clone, Debug, Default)]
pub(crate) struct MissingWords(BTreeSet<String>);

impl MissingWords {
    pub(crate) fn new(words: &[String]) -> Self {
        Self(words.iter().map(|word| word.trim().to_string()).collect())
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        text.is_empty() || (!self.0.is_empty() && self.0.contains(text))
    }
}

impl Cells {
    /// The cell of row `row_idx`.
    pub(crate) fn get(&self, row_idx: usize, missing: &MissingWords) -> Cell<'_> {
        let text = |text: &'_ str| -> bool { missing.has(text) };
        match self {
            Self::Fields(fields) => match fields.get(row_idx).trim() {
                field if text(field) => Cell::Missing,
                field => Cell::Text(field),
            },
            Self::Text(values) => match values.get(row_idx).map(str::trim) {
                Some(value) if !text(value) => Cell::Text(value),
                _ => Cell::Missing,
            },
            Self::Integer(values) => values.get(row_idx).map_or(Cell::Missing, Cell::Integer),
            Self::Float(values) => values.get(row_idx).map_or(Cell::Missing, Cell::Float),
            Self::Boolean(values) => values.get(row_idx).map_or(Cell::Missing, Cell::Boolean),
            Self::Local(values) => values.get(row_idx).map_or(Cell::Missing, Cell::Local),
            Self::Instant(values) => values.get(row_idx).map_or(Cell::Missing, Cell::Instant),
            Self::Empty => Cell::Missing,
        }
    }
}

/// A cell that is not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl Cell<'_> {
    /// The cell as a number, which may be NaN or infinite; none where it is missing.
    pub(crate) fn number(self) -> Result<Option<f64>, Unreadable> {
        match self {
            Self::Missing => Ok(None),
            Self::Text(text) => text.parse().map(Some).map_err(|_error: std::num::ParseFloatError| Unreadable),
            Self::Integer(number) => Ok(Some(number as f64)),
            Self::Float(number) => Ok(Some(number)),
            Self::Boolean(flag) => Ok(Some(f64::from(u8::from(flag)))),
            Self::Local(_) | Self::Instant(_) => Err(Unreadable),
        }
    }

    /// The cell as an instant in microseconds since the epoch; none where it is missing.
    pub(crate) fn instant(self, clock: &mut Clock) -> Result<Option<i64>, Unreadable> {
        match self {
            Self::Missing => return Ok(None),
            Self::Text(text) => clock.read(text),
            Self::Integer(number) => clock.read_integer(number),
            Self::Float(number) if number.is_nan() => return Ok(None),
            Self::Float(number) if number.fract() == 0.0 => clock.read_integer(number as i64),
            Self::Float(_) | Self::Boolean(_) => None,
            Self::Local(local_us) => clock.place_local(local_us),
            Self::Instant(us) => Some(us),
        }
        .map(Some)
        .ok_or(Unreadable)
    }

    /// The cell as yes or no: true/false, yes/no, t/f, y/n or 1/0 in any case; none where it is missing.
    pub(crate) fn flag(self) -> Result<Option<bool>, Unreadable> {
        match self {
            Self::Missing => Ok(None),
            Self::Boolean(flag) => Ok(Some(flag)),
            Self::Integer(0) => Ok(Some(false)),
            Self::Integer(1) => Ok(Some(true)),
            Self::Float(number) if number.is_nan() => Ok(None),
            Self::Float(0.0) => Ok(Some(false)),
            Self::Float(1.0) => Ok(Some(true)),
            Self::Text(text) => flag_of(text).map(Some).ok_or(Unreadable),
            _ => Err(Unreadable),
        }
    }

    /// Appends the cell as the text of a level: whole doubles without their `.0`, instants as ISO 8601.
    pub(crate) fn spell(self, to: &mut String) {
        let written = match self {
            Self::Missing => Ok(()),
            Self::Text(text) => to.write_str(text),
            Self::Integer(number) => write!(to, "{number}"),
            Self::Float(number) => write!(to, "{number}"),
            Self::Boolean(flag) => write!(to, "{flag}"),
            Self::Local(us) | Self::Instant(us) => match chrono::DateTime::from_timestamp_micros(us) {
                Some(instant) => write!(to, "{}", instant.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f")),
                None => write!(to, "{us}"),
            },
        };
        written.expect("writing to a string never fails");
    }

    /// The cell as text.
    pub(crate) fn spelled(self) -> String {
        let mut text = String::new();
        self.spell(&mut text);
        text
    }
}

fn flag_of(text: &str) -> Option<bool> {
    const YES: [&str; 5] = ["true", "yes", "t", "y", "1"];
    const NO: [&str; 5] = ["false", "no", "f", "n", "0"];
    let is = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(YES) {
        Some(true)
    } else if is(NO) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_named_words_are_missing() {
        let cells = Cells::Fields([" ", "NA", " 1.5 ", "na"].into_iter().collect());
        let missing = MissingWords::new(&["NA".to_string()]);
        let read: Vec<Cell<'_>> = (0..4).map(|row_idx| cells.get(row_idx, &missing)).collect();
        assert_eq!(read, [Cell::Missing, Cell::Missing, Cell::Text("1.5"), Cell::Text("na")]);
        assert_eq!(read[2].number(), Ok(Some(1.5)));
        assert_eq!(read[3].number(), Err(Unreadable));
    }

    #[test]
    fn flags_are_read_in_their_usual_spellings() {
        assert_eq!(Cell::Text("YES").flag(), Ok(Some(true)));
        assert_eq!(Cell::Integer(0).flag(), Ok(Some(false)));
        assert_eq!(Cell::Float(f64::NAN).flag(), Ok(None));
        assert_eq!(Cell::Text("maybe").flag(), Err(Unreadable));
    }

    #[test]
    fn levels_are_spelled_as_people_write_them() {
        assert_eq!(Cell::Float(3.0).spelled(), "3");
        assert_eq!(Cell::Local(1_500_000).spelled(), "1970-01-01T00:00:01.500");
    }
}
