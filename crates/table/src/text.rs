//! Many short texts in one allocation.

use alloc::string::String;
use alloc::vec::Vec;

/// Texts laid end to end: ten million ids cost their bytes and one offset each, not ten million allocations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextColumn {
    bytes: String,
    /// `ends[i]` is where text `i` stops.
    ends: Vec<usize>,
}

impl TextColumn {
    /// An empty column with room for `n_rows` texts.
    pub fn with_capacity(n_rows: usize) -> Self {
        Self { bytes: String::new(), ends: Vec::with_capacity(n_rows) }
    }

    /// Appends one text.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of row `row_idx`.
    ///
    /// # Panics
    /// When `row_idx` is not below [`TextColumn::len`].
    pub fn get(&self, row_idx: usize) -> &str {
        let start = if row_idx == 0 { 0 } else { self.ends[row_idx - 1] };
        &self.bytes[start..self.ends[row_idx]]
    }

    /// The texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|row_idx| self.get(row_idx))
    }
}

impl Default for TextColumn {
    fn default() -> Self {
        Self::with_capacity(0)
    }
}

impl<'a> FromIterator<&'a str> for TextColumn {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let texts = texts.into_iter();
        let mut column = Self::with_capacity(texts.size_hint().0);
        for text in texts {
            column.push(text);
        }
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back_empty_ones_too() {
        let column: TextColumn = ["ab", "", "né"].into_iter().collect();
        assert_eq!(column.iter().collect::<Vec<_>>(), ["ab", "", "né"]);
    }
}
