//! Columns of text as levels: each distinct text of a batch is looked at once, whatever the number of rows.

use std::collections::HashMap;

use polars::prelude::{Int64Chunked, StringChunked};
use tenure_table::{Categories, MISSING_CODE};

use crate::cell::{Cell, Cells, MissingWords};

/// Cells that are remembered by what stands for them in memory, a power of two.
const N_REMEMBERED: usize = 256;

/// The levels of a column, trimmed, with the words for "missing" taken out; numbered by first appearance.
pub(crate) fn levels(cells: &Cells, n_rows: usize, missing: &MissingWords) -> Categories {
    let mut numbered = Numbered { codes: Vec::with_capacity(n_rows), ..Numbered::default() };
    match cells {
        Cells::Text(values) => numbered.push_texts(values, missing),
        Cells::Integer(values) => numbered.push_integers(values),
        _ => {
            let mut spelled = String::new();
            for row_idx in 0..n_rows {
                match cells.get(row_idx, missing) {
                    Cell::Missing => numbered.codes.push(MISSING_CODE),
                    Cell::Text(text) => numbered.push(text),
                    cell => {
                        spelled.clear();
                        cell.spell(&mut spelled);
                        numbered.push(&spelled);
                    }
                }
            }
        }
    }
    Categories { codes: numbered.codes, levels: numbered.levels }
}

#[derive(Default)]
struct Numbered {
    codes: Vec<u32>,
    levels: Vec<String>,
    places: HashMap<String, u32>,
}

impl Numbered {
    fn push(&mut self, text: &str) {
        let code = self.code(text);
        self.codes.push(code);
    }

    fn code(&mut self, text: &str) -> u32 {
        if let Some(code) = self.places.get(text) {
            return *code;
        }
        let code = self.levels.len() as u32;
        self.levels.push(text.to_owned());
        self.places.insert(text.to_owned(), code);
        code
    }

    /// A text in memory is 16 bytes: its length and, up to 12 bytes, the text itself, else where the rest lies. Equal
    /// ones within a chunk are equal texts.
    fn push_texts(&mut self, values: &StringChunked, missing: &MissingWords) {
        for (chunk, nulls) in values.downcast_iter().zip(values.chunks()) {
            let mut remembered = Remembered::default();
            for (row_idx, view) in chunk.views().iter().enumerate() {
                let code = if nulls.is_null(row_idx) {
                    MISSING_CODE
                } else {
                    remembered.code(view.as_u128(), || {
                        let text = chunk.value(row_idx).trim();
                        if missing.has(text) { MISSING_CODE } else { self.code(text) }
                    })
                };
                self.codes.push(code);
            }
        }
    }

    fn push_integers(&mut self, values: &Int64Chunked) {
        let mut remembered = Remembered::default();
        for value in values.iter() {
            let code = match value {
                None => MISSING_CODE,
                Some(value) => {
                    remembered.code(u128::from(value.cast_unsigned()), || self.code(&Cell::Integer(value).spelled()))
                }
            };
            self.codes.push(code);
        }
    }
}

/// The last cells seen, by what stands for them in memory: a small table that spares most rows a look at the text.
struct Remembered([Option<(u128, u32)>; N_REMEMBERED]);

impl Default for Remembered {
    fn default() -> Self {
        Self([None; N_REMEMBERED])
    }
}

impl Remembered {
    #[inline]
    fn code(&mut self, key: u128, find: impl FnOnce() -> u32) -> u32 {
        let known = &mut self.0[slot(key)];
        match known {
            Some((known, code)) if *known == key => *code,
            _ => known.insert((key, find())).1,
        }
    }
}

/// Fibonacci hashing of both halves.
fn slot(key: u128) -> usize {
    let folded = (key as u64) ^ ((key >> 64) as u64).rotate_left(29);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize & (N_REMEMBERED - 1)
}

#[cfg(test)]
mod tests {
    use polars::prelude::NewChunkedArray;

    use super::*;

    /// Long and short texts, more of them than are remembered, blanks, words for missing, and nulls.
    #[test]
    fn texts_of_any_length_are_the_levels_that_cells_are() {
        let missing = MissingWords::new(&["NA".to_string()]);
        let text = |i: usize| match i % 7 {
            0 => None,
            1 => Some(" NA ".to_owned()),
            2 => Some(format!(" a level with a long name {} ", i % 900)),
            3 => Some(format!("{}", i % 500)),
            4 => Some(String::new()),
            _ => Some(format!("short{}", i % 10)),
        };
        let texts: Vec<Option<String>> = (0..5_000).map(text).collect();
        let mut values = StringChunked::from_slice_options("x".into(), &texts[..3_000]);
        values.append(&StringChunked::from_slice_options("x".into(), &texts[3_000..])).expect("the same type");
        assert!(values.chunks().len() > 1);
        let cells = Cells::Text(values);
        let found = levels(&cells, 5_000, &missing);
        for row_idx in 0..5_000 {
            let expected = match cells.get(row_idx, &missing) {
                Cell::Text(text) => Some(text),
                _ => None,
            };
            assert_eq!(found.get(row_idx), expected, "row {row_idx}");
        }
        let mut distinct = found.levels.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), found.levels.len());
    }

    #[test]
    fn integers_are_the_levels_that_their_digits_are() {
        let missing = MissingWords::new(&["NA".to_string()]);
        let number = |i: i64| (i % 5 > 0).then_some(i % 700 - 350);
        let cells = Cells::Integer(Int64Chunked::from_iter_options("x".into(), (0..4_000).map(number)));
        let found = levels(&cells, 4_000, &missing);
        for row_idx in 0..4_000_i32 {
            let expected = number(i64::from(row_idx)).map(|number| number.to_string());
            assert_eq!(found.get(row_idx as usize), expected.as_deref(), "row {row_idx}");
        }
    }
}
