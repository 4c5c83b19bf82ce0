//! Value runs side by side on one page.

use tenure_evaluate::{ValueComparison, ValueMetric};

use super::results::ValueResults;
use super::words;
use crate::compare::{Circumstances, Sheet, circumstances, names_of, settings};
use crate::document::{Block, Document, Section};
use crate::error::ReportError;
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{count, fixed};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::render::page_markup;
use crate::words::{DIGITS, Verdict, verdict};

/// Metrics of the table.
const SHOWN: [ValueMetric; 9] = [
    ValueMetric::NormalizedGini,
    ValueMetric::Spearman,
    ValueMetric::SpearmanNonzero,
    ValueMetric::Pearson,
    ValueMetric::Mae,
    ValueMetric::Rmse,
    ValueMetric::TotalRatio,
    ValueMetric::DecileMape,
    ValueMetric::GainAt { share: 0.1 },
];

/// One run of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its results.
    pub results: &'a ValueResults,
    /// This run against the first one, on the same test rows; or, in words, why there is no such comparison.
    pub against_first: Result<&'a [ValueComparison], &'a str>,
}

/// One self-contained HTML page; the first run is what the others are compared with.
pub fn render(sides: &[Side<'_>]) -> Result<String, ReportError> {
    if sides.len() < 2 {
        return Err(ReportError::TooFewRuns { n_runs: sides.len() });
    }
    page_markup(&document(sides))
}

fn document(sides: &[Side<'_>]) -> Document {
    let names = names_of(&sides.iter().map(|side| &side.results.run).collect::<Vec<_>>());
    let shared: Vec<Circumstances<'_>> = sides
        .iter()
        .map(|side| Circumstances {
            run: &side.results.run,
            config: &side.results.config,
            training: &side.results.training,
            environment: &side.results.environment,
            data: &side.results.data,
        })
        .collect();
    let sections =
        [differences(sides, &names), metrics(sides, &names), settings(&shared, &names), circumstances(&shared, &names)];
    let headline = headline(sides, &names);
    Document {
        title: format!("Comparison: {headline}"),
        eyebrow: vec!["Comparison".to_owned(), format!("{} runs", sides.len())],
        headline,
        sections: sections.into_iter().filter(|section: &Section| !section.is_empty()).collect(),
        footer: "This page needs no network.".to_owned(),
        ..Document::default()
    }
}

/// The highest normalized Gini, and whether it is told apart from the first run's.
fn headline(sides: &[Side<'_>], names: &[String]) -> String {
    let gini = |i: usize| {
        let gini = &sides[i].results.judgement.model.metrics.normalized_gini;
        gini.as_ref().map_or(f64::NEG_INFINITY, |gini| gini.value)
    };
    let best = (0..sides.len()).rev().max_by(|&a, &b| gini(a).total_cmp(&gini(b))).unwrap_or(0);
    if !gini(best).is_finite() {
        return "No run has a normalized Gini".to_owned();
    }
    let claim = format!("{} has the highest normalized Gini, {}", names[best], fixed(gini(best), DIGITS));
    let comparison = sides[best]
        .against_first
        .ok()
        .and_then(|all| all.iter().find(|comparison| comparison.metric == ValueMetric::NormalizedGini));
    match comparison.map(verdict) {
        Some(Verdict::Undecided) => format!("{claim}, not distinguishable from {}", names[0]),
        Some(_) => format!("{claim}, beyond chance above {}", names[0]),
        None => claim,
    }
}

/// Paired differences in words; order and amounts as plots.
fn differences(sides: &[Side<'_>], names: &[String]) -> Section {
    let mut section = Section::new("differences", "Differences");
    for (side, name) in sides.iter().zip(names).skip(1) {
        match side.against_first {
            Ok(comparisons) => section.lead.extend(
                comparisons.iter().map(|comparison| format!("{name}: {}.", words::difference(comparison, &names[0]))),
            ),
            Err(reason) => section.lead.push(format!("{name}: no paired difference from {}; {reason}.", names[0])),
        }
    }
    let order = Sheet { id: "gini", title: "Normalized Gini", axis: "Normalized Gini (more is better)" };
    let amounts = Sheet { id: "rmse", title: "RMSE", axis: "Root of the mean squared error (less is better)" };
    section.figures.extend(forest_of(sides, names, &order, ValueMetric::NormalizedGini));
    section.figures.extend(forest_of(sides, names, &amounts, ValueMetric::Rmse));
    section
}

fn forest_of(sides: &[Side<'_>], names: &[String], sheet: &Sheet, metric: ValueMetric) -> Option<Figure> {
    let mut table = DataTable::new(1, &["run", sheet.title, "interval"]);
    let mut rows = Vec::new();
    for (i, (side, name)) in sides.iter().zip(names).enumerate() {
        let Some(estimate) = side.results.judgement.model.metrics.get(metric) else { continue };
        rows.push(ForestRow {
            label: name.clone(),
            estimate: estimate.clone(),
            class: if i == 0 { "two" } else { "one" },
            second: None,
            tip: format!("{name}: {}", words::cell(metric, Some(estimate))),
        });
        table.push(vec![name.clone(), words::value(metric, estimate.value), words::range(metric, estimate)]);
    }
    let axis = ForestAxis { title: sheet.axis.to_owned(), unit: Unit::Plain, reference: None, bars: false };
    (!rows.is_empty()).then(|| sheet.figure(forest::draw(&rows, &axis, sheet.title), table))
}

/// Every metric, one column for each run.
fn metrics(sides: &[Side<'_>], names: &[String]) -> Section {
    let head: Vec<&str> = std::iter::once("metric").chain(names.iter().map(String::as_str)).collect();
    let mut table = DataTable::new(1, &head);
    let row = |name: &str, cell: &dyn Fn(&ValueResults) -> String| {
        std::iter::once(name.to_owned()).chain(sides.iter().map(|side| cell(side.results))).collect()
    };
    for metric in SHOWN {
        let arrow = if metric.higher_is_better() == Some(false) { " ↓" } else { "" };
        let name = match metric {
            ValueMetric::GainAt { .. } => "share of value in the top tenth".to_owned(),
            _ => format!("{}{arrow}", metric.name()),
        };
        table.push(row(&name, &|results| words::cell(metric, results.judgement.model.metrics.get(metric))));
    }
    table.push(row("test customers", &|results| count(results.judgement.model.counts.n_rows as u64)));
    table.push(row("predicts", &|results| format!("{} over {}", results.target.quantity, results.target.horizon)));
    let mut section = Section::new("metrics", "Metrics");
    section.blocks.push(Block {
        title: "Each run on its own test customers".to_owned(),
        note: "In brackets the interval. ↓: less is better; predicted / actual total is best at 1.".to_owned(),
        table,
        folded: false,
    });
    section
}
