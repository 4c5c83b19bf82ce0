//! Rows as real files have them: times that cannot be read, ids that are not there, rows that came twice.

use rand::RngExt;

use super::columns::{MISSING_ID, UNREADABLE};
use super::population::stream;
use super::purchases::Line;

/// Dirt has streams of its own, so that the clean rows stay as they are.
const DIRT_STREAMS: u64 = 1 << 63;

/// Dirty rows by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirtCounts {
    /// Rows whose time cannot be read (of a log).
    pub unreadable_times: u64,
    /// Rows without an id.
    pub missing_ids: u64,
    /// Rows that repeat the one before.
    pub repeated_rows: u64,
    /// Rows without an amount (of a log) or without a label (of a customer table).
    pub missing_values: u64,
}

impl DirtCounts {
    /// Both.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            unreadable_times: self.unreadable_times + other.unreadable_times,
            missing_ids: self.missing_ids + other.missing_ids,
            repeated_rows: self.repeated_rows + other.repeated_rows,
            missing_values: self.missing_values + other.missing_values,
        }
    }
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dirt {
    UnreadableTime,
    MissingId,
    Repeated,
    MissingValue,
}

/// What is wrong with each of customer `number`'s `n_rows` rows, where anything is.
pub(crate) fn dirt(seed: u64, number: u64, share: f64, n_rows: usize, kinds: &[Dirt]) -> Vec<Option<Dirt>> {
    if share == 0.0 {
        return vec![None; n_rows];
    }
    let mut rng = stream(seed, DIRT_STREAMS | number);
    let mut draw = || {
        let (place, kind) = (rng.random::<f64>(), rng.random_range(0..kinds.len()));
        (place < share).then(|| kinds[kind])
    };
    (0..n_rows).map(|_| draw()).collect()
}

/// Appends one customer's lines, dirty ones among them, and the number that each line carries.
pub(crate) fn soil(
    (seed, share): (u64, f64),
    number: u64,
    lines: &[Line],
    (ids, out): (&mut Vec<u64>, &mut Vec<Line>),
) -> DirtCounts {
    let kinds = [Dirt::UnreadableTime, Dirt::MissingId, Dirt::Repeated, Dirt::MissingValue];
    let mut counts = DirtCounts::default();
    for (line, dirt) in lines.iter().zip(dirt(seed, number, share, lines.len(), &kinds)) {
        let (mut id, mut row) = (number, *line);
        match dirt {
            None => {}
            Some(Dirt::UnreadableTime) => {
                row.time_us = UNREADABLE;
                counts.unreadable_times += 1;
            }
            Some(Dirt::MissingId) => {
                id = MISSING_ID;
                counts.missing_ids += 1;
            }
            Some(Dirt::Repeated) => {
                ids.push(id);
                out.push(row);
                counts.repeated_rows += 1;
            }
            Some(Dirt::MissingValue) => {
                row.amount = f64::NAN;
                counts.missing_values += 1;
            }
        }
        ids.push(id);
        out.push(row);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dirt_is_counted_and_leaves_the_other_rows_alone() {
        let line = |time_us| Line { time_us, amount: 1.0, quantity: 1.0, category: 0, channel: 0 };
        let lines: Vec<_> = (0..4_000).map(line).collect();
        let (mut ids, mut out) = (Vec::new(), Vec::new());
        let counts = soil((3, 0.1), 5, &lines, (&mut ids, &mut out));
        let kinds = [counts.unreadable_times, counts.missing_ids, counts.repeated_rows, counts.missing_values];
        // 100 expected of each; the deviation of a binomial count is 9.9.
        assert!(kinds.iter().all(|&n| (60..140).contains(&n)), "{kinds:?}");
        assert_eq!(out.len() as u64, 4_000 + counts.repeated_rows);
        assert_eq!(ids.iter().filter(|&&id| id == MISSING_ID).count() as u64, counts.missing_ids);
        assert_eq!(out.iter().filter(|row| row.amount.is_nan()).count() as u64, counts.missing_values);
        let n_clean = out.iter().filter(|row| row.time_us != UNREADABLE && row.amount == 1.0).count() as u64;
        assert_eq!(n_clean + counts.unreadable_times + counts.missing_values, out.len() as u64);
    }

    #[test]
    fn no_dirt_is_no_dirt() {
        assert_eq!(dirt(1, 2, 0.0, 3, &[Dirt::MissingId]), [None; 3]);
    }
}
