//! Distinct texts, numbered in order of their first appearance.

use std::collections::HashMap;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use tenure_table::{Categories, TextColumn};

use crate::cell::Cell;

/// Distinct texts and their numbers: one copy of each text's bytes and about five bytes of index beside it, so that ten
/// million ids stay below half a gigabyte.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    texts: TextColumn,
    by_text: HashTable<u32>,
    /// A shortcut past the text for whole numbers.
    by_integer: HashMap<i64, u32, DefaultHashBuilder>,
    hasher: DefaultHashBuilder,
    scratch: String,
}

impl Dictionary {
    /// How many texts.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The number of this text, a new one where it was not seen before.
    pub(crate) fn number_text(&mut self, text: &str) -> u32 {
        let Self { texts, by_text, hasher, .. } = self;
        let hash = hasher.hash_one(text);
        if let Some(&code) = by_text.find(hash, |&code| texts.get(code as usize) == text) {
            return code;
        }
        let code = texts.len() as u32;
        texts.push(text);
        by_text.insert_unique(hash, code, |&code| hasher.hash_one(texts.get(code as usize)));
        code
    }

    /// The number of this text, where it was seen.
    pub(crate) fn find_text(&self, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(text);
        self.by_text.find(hash, |&code| self.texts.get(code as usize) == text).copied()
    }

    /// The number of this whole number's decimal text.
    pub(crate) fn number_integer(&mut self, number: i64) -> u32 {
        if let Some(&code) = self.by_integer.get(&number) {
            return code;
        }
        let code = self.number_text(&number.to_string());
        self.by_integer.insert(number, code);
        code
    }

    /// The number of this cell's text; none where it is missing.
    pub(crate) fn number_cell(&mut self, cell: Cell<'_>) -> Option<u32> {
        match cell {
            Cell::Missing => None,
            Cell::Text(text) => Some(self.number_text(text)),
            Cell::Integer(number) => Some(self.number_integer(number)),
            Cell::Float(number) if number.is_nan() => None,
            other => {
                let mut scratch = std::mem::take(&mut self.scratch);
                scratch.clear();
                other.spell(&mut scratch);
                let code = self.number_text(&scratch);
                self.scratch = scratch;
                Some(code)
            }
        }
    }

    /// The texts in order.
    pub(crate) fn into_texts(self) -> TextColumn {
        self.texts
    }

    /// The texts as the levels of these codes.
    pub(crate) fn into_categories(self, codes: Vec<u32>) -> Categories {
        Categories { codes, levels: self.texts.iter().map(str::to_string).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_by_first_appearance_whatever_they_were() {
        let mut levels = Dictionary::default();
        let cells =
            [Cell::Text("b"), Cell::Integer(7), Cell::Missing, Cell::Float(7.0), Cell::Text("7"), Cell::Text("b")];
        let codes: Vec<Option<u32>> = cells.map(|cell| levels.number_cell(cell)).into();
        assert_eq!(codes, [Some(0), Some(1), None, Some(1), Some(1), Some(0)]);
        assert_eq!(levels.into_categories(vec![1, 0]).levels, ["b", "7"]);
    }
}
