//! Results into the run's folder: metrics, predictions, report, model card.

use tenure_config::{Plan, Setting};
use tenure_data::{Loaded, Predictions, write_predictions};
use tenure_encode::leakage::Suspect;
use tenure_evaluate::Metric;
use tenure_model::ChosenDevice;
use tenure_report::{self as report, Evaluation, GateOutcome, PartialDependence, RunFacts, RunResults, TrainingFacts};
use tenure_table::{Role, Values};

use super::judge::TestScores;
use super::learn::Fold;
use super::partition_name;
use crate::clock::Clock;
use crate::facts;
use crate::failure::Failure;
use crate::run_dir::RunDir;

/// Everything a run found out.
pub struct Findings<'a> {
    /// The experiment.
    pub plan: &'a Plan,
    /// Its values with their origins.
    pub settings: &'a [Setting],
    /// The data.
    pub loaded: &'a Loaded,
    /// Where it ran.
    pub device: &'a ChosenDevice,
    /// The models.
    pub folds: &'a [Fold],
    /// Columns that may be the label in disguise.
    pub suspects: &'a [Suspect],
    /// How good the models are.
    pub evaluation: Evaluation,
    /// What they look at.
    pub dependence: Vec<PartialDependence>,
}

impl Findings<'_> {
    /// The findings as a report takes them.
    pub fn results(self, run: RunFacts, clock: &Clock) -> RunResults {
        let (plan, loaded) = (self.plan, self.loaded);
        let gates = gates(plan, &self.evaluation);
        RunResults {
            format: report::FORMAT,
            run,
            data: facts::data(plan, loaded, &self.folds[0].preprocessor),
            suspects: self.suspects.iter().map(facts::suspect).collect(),
            partitions: self.partitions(),
            timeline: loaded.events.as_ref().map(|events| facts::timeline(plan, events)),
            retention: loaded.events.as_ref().map(|events| facts::retention(&events.retention)),
            training: self.training(),
            caveats: facts::caveats(plan, loaded, &self.evaluation, self.suspects),
            evaluation: self.evaluation,
            dependence: self.dependence,
            gates,
            config: self.settings.iter().filter(|s| s.applies).map(facts::setting).collect(),
            environment: facts::environment(plan, &self.device.info, clock),
        }
    }

    fn partitions(&self) -> Vec<report::PartitionFacts> {
        let n_folds = self.folds.len();
        let count = |rows: &[u32]| facts::row_count(&self.loaded.table, rows);
        let metrics = &self.evaluation.model.metrics;
        let per_fold = |metric: Metric, fold_idx: usize, whole: f64| match self.evaluation.over_folds(metric) {
            Some(summary) => summary.per_fold.get(fold_idx).copied(),
            None => Some(whole),
        };
        let describe = |(i, fold): (usize, &Fold)| report::PartitionFacts {
            name: partition_name(i, n_folds),
            train: count(&fold.partition.train),
            validation: count(&fold.partition.validation),
            test: count(&fold.partition.test),
            auc: per_fold(Metric::Auc, i, metrics.auc.value),
            log_loss: per_fold(Metric::LogLoss, i, metrics.log_loss.value),
        };
        self.folds.iter().enumerate().map(describe).collect()
    }

    fn training(&self) -> TrainingFacts {
        let first = self.folds[0].trained.networks().first().expect("an ensemble has a network");
        let records = || self.folds.iter().flat_map(|fold| fold.trained.history());
        let speeds: Vec<f64> = records().map(|record| record.rows_per_second).collect();
        TrainingFacts {
            network: facts::network(first.spec()),
            n_parameters: first.spec().n_weights() as u64,
            n_networks: self.folds.iter().map(|fold| fold.trained.networks().len()).sum(),
            rows_per_second: (!speeds.is_empty()).then(|| speeds.iter().sum::<f64>() / speeds.len() as f64),
            curves: self
                .folds
                .iter()
                .enumerate()
                .flat_map(|(i, fold)| facts::curves(&partition_name(i, self.folds.len()), &fold.trained))
                .collect(),
        }
    }
}

/// The plan's bounds and whether the evaluation meets them.
fn gates(plan: &Plan, evaluation: &Evaluation) -> Vec<GateOutcome> {
    let metrics = &evaluation.model.metrics;
    let mean = |metric, pooled: f64| evaluation.over_folds(metric).map_or(pooled, |summary| summary.mean);
    let auc = mean(Metric::Auc, metrics.auc.value);
    let log_loss = mean(Metric::LogLoss, metrics.log_loss.value);
    let ece = metrics.ece.value;
    let outcome =
        |gate: &str, bound: f64, found: f64, passed: bool| GateOutcome { gate: gate.into(), bound, found, passed };
    let gates = &plan.gates;
    [
        gates.min_auc.map(|bound| outcome("gates.min_auc", bound, auc, auc >= bound)),
        gates.max_log_loss.map(|bound| outcome("gates.max_log_loss", bound, log_loss, log_loss <= bound)),
        gates.max_ece.map(|bound| outcome("gates.max_ece", bound, ece, ece <= bound)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Writes `predictions.parquet`: one line for each test row.
pub fn predictions(dir: &RunDir, loaded: &Loaded, scores: &TestScores, n_folds: usize) -> Result<(), Failure> {
    let table = &loaded.table;
    let id = table.with_role(Role::Id).map(|column| column.values.take(&scores.rows));
    let id = id.as_ref().and_then(|values| if let Values::Text(ids) = values { Some(ids) } else { None });
    let cutoff = table.with_role(Role::Time).map(|column| column.values.take(&scores.rows));
    let cutoff =
        cutoff.as_ref().and_then(|values| if let Values::Time(us) = values { Some(us.as_slice()) } else { None });
    let label: Vec<f32> = scores.outcome.iter().map(|&positive| f32::from(u8::from(positive))).collect();
    let columns = Predictions {
        id,
        cutoff_us: cutoff,
        fold: (n_folds > 1).then_some(scores.partition.as_slice()),
        raw: &scores.raw,
        calibrated: &scores.calibrated,
        label: Some(&label),
    };
    Ok(write_predictions(&dir.file("predictions.parquet"), &columns)?)
}

/// Writes the report, its JSON twin and the model card.
pub fn documents(dir: &RunDir, plan: &Plan, results: &RunResults) -> Result<(), Failure> {
    dir.write("report.json", report::render_json(results)?.as_bytes())?;
    if plan.report.html {
        dir.write("report.html", report::render_html(results)?.as_bytes())?;
        dir.write("model_card.md", report::render_card(results)?.as_bytes())?;
    }
    Ok(())
}
