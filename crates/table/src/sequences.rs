//! The last events of each row: rows of different lengths, one after the other.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// What happened before each row of a table, event by event, the oldest first.
///
/// # Shapes
/// `N` rows and `E` events of `S` numbers each: row `i` has the events `offsets[i]..offsets[i + 1]`, values are `[E, S]`.
///
/// ```
/// use tenure_table::Sequences;
///
/// let mut sequences = Sequences::new(vec!["amount".into(), "age_days".into()]);
/// sequences.push_row(&[5.0, 30.0, 8.0, 2.0]); // two events
/// sequences.push_row(&[]);
/// assert_eq!((sequences.n_rows(), sequences.n_events(), sequences.row(0)[2]), (2, 2, 8.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sequences {
    names: Vec<String>,
    /// Of the last so many of an event's numbers.
    levels: Vec<Arc<[String]>>,
    offsets: Vec<usize>,
    values: Vec<f32>,
}

impl Sequences {
    /// No row yet, of events that hold these numbers.
    ///
    /// # Panics
    /// Without a name: events without numbers cannot be counted.
    pub fn new(names: Vec<String>) -> Self {
        assert!(!names.is_empty(), "an event holds at least one number");
        Self { names, levels: Vec::new(), offsets: vec![0], values: Vec::new() }
    }

    /// The same, where the last of an event's numbers are codes: places among these levels, NaN where one is missing.
    ///
    /// # Panics
    /// With more lists of levels than an event has numbers.
    #[must_use]
    pub fn with_levels(self, levels: Vec<Vec<String>>) -> Self {
        assert!(levels.len() <= self.width(), "{} lists of levels for events of {}", levels.len(), self.width());
        Self { levels: levels.into_iter().map(Arc::from).collect(), ..self }
    }

    /// What the codes stand for; one list for each of the last of an event's numbers.
    pub fn levels(&self) -> &[Arc<[String]>] {
        &self.levels
    }

    /// What each event holds, `[S]`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Numbers of an event, S.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// The number of rows, N.
    pub fn n_rows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The number of events, E.
    pub fn n_events(&self) -> usize {
        self.values.len() / self.width()
    }

    /// Where each row's events begin, and where the last one's end, `[N + 1]`.
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// All events, `[E, S]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The events of one row, `[its events, S]`.
    pub fn row(&self, row_idx: usize) -> &[f32] {
        let s = self.width();
        &self.values[self.offsets[row_idx] * s..self.offsets[row_idx + 1] * s]
    }

    /// Appends a row with these events, `[its events, S]`.
    ///
    /// # Panics
    /// When the values are not whole events.
    pub fn push_row(&mut self, values: &[f32]) {
        assert!(values.len().is_multiple_of(self.width()), "{} numbers in events of {}", values.len(), self.width());
        self.values.extend_from_slice(values);
        self.offsets.push(self.n_events());
    }

    /// Appends the rows of `other`, whose events hold the same numbers.
    ///
    /// # Panics
    /// When they do not.
    pub fn append(&mut self, other: &Self) {
        assert_eq!(self.names, other.names, "events of one kind");
        let before = self.n_events();
        self.values.extend_from_slice(&other.values);
        self.offsets.extend(other.offsets[1..].iter().map(|offset| before + offset));
    }

    /// These rows, in this order; a row may be taken more than once.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        let mut taken = Self { levels: self.levels.clone(), ..Self::new(self.names.clone()) };
        taken.offsets.reserve(rows.len());
        for &row_idx in rows {
            taken.push_row(self.row(row_idx as usize));
        }
        taken
    }

    /// The same rows with other numbers, none of them codes: `f(place within the event, number)`.
    #[must_use]
    pub fn map(&self, f: impl Fn(usize, f32) -> f32) -> Self {
        let s = self.width();
        let values = self.values.iter().enumerate().map(|(i, &value)| f(i % s, value)).collect();
        Self { names: self.names.clone(), levels: Vec::new(), offsets: self.offsets.clone(), values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_rows() -> Sequences {
        let mut sequences = Sequences::new(vec!["a".into(), "b".into()]);
        sequences.push_row(&[1.0, 2.0, 3.0, 4.0]);
        sequences.push_row(&[]);
        sequences.push_row(&[5.0, 6.0]);
        sequences
    }

    #[test]
    fn rows_are_taken_with_all_their_events() {
        let taken = three_rows().take(&[2, 0, 1, 2]);
        assert_eq!(taken.offsets(), [0, 1, 3, 3, 4]);
        assert_eq!(taken.values(), [5.0, 6.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn appending_is_pushing_every_row() {
        let mut twice = three_rows();
        twice.append(&three_rows());
        assert_eq!(twice, three_rows().take(&[0, 1, 2, 0, 1, 2]));
    }

    #[test]
    fn codes_keep_their_levels_until_they_become_numbers() {
        let coded = three_rows().with_levels(vec![vec!["x".into(), "y".into()]]);
        assert_eq!(coded.take(&[2]).levels()[0][1], "y");
        assert!(coded.map(|_, value| value).levels().is_empty());
    }

    #[test]
    fn numbers_know_their_place_in_the_event() {
        let mapped = three_rows().map(|place, value| if place == 0 { value } else { -value });
        assert_eq!(mapped.row(0), [1.0, -2.0, 3.0, -4.0]);
    }
}
