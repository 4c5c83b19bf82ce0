//! The last purchases before a cutoff, one by one.

use tenure_config::SequenceInput;
use tenure_table::{Sequences, Span};

use super::lineage::Reads;
use super::log::LogSchema;
use super::purchases::Purchase;
use crate::FeatureLineage;

/// The name under which lineage tells what sequences have read.
pub(crate) const SEQUENCE: &str = "sequence";

/// Which purchases are kept of a row, and what of each.
#[derive(Clone, Debug)]
pub(crate) struct SequenceRule {
    inputs: Vec<SequenceInput>,
    /// The last so many.
    length: usize,
}

impl SequenceRule {
    /// None where nothing that is asked for is in the log.
    pub(crate) fn new(sequence: &tenure_config::Sequence, schema: &LogSchema) -> Option<Self> {
        let is_known = |input: &&SequenceInput| **input != SequenceInput::Amount || schema.amount.is_some();
        let inputs: Vec<_> = sequence.inputs.iter().filter(is_known).copied().collect();
        (sequence.is_on() && !inputs.is_empty()).then_some(Self { inputs, length: sequence.length })
    }

    /// No row yet.
    pub(crate) fn empty(&self) -> RowSequences {
        let sequences = Sequences::new(self.inputs.iter().map(|input| name(*input).to_owned()).collect());
        RowSequences { rule: self.clone(), sequences, reads: Reads::NONE, event: Vec::new() }
    }

    pub(crate) fn lineage(&self, schema: &LogSchema, window: Option<Span>, reads: Reads) -> FeatureLineage {
        let measured = reads.measured();
        let amount = self.inputs.contains(&SequenceInput::Amount).then(|| schema.amount.clone()).flatten();
        let of_each: Vec<&str> = self.inputs.iter().map(|input| definition(*input)).collect();
        FeatureLineage {
            feature: SEQUENCE.to_owned(),
            definition: format!("of each of the last {} purchases before c: {}", self.length, of_each.join(", ")),
            columns: std::iter::once(schema.time.clone()).chain(amount).collect(),
            window,
            unit: "purchases".to_owned(),
            latest_event: measured.map(|(latest, _)| latest),
            min_slack: measured.map(|(_, slack)| slack),
        }
    }
}

const fn name(input: SequenceInput) -> &'static str {
    match input {
        SequenceInput::Amount => "amount",
        SequenceInput::Gap => "gap_days",
        SequenceInput::Age => "age_days",
    }
}

const fn definition(input: SequenceInput) -> &'static str {
    match input {
        SequenceInput::Amount => "a",
        SequenceInput::Gap => "t - t_before",
        SequenceInput::Age => "c - t",
    }
}

/// The sequences of rows as they are read, with what was read for them.
#[derive(Clone, Debug)]
pub(crate) struct RowSequences {
    rule: SequenceRule,
    pub(crate) sequences: Sequences,
    pub(crate) reads: Reads,
    event: Vec<f32>,
}

impl RowSequences {
    /// Appends a row: the last of these purchases, ascending in time and all before the cutoff. The gap before a
    /// customer's first purchase is missing; the gap before the first one kept is not, where there was one before it.
    pub(crate) fn push(&mut self, purchases: &[Purchase], cutoff_us: i64) {
        let first = purchases.len().saturating_sub(self.rule.length);
        self.event.clear();
        for (place, purchase) in purchases.iter().enumerate().skip(first) {
            let before = place.checked_sub(1).map(|before| purchases[before].time_us);
            let days = |from: i64, to: i64| Span(to - from).as_days() as f32;
            self.event.extend(self.rule.inputs.iter().map(|input| match input {
                SequenceInput::Amount => purchase.spend as f32,
                SequenceInput::Gap => before.map_or(f32::NAN, |before| days(before, purchase.time_us)),
                SequenceInput::Age => days(purchase.time_us, cutoff_us),
            }));
        }
        if let Some(last) = purchases.last() {
            self.reads.add(cutoff_us, last.time_us);
        }
        self.sequences.push_row(&self.event);
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
            categories: vec![],
        };
        let inputs = vec![SequenceInput::Amount, SequenceInput::Gap, SequenceInput::Age];
        SequenceRule::new(&Sequence { kind: SequenceKind::Gru, length, width: 4, inputs }, &schema)
    }

    fn purchases() -> Vec<Purchase> {
        [(1, 5.0), (3, 0.0), (10, 7.5)]
            .map(|(day, spend)| Purchase { time_us: day * DAY, spend, units: 1.0, n_lines: 1 })
            .into()
    }

    #[test]
    fn the_last_purchases_come_oldest_first_with_the_gap_before_them() {
        let mut rows = rule(2, true).expect("a log with amounts").empty();
        rows.push(&purchases(), 12 * DAY);
        rows.push(&[], 12 * DAY);
        rows.push(&purchases()[..1], 2 * DAY);
        assert_eq!(rows.sequences.row(0), [0.0, 2.0, 9.0, 7.5, 7.0, 2.0]);
        assert!(rows.sequences.row(1).is_empty());
        let first = rows.sequences.row(2);
        assert_eq!((first[0], first[1].is_nan(), first[2]), (5.0, true, 1.0));
        assert_eq!(rows.reads.measured().map(|(_, slack)| slack), Some(Span(DAY)));
    }

    #[test]
    fn what_the_log_does_not_have_is_left_out() {
        let mut rows = rule(8, false).expect("times remain").empty();
        rows.push(&purchases()[..2], 4 * DAY);
        assert_eq!(rows.sequences.names(), ["gap_days", "age_days"]);
        assert_eq!(rows.sequences.row(0)[1..], [3.0, 2.0, 1.0]);
    }
}
