//! The time between one purchase and the next.

use tenure_table::Span;

use super::{Definition, Family, History, RowWriter, latest, mean_and_deviation, ratio};
use crate::events::log::LogSchema;

/// Gaps between consecutive purchases; missing with fewer than two purchases.
#[derive(Debug)]
pub(crate) struct Gaps;

impl Family for Gaps {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let new = |name, unit, definition: &str| Definition::new(schema, name, unit, definition);
        vec![
            new("gap_mean_days", "days", "mean time between consecutive purchases"),
            new("gap_std_days", "days", "standard deviation (n - 1) of the times between consecutive purchases"),
            new("gap_max_days", "days", "longest time between consecutive purchases"),
            new("gap_last_days", "days", "time between the last two purchases"),
            new("gap_last_to_mean", "1", "gap_last_days / gap_mean_days"),
            new("recency_to_gap_mean", "1", "recency_days / gap_mean_days"),
        ]
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        let purchases = history.purchases;
        let last = latest(purchases);
        let gaps = purchases.windows(2).map(|pair| Span(pair[1].time_us - pair[0].time_us).as_days());
        let (mean, deviation) = mean_and_deviation(gaps.clone());
        let last_gap = gaps.clone().next_back().unwrap_or(f64::NAN);
        row.number(mean, last);
        row.number(deviation, last);
        row.number(gaps.fold(f64::NAN, f64::max), last);
        row.number(last_gap, last);
        row.number(ratio(last_gap, mean), last);
        row.number(last.map_or(f64::NAN, |last| ratio(history.days_since(last), mean)), last);
    }
}
