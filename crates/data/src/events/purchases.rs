//! One customer's lines as purchases and returns.

use super::log::{LineKind, LogView};

/// All purchase lines of a customer at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Purchase {
    /// Microseconds since the Unix epoch.
    pub(crate) time_us: i64,
    /// Money of its lines; a line without an amount adds nothing.
    pub(crate) spend: f64,
    /// Units of its lines; a line without a quantity adds nothing.
    pub(crate) units: f64,
    /// Its lines.
    pub(crate) n_lines: u32,
}

/// One returned line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Return {
    /// Microseconds since the Unix epoch.
    pub(crate) time_us: i64,
    /// Money given back, at least 0; 0 where it is not known.
    pub(crate) amount: f64,
}

/// One customer's whole history, kept from customer to customer so that nothing is allocated in the loop.
#[derive(Debug, Default)]
pub(crate) struct Histories {
    /// Ascending in time, one for each instant.
    pub(crate) purchases: Vec<Purchase>,
    /// Ascending in time.
    pub(crate) returns: Vec<Return>,
    /// Amounts and quantities of the instant being read.
    instant: Vec<(f64, f64)>,
}

impl Histories {
    /// Reads customer `idx` of `log`, forgetting the one before.
    pub(crate) fn read(&mut self, log: &LogView<'_>, idx: usize) {
        self.purchases.clear();
        self.returns.clear();
        let rows = log.rows(idx);
        for group in log.time_us[rows.clone()].chunk_by(|a, b| a == b).scan(rows.start, |start, group| {
            let range = *start..*start + group.len();
            *start = range.end;
            Some(range)
        }) {
            self.read_instant(log, group);
        }
    }

    fn read_instant(&mut self, log: &LogView<'_>, rows: std::ops::Range<usize>) {
        let time_us = log.time_us[rows.start];
        self.instant.clear();
        for row_idx in rows {
            match log.kind(row_idx) {
                LineKind::Purchase => self.instant.push((or_zero(log.amount(row_idx)), or_zero(log.quantity(row_idx)))),
                LineKind::Return => {
                    self.returns.push(Return { time_us, amount: or_zero(log.amount(row_idx)).abs() });
                }
                LineKind::Other => {}
            }
        }
        self.push_purchase(time_us);
        self.sort_returns_of(time_us);
    }

    /// Lines of one instant have no order of their own: sorted, their sum is the same to the bit in any order.
    fn push_purchase(&mut self, time_us: i64) {
        if self.instant.is_empty() {
            return;
        }
        self.instant.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (spend, units) = self.instant.iter().fold((0.0, 0.0), |sum, line| (sum.0 + line.0, sum.1 + line.1));
        self.purchases.push(Purchase { time_us, spend, units, n_lines: self.instant.len() as u32 });
    }

    fn sort_returns_of(&mut self, time_us: i64) {
        let start = self.returns.partition_point(|r| r.time_us < time_us);
        self.returns[start..].sort_unstable_by(|a, b| a.amount.total_cmp(&b.amount));
    }
}

pub(crate) fn or_zero(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value }
}

/// The part of `items` in `[from_us, to_us)`; `items` ascend in time.
pub(crate) fn between<T>(items: &[T], time_us: impl Fn(&T) -> i64, from_us: i64, to_us: i64) -> &[T] {
    let start = items.partition_point(|item| time_us(item) < from_us);
    let end = start + items[start..].partition_point(|item| time_us(item) < to_us);
    &items[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view<'a>(time_us: &'a [i64], amount: &'a [f64], offsets: &'a [usize]) -> LogView<'a> {
        LogView { first_customer: 0, offsets, time_us, amount: Some(amount), quantity: None, categories: vec![] }
    }

    #[test]
    fn lines_of_one_instant_are_one_purchase_and_returns_stand_apart() {
        let mut histories = Histories::default();
        histories.read(&view(&[7, 1, 5, 5, 5, 9], &[9.0, 2.0, 3.0, -1.0, 4.0, f64::NAN], &[0, 1, 6]), 1);
        let purchase = |time_us, spend, n_lines| Purchase { time_us, spend, units: 0.0, n_lines };
        assert_eq!(histories.purchases, [purchase(1, 2.0, 1), purchase(5, 7.0, 2), purchase(9, 0.0, 1)]);
        assert_eq!(histories.returns, [Return { time_us: 5, amount: 1.0 }]);
    }

    #[test]
    fn the_order_of_lines_at_one_instant_does_not_reach_the_sum() {
        let mut sums = Vec::new();
        for amounts in [[1e16, 1.0, 1.0], [1.0, 1e16, 1.0], [1.0, 1.0, 1e16]] {
            let mut histories = Histories::default();
            histories.read(&view(&[3, 3, 3], &amounts, &[0, 3]), 0);
            sums.push(histories.purchases[0].spend);
        }
        assert_eq!(sums, [1e16 + 2.0; 3]);
    }

    #[test]
    fn windows_are_half_open() {
        let times = [1, 2, 2, 3, 5];
        assert_eq!(between(&times, |&t| t, 2, 5), [2, 2, 3]);
        assert!(between(&times, |&t| t, 4, 4).is_empty());
        assert_eq!(between(&times, |&t| t, i64::MIN, 2), [1]);
    }
}
