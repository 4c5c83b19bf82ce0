//! A finished run, brought back: the same rows, encoders and networks, proved to be the same.

use tenure_artifact::{Calibration, Preprocessor};
use tenure_config::Plan;
use tenure_data::Loaded;
use tenure_encode::{Dataset, Partition, fit_transform, transform};
use tenure_model::ChosenDevice;
use tenure_train::Trained;

use super::prepare::{self, DataLock};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::run_dir::RunDir;
use crate::seeds;

/// One fold of a finished run.
pub struct FinishedFold {
    /// The run's data.
    pub loaded: Loaded,
    /// Which rows did what.
    pub partition: Partition,
    /// Encoders fitted on its training rows.
    pub preprocessor: Preprocessor,
    /// Its training rows.
    pub train: Dataset,
    /// Its validation rows.
    pub validation: Dataset,
    /// Its test rows.
    pub test: Dataset,
    /// Its networks.
    pub trained: Trained,
    /// From their raw to the calibrated probability.
    pub calibration: Calibration,
}

impl FinishedFold {
    /// Loads fold `fold_idx` of a run. Data, split and encoders must be what they were when it ran.
    pub fn load(
        dir: &RunDir,
        plan: &Plan,
        fold_idx: usize,
        device: &ChosenDevice,
        progress: &mut Progress,
    ) -> Result<Self, Failure> {
        let loaded = tenure_data::load(plan, progress)?;
        progress.end();
        let before: DataLock = dir.read_json("data.lock.json", "the record of a run's data")?;
        if before != DataLock::of(&loaded) {
            return Err(changed("the data are not what they were when this run was made"));
        }
        let mut partitions = prepare::split(plan, &loaded)?;
        if fold_idx >= partitions.len() {
            let found = partitions.len();
            return Err(Failure::usage(format!("the run has no fold {}", fold_idx + 1), format!("it has {found}")));
        }
        let partition = partitions.swap_remove(fold_idx);

        progress.begin("encode", None);
        let seed = seeds::derive(plan.experiment.seed, "encode", fold_idx);
        let (preprocessor, train) = fit_transform(&loaded.table, &partition.train, &plan.encode, seed)?;
        let folder = format!("model/partition-{fold_idx}");
        let written = dir.read(&format!("{folder}/preprocessor.json"))?;
        let fitted = serde_json::to_string_pretty(&preprocessor).expect("encoders serialize");
        if written.trim_end() != fitted {
            return Err(changed("the encoders fitted now are not those of the run"));
        }
        let validation = transform(&preprocessor, &loaded.table, &partition.validation)?;
        let test = transform(&preprocessor, &loaded.table, &partition.test)?;
        progress.end();

        let trained = Trained::load(&dir.file(&folder), device, plan.train.kernels)?;
        let calibration = dir.read_json(&format!("{folder}/calibration.json"), "a calibration map")?;
        Ok(Self { loaded, partition, preprocessor, train, validation, test, trained, calibration })
    }
}

fn changed(what: &str) -> Failure {
    Failure::integrity(what, "put the files back, or run again; `tenure rerun RUN` tells what differs")
}
