//! One named column.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::{Role, TextColumn};

/// The code of a missing category.
pub const MISSING_CODE: u32 = u32::MAX;

/// A column: a name, what it means, and its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name in the file, or the name of the computed feature.
    pub name: String,
    /// What the column means to the experiment.
    pub role: Role,
    /// One value for each row.
    pub values: Values,
}

impl Column {
    /// A column of these values.
    pub fn new(name: impl Into<String>, role: Role, values: Values) -> Self {
        Self { name: name.into(), role, values }
    }
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Magnitudes in single precision, which is what a network reads; NaN is missing, infinities never occur.
    Numeric(Vec<f32>),
    /// Levels.
    Category(Categories),
    /// Free text, such as ids.
    Text(TextColumn),
    /// Instants, in microseconds since the Unix epoch (see [`crate::Timestamp`]).
    Time(Vec<i64>),
}

impl Values {
    /// A category column from optional texts; levels are numbered in order of their first appearance.
    pub fn categories<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut levels: Vec<String> = Vec::new();
        let mut index = alloc::collections::BTreeMap::<String, u32>::new();
        let codes = values
            .into_iter()
            .map(|value| match value {
                None => MISSING_CODE,
                Some(text) => *index.entry(text.to_string()).or_insert_with(|| {
                    levels.push(text.to_string());
                    levels.len() as u32 - 1
                }),
            })
            .collect();
        Self::Category(Categories { codes, levels })
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numeric(values) => values.len(),
            Self::Category(categories) => categories.codes.len(),
            Self::Text(texts) => texts.len(),
            Self::Time(instants) => instants.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values of these rows, in this order; a row may be taken more than once.
    ///
    /// # Panics
    /// When a row is not below [`Values::len`].
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        match self {
            Self::Numeric(values) => Self::Numeric(pick(values, rows)),
            Self::Time(instants) => Self::Time(pick(instants, rows)),
            Self::Text(texts) => Self::Text(rows.iter().map(|&row_idx| texts.get(row_idx as usize)).collect()),
            Self::Category(categories) => {
                Self::Category(Categories { codes: pick(&categories.codes, rows), levels: categories.levels.clone() })
            }
        }
    }
}

fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row_idx| values[row_idx as usize]).collect()
}

/// Level codes into a list of distinct level names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Categories {
    /// For each row an index into `levels`, or [`MISSING_CODE`].
    pub codes: Vec<u32>,
    /// Distinct level names.
    pub levels: Vec<String>,
}

impl Categories {
    /// The level of row `row_idx`, or none where it is missing.
    pub fn get(&self, row_idx: usize) -> Option<&str> {
        let code = self.codes[row_idx];
        (code != MISSING_CODE).then(|| self.levels[code as usize].as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_numbered_by_first_appearance() {
        let Values::Category(c) = Values::categories([Some("b"), None, Some("a"), Some("b")]) else { unreachable!() };
        assert_eq!(c.codes, [0, MISSING_CODE, 1, 0]);
        assert_eq!(c.levels, ["b", "a"]);
        assert_eq!((c.get(2), c.get(1)), (Some("a"), None));
    }
}
