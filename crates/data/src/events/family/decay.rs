//! Counts and sums in which an event loses half its weight with every half-life.

use tenure_table::Span;

use super::{Definition, Family, History, RowWriter, latest, suffix};
use crate::events::log::LogSchema;

/// `sum(2^(-(cutoff - t) / half_life))`, of 1 and of the amount.
#[derive(Debug)]
pub(crate) struct Decay {
    pub(crate) half_lives: Vec<Span>,
    pub(crate) has_amount: bool,
}

impl Family for Decay {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let mut definitions = Vec::new();
        for &half_life in &self.half_lives {
            let h = suffix(half_life);
            let weight = format!("2^(-(cutoff - t) / {h})");
            let text = format!("sum over purchases of {weight}");
            definitions.push(Definition::new(schema, format!("n_purchases_decay_{h}"), "purchases", text));
            if self.has_amount {
                let text = format!("sum over purchases of amount * {weight}");
                let new = Definition::new(schema, format!("spend_decay_{h}"), "money", text);
                definitions.push(new.reading(&schema.amount));
            }
        }
        definitions
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        let last = latest(history.purchases);
        for half_life in &self.half_lives {
            let per_half_life = 1.0 / half_life.0 as f64;
            let (mut count, mut money) = (0.0, 0.0);
            for purchase in history.purchases {
                let weight = (-((history.cutoff_us - purchase.time_us) as f64) * per_half_life).exp2();
                count += weight;
                money += weight * purchase.spend;
            }
            row.number(count, last);
            if self.has_amount {
                row.number(money, last);
            }
        }
    }
}
