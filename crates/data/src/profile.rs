//! What a column holds, seen over all its rows: the ground on which types and roles are chosen.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
use tenure_config::ColumnType;

use crate::cell::{Batch, Cell, Cells, MissingWords};
use crate::instant::Clock;
use crate::source::Storage;

/// Distinct values are counted up to here; more is many.
const MAX_DISTINCT: usize = 1 << 18;
/// ... and up to here where they are numbers with fractions, which are neither levels nor keys: tables of customers have
/// many such columns.
const MAX_DISTINCT_MAGNITUDES: usize = 1 << 12;
/// Example values kept of each column.
const N_EXAMPLES: usize = 64;
/// A text column is free text, not levels, where at least this share of its values occur once...
const UNIQUE_SHARE: f64 = 0.9;
/// ... among at least this many values.
const UNIQUE_MIN: u64 = 20;
/// A text column of which at least this share are numbers was meant to be numbers.
const NUMBER_SHARE: f64 = 0.9;
/// ... unless there are so few distinct ones that they are levels such as `0`, `1`, `2`, `3+`.
const MAX_SPOILT_LEVELS: u64 = 20;

/// What a column holds.
#[derive(Debug)]
pub(crate) struct Profile {
    /// Rows.
    pub n_rows: u64,
    /// Rows without a value.
    pub n_missing: u64,
    /// Values that read as numbers.
    pub n_numbers: u64,
    /// Values that read as whole numbers.
    pub n_integers: u64,
    /// Values that read as instants.
    pub n_times: u64,
    /// The first distinct values, in order.
    pub examples: Vec<String>,
    /// The first text that is no number: its file's place in the list, its row, itself.
    pub first_text: Option<(usize, u64, String)>,
    distinct: HashTable<u64>,
    hasher: DefaultHashBuilder,
    /// Values seen until the count of distinct ones stopped.
    n_counted: u64,
}

impl Profile {
    /// Nothing seen yet.
    pub(crate) fn new() -> Self {
        Self {
            n_rows: 0,
            n_missing: 0,
            n_numbers: 0,
            n_integers: 0,
            n_times: 0,
            examples: Vec::new(),
            first_text: None,
            distinct: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            n_counted: 0,
        }
    }

    /// Takes in a column of a batch of file `file_idx`; ragged rows have no cells.
    pub(crate) fn add_all(
        &mut self,
        cells: &Cells,
        batch: &Batch,
        file_idx: usize,
        missing: &MissingWords,
        clock: &mut Clock,
    ) {
        for row_idx in (0..batch.n_rows).filter(|&row_idx| batch.ragged_at(row_idx).is_none()) {
            self.add(cells.get(row_idx, missing), file_idx, batch.first_row + row_idx as u64, clock);
        }
    }

    /// Takes in the cell of row `row` of file `file_idx`.
    fn add(&mut self, cell: Cell<'_>, file_idx: usize, row: u64, clock: &mut Clock) {
        self.n_rows += 1;
        match cell {
            Cell::Missing => return self.n_missing += 1,
            Cell::Float(number) if number.is_nan() => return self.n_missing += 1,
            Cell::Text(text) => self.add_text(text, file_idx, row, clock),
            Cell::Integer(_) => (self.n_numbers, self.n_integers) = (self.n_numbers + 1, self.n_integers + 1),
            Cell::Float(number) => {
                self.n_numbers += 1;
                self.n_integers += u64::from(number.fract() == 0.0);
            }
            Cell::Boolean(_) => {}
            Cell::Local(_) | Cell::Instant(_) => self.n_times += 1,
        }
        self.count(cell);
    }

    fn add_text(&mut self, text: &str, file_idx: usize, row: u64, clock: &mut Clock) {
        let number = text.parse::<f64>().ok();
        self.n_numbers += u64::from(number.is_some());
        self.n_integers += u64::from(number.is_some_and(|number| number.fract() == 0.0));
        // A column cannot turn out to hold times any more once a value was none.
        let all_times = self.n_times == self.n_rows - 1 - self.n_missing;
        self.n_times += u64::from(all_times && clock.read(text).is_some());
        if number.is_none() && self.first_text.is_none() {
            self.first_text = Some((file_idx, row, text.to_string()));
        }
    }

    fn count(&mut self, cell: Cell<'_>) {
        if self.distinct.len() >= self.most_distinct() {
            return;
        }
        self.n_counted += 1;
        let hash = match cell {
            Cell::Missing => return,
            Cell::Text(text) => self.hasher.hash_one(text),
            Cell::Integer(number) | Cell::Local(number) | Cell::Instant(number) => self.hasher.hash_one(number),
            Cell::Float(number) => self.hasher.hash_one(number.to_bits()),
            Cell::Boolean(flag) => self.hasher.hash_one(flag),
        };
        if self.distinct.find(hash, |&seen| seen == hash).is_none() {
            self.distinct.insert_unique(hash, hash, |&seen| seen);
            if self.examples.len() < N_EXAMPLES {
                self.examples.push(cell.spelled());
            }
        }
    }

    /// Where the count stops.
    fn most_distinct(&self) -> usize {
        let has_fractions = self.n_numbers == self.n_values() && self.n_integers < self.n_numbers;
        if has_fractions { MAX_DISTINCT_MAGNITUDES } else { MAX_DISTINCT }
    }

    /// Rows with a value.
    pub(crate) fn n_values(&self) -> u64 {
        self.n_rows - self.n_missing
    }

    /// Distinct values, at least: the count stops at 2^18, of magnitudes at 2^12.
    pub(crate) fn n_distinct(&self) -> u64 {
        self.distinct.len() as u64
    }

    /// Whether (nearly) every value occurs once.
    pub(crate) fn is_unique(&self) -> bool {
        self.n_values() >= UNIQUE_MIN && self.n_distinct() as f64 >= UNIQUE_SHARE * self.n_counted as f64
    }

    /// Whether every row has a value and no two share one.
    pub(crate) fn is_key(&self) -> bool {
        self.n_missing == 0 && self.n_distinct() == self.n_counted && self.n_rows > 1
    }

    /// Whether there is no value, or one value in every row.
    pub(crate) fn is_constant(&self) -> bool {
        self.n_values() == 0 || (self.n_distinct() == 1 && self.n_missing == 0)
    }

    /// The type that the values suggest: numbers also where a few values are none, so that the reader stumbles over the
    /// first of them rather than taking a magnitude for levels.
    pub(crate) fn suggested(&self, storage: &Storage) -> ColumnType {
        match storage {
            Storage::Integer | Storage::Float => ColumnType::Numeric,
            Storage::Time => ColumnType::Time,
            Storage::Boolean | Storage::Empty => ColumnType::Category,
            Storage::Text | Storage::Other(_) => match self.n_values() {
                0 => ColumnType::Category,
                n if self.n_numbers == n => ColumnType::Numeric,
                n if self.n_times == n => ColumnType::Time,
                _ if self.is_spoilt_number() => ColumnType::Numeric,
                _ if self.is_unique() => ColumnType::Text,
                _ => ColumnType::Category,
            },
        }
    }

    /// Whether a text column was surely meant to be numbers, yet a few of its values are none.
    fn is_spoilt_number(&self) -> bool {
        let n_others = self.n_values() - self.n_numbers;
        n_others > 0
            && self.n_numbers as f64 >= NUMBER_SHARE * self.n_values() as f64
            && self.n_distinct() > MAX_SPOILT_LEVELS
    }
}
