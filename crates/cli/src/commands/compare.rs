//! `tenure compare`: runs side by side, with paired intervals where they share a test set.

use std::path::PathBuf;

use comfy_table::{Table, presets};
use serde_json::{Value, json};
use tenure_config::Task;
use tenure_data::{ScoredRows, read_predictions};
use tenure_evaluate::{Bootstrap, Comparison, Metric, Scored};
use tenure_report::{RunResults, compare as page};

use super::report::results;
use super::{compare_segments, compare_values};
use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::run_dir::{RunDir, write_whole};

/// Resamples behind a paired interval.
const RESAMPLES: usize = 2_000;
/// Coverage of a paired interval.
const CONFIDENCE: f64 = 0.95;

/// One run beside the first.
struct Side {
    path: PathBuf,
    results: RunResults,
    /// Against the first run; for the first run itself there is nothing to compare.
    against_first: Result<Vec<Comparison>, String>,
}

/// Compares each run with the first.
pub fn show(args: &args::Compare, output: Output) -> Result<Exit, Failure> {
    let tasks = args.runs.iter().map(|path| RunDir::open_complete(path)?.task()).collect::<Result<Vec<_>, _>>()?;
    if let Some(place) = tasks.iter().position(|task| *task != tasks[0]) {
        return Err(Failure::usage(
            format!(
                "runs of different tasks cannot be compared: {} is `{}`, {} is `{}`",
                args.runs[0].display(),
                tasks[0],
                args.runs[place].display(),
                tasks[place]
            ),
            "compare runs of one task",
        ));
    }
    if tasks.first().is_some_and(|task| task == Task::Segments.name()) {
        return compare_segments::show(args, output);
    }
    if tasks.first().is_some_and(|task| task != Task::Churn.name()) {
        let bootstrap = Bootstrap { resamples: RESAMPLES, confidence: CONFIDENCE, seed: 0 };
        return compare_values::show(args, bootstrap, output);
    }
    let mut sides: Vec<Side> = Vec::new();
    let mut first: Option<ScoredRows> = None;
    for path in &args.runs {
        let dir = RunDir::open_complete(path)?;
        let rows = read_predictions(&dir.file("predictions.parquet"))?;
        let against_first = match &first {
            None => Err("the run that others are compared with".to_owned()),
            Some(first) => paired(first, &rows)?,
        };
        sides.push(Side { path: path.clone(), results: results(&dir)?, against_first });
        first.get_or_insert(rows);
    }
    if let Some(html) = &args.html {
        let runs: Vec<page::Side> = sides.iter().map(Side::for_page).collect();
        write_whole(html, page::render(&runs)?.as_bytes())?;
    }
    output.result(|| text(&sides), || Value::Array(sides.iter().map(Side::json).collect()));
    Ok(Exit::Done)
}

/// The paired comparison of two runs, or why there is none.
fn paired(first: &ScoredRows, other: &ScoredRows) -> Result<Result<Vec<Comparison>, String>, Failure> {
    let Some(order) = first.order_of(other) else {
        return Ok(Err(format!("another test set: {} rows against {}", other.n_rows(), first.n_rows())));
    };
    let outcomes: Vec<bool> = first.label.iter().map(|&label| label > 0.5).collect();
    let reordered: Vec<f64> = order.iter().map(|&row_idx| other.calibrated[row_idx as usize]).collect();
    let baseline = Scored::new(&first.calibrated, &outcomes, None)?;
    let model = Scored::new(&reordered, &outcomes, None)?;
    let bootstrap = Bootstrap { resamples: RESAMPLES, confidence: CONFIDENCE, seed: 0 };
    Ok(Ok(bootstrap.compare(&model, &baseline, &[Metric::Auc, Metric::LogLoss, Metric::Brier])?))
}

impl Side {
    fn for_page(&self) -> page::Side<'_> {
        page::Side { results: &self.results, against_first: self.against_first.as_deref().map_err(String::as_str) }
    }

    fn json(&self) -> Value {
        json!({
            "run": self.path,
            "metrics": self.results.evaluation.model.metrics,
            "against_first": self.against_first.as_ref().ok(),
            "not_paired": self.against_first.as_ref().err(),
        })
    }
}

fn text(sides: &[Side]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["run", "AUC", "log loss", "ECE", "AUC − first", "log loss − first"]);
    for side in sides {
        let metrics = &side.results.evaluation.model.metrics;
        let difference = |metric: Metric| match &side.against_first {
            Ok(all) => all.iter().find(|one| one.metric == metric).map(difference_text).unwrap_or_default(),
            Err(reason) => reason.clone(),
        };
        let name = side.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        table.add_row([
            name,
            format!("{:.4}", metrics.auc.value),
            format!("{:.4}", metrics.log_loss.value),
            format!("{:.4}", metrics.ece.value),
            difference(Metric::Auc),
            difference(Metric::LogLoss),
        ]);
    }
    format!("{table}\n")
}

fn difference_text(comparison: &Comparison) -> String {
    let difference = &comparison.difference;
    match &difference.interval {
        Some(interval) => format!("{:+.4} [{:+.4}, {:+.4}]", difference.value, interval.low, interval.high),
        None => format!("{:+.4}", difference.value),
    }
}
