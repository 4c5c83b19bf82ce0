//! Counts and sums over trailing windows.

use tenure_table::Span;

use super::{Definition, Family, History, RowWriter, active_days, latest, spend, suffix};
use crate::events::log::LogSchema;

/// Trailing windows `[cutoff - window, cutoff)`.
#[derive(Debug)]
pub(crate) struct Windows {
    pub(crate) windows: Vec<Span>,
    pub(crate) has_amount: bool,
}

impl Family for Windows {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let mut definitions = Vec::new();
        for &window in &self.windows {
            let w = suffix(window);
            let new = |name: String, unit, text: String| Definition::new(schema, name, unit, text).over(window);
            definitions.push(new(format!("n_purchases_{w}"), "purchases", format!("purchases in the last {w}")));
            let days = format!("distinct UTC dates with a purchase in the last {w}");
            definitions.push(new(format!("n_active_days_{w}"), "days", days));
            if self.has_amount {
                let text = format!("sum of purchases' amounts in the last {w}");
                definitions.push(new(format!("spend_sum_{w}"), "money", text).reading(&schema.amount));
            }
        }
        definitions
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        for &window in &self.windows {
            let purchases = history.trailing(window);
            let last = latest(purchases);
            row.number(purchases.len() as f64, last);
            row.number(active_days(purchases) as f64, last);
            if self.has_amount {
                row.number(spend(purchases), last);
            }
        }
    }
}
