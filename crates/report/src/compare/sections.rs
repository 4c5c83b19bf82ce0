//! The sections of a comparison.

use std::collections::BTreeSet;

use tenure_evaluate::{Estimate, Metrics};

use super::Side;
use crate::document::{Block, Section};
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{count, duration, fixed};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::results::{DataFacts, Environment, RunFacts, Setting, TrainingFacts};
use crate::words::{self, DIGITS};

/// Paired differences in words, AUC and log loss as plots.
pub(crate) fn differences(sides: &[Side<'_>], names: &[String]) -> Section {
    let mut section = Section::new("differences", "Differences");
    for (side, name) in sides.iter().zip(names).skip(1) {
        match side.against_first {
            Ok(comparisons) => section.lead.extend(
                comparisons.iter().map(|comparison| format!("{name}: {}.", words::difference(comparison, &names[0]))),
            ),
            Err(reason) => section.lead.push(format!("{name}: no paired difference from {}; {reason}.", names[0])),
        }
    }
    let auc = Sheet { id: "auc", title: "AUC", axis: "AUC (more is better)" };
    let log_loss = Sheet { id: "log-loss", title: "Log loss", axis: "Log loss per row in nats (less is better)" };
    section.figures = vec![
        forest_of(sides, names, &auc, |metrics| &metrics.auc),
        forest_of(sides, names, &log_loss, |metrics| &metrics.log_loss),
    ];
    section
}

fn forest_of(sides: &[Side<'_>], names: &[String], sheet: &Sheet, pick: impl Fn(&Metrics) -> &Estimate) -> Figure {
    let mut table = DataTable::new(1, &["run", sheet.title, "interval"]);
    let mut rows = Vec::new();
    for (i, (side, name)) in sides.iter().zip(names).enumerate() {
        let estimate = pick(&side.results.evaluation.model.metrics);
        let (value, range) = (fixed(estimate.value, 4), words::range(estimate, 4));
        rows.push(ForestRow {
            label: name.clone(),
            estimate: estimate.clone(),
            class: if i == 0 { "two" } else { "one" },
            second: None,
            tip: format!("{name}: {value} ({range})"),
        });
        table.push(vec![name.clone(), value, range]);
    }
    let axis = ForestAxis { title: sheet.axis.to_owned(), unit: Unit::Plain, reference: None, bars: false };
    sheet.figure(forest::draw(&rows, &axis, sheet.title), table)
}

/// One metric as a figure.
pub(crate) struct Sheet {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) axis: &'static str,
}

impl Sheet {
    /// Around a drawing with one row for each run.
    pub(crate) fn figure(&self, drawing: String, table: DataTable) -> Figure {
        Figure {
            id: format!("compare-{}", self.id),
            title: self.title.to_owned(),
            reading:
                "Each dot is a run with its interval. Intervals of runs on the same rows may overlap although the \
                      paired difference is clear: the sentences above are the test."
                    .to_owned(),
            drawing,
            table,
            ..Figure::default()
        }
    }
}

/// Every metric, one column for each run.
pub(crate) fn metrics(sides: &[Side<'_>], names: &[String]) -> Section {
    type Pick = fn(&Metrics) -> &Estimate;
    let picks: [(&str, Pick); 7] = [
        ("AUC", |metrics| &metrics.auc),
        ("PR-AUC", |metrics| &metrics.average_precision),
        ("log loss ↓", |metrics| &metrics.log_loss),
        ("Brier score ↓", |metrics| &metrics.brier),
        ("ECE ↓", |metrics| &metrics.ece),
        ("KS", |metrics| &metrics.ks),
        ("lift of the top tenth", |metrics| &metrics.top_decile_lift),
    ];
    let mut table = by_run("metric", names);
    for (name, pick) in picks {
        table.push(row(name, sides, |side| {
            let estimate = pick(&side.results.evaluation.model.metrics);
            format!("{} ({})", fixed(estimate.value, DIGITS), words::range(estimate, DIGITS))
        }));
    }
    table.push(row("test rows", sides, |side| count(side.results.evaluation.model.counts.n_rows as u64)));
    let mut section = Section::new("metrics", "Metrics");
    section.blocks.push(Block {
        title: "Each run on its own test rows".to_owned(),
        note: "In brackets the interval. ↓: less is better.".to_owned(),
        table,
        folded: false,
    });
    section
}

/// What runs of every task are made of.
pub(crate) struct Circumstances<'a> {
    pub(crate) run: &'a RunFacts,
    pub(crate) config: &'a [Setting],
    pub(crate) training: &'a TrainingFacts,
    pub(crate) environment: &'a Environment,
    pub(crate) data: &'a DataFacts,
}

/// Configuration values that are not the same everywhere.
pub(crate) fn settings(sides: &[Circumstances<'_>], names: &[String]) -> Section {
    let value = |side: &Circumstances<'_>, key: &str| {
        let setting = side.config.iter().find(|setting| setting.key == key);
        setting.map_or("–".to_owned(), |setting| setting.value.clone())
    };
    let mut seen = BTreeSet::new();
    let keys = sides.iter().flat_map(|side| side.config.iter().map(|setting| setting.key.as_str()));
    let mut table = by_run("key", names);
    table.n_text = table.head.len();
    for key in keys.filter(|key| seen.insert(*key)) {
        let cells = row(key, sides, |side| value(side, key));
        if cells[1..].iter().any(|cell| *cell != cells[1]) {
            table.push(cells);
        }
    }
    let mut section = Section::new("configuration", "Configuration");
    if table.rows.is_empty() {
        section.lead.push("Every configuration value is the same.".to_owned());
    } else {
        section.blocks.push(Block { title: "Values that differ".to_owned(), table, ..Block::default() });
    }
    section
}

/// Where and on what the runs were made.
pub(crate) fn circumstances(sides: &[Circumstances<'_>], names: &[String]) -> Section {
    let mut table = by_run("", names);
    table.n_text = table.head.len();
    table.push(row("network", sides, |side| side.training.network.clone()));
    table.push(row("parameters", sides, |side| count(side.training.n_parameters)));
    table.push(row("device", sides, |side| side.environment.device.clone()));
    table.push(row("seed", sides, |side| side.environment.seed.to_string()));
    table.push(row("time taken", sides, |side| {
        duration(side.environment.timings.iter().map(|timing| timing.seconds).sum())
    }));
    table.push(row("data", sides, |side| {
        let files = side.data.files.iter();
        let digests: Vec<&str> = files.map(|file| file.digest.get(..19).unwrap_or(&file.digest)).collect();
        if digests.is_empty() { side.data.source.clone() } else { digests.join(", ") }
    }));
    table.push(row("run", sides, |side| side.run.id.clone()));
    let mut section = Section::new("circumstances", "Circumstances");
    section.blocks.push(Block { title: "Where and on what they ran".to_owned(), table, ..Block::default() });
    section
}

fn by_run(first: &str, names: &[String]) -> DataTable {
    let head: Vec<&str> = std::iter::once(first).chain(names.iter().map(String::as_str)).collect();
    DataTable::new(1, &head)
}

fn row<S>(name: &str, sides: &[S], cell: impl Fn(&S) -> String) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(sides.iter().map(cell)).collect()
}
