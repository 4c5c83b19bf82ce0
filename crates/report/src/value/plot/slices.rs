//! Value by group of customers: by month of the first purchase, and by level of any column.

use tenure_evaluate::{Estimate, ValueMetric, ValueSlice, ValueSliceMetrics, ValueSliceTable};

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{count, fixed, percent1, significant};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::value::results::{ValueJudgement, ValueTarget};
use crate::value::words;
use crate::words::{DIGITS, range};

/// Groups drawn; the table has all of them.
const MAX_ROWS: usize = 28;

/// Predicted against actual by cohort, in the order of time.
pub(crate) fn cohorts(judgement: &ValueJudgement, target: &ValueTarget) -> Option<Figure> {
    let mut table = judgement.cohorts.clone()?;
    table.slices.sort_by(|a, b| a.level.cmp(&b.level));
    let tables = [table];
    let rows = value_rows(&tables, target, false);
    if rows.is_empty() {
        return None;
    }
    Some(Figure {
        id: "cohorts".to_owned(),
        title: "Predicted and actual by cohort".to_owned(),
        reading: "Each row holds the customers who first bought in that month; a ring outside the interval of its dot \
                  means that the model expects too much or too little of that cohort."
            .to_owned(),
        finding: misjudged(&tables, "cohort", false),
        ..drawn(&rows, &tables, judgement, target)
    })
}

/// Predicted against actual by group.
pub(crate) fn figure(judgement: &ValueJudgement, target: &ValueTarget) -> Option<Figure> {
    let rows = value_rows(&judgement.slices, target, true);
    if rows.is_empty() {
        return None;
    }
    Some(Figure {
        id: "slice-values".to_owned(),
        title: "Value by group".to_owned(),
        reading:
            "Each row is one group of customers; a ring outside the interval of its dot means that the model expects \
                  too much or too little of that group, whatever it does on the whole."
                .to_owned(),
        finding: misjudged(&judgement.slices, "group", true),
        ..drawn(&rows, &judgement.slices, judgement, target)
    })
}

fn drawn(rows: &[ForestRow], tables: &[ValueSliceTable], judgement: &ValueJudgement, target: &ValueTarget) -> Figure {
    let what = format!("Mean {} per customer", target.quantity);
    let reference = Some(judgement.model.metrics.mean_actual.value);
    let axis = ForestAxis { title: words::axis(&what, target), unit: Unit::Amount, reference, bars: false };
    Figure {
        legend: vec![
            Key::new("dot one", "actual, with its interval"),
            Key::new("ring", "mean prediction"),
            Key::new("cut", "all test customers"),
        ],
        drawing: forest::draw(rows, &axis, &what),
        table: table(tables),
        ..Figure::default()
    }
}

/// How well each group is ranked within itself.
pub(crate) fn ranking(judgement: &ValueJudgement) -> Option<Figure> {
    let overall = judgement.model.metrics.normalized_gini.as_ref()?.value;
    let rows: Vec<ForestRow> = judged(&judgement.slices, true)
        .filter_map(|(name, slice, metrics)| Some((name, slice, metrics.normalized_gini.as_ref()?)))
        .take(MAX_ROWS)
        .map(|(name, slice, gini)| ForestRow {
            tip: format!("{name}: {} over {} customers", fixed(gini.value, DIGITS), count(slice.n_rows as u64)),
            label: name,
            estimate: gini.clone(),
            class: "one",
            second: None,
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let worse: Vec<String> = judged(&judgement.slices, true)
        .filter(|(_, _, metrics)| {
            metrics.normalized_gini.as_ref().and_then(|gini| gini.interval).is_some_and(|i| i.high < overall)
        })
        .map(|(name, _, _)| name)
        .collect();
    let axis = ForestAxis {
        title: "Normalized Gini within the group".to_owned(),
        unit: Unit::Plain,
        reference: Some(overall),
        bars: false,
    };
    Some(Figure {
        id: "slice-ranking".to_owned(),
        title: "Ranking within groups".to_owned(),
        reading:
            "Each row is the model on one group alone; an interval that stays left of the line means that it orders \
                  this group worse than customers overall, and a wide one means few buyers."
                .to_owned(),
        finding: match worse.as_slice() {
            [] => "No group is ordered worse than customers overall, beyond its own interval.".to_owned(),
            names => format!("Ordered worse than customers overall, beyond the interval: {}.", names.join(", ")),
        },
        legend: vec![Key::new("dot one", "group with its interval"), Key::new("cut", "all test customers")],
        drawing: forest::draw(&rows, &axis, "Normalized Gini by group"),
        table: table(&judgement.slices),
        ..Figure::default()
    })
}

/// Each judged group with its name, which has the column in front where there are several.
fn judged(
    tables: &[ValueSliceTable],
    with_column: bool,
) -> impl Iterator<Item = (String, &ValueSlice, &ValueSliceMetrics)> {
    tables.iter().flat_map(move |table| {
        table.slices.iter().filter_map(move |slice| {
            let name = if with_column { format!("{} = {}", table.column, slice.level) } else { slice.level.clone() };
            slice.metrics.as_ref().map(|metrics| (name, slice, metrics))
        })
    })
}

fn value_rows(tables: &[ValueSliceTable], target: &ValueTarget, with_column: bool) -> Vec<ForestRow> {
    let row = |(name, _, metrics): (String, &ValueSlice, &ValueSliceMetrics)| {
        let (actual, predicted) = (&metrics.mean_actual, metrics.mean_predicted.value);
        ForestRow {
            tip: format!(
                "{name}: {} actual, {} predicted",
                words::amount(actual.value, target),
                words::amount(predicted, target)
            ),
            label: name,
            estimate: actual.clone(),
            class: "one",
            second: Some(predicted),
        }
    };
    judged(tables, with_column).take(MAX_ROWS).map(row).collect()
}

/// Names the groups whose mean prediction lies outside the interval of their mean, or says that there are none.
fn misjudged(tables: &[ValueSliceTable], noun: &str, with_column: bool) -> String {
    let off: Vec<String> = judged(tables, with_column)
        .filter(|(_, _, metrics)| {
            let predicted = metrics.mean_predicted.value;
            metrics.mean_actual.interval.is_some_and(|interval| predicted < interval.low || predicted > interval.high)
        })
        .map(|(name, _, _)| name)
        .collect();
    match off.as_slice() {
        [] => format!("In every {noun} the mean prediction lies within the interval of the actual mean."),
        names => format!("Outside the interval of the actual mean: {}.", names.join(", ")),
    }
}

/// One row for each group, the unjudged ones too.
pub(crate) fn table(tables: &[ValueSliceTable]) -> DataTable {
    let head = [
        "column",
        "level",
        "customers",
        "buyers",
        "share of value",
        "mean actual",
        "interval",
        "mean prediction",
        "predicted / actual",
        "normalized Gini",
        "interval",
    ];
    let mut rows = DataTable::new(2, &head);
    for table in tables {
        for slice in &table.slices {
            rows.push(cells(&table.column, slice));
        }
    }
    rows
}

fn cells(column: &str, slice: &ValueSlice) -> Vec<String> {
    let buyers = percent1(slice.n_nonzero as f64 / slice.n_rows.max(1) as f64);
    let mut cells = vec![column.to_owned(), slice.level.clone(), count(slice.n_rows as u64), buyers];
    let dash = || "–".to_owned();
    let optional = |estimate: &Option<Estimate>| estimate.as_ref().map_or_else(dash, |e| fixed(e.value, DIGITS));
    match &slice.metrics {
        None => cells.extend(std::iter::repeat_with(dash).take(7)),
        Some(metrics) => cells.extend([
            metrics.value_share.map_or_else(dash, percent1),
            significant(metrics.mean_actual.value),
            words::range(ValueMetric::MeanActual, &metrics.mean_actual),
            significant(metrics.mean_predicted.value),
            optional(&metrics.total_ratio),
            optional(&metrics.normalized_gini),
            metrics.normalized_gini.as_ref().map_or_else(dash, |gini| range(gini, DIGITS)),
        ]),
    }
    cells
}
