//! Partitions one after the other or side by side: encode, train, calibrate.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tenure_artifact::{Calibration, Preprocessor};
use tenure_config::{self as plan, DeviceKind, Plan};
use tenure_data::Loaded;
use tenure_encode::{Dataset, Partition, fit_transform, transform};
use tenure_evaluate::{Choice, EvaluateError, Method, Scored, choose_calibration, fit_calibration};
use tenure_model::ChosenDevice;
use tenure_table::Table;
use tenure_train::{Checkpoints, EpochRecord, FitJob, Labels, SideBySide, Trained, n_cores};

use crate::failure::Failure;
use crate::pipeline::Job;
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
    interrupted: &'a AtomicBool,
    /// Set when a partition has failed.
    halted: AtomicBool,
}

/// One of the partitions to learn from.
pub struct FoldJob {
    /// Its number.
    pub fold_idx: usize,
    /// How many there are.
    n_folds: usize,
    /// Threads that are its own.
    n_threads: usize,
}

/// Encoded rows of partitions that learn side by side, in bytes at most. Beyond, they learn one after the other: side by
/// side they gained nothing on larger tables, and what a run holds is to grow with its data, not with the folds.
const ENCODED_AT_ONCE: usize = 16 << 20;

impl<'a> Learner<'a> {
    /// What a run needs to know to learn.
    pub fn new(job: &'a Job<'a>, loaded: &'a Loaded, device: &'a ChosenDevice) -> Self {
        let plan = &job.resolved.plan;
        Self { plan, loaded, device, dir: job.dir, interrupted: job.interrupted, halted: AtomicBool::new(false) }
    }

    /// Learns from every partition and keeps the models in the run.
    pub fn learn(&self, partitions: Vec<Partition>, progress: &mut Progress) -> Result<Vec<Fold>, Failure> {
        self.learn_each(partitions, progress, |job, partition, progress| {
            let fold = self.learn_one(job, partition, progress)?;
            self.keep(job.fold_idx, &fold)?;
            let history = fold.trained.history().to_vec();
            Ok((fold, history))
        })
    }

    /// Calls `learn` for each partition with the progress to tell; writes the epochs that it gives back beside what it
    /// learned to `history.jsonl`. Several partitions learn side by side where they can: the results are the same.
    pub fn learn_each<F: Send>(
        &self,
        partitions: Vec<Partition>,
        progress: &mut Progress,
        learn: impl Fn(&FoldJob, Partition, &mut Progress) -> Result<(F, Vec<EpochRecord>), Failure> + Sync,
    ) -> Result<Vec<F>, Failure> {
        let (n_folds, at_once) = (partitions.len(), self.at_once(&partitions));
        if at_once > 1 {
            let steps = partitions.iter().map(|partition| self.epochs(partition.train.len())).sum();
            progress.begin(format!("train {n_folds} folds, {at_once} at a time"), Some(steps));
        }
        let shared = Mutex::new(&mut *progress);
        let together = SideBySide { at_once, n_threads: n_cores(), halted: &self.halted };
        let learned = together.run(partitions, |fold_idx, partition, n_threads| {
            let job = FoldJob { fold_idx, n_folds, n_threads };
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if at_once == 1 {
                return learn(&job, partition, &mut shared);
            }
            let mut own = shared.part();
            drop(shared);
            learn(&job, partition, &mut own)
        })?;
        progress.end();
        let mut lines = Vec::new();
        let record = |(fold_idx, (fold, history)): (usize, (F, Vec<EpochRecord>))| {
            history_lines(fold_idx, &history, &mut lines);
            fold
        };
        let folds = learned.into_iter().enumerate().map(record).collect();
        self.dir.write("history.jsonl", &lines)?;
        Ok(folds)
    }

    /// Partitions that learn side by side: a GPU takes one after the other.
    fn at_once(&self, partitions: &[Partition]) -> usize {
        if self.device.info.kind == DeviceKind::Gpu {
            return 1;
        }
        let table = &self.loaded.table;
        let n_events = table.sequences().map_or(0, |s| s.n_events() * s.width()) / table.n_rows().max(1);
        let rows = partitions.iter().map(|partition| partition.train.len() + partition.validation.len()).max();
        let bytes = size_of::<f32>() * rows.unwrap_or(0) * (table.features().count() + n_events);
        n_cores().min(partitions.len()).min(ENCODED_AT_ONCE / bytes.max(1)).max(1)
    }

    /// Epochs of all networks of a partition, at most.
    fn epochs(&self, n_rows: usize) -> u64 {
        (self.plan.train.passes(n_rows) * self.plan.train.seeds.max(1)) as u64
    }

    fn learn_one(&self, job: &FoldJob, partition: Partition, progress: &mut Progress) -> Result<Fold, Failure> {
        let fold_idx = job.fold_idx;
        let (preprocessor, [train, validation]) = self.encode(fold_idx, &self.loaded.table, &partition, progress)?;
        let trained = self.train(job, [&train, &validation], Labels::Churn, progress)?;
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
        fold: &FoldJob,
        [train, validation]: [&Dataset; 2],
        labels: Labels,
        progress: &mut Progress,
    ) -> Result<Trained, Failure> {
        let (settings, fold_idx) = (&self.plan.train, fold.fold_idx);
        let job = FitJob {
            train,
            validation,
            labels,
            model: &self.plan.model,
            settings,
            seed: seeds::derive(self.plan.experiment.seed, "train", fold_idx),
            device: self.device,
            n_threads: fold.n_threads,
        };
        let places = checkpoints(self.dir, &format!("partition-{fold_idx}"));
        let places = (settings.checkpoint_every > 0).then_some(places);
        progress.begin(fold.name(), Some(self.epochs(train.n_rows())));
        let mut observer = Epochs::new(progress, [self.interrupted, &self.halted]);
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

impl FoldJob {
    /// What its training is called.
    fn name(&self) -> String {
        if self.n_folds == 1 {
            "train".to_owned()
        } else {
            format!("train fold {}/{}", self.fold_idx + 1, self.n_folds)
        }
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

/// Shows each epoch, and stops training when the user asks, or when another partition has failed.
struct Epochs<'a> {
    progress: &'a mut Progress,
    n_done: u64,
    stops: [&'a AtomicBool; 2],
}

impl<'a> Epochs<'a> {
    /// Nothing is done yet.
    fn new(progress: &'a mut Progress, stops: [&'a AtomicBool; 2]) -> Self {
        Self { progress, n_done: 0, stops }
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
        let stops = self.stops.iter().any(|stop| stop.load(Ordering::Acquire));
        if stops { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
