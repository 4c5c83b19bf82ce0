//! Permutation importance for value.

use crate::figure::{DataTable, Figure, Unit};
use crate::number::fixed;
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::value::results::{ValueImportance, ValueJudgement};
use crate::words;

/// Features drawn; the table has all of them.
const MAX_ROWS: usize = 20;

/// One bar for each feature, most important first, with its interval.
pub(crate) fn figure(judgement: &ValueJudgement) -> Option<Figure> {
    let importance = &judgement.importance;
    let first = importance.first()?;
    let axis = ForestAxis {
        title: "Normalized Gini lost when the feature is shuffled".to_owned(),
        unit: Unit::Plain,
        reference: Some(0.0),
        bars: true,
    };
    let rows: Vec<ForestRow> = importance.iter().take(MAX_ROWS).map(row).collect();
    Some(Figure {
        id: "importance".to_owned(),
        title: "Permutation importance".to_owned(),
        reading: "Each bar is how much normalized Gini the model loses when that feature's values are shuffled among \
                  customers; the line is its interval, and features that say the same thing share their importance."
            .to_owned(),
        finding: format!("The model leans most on {}.", first.feature),
        drawing: forest::draw(&rows, &axis, "Loss of normalized Gini by feature"),
        table: table(importance),
        span: "tall",
        ..Figure::default()
    })
}

fn row(importance: &ValueImportance) -> ForestRow {
    let loss = &importance.gini_loss;
    ForestRow {
        label: importance.feature.clone(),
        estimate: loss.clone(),
        class: "one",
        second: None,
        tip: format!("{}: {} ({})", importance.feature, fixed(loss.value, 4), words::range(loss, 4)),
    }
}

fn table(importance: &[ValueImportance]) -> DataTable {
    let mut table = DataTable::new(1, &["feature", "normalized Gini lost", "interval"]);
    for feature in importance {
        let loss = &feature.gini_loss;
        table.push(vec![feature.feature.clone(), fixed(loss.value, 4), words::range(loss, 4)]);
    }
    table
}
