//! The sections of a comparison.

use std::collections::BTreeSet;

use tenure_evaluate::{Estimate, Metrics};

use super::Side;
use crate::document::{Block, Section};
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{count, duration, fixed};
use crate::plot::forest::{self, ForestAxis, ForestRow};
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
    section.figures = vec![
        forest_of(sides, names, ("auc", "AUC", "AUC (more is better)"), |metrics| &metrics.auc),
        forest_of(sides, names, ("log-loss", "Log loss", "Log loss per row in nats (less is better)"), |metrics| {
            &metrics.log_loss
        }),
    ];
    section
}

fn forest_of(
    sides: &[Side<'_>],
    names: &[String],
    (id, title, axis): (&str, &str, &str),
    pick: impl Fn(&Metrics) -> &Estimate,
) -> Figure {
    let mut table = DataTable::new(1, &["run", title, "interval"]);
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
    let axis = ForestAxis { title: axis.to_owned(), unit: Unit::Plain, reference: None, bars: false };
    Figure {
        id: format!("compare-{id}"),
        title: title.to_owned(),
        reading:
            "Each dot is a run with its interval. Intervals of runs on the same rows may overlap although the paired \
                  difference is clear: the sentences above are the test."
                .to_owned(),
        drawing: forest::draw(&rows, &axis, title),
        table,
        ..Figure::default()
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

/// Configuration values that are not the same everywhere.
pub(crate) fn settings(sides: &[Side<'_>], names: &[String]) -> Section {
    let value = |side: &Side<'_>, key: &str| {
        let setting = side.results.config.iter().find(|setting| setting.key == key);
        setting.map_or("–".to_owned(), |setting| setting.value.clone())
    };
    let mut seen = BTreeSet::new();
    let keys = sides.iter().flat_map(|side| side.results.config.iter().map(|setting| setting.key.as_str()));
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
pub(crate) fn circumstances(sides: &[Side<'_>], names: &[String]) -> Section {
    let mut table = by_run("", names);
    table.n_text = table.head.len();
    table.push(row("network", sides, |side| side.results.training.network.clone()));
    table.push(row("parameters", sides, |side| count(side.results.training.n_parameters)));
    table.push(row("device", sides, |side| side.results.environment.device.clone()));
    table.push(row("seed", sides, |side| side.results.environment.seed.to_string()));
    table.push(row("time taken", sides, |side| {
        duration(side.results.environment.timings.iter().map(|timing| timing.seconds).sum())
    }));
    table.push(row("data", sides, |side| {
        let files = side.results.data.files.iter();
        let digests: Vec<&str> = files.map(|file| file.digest.get(..19).unwrap_or(&file.digest)).collect();
        if digests.is_empty() { side.results.data.source.clone() } else { digests.join(", ") }
    }));
    table.push(row("run", sides, |side| side.results.run.id.clone()));
    let mut section = Section::new("circumstances", "Circumstances");
    section.blocks.push(Block { title: "Where and on what they ran".to_owned(), table, ..Block::default() });
    section
}

fn by_run(first: &str, names: &[String]) -> DataTable {
    let head: Vec<&str> = std::iter::once(first).chain(names.iter().map(String::as_str)).collect();
    DataTable::new(1, &head)
}

fn row(name: &str, sides: &[Side<'_>], cell: impl Fn(&Side<'_>) -> String) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(sides.iter().map(cell)).collect()
}
