//! What was asked for, and where it ran.

use crate::document::{Block, Section};
use crate::figure::DataTable;
use crate::number::{duration, percent};
use crate::results::{Environment, RunFacts, Setting, Timing};

/// Values that were given first, the whole lock folded.
pub(crate) fn configuration(config: &[Setting]) -> Section {
    let mut section = Section::new("configuration", "Configuration");
    let given: Vec<&Setting> = config.iter().filter(|setting| setting.given).collect();
    if !given.is_empty() {
        section.blocks.push(Block { title: "What was given".to_owned(), table: settings(given), ..Block::default() });
    }
    if !config.is_empty() {
        section.blocks.push(Block {
            title: format!("Every value ({})", config.len()),
            table: settings(config),
            folded: true,
            ..Block::default()
        });
    }
    section
}

fn settings<'a>(settings: impl IntoIterator<Item = &'a Setting>) -> DataTable {
    let mut table = DataTable::new(3, &["key", "value", "from"]);
    for setting in settings {
        table.push(vec![setting.key.clone(), setting.value.clone(), setting.origin.clone()]);
    }
    table
}

/// Software, hardware, seed, timings.
pub(crate) fn environment(run: &RunFacts, environment: &Environment) -> Section {
    let mut table = DataTable::new(2, &["", ""]);
    let mut row = |name: &str, value: &str| {
        if !value.is_empty() {
            table.push(vec![name.to_owned(), value.to_owned()]);
        }
    };
    row("device", &environment.device);
    row("why this device", &environment.device_reason);
    row("driver", &environment.driver);
    row("system", &environment.system);
    row("threads", &environment.n_threads.to_string());
    row("seed", &environment.seed.to_string());
    row("Tenure", &environment.tenure_version);
    for (name, version) in &environment.versions {
        row(name, version);
    }
    row("git revision", environment.git_revision.as_deref().unwrap_or_default());
    row("run", &run.id);
    row("do it again", &run.command);
    let mut section = Section::new("environment", "Environment");
    section.blocks.push(Block { title: "Where it ran".to_owned(), table, ..Block::default() });
    section.blocks.extend(timings(&environment.timings));
    section
}

fn timings(timings: &[Timing]) -> Option<Block> {
    let total: f64 = timings.iter().map(|timing| timing.seconds).sum();
    if timings.is_empty() || total <= 0.0 {
        return None;
    }
    let mut table = DataTable::new(1, &["stage", "time", "share"]);
    for timing in timings {
        table.push(vec![timing.stage.clone(), duration(timing.seconds), percent(timing.seconds / total)]);
    }
    table.push(vec!["all".to_owned(), duration(total), percent(1.0)]);
    Some(Block { title: "Time taken".to_owned(), table, ..Block::default() })
}
