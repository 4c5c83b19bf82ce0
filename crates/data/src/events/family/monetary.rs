//! How much: money and units per purchase.

use super::{Definition, Family, History, RowWriter, latest, mean_and_deviation, ratio, spend};
use crate::events::log::LogSchema;

/// Money where the log has amounts, units where it has quantities.
#[derive(Debug)]
pub(crate) struct Monetary {
    has_amount: bool,
    has_quantity: bool,
}

impl Monetary {
    /// What the log's columns allow.
    pub(crate) fn new(schema: &LogSchema) -> Self {
        Self { has_amount: schema.amount.is_some(), has_quantity: schema.quantity.is_some() }
    }
}

impl Family for Monetary {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let money = [
            ("spend_sum", "sum of purchases' amounts, returns left out"),
            ("spend_mean", "spend_sum / n_purchases"),
            ("spend_std", "standard deviation (n - 1) of purchases' amounts"),
            ("spend_max", "largest purchase"),
            ("spend_last", "last purchase"),
        ];
        let mut definitions = Vec::new();
        if self.has_amount {
            let new = |name, unit, text| Definition::new(schema, name, unit, text).reading(&schema.amount);
            definitions.extend(money.map(|(name, text)| new(name, "money", text)));
            definitions.push(new("spend_last_to_mean", "1", "spend_last / spend_mean"));
        }
        if self.has_quantity {
            let new = |name, text| Definition::new(schema, name, "units", text).reading(&schema.quantity);
            definitions.push(new("units_sum", "sum of purchases' quantities, returns left out"));
            definitions.push(new("units_per_purchase", "units_sum / n_purchases"));
        }
        definitions
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        let purchases = history.purchases;
        let last = latest(purchases);
        if self.has_amount {
            let (mean, deviation) = mean_and_deviation(purchases.iter().map(|p| p.spend));
            let last_spend = purchases.last().map_or(f64::NAN, |p| p.spend);
            row.number(spend(purchases), last);
            row.number(mean, last);
            row.number(deviation, last);
            row.number(purchases.iter().map(|p| p.spend).fold(f64::NAN, f64::max), last);
            row.number(last_spend, last);
            row.number(ratio(last_spend, mean), last);
        }
        if self.has_quantity {
            let units: f64 = purchases.iter().map(|p| p.units).sum::<f64>() + 0.0;
            row.number(units, last);
            row.number(ratio(units, purchases.len() as f64), last);
        }
    }
}
