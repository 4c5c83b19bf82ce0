//! The top of the page: what was predicted from what, how well, and what a reader must not miss.

use tenure_evaluate::{Estimate, Metric};

use crate::document::{Alert, Tile};
use crate::number::{count, duration, fixed, percent, percent1};
use crate::results::{DataFacts, Environment, GateOutcome, RunFacts, RunResults, Suspect};
use crate::words::{self, DIGITS};

/// Name, task, time.
pub(crate) fn eyebrow(run: &RunFacts) -> Vec<String> {
    let started = run.started_at.replace('T', " ").replace('Z', " UTC");
    [run.name.clone(), format!("{} model", run.task), started].into_iter().filter(|text| !text.is_empty()).collect()
}

/// What the headline rests on, in two sentences.
pub(crate) fn facts(results: &RunResults) -> Vec<String> {
    let counts = &results.evaluation.model.counts;
    let n_partitions = results.partitions.len();
    let how = if n_partitions > 1 { format!(" in {n_partitions} folds") } else { String::new() };
    let judged = format!(
        "Judged on {} rows it never saw{how}, {} of them churned.",
        count(counts.n_rows as u64),
        percent1(results.evaluation.model.constant.probability)
    );
    vec![format!("{judged} {}", trained(&results.training.network, &results.environment, &results.data))]
}

/// The model, the device, the time, the files.
pub(crate) fn trained(model: &str, environment: &Environment, data: &DataFacts) -> String {
    let seconds: f64 = environment.timings.iter().map(|timing| timing.seconds).sum();
    let time = if seconds > 0.0 { format!(" in {}", duration(seconds)) } else { String::new() };
    format!("{model}, trained on {}{time} from {}.", environment.device, source(data))
}

/// The files in a few words.
fn source(data: &DataFacts) -> String {
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    match data.files.as_slice() {
        [] => format!("{} data", data.source),
        [only] => name(&only.path),
        [first, rest @ ..] => format!("{} and {} more files", name(&first.path), rest.len()),
    }
}

/// Failed gates and suspected leakage.
pub(crate) fn alerts(gates: &[GateOutcome], suspects: &[Suspect]) -> Vec<Alert> {
    let failed: Vec<String> = gates
        .iter()
        .filter(|gate| !gate.passed)
        .map(|gate| format!("{}: found {}, bound {}", gate.gate, fixed(gate.found, 4), fixed(gate.bound, 4)))
        .collect();
    let suspects: Vec<String> = suspects
        .iter()
        .map(|suspect| format!("{} (AUC {} alone): {}", suspect.column, fixed(suspect.auc, DIGITS), suspect.reason))
        .collect();
    [("bad", "Gates not met", failed), ("warn", "Suspected leakage", suspects)]
        .into_iter()
        .filter_map(|(class, title, items)| alert(class, title, items))
        .collect()
}

/// What to know before acting on the figures.
pub(crate) fn notices(caveats: &[String]) -> Vec<Alert> {
    alert("plain", "Before you act on this", caveats.to_vec()).into_iter().collect()
}

fn alert(class: &'static str, title: &str, items: Vec<String>) -> Option<Alert> {
    (!items.is_empty()).then(|| Alert { class, title: title.to_owned(), items })
}

/// The main metrics, each with its interval and with the figure of always predicting the base rate.
pub(crate) fn tiles(results: &RunResults) -> Vec<Tile> {
    let model = &results.evaluation.model;
    let (metrics, constant) = (&model.metrics, &model.constant);
    let chance = |value: f64| format!("base rate: {}", fixed(value, DIGITS));
    let calibrated = fixed(model.reliability.expected_error_if_calibrated, DIGITS);
    vec![
        tile("AUC", &metrics.auc, chance(0.5)),
        tile("PR-AUC", &metrics.average_precision, chance(constant.probability)),
        tile("Log loss ↓", &metrics.log_loss, chance(constant.log_loss)),
        tile("Brier score ↓", &metrics.brier, chance(constant.brier)),
        tile("ECE ↓", &metrics.ece, format!("by chance: {calibrated}")),
        Tile {
            name: "Lift of the top tenth".to_owned(),
            value: format!("{}×", fixed(metrics.top_decile_lift.value, 1)),
            interval: words::range(&metrics.top_decile_lift, 1),
            rival: "at random: 1.0×".to_owned(),
        },
    ]
}

fn tile(name: &str, estimate: &Estimate, rival: String) -> Tile {
    Tile {
        name: name.to_owned(),
        value: fixed(estimate.value, DIGITS),
        interval: words::range(estimate, DIGITS),
        rival,
    }
}

/// What the intervals are, and the mean over folds where there are folds.
pub(crate) fn tiles_note(results: &RunResults) -> String {
    let evaluation = &results.evaluation;
    let bootstrap = &evaluation.model.settings.bootstrap;
    let note = format!(
        "Below each figure: its {} interval, from {} bootstrap resamples of the test rows, and what always predicting the \
         base rate gives. ↓: less is better.",
        percent(bootstrap.confidence),
        count(bootstrap.resamples as u64)
    );
    let over_folds = evaluation.over_folds(Metric::Auc).map_or(String::new(), |folds| {
        let (mean, spread) = (fixed(folds.mean, DIGITS), fixed(folds.standard_deviation, DIGITS));
        format!(" AUC here is over all folds' rows together; the mean of the folds is {mean} (spread {spread}).")
    });
    note + &over_folds
}
