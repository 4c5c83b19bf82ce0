//! How recently, how often, for how long.

use super::{Definition, Family, History, RowWriter, active_days, latest, ratio};
use crate::events::log::LogSchema;

/// Recency, frequency and tenure.
#[derive(Debug)]
pub(crate) struct Recency;

impl Family for Recency {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let new = |name, unit, definition: &str| Definition::new(schema, name, unit, definition);
        vec![
            new("recency_days", "days", "cutoff - last purchase; missing without a purchase"),
            new("tenure_days", "days", "cutoff - first purchase; missing without a purchase"),
            new("recency_share", "1", "recency_days / tenure_days"),
            new("n_purchases", "purchases", "number of purchases"),
            new("n_active_days", "days", "number of distinct UTC dates with a purchase"),
            new("purchases_per_30d", "purchases", "30 * n_purchases / max(tenure_days, 1)"),
            new("lines_per_purchase", "lines", "purchase lines / n_purchases; missing without a purchase"),
        ]
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        let purchases = history.purchases;
        let last = latest(purchases);
        let first = purchases.first().map(|p| p.time_us);
        let days = |time_us: Option<i64>| time_us.map_or(f64::NAN, |time_us| history.days_since(time_us));
        let (recency, tenure, n) = (days(last), days(first), purchases.len() as f64);
        let n_lines: f64 = purchases.iter().map(|p| f64::from(p.n_lines)).sum();
        row.number(recency, last);
        row.number(tenure, first);
        row.number(ratio(recency, tenure), last);
        row.number(n, last);
        row.number(active_days(purchases) as f64, last);
        // `max` ignores NaN: a customer without a purchase has a rate of 0.
        row.number(30.0 * n / tenure.max(1.0), last);
        row.number(ratio(n_lines, n), last);
    }
}
