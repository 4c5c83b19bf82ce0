//! What a run of a value task found out, for people and programs.

use std::path::Path;

use comfy_table::{Table, presets};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenure_evaluate::{Estimate, ValueMetric};
use tenure_report::{GateOutcome, RunFacts, Suspect};

use super::judge::{ValueBaseline, ValueFindings};

/// The version of `report.json` of a value task.
pub const FORMAT: u32 = 1;

/// The results of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueResults {
    /// Version of this structure: [`FORMAT`].
    pub format: u32,
    /// Which run.
    pub run: RunFacts,
    /// The model in words.
    pub model: String,
    /// How good it is, on test rows only.
    pub evaluation: ValueFindings,
    /// Columns that may be the label in disguise.
    pub suspects: Vec<Suspect>,
    /// Gates of the plan and whether they were met.
    pub gates: Vec<GateOutcome>,
    /// What a reader must know before acting on this run, one sentence each.
    pub caveats: Vec<String>,
}

/// The columns of the table that a run ends with.
const SHOWN: [(&str, ValueMetric); 5] = [
    ("norm. Gini", ValueMetric::NormalizedGini),
    ("Spearman", ValueMetric::Spearman),
    ("RMSE", ValueMetric::Rmse),
    ("MAE", ValueMetric::Mae),
    ("predicted / actual", ValueMetric::TotalRatio),
];

impl ValueResults {
    /// What a person reads when a run ends.
    pub fn text(&self, dir: &Path) -> String {
        let counts = &self.evaluation.model.counts;
        let mut lines = vec![format!(
            "{} on {} test rows ({} with value, {:.2} in all)",
            self.model, counts.n_rows, counts.n_nonzero, counts.total_actual
        )];
        for (name, metric) in SHOWN {
            if let Some(estimate) = self.evaluation.model.metrics.get(metric) {
                lines.push(format!("  {name:22} {}", with_interval(estimate)));
            }
        }
        for coverage in &self.evaluation.coverage {
            lines.push(format!(
                "  {:22} {:.3} [{:.3}, {:.3}]",
                format!("coverage of {:.0} %", 100.0 * coverage.nominal),
                coverage.observed,
                coverage.low,
                coverage.high
            ));
        }
        if let Some(churn) = &self.evaluation.churn {
            lines.push(format!("  {:22} {}", "churn: AUC", with_interval(&churn.metrics.auc)));
            lines.push(format!("  {:22} {}", "churn: log loss", with_interval(&churn.metrics.log_loss)));
        }
        lines.push(self.baselines_table().to_string());
        for gate in &self.gates {
            let verdict = if gate.passed { "passed" } else { "FAILED" };
            lines.push(format!("  {} {verdict}: bound {}, found {:.4}", gate.gate, gate.bound, gate.found));
        }
        for suspect in &self.suspects {
            lines.push(format!("warning: suspected leakage in `{}`: {}", suspect.column, suspect.reason));
        }
        lines.extend(self.caveats.iter().map(|caveat| format!("note: {caveat}")));
        let report = dir.join("report.html");
        lines.push(format!("report: {}", if report.is_file() { report } else { dir.join("report.json") }.display()));
        lines.push(String::new());
        lines.join("\n")
    }

    /// Each baseline with the model's gain over it.
    fn baselines_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["baseline", "norm. Gini", "gain", "Spearman", "gain", "RMSE", "gain", "predicted / actual"]);
        for baseline in &self.evaluation.baselines {
            let metrics = &baseline.evaluation.metrics;
            let own = |metric| metrics.get(metric).map_or("–".to_owned(), |estimate| short(metric, estimate.value));
            table.add_row([
                baseline.name.clone(),
                own(ValueMetric::NormalizedGini),
                gain(baseline, ValueMetric::NormalizedGini),
                own(ValueMetric::Spearman),
                gain(baseline, ValueMetric::Spearman),
                own(ValueMetric::Rmse),
                gain(baseline, ValueMetric::Rmse),
                own(ValueMetric::TotalRatio),
            ]);
        }
        table
    }

    /// What a program reads when a run ends.
    pub fn json(&self, dir: &Path) -> Value {
        json!({
            "run": dir,
            "model": self.model,
            "metrics": self.evaluation.model.metrics,
            "coverage": self.evaluation.coverage,
            "churn": self.evaluation.churn.as_ref().map(|churn| &churn.metrics),
            "baselines": self.evaluation.baselines.iter().map(|baseline| json!({
                "name": baseline.name,
                "metrics": baseline.evaluation.metrics,
                "comparisons": baseline.comparisons,
            })).collect::<Vec<_>>(),
            "gates": self.gates,
            "suspects": self.suspects,
            "caveats": self.caveats,
        })
    }
}

fn gain(baseline: &ValueBaseline, metric: ValueMetric) -> String {
    let comparison = baseline.comparisons.iter().find(|comparison| comparison.metric == metric);
    let Some(difference) = comparison.map(|comparison| &comparison.difference) else { return "–".to_owned() };
    let value = short(metric, difference.value);
    let sign = if difference.value >= 0.0 { "+" } else { "" };
    match &difference.interval {
        Some(interval) => {
            format!("{sign}{value} [{}, {}]", short(metric, interval.low), short(metric, interval.high))
        }
        None => format!("{sign}{value}"),
    }
}

/// Money to two digits, shares to four.
fn short(metric: ValueMetric, value: f64) -> String {
    match metric {
        ValueMetric::Rmse | ValueMetric::Mae => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

fn with_interval(estimate: &Estimate) -> String {
    match &estimate.interval {
        Some(interval) => format!("{:.4} [{:.4}, {:.4}]", estimate.value, interval.low, interval.high),
        None => format!("{:.4}", estimate.value),
    }
}
