//! `tenure compare` for runs that predict value.

use std::path::PathBuf;

use comfy_table::{Table, presets};
use serde_json::{Value, json};
use tenure_data::{ScoredRows, read_predictions};
use tenure_evaluate::{Bootstrap, ValueComparison, ValueMetric, Valued, defined_for};
use tenure_report::value::{ValueResults, compare as page, read_json};

use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::run_dir::{RunDir, write_whole};

/// The metrics of the table.
const SHOWN: [ValueMetric; 4] =
    [ValueMetric::NormalizedGini, ValueMetric::Spearman, ValueMetric::Rmse, ValueMetric::Mae];

/// One run beside the first.
struct Side {
    path: PathBuf,
    results: ValueResults,
    /// Against the first run; for the first run itself there is nothing to compare.
    against_first: Result<Vec<ValueComparison>, String>,
}

/// Compares each run with the first, row by row.
pub fn show(args: &args::Compare, bootstrap: Bootstrap, output: Output) -> Result<Exit, Failure> {
    let mut sides: Vec<Side> = Vec::new();
    let mut first: Option<ScoredRows> = None;
    for path in &args.runs {
        let dir = RunDir::open_complete(path)?;
        let rows = read_predictions(&dir.file("predictions.parquet"))?;
        let against_first = match &first {
            None => Err("the run that others are compared with".to_owned()),
            Some(first) => paired(first, &rows, bootstrap)?,
        };
        let results = read_json(&dir.read("report.json")?)?;
        sides.push(Side { path: path.clone(), results, against_first });
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
fn paired(
    first: &ScoredRows,
    other: &ScoredRows,
    bootstrap: Bootstrap,
) -> Result<Result<Vec<ValueComparison>, String>, Failure> {
    let Some(order) = first.order_of(other) else {
        return Ok(Err(format!("another test set: {} rows against {}", other.n_rows(), first.n_rows())));
    };
    let actual: Vec<f64> = first.label.iter().map(|&value| f64::from(value)).collect();
    let reordered: Vec<f64> = order.iter().map(|&row_idx| other.calibrated[row_idx as usize]).collect();
    let baseline = Valued::new(&first.calibrated, &actual, None)?;
    let model = Valued::new(&reordered, &actual, None)?;
    let (metrics, _) = defined_for(&ValueMetric::COMPARED, &[&model, &baseline]);
    Ok(Ok(bootstrap.compare_values(&model, &baseline, &metrics)?))
}

impl Side {
    fn for_page(&self) -> page::Side<'_> {
        page::Side { results: &self.results, against_first: self.against_first.as_deref().map_err(String::as_str) }
    }

    fn json(&self) -> Value {
        json!({
            "run": self.path,
            "metrics": self.results.judgement.model.metrics,
            "against_first": self.against_first.as_ref().ok(),
            "not_paired": self.against_first.as_ref().err(),
        })
    }
}

fn text(sides: &[Side]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    let mut header = vec!["run".to_owned()];
    header.extend(SHOWN.iter().map(|metric| metric.name().to_owned()));
    header.extend(SHOWN.iter().take(3).map(|metric| format!("{} − first", metric.name())));
    table.set_header(header);
    for side in sides {
        let metrics = &side.results.judgement.model.metrics;
        let name = side.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut row = vec![name];
        row.extend(
            SHOWN.iter().map(|&metric| {
                metrics.get(metric).map_or("–".to_owned(), |estimate| format!("{:.4}", estimate.value))
            }),
        );
        row.extend(SHOWN.iter().take(3).map(|metric| match &side.against_first {
            Ok(all) => all.iter().find(|one| one.metric == *metric).map(difference).unwrap_or_default(),
            Err(reason) => reason.clone(),
        }));
        table.add_row(row);
    }
    format!("{table}\n")
}

fn difference(comparison: &ValueComparison) -> String {
    let difference = &comparison.difference;
    match &difference.interval {
        Some(interval) => format!("{:+.4} [{:+.4}, {:+.4}]", difference.value, interval.low, interval.high),
        None => format!("{:+.4}", difference.value),
    }
}
