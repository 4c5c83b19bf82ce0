//! One partition after the other: encode, train, calibrate.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use tenure_artifact::{Calibration, Preprocessor};
use tenure_config::{self as plan, Plan};
use tenure_data::Loaded;
use tenure_encode::{Dataset, Partition, fit_transform, transform};
use tenure_evaluate::{Choice, EvaluateError, Method, Scored, choose_calibration, fit_calibration};
use tenure_model::ChosenDevice;
use tenure_table::Table;
use tenure_train::{Checkpoints, EpochRecord, FitJob, Labels, Trained};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::run_dir::RunDir;
use crate::seeds;

/// What one partition taught.
pub struct Fold {
    /// Which rows did what.
    pub partition: Partition,
    /// Encoders fitted on its training rows.
    pub preprocessor: Preprocessor,
    /// The networks.
    pub trained: Trained,
    /// From raw to calibrated probability, fitted on its validation rows.
    pub calibration: Choice,
    /// Calibrated probabilities of its validation rows, with what happened.
    pub validation: Scored,
}

/// One line of `history.jsonl`.
#[derive(Serialize)]
struct HistoryLine {
    partition: usize,
    #[serde(flatten)]
    record: EpochRecord,
}

/// What learning needs to know.
pub struct Learner<'a> {
    /// The experiment.
    pub plan: &'a Plan,
    /// The data.
    pub loaded: &'a Loaded,
    /// Where tensors live.
    pub device: &'a ChosenDevice,
    /// Where weights and checkpoints go.
    pub dir: &'a RunDir,
    /// Set when the user wants to stop.
    pub interrupted: &'a AtomicBool,
}

impl Learner<'_> {
    /// Learns from every partition and keeps the models in the run.
    pub fn learn(&self, partitions: Vec<Partition>, progress: &mut Progress) -> Result<Vec<Fold>, Failure> {
        self.learn_each(partitions, progress, |fold_idx, partition, name, progress| {
            let fold = self.learn_one(fold_idx, partition, name, progress)?;
            self.keep(fold_idx, &fold)?;
            let history = fold.trained.history().to_vec();
            Ok((fold, history))
        })
    }

    /// Calls `learn` for each partition with its number, what its training is called and the progress to tell; writes the
    /// epochs that it gives back beside what it learned to `history.jsonl`.
    pub fn learn_each<F>(
        &self,
        partitions: Vec<Partition>,
        progress: &mut Progress,
        mut learn: impl FnMut(usize, Partition, &str, &mut Progress) -> Result<(F, Vec<EpochRecord>), Failure>,
    ) -> Result<Vec<F>, Failure> {
        let n_folds = partitions.len();
        let mut folds = Vec::with_capacity(n_folds);
        let mut lines = Vec::new();
        for (fold_idx, partition) in partitions.into_iter().enumerate() {
            let name = if n_folds == 1 { "train".to_owned() } else { format!("train fold {}/{n_folds}", fold_idx + 1) };
            let (fold, history) = learn(fold_idx, partition, &name, progress)?;
            history_lines(fold_idx, &history, &mut lines);
            folds.push(fold);
        }
        self.dir.write("history.jsonl", &lines)?;
        Ok(folds)
    }

    fn learn_one(
        &self,
        fold_idx: usize,
        partition: Partition,
        name: &str,
        progress: &mut Progress,
    ) -> Result<Fold, Failure> {
        let (preprocessor, [train, validation]) = self.encode(fold_idx, &self.loaded.table, &partition, progress)?;
        let trained = self.train(fold_idx, [&train, &validation], Labels::Churn, name, progress)?;
        progress.begin("calibrate", None);
        let raw = scored(&trained.predict(&validation)?, &validation)?;
        let calibration_seed = seeds::derive(self.plan.experiment.seed, "calibrate", fold_idx);
        let calibration = calibrate(self.plan.evaluate.calibration, &raw, calibration_seed)?;
        progress.end();
        Ok(Fold {
            validation: raw.mapped(|p| calibration.map.apply(p))?,
            partition,
            preprocessor,
            trained,
            calibration,
        })
    }

    /// Encoders fitted on a partition's training rows of a table, those rows and its validation rows.
    pub fn encode(
        &self,
        fold_idx: usize,
        table: &Table,
        partition: &Partition,
        progress: &mut Progress,
    ) -> Result<(Preprocessor, [Dataset; 2]), Failure> {
        progress.begin("encode", None);
        let seed = seeds::derive(self.plan.experiment.seed, "encode", fold_idx);
        let (preprocessor, train) = fit_transform(table, &partition.train, &self.plan.encode, seed)?;
        let validation = transform(&preprocessor, table, &partition.validation)?;
        Ok((preprocessor, [train, validation]))
    }

    /// Trains on encoded rows of a partition, with checkpoints and progress.
    pub fn train(
        &self,
        fold_idx: usize,
        [train, validation]: [&Dataset; 2],
        labels: Labels,
        name: &str,
        progress: &mut Progress,
    ) -> Result<Trained, Failure> {
        let settings = &self.plan.train;
        let job = FitJob {
            train,
            validation,
            labels,
            model: &self.plan.model,
            settings,
            seed: seeds::derive(self.plan.experiment.seed, "train", fold_idx),
            device: self.device,
        };
        let places = checkpoints(self.dir, &format!("partition-{fold_idx}"));
        let places = (settings.checkpoint_every > 0).then_some(places);
        progress.begin(name, Some((settings.passes(train.n_rows()) * settings.seeds.max(1)) as u64));
        let mut observer = Epochs::new(progress, self.interrupted);
        let trained = tenure_train::fit(job, &mut observer, places.as_ref())?;
        progress.end();
        Ok(trained)
    }

    /// Keeps what scoring needs: encoders, networks, calibration.
    fn keep(&self, fold_idx: usize, fold: &Fold) -> Result<(), Failure> {
        let name = format!("model/partition-{fold_idx}");
        let folder = self.dir.folder(&name)?;
        fold.trained.save(&folder)?;
        self.dir.write_json(&format!("{name}/preprocessor.json"), &fold.preprocessor)?;
        self.dir.write_json(&format!("{name}/calibration.json"), &fold.calibration.map)?;
        Ok(())
    }
}

/// Where a partition's checkpoints go.
fn checkpoints(dir: &RunDir, name: &str) -> Checkpoints {
    Checkpoints::new(dir.file("checkpoints").join(name))
}

/// Deletes all checkpoints: the run is complete.
pub fn forget_checkpoints(dir: &RunDir) -> Result<(), Failure> {
    Ok(checkpoints(dir, "").clear()?)
}

/// Appends the epochs of a partition's networks to `history.jsonl`.
fn history_lines(partition: usize, records: &[EpochRecord], history: &mut Vec<u8>) {
    for &record in records {
        serde_json::to_writer(&mut *history, &HistoryLine { partition, record }).expect("numbers serialize");
        history.push(b'\n');
    }
}

/// Probabilities of encoded rows, with what happened.
pub fn scored(probabilities: &[f64], rows: &Dataset) -> Result<Scored, Failure> {
    let outcomes: Vec<bool> = (0..rows.n_rows()).map(|row| rows.target_row(row)[0] > 0.5).collect();
    let weights = weights(rows);
    Ok(Scored::new(probabilities, &outcomes, weights.as_deref())?)
}

/// The rows' weights, where they are not all 1.
pub fn weights(rows: &Dataset) -> Option<Vec<f64>> {
    rows.weight.iter().any(|&w| w != 1.0).then(|| rows.weight.iter().map(|&w| f64::from(w)).collect())
}

/// The map that `evaluate.calibration` asks for, fitted to validation rows.
pub fn calibrate(kind: plan::Calibration, validation: &Scored, seed: u64) -> Result<Choice, EvaluateError> {
    let fixed = |method: Method| -> Result<Choice, EvaluateError> {
        Ok(Choice { map: fit_calibration(validation, method)?, method, candidates: Vec::new() })
    };
    match kind {
        plan::Calibration::Auto => Ok(choose_calibration(validation, seed)?),
        plan::Calibration::None => {
            Ok(Choice { map: Calibration::Identity, method: Method::None, candidates: Vec::new() })
        }
        plan::Calibration::Temperature => fixed(Method::Temperature),
        plan::Calibration::Platt => fixed(Method::Platt),
        plan::Calibration::Beta => fixed(Method::Beta),
        plan::Calibration::Isotonic => fixed(Method::Isotonic),
    }
}

/// Shows each epoch, and stops training when the user asks.
struct Epochs<'a> {
    progress: &'a mut Progress,
    n_done: u64,
    interrupted: &'a AtomicBool,
}

impl<'a> Epochs<'a> {
    /// Nothing is done yet.
    fn new(progress: &'a mut Progress, interrupted: &'a AtomicBool) -> Self {
        Self { progress, n_done: 0, interrupted }
    }
}

impl tenure_train::Observer for Epochs<'_> {
    fn epoch(&mut self, told: &tenure_train::Progress) -> ControlFlow<()> {
        self.n_done += 1;
        self.progress.at(self.n_done);
        let record = &told.record;
        let auc = record.validation_auc.map(|auc| format!(", AUC {auc:.4}")).unwrap_or_default();
        self.progress.detail(&format!(
            "loss {:.4}/{:.4}{auc}, best {}, {:.0} rows/s",
            record.train_loss, record.validation_loss, told.best_epoch, record.rows_per_second
        ));
        if self.interrupted.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
