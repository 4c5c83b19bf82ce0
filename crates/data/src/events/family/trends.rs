//! Whether a customer buys more or less than before.

use tenure_table::Span;

use super::{Definition, Family, History, RowWriter, latest, ratio, spend, suffix};
use crate::events::log::LogSchema;

/// Each window against the rest of the next longer one.
#[derive(Debug)]
pub(crate) struct Trends {
    pub(crate) windows: Vec<Span>,
    pub(crate) has_amount: bool,
}

impl Trends {
    fn pairs(&self) -> impl Iterator<Item = (Span, Span)> {
        self.windows.windows(2).map(|pair| (pair[0], pair[1]))
    }
}

impl Family for Trends {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let mut definitions = Vec::new();
        for (short, long) in self.pairs() {
            let (a, b) = (suffix(short), suffix(long));
            let text = format!(
                "ln of the purchase rate in the last {a} over the rate in the rest of the last {b}, each count plus 1/2"
            );
            definitions.push(Definition::new(schema, format!("purchase_trend_{a}_{b}"), "1", text).over(long));
            if self.has_amount {
                let text = format!("spend_sum_{a} / spend_sum_{b}; missing where nothing was spent");
                let new = Definition::new(schema, format!("spend_share_{a}_{b}"), "1", text).over(long);
                definitions.push(new.reading(&schema.amount));
            }
        }
        definitions
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        for (short, long) in self.pairs() {
            let (recent, all) = (history.trailing(short), history.trailing(long));
            let last = latest(all);
            // The half keeps a customer who bought nothing from having no trend (Haldane's correction).
            let rate = |count: usize, span: Span| (count as f64 + 0.5) / span.as_days();
            let before = rate(all.len() - recent.len(), Span(long.0 - short.0));
            row.number((rate(recent.len(), short) / before).ln(), last);
            if self.has_amount {
                row.number(ratio(spend(recent), spend(all)), last);
            }
        }
    }
}
