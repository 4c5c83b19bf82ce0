//! The model on parts of the test rows.

use tenure_evaluate::{Estimate, Slice, SliceTable};

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{count, fixed, percent1};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::results::Evaluation;
use crate::words;

/// Slices drawn; the table has all of them.
const MAX_ROWS: usize = 28;

/// AUC by slice with its interval, beside that of all rows.
pub(crate) fn figure(evaluation: &Evaluation) -> Option<Figure> {
    let tables = &evaluation.slices;
    if tables.iter().all(|table| table.slices.is_empty()) {
        return None;
    }
    let overall = evaluation.model.metrics.auc.value;
    let axis = ForestAxis { title: "AUC".to_owned(), unit: Unit::Plain, reference: Some(overall), bars: false };
    let rows: Vec<ForestRow> = judged(tables).take(MAX_ROWS).map(|(name, slice, auc)| row(name, slice, auc)).collect();
    Some(Figure {
        id: "slices".to_owned(),
        title: "AUC by group".to_owned(),
        reading:
            "Each row is the model on one group of customers alone; an interval that stays left of the line means \
                  that it ranks this group worse than customers overall, and a wide interval means few rows."
                .to_owned(),
        finding: finding(tables, overall),
        legend: vec![Key::new("dot one", "group with its interval"), Key::new("cut", "all test rows")],
        drawing: if rows.is_empty() { String::new() } else { forest::draw(&rows, &axis, "AUC by slice") },
        table: table(tables),
        span: "",
    })
}

/// Each judged slice with its name and AUC.
fn judged(tables: &[SliceTable]) -> impl Iterator<Item = (String, &Slice, &Estimate)> {
    tables.iter().flat_map(|table| {
        table.slices.iter().filter_map(|slice| {
            let name = format!("{} = {}", table.column, slice.level);
            slice.metrics.as_ref().map(|metrics| (name, slice, &metrics.auc))
        })
    })
}

fn row(name: String, slice: &Slice, auc: &Estimate) -> ForestRow {
    let tip = format!("{name}: AUC {} over {} rows", fixed(auc.value, 3), count(slice.n_rows as u64));
    ForestRow { label: name, estimate: auc.clone(), class: "one", second: None, tip }
}

/// Observed churn rate of each slice with its interval, beside what the model predicts for it.
pub(crate) fn rates(evaluation: &Evaluation) -> Option<Figure> {
    let tables = &evaluation.slices;
    let rows: Vec<ForestRow> = judged(tables).take(MAX_ROWS).map(|(name, slice, _)| rate_row(name, slice)).collect();
    if rows.is_empty() {
        return None;
    }
    let reference = Some(evaluation.model.constant.probability);
    let axis = ForestAxis { title: "Share of churners".to_owned(), unit: Unit::Share, reference, bars: false };
    Some(Figure {
        id: "slice-rates".to_owned(),
        title: "Churn rate by group".to_owned(),
        reading:
            "A ring outside the interval of its dot means that the model expects too much or too little churn in that \
                  group, whatever it does on the whole."
                .to_owned(),
        finding: misjudged(tables),
        legend: vec![
            Key::new("dot one", "observed, with its interval"),
            Key::new("ring", "mean prediction"),
            Key::new("cut", "all test rows"),
        ],
        drawing: forest::draw(&rows, &axis, "Observed churn rate and mean prediction by slice"),
        table: table(tables),
        span: "",
    })
}

fn rate_row(name: String, slice: &Slice) -> ForestRow {
    let estimate = slice.metrics.as_ref().map_or(Estimate { value: f64::NAN, interval: None }, |m| m.base_rate.clone());
    let second = slice.metrics.as_ref().map(|metrics| metrics.mean_probability.value);
    let predicted = second.map_or(String::new(), percent1);
    let tip = format!("{name}: {} churned, {predicted} predicted", percent1(estimate.value));
    ForestRow { label: name, estimate, class: "one", second, tip }
}

/// Names the slices whose mean prediction lies outside the interval of their churn rate, or says that there are none.
fn misjudged(tables: &[SliceTable]) -> String {
    let is_off = |slice: &Slice| {
        let metrics = slice.metrics.as_ref();
        let interval = metrics.and_then(|metrics| metrics.base_rate.interval);
        metrics.zip(interval).is_some_and(|(metrics, interval)| {
            let predicted = metrics.mean_probability.value;
            predicted < interval.low || predicted > interval.high
        })
    };
    let off: Vec<String> = judged(tables).filter(|(_, slice, _)| is_off(slice)).map(|(name, _, _)| name).collect();
    match off.as_slice() {
        [] => "In every group the mean prediction lies within the interval of the observed rate.".to_owned(),
        names => format!("Outside the interval of the observed rate: {}.", names.join(", ")),
    }
}

/// Names the slices that are worse than the whole beyond their interval, or says that there are none.
fn finding(tables: &[SliceTable], overall: f64) -> String {
    let is_worse = |auc: &Estimate| auc.interval.is_some_and(|interval| interval.high < overall);
    let worse: Vec<String> = judged(tables).filter(|(_, _, auc)| is_worse(auc)).map(|(name, _, _)| name).collect();
    match worse.as_slice() {
        [] => "No group is ranked worse than customers overall, beyond its own interval.".to_owned(),
        names => format!("Ranked worse than customers overall, beyond the interval: {}.", names.join(", ")),
    }
}

/// One row for each slice, the unjudged ones too.
pub(crate) fn table(tables: &[SliceTable]) -> DataTable {
    let head =
        ["column", "level", "rows", "churn rate", "mean prediction", "AUC", "interval", "ECE", "flagged", "recall"];
    let mut rows = DataTable::new(2, &head);
    for table in tables {
        for slice in &table.slices {
            rows.push(cells(&table.column, slice));
        }
    }
    rows
}

fn cells(column: &str, slice: &Slice) -> Vec<String> {
    let rate = percent1(slice.n_positive as f64 / slice.n_rows.max(1) as f64);
    let mut cells = vec![column.to_owned(), slice.level.clone(), count(slice.n_rows as u64), rate];
    match &slice.metrics {
        None => cells.extend(std::iter::repeat_n("–".to_owned(), 6)),
        Some(metrics) => cells.extend([
            percent1(metrics.mean_probability.value),
            fixed(metrics.auc.value, 3),
            words::range(&metrics.auc, 3),
            fixed(metrics.ece.value, 3),
            percent1(metrics.flagged_share.value),
            percent1(metrics.recall.value),
        ]),
    }
    cells
}
