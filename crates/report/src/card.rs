//! The model card: what the model is for, how good it is, for whom, and how to make it again.
//!
//! The sections follow Mitchell et al. 2019, "Model cards for model reporting".

use askama::Template;
use tenure_evaluate::{Estimate, Metric};
use tenure_table::Role;

use crate::error::ReportError;
use crate::number::{bytes, count, fixed, percent1};
use crate::results::{Baseline, DataFacts, GateOutcome, PartitionFacts, RunResults, Suspect, Timeline};
use crate::words::{self, DIGITS};
use crate::{date, plot};

/// Levels of slices listed; the page has all of them.
const MAX_SLICES: usize = 20;

#[derive(Template)]
#[template(path = "card.md")]
struct Card<'a> {
    results: &'a RunResults,
    headline: String,
    network: String,
    n_test: String,
    doubts: Vec<String>,
    metrics: Vec<[String; 4]>,
    baselines: Vec<String>,
    calibration: String,
    data: Vec<String>,
    splits: Vec<String>,
    slices: Vec<Vec<String>>,
    sensitive: Vec<&'a str>,
    features: Vec<&'a str>,
}

/// What cards of every task are filled from.
pub(crate) struct Facts<'a> {
    pub(crate) data: &'a DataFacts,
    pub(crate) partitions: &'a [PartitionFacts],
    pub(crate) timeline: Option<&'a Timeline>,
    pub(crate) suspects: &'a [Suspect],
    pub(crate) gates: &'a [GateOutcome],
    pub(crate) caveats: &'a [String],
    /// What positive rows did: `churned`.
    pub(crate) positive: &'static str,
}

/// The model card in Markdown; every text of the data is escaped.
pub fn render_card(results: &RunResults) -> Result<String, ReportError> {
    let names = |keep: fn(Role) -> bool| {
        results.data.columns.iter().filter(|column| keep(column.role)).map(|column| column.name.as_str()).collect()
    };
    let slices = plot::slices::table(&results.evaluation.slices).rows;
    let facts = Facts {
        data: &results.data,
        partitions: &results.partitions,
        timeline: results.timeline.as_ref(),
        suspects: &results.suspects,
        gates: &results.gates,
        caveats: &results.caveats,
        positive: "churned",
    };
    let card = Card {
        results,
        headline: words::headline(&results.evaluation),
        network: network(results),
        n_test: count(results.evaluation.model.counts.n_rows as u64),
        doubts: doubts(&facts),
        metrics: metrics(results),
        baselines: results.evaluation.baselines.iter().flat_map(sentences).collect(),
        calibration: calibration(results),
        data: data(&facts),
        splits: splits(&facts),
        slices: slices.into_iter().take(MAX_SLICES).collect(),
        sensitive: names(|role| role == Role::Sensitive),
        features: names(Role::is_feature),
    };
    Ok(card.render()?)
}

fn network(results: &RunResults) -> String {
    let training = &results.training;
    let copies =
        if training.n_networks == 1 { String::new() } else { format!(", {} of them averaged", training.n_networks) };
    format!("{}, {} parameters{copies}", training.network, count(training.n_parameters))
}

/// Caveats, suspected leakage, gates that were missed.
pub(crate) fn doubts(facts: &Facts<'_>) -> Vec<String> {
    let suspects =
        facts.suspects.iter().map(|suspect| format!("Suspected leakage, {}: {}.", suspect.column, suspect.reason));
    let gates = facts.gates.iter().filter(|gate| !gate.passed).map(|gate| {
        format!("Gate not met, {}: bound {}, found {}.", gate.gate, fixed(gate.bound, 4), fixed(gate.found, 4))
    });
    facts.caveats.iter().cloned().chain(suspects).chain(gates).collect()
}

/// Name, value, interval, and the figure of always predicting the base rate.
fn metrics(results: &RunResults) -> Vec<[String; 4]> {
    let model = &results.evaluation.model;
    let (metrics, constant) = (&model.metrics, &model.constant);
    let row = |name: &str, estimate: &Estimate, chance: Option<f64>| {
        let chance = chance.map_or("–".to_owned(), |chance| fixed(chance, DIGITS));
        [name.to_owned(), fixed(estimate.value, DIGITS), words::range(estimate, DIGITS), chance]
    };
    vec![
        row("AUC", &metrics.auc, Some(0.5)),
        row("PR-AUC", &metrics.average_precision, Some(constant.probability)),
        row("log loss (less is better)", &metrics.log_loss, Some(constant.log_loss)),
        row("Brier score (less is better)", &metrics.brier, Some(constant.brier)),
        row("ECE (less is better)", &metrics.ece, None),
        row("KS", &metrics.ks, Some(0.0)),
        row("lift of the top tenth", &metrics.top_decile_lift, Some(1.0)),
    ]
}

fn sentences(baseline: &Baseline) -> Vec<String> {
    [Metric::Auc, Metric::LogLoss]
        .into_iter()
        .filter_map(|metric| baseline.comparison(metric))
        .map(|comparison| words::capitalized(&words::difference(comparison, &baseline.name)) + ".")
        .collect()
}

fn calibration(results: &RunResults) -> String {
    let reliability = &results.evaluation.model.reliability;
    let error = format!(
        "Predictions are on average {} percentage points off the observed rate (chance alone: {}).",
        fixed(reliability.expected_error * 100.0, 1),
        fixed(reliability.expected_error_if_calibrated * 100.0, 1)
    );
    let mut methods: Vec<&str> =
        results.evaluation.calibration.iter().map(|partition| partition.choice.method.name()).collect();
    methods.dedup();
    match methods.as_slice() {
        [] => format!("No calibration map. {error}"),
        methods => format!("Calibration map, fitted on validation rows: {}. {error}", methods.join(", ")),
    }
}

/// Files, rows read and dropped, the time they span.
pub(crate) fn data(facts: &Facts<'_>) -> Vec<String> {
    let data = facts.data;
    let files = data.files.iter().map(|file| format!("{} ({}), {}", file.path, bytes(file.size_bytes), file.digest));
    let mut lines: Vec<String> = files.collect();
    lines.push(format!("{} rows read, {} kept.", count(data.n_rows_read), count(data.n_rows_kept)));
    lines.extend(
        data.dropped.iter().map(|dropped| format!("{} rows dropped: {}.", count(dropped.n_rows), dropped.reason)),
    );
    if let Some((first, last)) = data.time_range {
        lines.push(format!("Events from {} to {}.", date::day(first), date::day(last)));
    }
    lines
}

/// Partitions, and cutoffs with their windows.
pub(crate) fn splits(facts: &Facts<'_>) -> Vec<String> {
    let partitions = facts.partitions.iter().map(|partition| {
        let rate = partition.test.positive_share().map_or("–".to_owned(), percent1);
        format!(
            "{}: {} training, {} validation, {} test rows ({rate} of them {}).",
            partition.name,
            count(partition.train.n_rows),
            count(partition.validation.n_rows),
            count(partition.test.n_rows),
            facts.positive
        )
    });
    let cutoffs = facts.timeline.iter().flat_map(|timeline| &timeline.cutoffs).map(|row| {
        let (cutoff, start, end) = (date::day(row.cutoff), date::day(row.label_start), date::day(row.label_end));
        format!("Cutoff {cutoff}: features before it, outcome from {start} until {end}.")
    });
    partitions.chain(cutoffs).collect()
}
