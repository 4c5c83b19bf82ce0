//! Columns of text as levels: each distinct text of a batch is looked at once, whatever the number of rows.

use std::collections::HashMap;

use polars::prelude::StringChunked;
use tenure_table::{Categories, MISSING_CODE};

use crate::cell::{Cell, Cells, MissingWords};

/// Texts that are remembered by what stands for them in memory, a power of two.
const N_REMEMBERED: usize = 256;

/// The levels of a column, trimmed, with the words for "missing" taken out; numbered by first appearance.
pub(crate) fn levels(cells: &Cells, n_rows: usize, missing: &MissingWords) -> Categories {
    let mut numbered = Numbered { codes: Vec::with_capacity(n_rows), ..Numbered::default() };
    if let Cells::Text(values) = cells {
        numbered.push_texts(values, missing);
    } else {
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
    /// ones are equal texts, so a small table of the last ones seen spares most rows a look at the text.
    fn push_texts(&mut self, values: &StringChunked, missing: &MissingWords) {
        for (chunk, nulls) in values.downcast_iter().zip(values.chunks()) {
            let mut remembered = [(0_u128, MISSING_CODE); N_REMEMBERED];
            let mut is_known = [false; N_REMEMBERED];
            for (row_idx, view) in chunk.views().iter().enumerate() {
                if nulls.is_null(row_idx) {
                    self.codes.push(MISSING_CODE);
                    continue;
                }
                let key = view.as_u128();
                let slot = slot(key);
                if !is_known[slot] || remembered[slot].0 != key {
                    let text = chunk.value(row_idx).trim();
                    let code = if missing.has(text) { MISSING_CODE } else { self.code(text) };
                    remembered[slot] = (key, code);
                    is_known[slot] = true;
                }
                self.codes.push(remembered[slot].1);
            }
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
}
