//! `tenure plan`: everything a run would do, short of doing it.

use comfy_table::{Table, presets};
use serde_json::{Value, json};
use tenure_artifact::Preprocessor;
use tenure_config::{Origin, Overrides, Plan, Resolved, Task, resolve};
use tenure_data::Loaded;
use tenure_encode::leakage::Suspect;
use tenure_encode::{Dataset, Partition, fit_transform};
use tenure_model::describe;
use tenure_report::{RowCount, Timeline};
use tenure_table::Sequences;
use tenure_train::fit_head;

use super::plan_segments;
use crate::args;
use crate::facts;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::stages::value::learn::labels;
use crate::stages::{partition_name, prepare};

/// Adam keeps two moments beside weights and gradients; the best weights are kept too.
const COPIES_OF_WEIGHTS: u64 = 5;
/// Floats a member keeps for one hidden unit of one row between forward and backward pass.
const FLOATS_PER_UNIT: u64 = 4;

/// The same of one number of the state after an event.
const FLOATS_PER_STATE: u64 = 16;

/// What `tenure plan` shows.
struct Forecast {
    resolved: Resolved,
    loaded: Loaded,
    partitions: Vec<Partition>,
    suspects: Vec<Suspect>,
    network: String,
    n_weights: u64,
    memory: Memory,
    /// The last purchases of each row, in words.
    sequences: Option<String>,
}

/// Bytes a run needs at once.
struct Memory {
    table: u64,
    encoded: u64,
    training: u64,
}

/// Loads, splits and describes; trains nothing and writes nothing.
pub fn show(args: &args::Experiment, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    let resolved = resolve(&args.file, &Overrides { set: args.set.clone() })?;
    if resolved.plan.experiment.task == Task::Segments {
        return plan_segments::show(&resolved, output, progress);
    }
    let forecast = forecast(resolved, progress)?;
    output.result(|| forecast.text(), || forecast.json());
    Ok(Exit::Done)
}

fn forecast(resolved: Resolved, progress: &mut Progress) -> Result<Forecast, Failure> {
    let plan = &resolved.plan;
    let loaded = prepare::read(plan, progress)?;
    let partitions = prepare::split(plan, &loaded)?;
    let suspects = prepare::suspects(&loaded, &partitions)?;
    progress.begin("encode", None);
    let (preprocessor, train) = fit_transform(&loaded.table, &partitions[0].train, &plan.encode, plan.experiment.seed)?;
    progress.end();
    let (network, n_weights) = network(plan, &preprocessor, &train)?;
    let memory = memory(plan, &loaded, train.layout.widths(), n_weights);
    let sequences = loaded.table.sequences().map(sequences_text);
    Ok(Forecast { resolved, loaded, partitions, suspects, network, n_weights, memory, sequences })
}

/// The network in words with its number of weights; a purchase model has none.
fn network(plan: &Plan, preprocessor: &Preprocessor, train: &Dataset) -> Result<(String, u64), Failure> {
    if !plan.model.kind.is_network() {
        return Ok((format!("none: {} is fitted to the events", plan.model.kind), 0));
    }
    let head = fit_head(&plan.model, labels(plan.experiment.task), train)?;
    let spec =
        describe(&plan.model, &preprocessor.layout, train.n_rows(), head).map_err(tenure_train::TrainError::from)?;
    Ok((facts::network(&spec), spec.n_weights() as u64))
}

/// An estimate from shapes: table in single precision, encoded rows, weights with their optimiser, activations.
fn memory(plan: &Plan, loaded: &Loaded, widths: (usize, usize, usize), n_weights: u64) -> Memory {
    let n_rows = loaded.table.n_rows() as u64;
    let n_inputs = (widths.0 + widths.1 + widths.2) as u64;
    let members = if plan.model.kind == tenure_config::ModelKind::Tabm { plan.model.members as u64 } else { 1 };
    let units =
        members * (plan.model.blocks * plan.model.width) as u64 + n_inputs * plan.model.numeric_embedding_width as u64;
    let float = size_of::<f32>() as u64;
    let events = loaded.table.sequences().map_or(0, |s| (s.n_events() * s.width()) as u64);
    // Rows of a batch have as many events as rows of the table; each is a state with its gates.
    let events_a_row = loaded.table.sequences().map_or(0.0, |s| s.n_events() as f64 / s.n_rows().max(1) as f64);
    let states = (events_a_row * (plan.train.batch_size * plan.model.sequence.width) as f64) as u64;
    Memory {
        table: (n_rows * loaded.table.columns().len() as u64 + events) * float,
        encoded: (n_rows * n_inputs + events) * float,
        training: float
            * (n_weights * COPIES_OF_WEIGHTS
                + FLOATS_PER_UNIT * plan.train.batch_size as u64 * units
                + FLOATS_PER_STATE * states),
    }
}

fn sequences_text(sequences: &Sequences) -> String {
    let (n_rows, n_events) = (sequences.n_rows(), sequences.n_events());
    let longest = sequences.offsets().windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    format!(
        "{n_events} purchases before {n_rows} rows, {:.1} a row and {longest} at most, each with {}",
        n_events as f64 / n_rows.max(1) as f64,
        sequences.names().join(", ")
    )
}

impl Memory {
    fn total(&self) -> u64 {
        self.table + self.encoded + self.training
    }
}

impl Forecast {
    fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.settings_table());
        text.push_str(&self.data_text());
        text.push_str(&format!("\n{}\n", self.partitions_table()));
        if let Some(events) = &self.loaded.events {
            text.push_str(&format!("\n{}\n", cutoffs_table(&facts::timeline(&self.resolved.plan, events))));
        }
        if let Some(labels) = self.labels_table() {
            text.push_str(&format!("\n{labels}\n"));
        }
        text.push_str(&format!("\nnetwork: {}, {} weights\n", self.network, self.n_weights));
        if let Some(sequences) = &self.sequences {
            text.push_str(&format!("sequences: {sequences}\n"));
        }
        text.push_str(&format!(
            "memory, about: {} in all (table {}, encoded rows {}, training {})\n",
            mebibytes(self.memory.total()),
            mebibytes(self.memory.table),
            mebibytes(self.memory.encoded),
            mebibytes(self.memory.training)
        ));
        for suspect in &self.suspects {
            text.push_str(&format!("warning: suspected leakage in `{}`: {}\n", suspect.column, suspect.evidence));
        }
        text
    }

    fn settings_table(&self) -> Table {
        let mut table = table(["value", "", "origin"]);
        for setting in self.resolved.origins.applied() {
            let origin = match setting.origin {
                Origin::Default => String::new(),
                _ => setting.origin.to_string(),
            };
            table.add_row([setting.path(), setting.value.clone().unwrap_or_default(), origin]);
        }
        table
    }

    fn data_text(&self) -> String {
        let validation = &self.loaded.validation;
        let mut text = format!("rows: {} read, {} kept\n", validation.n_read, validation.n_kept);
        for (reason, n_rows) in &validation.dropped {
            text.push_str(&format!("  {n_rows} dropped: {reason}\n"));
        }
        for note in &validation.notes {
            text.push_str(&format!("  note: {note}\n"));
        }
        text
    }

    fn partitions_table(&self) -> Table {
        let mut table = table(["partition", "train", "validation", "test"]);
        for (i, partition) in self.partitions.iter().enumerate() {
            let cell = |rows: &[u32]| rows_text(facts::row_count(&self.loaded.table, rows));
            table.add_row([
                partition_name(i, self.partitions.len()),
                cell(&partition.train),
                cell(&partition.validation),
                cell(&partition.test),
            ]);
        }
        table
    }

    /// What the values of each part are, where value is predicted.
    fn labels_table(&self) -> Option<Table> {
        let mut table = table(["values", "rows", "with value", "mean", "mean where above 0", "largest", "sum"]);
        let mut is_empty = true;
        for (i, partition) in self.partitions.iter().enumerate() {
            for (part, rows) in parts(partition) {
                let values = facts::values(&self.loaded.table, rows)?;
                let name = format!("{}, {part}", partition_name(i, self.partitions.len()));
                table.add_row([
                    name,
                    values.n_rows.to_string(),
                    format!("{:.1} %", 100.0 * values.share_above_zero()),
                    format!("{:.2}", values.mean()),
                    format!("{:.2}", values.mean_above_zero()),
                    format!("{:.2}", values.largest),
                    format!("{:.2}", values.sum),
                ]);
                is_empty = false;
            }
        }
        (!is_empty).then_some(table)
    }

    fn json(&self) -> Value {
        let count = |rows: &[u32]| facts::row_count(&self.loaded.table, rows);
        json!({
            "settings": self.resolved.origins.settings(),
            "validation": self.loaded.validation,
            "partitions": self.partitions.iter().enumerate().map(|(i, partition)| json!({
                "name": partition_name(i, self.partitions.len()),
                "train": count(&partition.train),
                "validation": count(&partition.validation),
                "test": count(&partition.test),
                "values": parts(partition).into_iter()
                    .filter_map(|(part, rows)| Some((part, facts::values(&self.loaded.table, rows)?)))
                    .collect::<std::collections::BTreeMap<_, _>>(),
            })).collect::<Vec<_>>(),
            "timeline": self.loaded.events.as_ref().map(|events| facts::timeline(&self.resolved.plan, events)),
            "network": self.network,
            "n_weights": self.n_weights,
            "sequences": self.sequences,
            "memory_bytes": self.memory.total(),
            "suspects": self.suspects,
        })
    }
}

fn parts(partition: &Partition) -> [(&'static str, &[u32]); 3] {
    [("train", &partition.train), ("validation", &partition.validation), ("test", &partition.test)]
}

fn cutoffs_table(timeline: &Timeline) -> Table {
    let mut table = table(["cutoff", "label from", "label before", "customers", "part"]);
    for cutoff in &timeline.cutoffs {
        let part = format!("{:?}", cutoff.part).to_lowercase();
        let dates = [cutoff.cutoff, cutoff.label_start, cutoff.label_end].map(facts::date);
        let [at, start, end] = dates;
        table.add_row([at, start, end, rows_text(cutoff.rows), part]);
    }
    table
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(header);
    table
}

fn rows_text(count: RowCount) -> String {
    match count.positive_share() {
        Some(share) => format!("{} ({:.1} % positive)", count.n_rows, 100.0 * share),
        None => "0".into(),
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
