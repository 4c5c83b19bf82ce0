//! Results of a value task into the run's folder: predictions and report.

use tenure_config::{ModelKind, Plan, Source};
use tenure_data::{Loaded, Predictions, write_predictions};
use tenure_encode::leakage::Suspect;
use tenure_evaluate::ValueMetric;
use tenure_report::value::{self, ValueResults as Page};
use tenure_report::{GateOutcome, RunFacts};
use tenure_table::{Role, Values};

use super::forecast::CutoffFit;
use super::judge::ValueFindings;
use super::learn::ValueFold;
use super::results::{FORMAT, ValueResults};
use super::scores::ValueScores;
use crate::facts;
use crate::failure::Failure;
use crate::run_dir::RunDir;

/// Fewer test rows with value than this make every figure wide.
const FEW_BUYERS: usize = 100;

/// Writes `predictions.parquet`: one line for each test row, its label the actual value.
pub fn predictions(dir: &RunDir, loaded: &Loaded, scores: &ValueScores, n_folds: usize) -> Result<(), Failure> {
    let taken = |role| loaded.table.with_role(role).map(|column| column.values.take(&scores.rows));
    let (id, cutoff) = (taken(Role::Id), taken(Role::Time));
    let label: Vec<f32> = scores.actual.iter().map(|&value| value as f32).collect();
    let columns = Predictions {
        id: if let Some(Values::Text(ids)) = &id { Some(ids) } else { None },
        cutoff_us: if let Some(Values::Time(us)) = &cutoff { Some(us.as_slice()) } else { None },
        fold: (n_folds > 1).then_some(scores.partition.as_slice()),
        raw: &scores.raw,
        calibrated: &scores.predicted,
        label: Some(&label),
    };
    Ok(write_predictions(&dir.file("predictions.parquet"), &columns)?)
}

/// The findings as a report takes them.
pub fn results(
    plan: &Plan,
    loaded: &Loaded,
    fits: &[CutoffFit],
    folds: &[ValueFold],
    suspects: &[Suspect],
    evaluation: ValueFindings,
    run: RunFacts,
) -> ValueResults {
    ValueResults {
        format: FORMAT,
        run,
        model: model(plan, folds),
        gates: gates(plan, &evaluation),
        caveats: caveats(plan, loaded, fits, &evaluation),
        suspects: suspects.iter().map(facts::suspect).collect(),
        evaluation,
    }
}

fn model(plan: &Plan, folds: &[ValueFold]) -> String {
    match (&folds[0].network, plan.model.kind) {
        (Some(network), _) => facts::network(network.trained.networks()[0].spec()),
        (None, ModelKind::BgNbd) => "BG/NBD + Gamma-Gamma".to_owned(),
        (None, _) => "Pareto/NBD + Gamma-Gamma".to_owned(),
    }
}

/// The plan's bounds and whether the evaluation meets them; an undefined metric meets none.
fn gates(plan: &Plan, evaluation: &ValueFindings) -> Vec<GateOutcome> {
    let metric = |metric| evaluation.model.metrics.get(metric).map_or(f64::NAN, |estimate| estimate.value);
    let ratio = metric(ValueMetric::TotalRatio);
    let churn = evaluation.churn.as_ref().map(|churn| &churn.metrics);
    let auc = churn.map_or(f64::NAN, |metrics| metrics.auc.value);
    let log_loss = churn.map_or(f64::NAN, |metrics| metrics.log_loss.value);
    let ece = churn.map_or(f64::NAN, |metrics| metrics.ece.value);
    let outcome =
        |gate: &str, bound: f64, found: f64, passed: bool| GateOutcome { gate: gate.into(), bound, found, passed };
    let at_least =
        |gate, bound: Option<f64>, found: f64| bound.map(|bound| outcome(gate, bound, found, found >= bound));
    let at_most = |gate, bound: Option<f64>, found: f64| bound.map(|bound| outcome(gate, bound, found, found <= bound));
    let bounds = &plan.gates;
    [
        at_least("gates.min_gini", bounds.min_gini, metric(ValueMetric::NormalizedGini)),
        at_least("gates.min_spearman", bounds.min_spearman, metric(ValueMetric::Spearman)),
        at_most("gates.max_value_ratio", bounds.max_value_ratio, ratio.max(1.0 / ratio)),
        at_least("gates.min_auc", bounds.min_auc, auc),
        at_most("gates.max_log_loss", bounds.max_log_loss, log_loss),
        at_most("gates.max_ece", bounds.max_ece, ece),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a reader must know before acting on the run.
fn caveats(plan: &Plan, loaded: &Loaded, fits: &[CutoffFit], evaluation: &ValueFindings) -> Vec<String> {
    let mut caveats = Vec::new();
    let n_buyers = evaluation.model.counts.n_nonzero;
    if n_buyers < FEW_BUYERS {
        caveats.push(format!("Only {n_buyers} test rows have a value above 0: intervals are wide."));
    }
    let told = [ValueMetric::NormalizedGini, ValueMetric::Spearman, ValueMetric::Rmse];
    for baseline in &evaluation.baselines {
        let unshown = baseline.comparisons.iter().filter(|one| told.contains(&one.metric) && !one.is_better());
        let metrics: Vec<&str> = unshown.map(|one| one.name.as_ref()).collect();
        if !metrics.is_empty() {
            let (name, metrics) = (&baseline.name, metrics.join(", "));
            caveats.push(format!("The model is not shown to be better than the baseline `{name}` by {metrics}."));
        }
    }
    // Dates are ISO 8601, so the latest is the test cutoff.
    let latest = fits.iter().map(|fit| &fit.cutoff).max();
    for fit in fits.iter().filter(|fit| Some(&fit.cutoff) == latest && !fit.findings.is_empty()) {
        caveats.push(format!("{} at {}: {}.", fit.model, fit.cutoff, fit.findings.join("; ")));
    }
    if evaluation.pooled_shares.iter().any(|&share| share > 0.0) {
        caveats.push("The lowest predictions of each cutoff are pooled: customers among them are not ranked.".into());
    }
    if plan.data.source == Source::Synthetic {
        caveats.push("The data are made: the figures say nothing about real customers.".into());
    }
    caveats.extend(loaded.validation.notes.iter().map(|note| format!("Data: {note}.")));
    caveats
}

/// Writes the report, its JSON twin and the model card.
pub fn documents(dir: &RunDir, plan: &Plan, page: &Page) -> Result<(), Failure> {
    dir.write("report.json", value::render_json(page)?.as_bytes())?;
    if plan.report.html {
        dir.write("report.html", value::render_html(page)?.as_bytes())?;
        dir.write("model_card.md", value::render_card(page)?.as_bytes())?;
    }
    Ok(())
}
