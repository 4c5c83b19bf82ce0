//! How broadly a customer buys.

use tenure_table::MISSING_CODE;

use super::{Definition, Family, History, RowWriter, ratio};
use crate::events::log::{LineKind, LogSchema};

/// Distinct levels and the share of the top one, for each column of role `category`.
#[derive(Debug)]
pub(crate) struct Breadth {
    pub(crate) n_columns: usize,
}

impl Family for Breadth {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let describe = |column: &String| {
            let distinct = format!("distinct levels of {column} in purchase lines");
            let top = format!("share of the most frequent level among purchase lines with a {column}");
            [
                Definition::new(schema, format!("n_distinct_{column}"), "levels", distinct).reading([column]),
                Definition::new(schema, format!("top_share_{column}"), "1", top).reading([column]),
            ]
        };
        schema.categories.iter().flat_map(describe).collect()
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        for column_idx in 0..self.n_columns {
            let codes = history.log.categories[column_idx];
            let mut latest_us = None;
            row.scratch.clear();
            for row_idx in history.lines.clone() {
                if codes[row_idx] != MISSING_CODE && history.log.kind(row_idx) == LineKind::Purchase {
                    row.scratch.push(codes[row_idx]);
                    latest_us = Some(history.log.time_us[row_idx]);
                }
            }
            row.scratch.sort_unstable();
            let runs = row.scratch.chunk_by(|a, b| a == b);
            let (n_distinct, top) = runs.fold((0_usize, 0_usize), |(n, top), run| (n + 1, top.max(run.len())));
            let share = ratio(top as f64, row.scratch.len() as f64);
            row.number(n_distinct as f64, latest_us);
            row.number(share, latest_us);
        }
    }
}
