//! The last purchases before a cutoff, one by one.

use std::ops::Range;

use tenure_config::SequenceInput;
use tenure_table::{Sequences, Span};

use super::lineage::Reads;
use super::log::{LineKind, LogSchema, LogView};
use super::purchases::{Purchase, or_zero};
use crate::FeatureLineage;

/// The name under which lineage tells what sequences have read.
pub(crate) const SEQUENCE: &str = "sequence";

/// Codes from here on are not all of them whole numbers in single precision.
const MAX_CODES: u32 = 1 << 24;

/// A number of a purchase.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Amount,
    Gap,
    Age,
}

/// Which purchases are kept of a row, and what of each.
#[derive(Clone, Debug)]
pub(crate) struct SequenceRule {
    /// In the order of the plan.
    numbers: Vec<Number>,
    /// Columns whose levels come behind them: all of role `category`, or none.
    categories: Vec<String>,
    /// The last so many.
    length: usize,
}

impl SequenceRule {
    /// None where nothing that is asked for is in the log.
    pub(crate) fn new(sequence: &tenure_config::Sequence, schema: &LogSchema) -> Option<Self> {
        let is_known = |number: &Number| *number != Number::Amount || schema.amount.is_some();
        let numbers: Vec<_> = sequence.inputs.iter().filter_map(|input| Number::of(*input)).filter(is_known).collect();
        let categories = if sequence.reads_levels() { schema.categories.clone() } else { Vec::new() };
        let is_any = !(numbers.is_empty() && categories.is_empty());
        (sequence.is_on() && is_any).then_some(Self { numbers, categories, length: sequence.length })
    }

    /// No row yet.
    pub(crate) fn empty(&self) -> RowSequences {
        let names = self.numbers.iter().map(|number| number.name().to_owned()).chain(self.categories.iter().cloned());
        let sequences = Sequences::new(names.collect());
        RowSequences { rule: self.clone(), sequences, reads: Reads::NONE, events: Vec::new(), money: Vec::new() }
    }

    pub(crate) fn lineage(&self, schema: &LogSchema, window: Option<Span>, reads: Reads) -> FeatureLineage {
        let measured = reads.measured();
        let amount = self.numbers.contains(&Number::Amount).then(|| schema.amount.clone()).flatten();
        let level = |column: &String| format!("the {column} of most of a");
        let of_each = self.numbers.iter().map(|number| number.definition().to_owned());
        let of_each: Vec<String> = of_each.chain(self.categories.iter().map(level)).collect();
        let columns = std::iter::once(schema.time.clone()).chain(amount).chain(self.categories.iter().cloned());
        FeatureLineage {
            feature: SEQUENCE.to_owned(),
            definition: format!("of each of the last {} purchases before c: {}", self.length, of_each.join(", ")),
            columns: columns.collect(),
            window,
            unit: "purchases".to_owned(),
            latest_event: measured.map(|(latest, _)| latest),
            min_slack: measured.map(|(_, slack)| slack),
        }
    }
}

impl Number {
    /// What an input of the plan is, where it is a number.
    const fn of(input: SequenceInput) -> Option<Self> {
        match input {
            SequenceInput::Amount => Some(Self::Amount),
            SequenceInput::Gap => Some(Self::Gap),
            SequenceInput::Age => Some(Self::Age),
            SequenceInput::Category => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::Gap => "gap_days",
            Self::Age => "age_days",
        }
    }

    const fn definition(self) -> &'static str {
        match self {
            Self::Amount => "a",
            Self::Gap => "t - t_before",
            Self::Age => "c - t",
        }
    }
}

/// The sequences of rows as they are read, with what was read for them.
#[derive(Clone, Debug)]
pub(crate) struct RowSequences {
    rule: SequenceRule,
    pub(crate) sequences: Sequences,
    pub(crate) reads: Reads,
    /// Of the row being read.
    events: Vec<f32>,
    /// Codes and money of the purchase being read.
    money: Vec<(u32, f64)>,
}

impl RowSequences {
    /// Appends a row: the last of these purchases, ascending in time and all before the cutoff, from these lines of the log.
    /// The gap before a customer's first purchase is missing; the gap before the first one kept is not, where there was
    /// one before it.
    pub(crate) fn push(&mut self, purchases: &[Purchase], cutoff_us: i64, log: &LogView<'_>, lines: &Range<usize>) {
        let first = purchases.len().saturating_sub(self.rule.length);
        self.events.clear();
        for (place, purchase) in purchases.iter().enumerate().skip(first) {
            let before = place.checked_sub(1).map(|before| purchases[before].time_us);
            let days = |from: i64, to: i64| Span(to - from).as_days() as f32;
            self.events.extend(self.rule.numbers.iter().map(|number| match number {
                Number::Amount => purchase.spend as f32,
                Number::Gap => before.map_or(f32::NAN, |before| days(before, purchase.time_us)),
                Number::Age => days(purchase.time_us, cutoff_us),
            }));
            for column_idx in 0..self.rule.categories.len() {
                let code = self.level(purchase, column_idx, log, lines);
                self.events.push(code);
            }
        }
        if let Some(last) = purchases.last() {
            self.reads.add(cutoff_us, last.time_us);
        }
        self.sequences.push_row(&self.events);
    }

    /// The code on which most of a purchase's money went; of several the one with the most lines, then the one that the
    /// files name first. NaN where no line has one.
    fn level(&mut self, purchase: &Purchase, column_idx: usize, log: &LogView<'_>, lines: &Range<usize>) -> f32 {
        let times = &log.time_us[lines.clone()];
        let first = lines.start + times.partition_point(|&time_us| time_us < purchase.time_us);
        let at_once = log.time_us[first..lines.end].iter().take_while(|&&time_us| time_us == purchase.time_us);
        self.money.clear();
        for row_idx in (first..lines.end).take(at_once.count()) {
            let code = log.categories[column_idx][row_idx];
            if code < MAX_CODES && log.kind(row_idx) == LineKind::Purchase {
                self.money.push((code, or_zero(log.amount(row_idx))));
            }
        }
        // Lines of one instant have no order of their own: sorted, their sums are the same to the bit in any order.
        self.money.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut most: Option<((f64, usize), u32)> = None;
        for level in self.money.chunk_by(|a, b| a.0 == b.0) {
            let found = (level.iter().map(|line| line.1).sum::<f64>(), level.len());
            if most.is_none_or(|(before, _)| found > before) {
                most = Some((found, level[0].0));
            }
        }
        most.map_or(f32::NAN, |(_, code)| code as f32)
    }

    /// Adds the rows of `other`, which follow these.
    pub(crate) fn append(&mut self, other: &Self) {
        self.sequences.append(&other.sequences);
        self.reads = self.reads.merge(other.reads);
    }
}

#[cfg(test)]
mod tests {
    use tenure_config::{Sequence, SequenceKind};

    use super::*;

    const DAY: i64 = Span::DAY.0;

    fn rule(length: usize, has_amount: bool) -> Option<SequenceRule> {
        let schema = LogSchema {
            time: "t".into(),
            amount: has_amount.then(|| "paid".into()),
            quantity: None,
            categories: vec!["shop".into()],
        };
        let inputs = vec![SequenceInput::Amount, SequenceInput::Gap, SequenceInput::Age, SequenceInput::Category];
        SequenceRule::new(&Sequence { kind: SequenceKind::Gru, length, width: 4, inputs }, &schema)
    }

    /// Purchases on three days, the second one of lines in shops 4 and 2, the third without a shop.
    fn log<'a>(time_us: &'a [i64], amount: &'a [f64], codes: &'a [u32]) -> LogView<'a> {
        LogView {
            first_customer: 0,
            offsets: &[0, 5],
            time_us,
            amount: Some(amount),
            quantity: None,
            categories: vec![codes],
        }
    }

    fn push(rows: &mut RowSequences, purchases: &[Purchase], cutoff_us: i64) {
        let time_us = [1, 3, 3, 3, 10].map(|day| day * DAY);
        let lines = 0..time_us.partition_point(|&time_us| time_us < cutoff_us);
        let amount = [5.0, 1.0, 3.0, 2.5, 7.5];
        let log = log(&time_us, &amount, &[9, 4, 2, 4, tenure_table::MISSING_CODE]);
        rows.push(purchases, cutoff_us, &log, &lines);
    }

    fn purchases() -> Vec<Purchase> {
        [(1, 5.0), (3, 6.5), (10, 7.5)]
            .map(|(day, spend)| Purchase { time_us: day * DAY, spend, units: 1.0, n_lines: 1 })
            .into()
    }

    #[test]
    fn the_last_purchases_come_oldest_first_with_the_gap_before_them() {
        let mut rows = rule(2, true).expect("a log with amounts").empty();
        push(&mut rows, &purchases(), 12 * DAY);
        push(&mut rows, &[], 12 * DAY);
        push(&mut rows, &purchases()[..1], 2 * DAY);
        assert_eq!(rows.sequences.names(), ["amount", "gap_days", "age_days", "shop"]);
        // Of 6.50 on the third day 3.50 went to shop 4.
        assert_eq!(rows.sequences.row(0)[..7], [6.5, 2.0, 9.0, 4.0, 7.5, 7.0, 2.0]);
        assert!(rows.sequences.row(0)[7].is_nan());
        assert!(rows.sequences.row(1).is_empty());
        let first = rows.sequences.row(2);
        assert_eq!((first[0], first[1].is_nan(), first[2], first[3]), (5.0, true, 1.0, 9.0));
        assert_eq!(rows.reads.measured().map(|(_, slack)| slack), Some(Span(DAY)));
    }

    #[test]
    fn what_the_log_does_not_have_is_left_out() {
        let mut rows = rule(8, false).expect("times remain").empty();
        push(&mut rows, &purchases()[..2], 4 * DAY);
        assert_eq!(rows.sequences.names(), ["gap_days", "age_days", "shop"]);
        assert_eq!(rows.sequences.row(0)[1..], [3.0, 9.0, 2.0, 1.0, 4.0]);
    }
}
