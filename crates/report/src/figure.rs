//! One figure of the page: a drawing, how to read it, its legend, and its figures in a table.

use crate::number;

/// A figure of the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figure {
    /// Anchor in the page: letters and dashes.
    pub(crate) id: String,
    /// Short title.
    pub(crate) title: String,
    /// How to read it, in one sentence.
    pub(crate) reading: String,
    /// What it says in this run, in one sentence; may be empty.
    pub(crate) finding: String,
    /// What the marks are.
    pub(crate) legend: Vec<Key>,
    /// The drawing, as markup; where there is none, the table is shown in its place.
    pub(crate) drawing: String,
    /// The figures behind it.
    pub(crate) table: DataTable,
    /// `wide` for the page's whole width, `tall` for two rows; else empty.
    pub(crate) span: &'static str,
}

/// One entry of a legend.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// Class of the swatch; the same as that of the marks.
    pub(crate) class: &'static str,
    /// What the mark stands for.
    pub(crate) label: String,
}

impl Key {
    pub(crate) fn new(class: &'static str, label: impl Into<String>) -> Self {
        Self { class, label: label.into() }
    }
}

/// Figures in rows; cells are text, escaped by the template.
#[derive(Clone, Debug, Default)]
pub(crate) struct DataTable {
    /// Column titles.
    pub(crate) head: Vec<String>,
    /// Cells, as many in each row as there are titles.
    pub(crate) rows: Vec<Vec<String>>,
    /// How many of the first columns are texts, which keep to the left.
    pub(crate) n_text: usize,
}

impl DataTable {
    /// An empty table whose first `n_text` columns are texts.
    pub(crate) fn new(n_text: usize, head: &[&str]) -> Self {
        Self { head: head.iter().map(|&title| title.to_owned()).collect(), rows: Vec::new(), n_text }
    }

    pub(crate) fn push(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.head.len(), "a row has a cell for each title");
        self.rows.push(row);
    }

    /// Whether column `column_idx` (from 0) keeps to the left.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the template passes references")]
    pub(crate) fn is_text(&self, column_idx: &usize) -> bool {
        *column_idx < self.n_text
    }
}

/// What an axis counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A plain number.
    Plain,
    /// A share, shown as a percentage.
    Share,
    /// A count or an amount of money, thousands apart.
    Amount,
    /// A multiple: 2×.
    Times,
}

impl Unit {
    /// The label of a tick where ticks are `step` apart and reach as far as `largest`: an axis has one multiple for all.
    pub(crate) fn tick(self, value: f64, step: f64, largest: f64) -> String {
        match self {
            Self::Plain if step >= 1000.0 => number::amount(value),
            Self::Plain => number::fixed(value, decimals(step)),
            Self::Share => format!("{}%", number::fixed(value * 100.0, decimals(step * 100.0))),
            _ if value == 0.0 => "0".to_owned(),
            Self::Amount if largest >= 1e6 => format!("{}M", number::fixed(value / 1e6, decimals(step / 1e6))),
            Self::Amount if largest >= 1e4 => format!("{}k", number::fixed(value / 1e3, decimals(step / 1e3))),
            Self::Amount => grouped_fixed(value, decimals(step)),
            Self::Times => format!("{}×", number::fixed(value, decimals(step))),
        }
    }
}

/// With decimals, thousands apart.
fn grouped_fixed(value: f64, digits: usize) -> String {
    if digits == 0 { number::amount(value.round()) } else { number::fixed(value, digits) }
}

/// Decimals that tell values `step` apart from each other.
fn decimals(step: f64) -> usize {
    (-(step * 1.000_001).log10().floor()).clamp(0.0, 8.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tick_labels_have_the_digits_of_their_step() {
        assert_eq!(Unit::Plain.tick(0.1, 0.02, 0.2), "0.10");
        assert_eq!(Unit::Plain.tick(20.0, 10.0, 50.0), "20");
        assert_eq!(Unit::Share.tick(0.25, 0.05, 1.0), "25%");
        assert_eq!(Unit::Amount.tick(500.0, 500.0, 2_000.0), "500");
        assert_eq!(Unit::Amount.tick(0.5, 0.5, 2.0), "0.5");
        assert_eq!(Unit::Times.tick(2.0, 1.0, 3.0), "2×");
    }

    #[test]
    fn an_axis_of_large_amounts_has_one_multiple() {
        assert_eq!(Unit::Amount.tick(-12_500.0, 500.0, 20_000.0), "−12.5k");
        assert_eq!(Unit::Amount.tick(500.0, 500.0, 20_000.0), "0.5k");
        assert_eq!(Unit::Amount.tick(0.0, 500.0, 20_000.0), "0");
    }
}
