//! What a customer gave back.

use super::{Definition, Family, History, RowWriter, ratio, spend};
use crate::events::log::LogSchema;

/// Returned lines; a line is one where its quantity or its amount is negative.
#[derive(Debug)]
pub(crate) struct Returns {
    pub(crate) has_amount: bool,
}

impl Family for Returns {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let signed = || schema.amount.iter().chain(&schema.quantity);
        let new = |name, unit, text| Definition::new(schema, name, unit, text).reading(signed());
        let mut definitions = vec![
            new("n_returns", "lines", "returned lines"),
            new("return_share", "1", "returned lines / (returned lines + purchase lines)"),
            new("return_recency_days", "days", "cutoff - last return; missing without one"),
        ];
        if self.has_amount {
            definitions.push(new("return_sum", "money", "sum of |amount| over returned lines"));
            definitions.push(new("return_sum_share", "1", "return_sum / spend_sum; missing where nothing was spent"));
        }
        definitions
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        let last_return = history.returns.last().map(|r| r.time_us);
        let last = last_return.max(super::latest(history.purchases));
        let n_returns = history.returns.len() as f64;
        let n_lines: f64 = history.purchases.iter().map(|p| f64::from(p.n_lines)).sum();
        row.number(n_returns, last_return);
        row.number(ratio(n_returns, n_returns + n_lines), last);
        row.number(last_return.map_or(f64::NAN, |time_us| history.days_since(time_us)), last_return);
        if self.has_amount {
            let money: f64 = history.returns.iter().map(|r| r.amount).sum::<f64>() + 0.0;
            row.number(money, last_return);
            row.number(ratio(money, spend(history.purchases)), last);
        }
    }
}
