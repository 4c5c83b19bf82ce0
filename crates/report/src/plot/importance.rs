//! Permutation importance.

use tenure_evaluate::Estimate;

use crate::figure::{DataTable, Figure, Unit};
use crate::number::fixed;
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::words;

/// Features drawn; the table has all of them.
const MAX_ROWS: usize = 20;

/// What the model loses of `metric` by each feature: one bar for each, most important first, with its interval.
pub(crate) fn figure(metric: &str, losses: &[(&str, &Estimate)]) -> Option<Figure> {
    let (first, _) = losses.first()?;
    let axis = ForestAxis {
        title: format!("{} lost when the feature is shuffled", words::capitalized(metric)),
        unit: Unit::Plain,
        reference: Some(0.0),
        bars: true,
    };
    let rows: Vec<ForestRow> = losses.iter().take(MAX_ROWS).map(row).collect();
    Some(Figure {
        id: "importance".to_owned(),
        title: "Permutation importance".to_owned(),
        reading: format!(
            "Each bar is how much {metric} the model loses when that feature's values are shuffled among customers; the \
             line is its interval, and features that say the same thing share their importance."
        ),
        finding: format!("The model leans most on {first}."),
        drawing: forest::draw(&rows, &axis, &format!("Loss of {metric} by feature")),
        table: table(metric, losses),
        span: "tall",
        ..Figure::default()
    })
}

fn row((feature, loss): &(&str, &Estimate)) -> ForestRow {
    ForestRow {
        label: (*feature).to_owned(),
        estimate: (*loss).clone(),
        class: "one",
        second: None,
        tip: format!("{feature}: {} ({})", fixed(loss.value, 4), words::range(loss, 4)),
    }
}

fn table(metric: &str, losses: &[(&str, &Estimate)]) -> DataTable {
    let mut table = DataTable::new(1, &["feature", &format!("{metric} lost"), "interval"]);
    for (feature, loss) in losses {
        table.push(vec![(*feature).to_owned(), fixed(loss.value, 4), words::range(loss, 4)]);
    }
    table
}
