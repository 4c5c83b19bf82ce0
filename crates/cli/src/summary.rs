//! A finished run in a few lines.

use std::path::Path;

use serde_json::{Value, json};
use tenure_evaluate::{Estimate, Metric};
use tenure_report::RunResults;
use tenure_report::segments::SegmentResults;

/// What a person reads when a run ends.
pub fn text(results: &RunResults, dir: &Path) -> String {
    let evaluation = &results.evaluation;
    let metrics = &evaluation.model.metrics;
    let counts = &evaluation.model.counts;
    let mut lines = vec![format!(
        "{} on {} test rows ({} positive){}",
        results.training.network,
        counts.n_rows,
        counts.n_positive,
        if evaluation.folds.is_empty() { String::new() } else { format!(", {} folds", results.partitions.len()) }
    )];
    for (name, metric, estimate) in [
        ("AUC", Metric::Auc, &metrics.auc),
        ("log loss", Metric::LogLoss, &metrics.log_loss),
        ("Brier score", Metric::Brier, &metrics.brier),
    ] {
        lines.push(match evaluation.over_folds(metric) {
            Some(folds) => format!(
                "  {name:22} {:.4} ± {:.4} over folds; pooled {}",
                folds.mean,
                folds.standard_deviation,
                with_interval(estimate)
            ),
            None => format!("  {name:22} {}", with_interval(estimate)),
        });
    }
    lines.push(format!("  {:22} {}", "calibration error", with_interval(&metrics.ece)));
    for baseline in &evaluation.baselines {
        lines.push(format!("  AUC {:18} {}", baseline.name, with_interval(&baseline.auc)));
        if let Some(comparison) = baseline.comparison(Metric::Auc) {
            lines.push(format!("  {:22} {}", "  the network's gain", signed_with_interval(&comparison.difference)));
        }
    }
    for gate in &results.gates {
        let verdict = if gate.passed { "passed" } else { "FAILED" };
        lines.push(format!("  {} {verdict}: bound {}, found {:.4}", gate.gate, gate.bound, gate.found));
    }
    for suspect in &results.suspects {
        lines.push(format!("warning: suspected leakage in `{}`: {}", suspect.column, suspect.reason));
    }
    let report = dir.join("report.html");
    lines.push(format!("report: {}", if report.is_file() { report } else { dir.join("report.json") }.display()));
    lines.push(String::new());
    lines.join("\n")
}

fn with_interval(estimate: &Estimate) -> String {
    match &estimate.interval {
        Some(interval) => format!("{:.4} [{:.4}, {:.4}]", estimate.value, interval.low, interval.high),
        None => format!("{:.4}", estimate.value),
    }
}

fn signed_with_interval(estimate: &Estimate) -> String {
    match &estimate.interval {
        Some(interval) => format!("{:+.4} [{:+.4}, {:+.4}]", estimate.value, interval.low, interval.high),
        None => format!("{:+.4}", estimate.value),
    }
}

/// What a program reads when a run ends.
pub fn json(results: &RunResults, dir: &Path) -> Value {
    json!({
        "run": dir,
        "metrics": results.evaluation.model.metrics,
        "folds": results.evaluation.folds,
        "baselines": results.evaluation.baselines.iter().map(|b| json!({
            "name": b.name, "auc": b.auc, "log_loss": b.log_loss, "comparisons": b.comparisons,
        })).collect::<Vec<_>>(),
        "gates": results.gates,
        "suspects": results.suspects,
    })
}

/// What a person reads when a run of segments ends.
pub fn segments_text(results: &SegmentResults, dir: &Path) -> String {
    let mut lines = vec![results.choice.reason.clone()];
    for segment in &results.segments {
        lines.push(format!("  {}  {}", segment.id, segment.name));
        lines.push(format!("     {}", segment.sentence));
    }
    lines.extend(results.caveats.iter().filter(|caveat| !caveat.starts_with("Data: ")).map(|c| format!("note: {c}")));
    let report = dir.join("report.html");
    lines.push(format!("report: {}", if report.is_file() { report } else { dir.join("report.json") }.display()));
    lines.push(String::new());
    lines.join("\n")
}

/// What a program reads when a run of segments ends.
pub fn segments_json(results: &SegmentResults, dir: &Path) -> Value {
    json!({ "run": dir, "k": results.choice.k, "choice": results.choice, "segments": results.segments })
}
