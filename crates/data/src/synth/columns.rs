//! Columns of a chunk of made rows, before they have a file format.

use std::borrow::Cow;

use tenure_table::MISSING_CODE;

/// A missing id.
pub(crate) const MISSING_ID: u64 = u64::MAX;
/// An unreadable time.
pub(crate) const UNREADABLE: i64 = i64::MIN;
/// What an unreadable time looks like in a file.
pub(crate) const UNREADABLE_TEXT: &str = "31/13/2023 25:61";

/// A name and its values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MadeColumn {
    pub(crate) name: Cow<'static, str>,
    pub(crate) cells: Cells,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cells {
    /// Customers' numbers, written as `C00000042`; [`MISSING_ID`] is missing.
    Id(Vec<u64>),
    /// Instants in microseconds.
    Time(Vec<i64>),
    /// Instants written as text, because [`UNREADABLE`] may be among them.
    TimeText(Vec<i64>),
    /// Numbers; NaN is missing.
    Number(Vec<f64>),
    /// Indices into these levels; [`MISSING_CODE`] is missing.
    Level(Vec<u32>, Vec<String>),
}

impl MadeColumn {
    /// A column.
    pub(crate) fn new(name: impl Into<Cow<'static, str>>, cells: Cells) -> Self {
        Self { name: name.into(), cells }
    }

    /// A column of levels.
    pub(crate) fn levels(name: &'static str, codes: Vec<u32>, levels: &[impl AsRef<str>]) -> Self {
        Self::new(name, Cells::Level(codes, levels.iter().map(|level| level.as_ref().to_owned()).collect()))
    }

    /// Appends the rows of the same column of another chunk.
    ///
    /// # Panics
    /// When the columns are not of one kind.
    pub(crate) fn append(&mut self, more: Self) {
        match (&mut self.cells, more.cells) {
            (Cells::Id(to), Cells::Id(more)) => to.extend(more),
            (Cells::Time(to), Cells::Time(more)) | (Cells::TimeText(to), Cells::TimeText(more)) => to.extend(more),
            (Cells::Number(to), Cells::Number(more)) => to.extend(more),
            (Cells::Level(to, _), Cells::Level(more, _)) => to.extend(more),
            _ => unreachable!("chunks of one table have the same columns"),
        }
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        match &self.cells {
            Cells::Id(values) => values.len(),
            Cells::Time(values) | Cells::TimeText(values) => values.len(),
            Cells::Number(values) => values.len(),
            Cells::Level(codes, _) => codes.len(),
        }
    }
}

/// A customer's id as it stands in files.
pub(crate) fn id_text(number: u64) -> String {
    format!("C{number:08}")
}

/// The level of a code, or none where it is missing.
pub(crate) fn level_text(code: u32, levels: &[String]) -> Option<&str> {
    (code != MISSING_CODE).then(|| levels[code as usize].as_str())
}
