//! Permutation importance.

use crate::figure::{DataTable, Figure, Unit};
use crate::number::fixed;
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::results::{Evaluation, FeatureImportance};
use crate::words;

/// Features drawn; the table has all of them.
const MAX_ROWS: usize = 20;

/// One bar for each feature, most important first, with its interval.
pub(crate) fn figure(evaluation: &Evaluation) -> Option<Figure> {
    let importance = &evaluation.importance;
    let first = importance.first()?;
    let axis = ForestAxis {
        title: "AUC lost when the feature is shuffled".to_owned(),
        unit: Unit::Plain,
        reference: Some(0.0),
        bars: true,
    };
    let rows: Vec<ForestRow> = importance.iter().take(MAX_ROWS).map(row).collect();
    Some(Figure {
        id: "importance".to_owned(),
        title: "Permutation importance".to_owned(),
        reading:
            "Each bar is how much AUC the model loses when that feature's values are shuffled among customers; the \
                  line is its interval, and features that say the same thing share their importance."
                .to_owned(),
        finding: format!("The model leans most on {}.", first.feature),
        drawing: forest::draw(&rows, &axis, "Loss of AUC by feature"),
        table: table(importance),
        span: "tall",
        ..Figure::default()
    })
}

fn row(importance: &FeatureImportance) -> ForestRow {
    let loss = &importance.auc_loss;
    let (value, range) = (fixed(loss.value, 4), words::range(loss, 4));
    ForestRow {
        label: importance.feature.clone(),
        estimate: loss.clone(),
        class: "one",
        second: None,
        tip: format!("{}: {value} ({range})", importance.feature),
    }
}

fn table(importance: &[FeatureImportance]) -> DataTable {
    let mut table = DataTable::new(1, &["feature", "AUC lost", "interval"]);
    for feature in importance {
        let loss = &feature.auc_loss;
        table.push(vec![feature.feature.clone(), fixed(loss.value, 4), words::range(loss, 4)]);
    }
    table
}
