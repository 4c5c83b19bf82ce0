//! Families of features: each describes its columns and computes them for one customer at one cutoff, in the same order.

mod breadth;
mod calendar;
mod decay;
mod gaps;
mod lags;
mod monetary;
mod recency;
mod returns;
mod trends;
mod windows;

use std::ops::Range;

use tenure_config::Features;
use tenure_table::Span;

use super::calendar::day_index;
use super::lineage::Reads;
use super::log::{LogSchema, LogView};
use super::purchases::{Purchase, Return, between};

/// What one column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) name: String,
    /// The formula in words.
    pub(crate) formula: String,
    pub(crate) unit: &'static str,
    /// How far back it looks; none means as far as the lookback.
    pub(crate) window: Option<Span>,
    pub(crate) sources: Vec<String>,
    pub(crate) kind: Kind,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Magnitudes.
    Numeric,
    /// One of these levels.
    Level(&'static [&'static str]),
}

impl Definition {
    /// A magnitude over the whole lookback that reads only times.
    fn new(schema: &LogSchema, name: impl Into<String>, unit: &'static str, formula: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            formula: formula.into(),
            unit,
            window: None,
            sources: vec![schema.time.clone()],
            kind: Kind::Numeric,
        }
    }

    fn over(self, window: Span) -> Self {
        Self { window: Some(window), ..self }
    }

    fn reading<'a>(mut self, columns: impl IntoIterator<Item = &'a String>) -> Self {
        self.sources.extend(columns.into_iter().cloned());
        self
    }
}

/// What a row may read: one customer's events in `[features_from, cutoff)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History<'a> {
    pub(crate) cutoff_us: i64,
    /// Ascending, all before the cutoff.
    pub(crate) purchases: &'a [Purchase],
    /// Ascending, all before the cutoff.
    pub(crate) returns: &'a [Return],
    /// The log and the customer's lines before the cutoff in it.
    pub(crate) log: &'a LogView<'a>,
    pub(crate) lines: &'a Range<usize>,
}

impl<'a> History<'a> {
    /// Days from an instant to the cutoff.
    fn days_since(&self, time_us: i64) -> f64 {
        Span(self.cutoff_us - time_us).as_days()
    }

    /// Purchases in `[cutoff - from, cutoff - to)`.
    fn purchases_between(&self, from: Span, to: Span) -> &'a [Purchase] {
        let at = |span: Span| self.cutoff_us.saturating_sub(span.0);
        between(self.purchases, |p| p.time_us, at(from), at(to))
    }

    /// Purchases in `[cutoff - window, cutoff)`.
    fn trailing(&self, window: Span) -> &'a [Purchase] {
        self.purchases_between(window, Span(0))
    }
}

/// One family of features.
pub(crate) trait Family: Send + Sync {
    /// The columns, in the order in which [`Family::compute`] writes them.
    fn describe(&self, schema: &LogSchema) -> Vec<Definition>;

    /// Writes one value for each column.
    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>);
}

/// Every family that the plan and the log's columns allow, in the order of the table.
pub(crate) fn families(features: &Features, schema: &LogSchema) -> Vec<Box<dyn Family>> {
    let has_amount = schema.amount.is_some();
    let mut families: Vec<Box<dyn Family>> = vec![Box::new(recency::Recency)];
    if has_amount || schema.quantity.is_some() {
        families.push(Box::new(monetary::Monetary::new(schema)));
    }
    families.push(Box::new(windows::Windows { windows: features.windows.clone(), has_amount }));
    families.push(Box::new(decay::Decay { half_lives: features.half_lives.clone(), has_amount }));
    families.push(Box::new(gaps::Gaps));
    families.push(Box::new(trends::Trends { windows: features.windows.clone(), has_amount }));
    families.push(Box::new(lags::Lags { period: features.lag_period, count: features.n_lags, has_amount }));
    if features.breadth {
        families.push(Box::new(breadth::Breadth { n_columns: schema.categories.len() }));
    }
    if has_amount || schema.quantity.is_some() {
        families.push(Box::new(returns::Returns { has_amount }));
    }
    if features.calendar {
        families.push(Box::new(calendar::Calendar));
    }
    families
}

/// Where one row's values go: the cells of its row in every column, in the order of the definitions.
#[derive(Debug)]
pub(crate) struct RowWriter<'w, 'c> {
    pub(crate) numeric: &'w mut [&'c mut [f32]],
    pub(crate) levels: &'w mut [&'c mut [u32]],
    pub(crate) reads: &'w mut [Reads],
    pub(crate) row_idx: usize,
    pub(crate) cutoff_us: i64,
    pub(crate) next_numeric: usize,
    pub(crate) next_level: usize,
    /// Codes of one category column, reused from row to row.
    pub(crate) scratch: &'w mut Vec<u32>,
}

impl RowWriter<'_, '_> {
    /// Writes the next magnitude, computed from events up to and including `latest_us`; NaN is missing.
    fn number(&mut self, value: f64, latest_us: Option<i64>) {
        self.read(latest_us);
        self.numeric[self.next_numeric][self.row_idx] = (value as f32).clamp(f32::MIN, f32::MAX);
        self.next_numeric += 1;
    }

    /// Writes the next level.
    fn level(&mut self, code: u32, latest_us: Option<i64>) {
        self.read(latest_us);
        self.levels[self.next_level][self.row_idx] = code;
        self.next_level += 1;
    }

    fn read(&mut self, latest_us: Option<i64>) {
        if let Some(latest_us) = latest_us {
            self.reads[self.next_numeric + self.next_level].add(self.cutoff_us, latest_us);
        }
    }
}

/// A span as a suffix of names: `90d`, `36h`, `10min`, `5s`, `7us`.
fn suffix(span: Span) -> String {
    let units =
        [(Span::DAY.0, "d"), (3_600 * Span::SECOND.0, "h"), (60 * Span::SECOND.0, "min"), (Span::SECOND.0, "s")];
    let unit = units.into_iter().find(|(size, _)| span.0 % size == 0).unwrap_or((1, "us"));
    format!("{}{}", span.0 / unit.0, unit.1)
}

/// `a / b`, or missing where `b` is not above 0.
fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { f64::NAN }
}

/// Mean, and deviation with `n - 1`; NaN with fewer than one and two values.
fn mean_and_deviation(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = ratio(values.clone().sum(), n);
    let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
    (mean, if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { f64::NAN })
}

fn latest(purchases: &[Purchase]) -> Option<i64> {
    purchases.last().map(|p| p.time_us)
}

fn spend(purchases: &[Purchase]) -> f64 {
    purchases.iter().map(|p| p.spend).sum::<f64>() + 0.0
}

fn active_days(purchases: &[Purchase]) -> usize {
    purchases.chunk_by(|a, b| day_index(a.time_us) == day_index(b.time_us)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_their_longest_whole_unit() {
        let found = [Span::days(90), Span(36 * 3_600_000_000), Span(600_000_000), Span(5_000_000), Span(7)].map(suffix);
        assert_eq!(found, ["90d", "36h", "10min", "5s", "7us"]);
    }

    #[test]
    fn deviation_needs_two_values() {
        assert_eq!(mean_and_deviation([1.0, 3.0].into_iter()), (2.0, 2.0_f64.sqrt()));
        let (mean, deviation) = mean_and_deviation([5.0].into_iter());
        assert!(mean == 5.0 && deviation.is_nan());
        assert!(mean_and_deviation([].into_iter()).0.is_nan());
    }
}
