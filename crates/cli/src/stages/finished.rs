//! A finished run, brought back: the same rows, encoders and networks, proved to be the same.

use serde::Deserialize;
use tenure_artifact::{Calibration, Preprocessor};
use tenure_config::{Offset, Plan};
use tenure_data::Loaded;
use tenure_encode::{Dataset, Partition, fit_transform, recode, transform};
use tenure_model::ChosenDevice;
use tenure_table::{Role, Values};
use tenure_train::Trained;

use super::prepare::{self, DataLock};
use super::value::forecast::{Forecasts, VALUE_FEATURE, add_features, drop_features};
use super::value::learn::relative;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::run_dir::RunDir;
use crate::seeds;

/// One fold of a finished run, every row as a caller would have it scored: with forecasts over the whole horizon.
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
    /// Rows of the table at the last cutoff whose customers do not test, and whose labels nobody has looked at.
    pub unlabelled_rows: Vec<u32>,
    /// The same, encoded.
    pub unlabelled: Dataset,
    /// Its networks.
    pub trained: Trained,
    /// From their raw to the calibrated probability of churn, where they predict it.
    pub calibration: Option<Calibration>,
    /// What stands between the networks and a customer's value, where they predict it.
    pub value: Option<FinishedValue>,
}

/// What stands between networks and a customer's value.
pub struct FinishedValue {
    /// As `value_calibration.json` has it.
    pub level: ValueLevel,
    /// The forecast that the networks correct, for each row of the table; none where they predict money themselves.
    pub forecast: Option<Vec<f64>>,
    /// The input that holds the forecast, by its place.
    pub forecast_input: Option<usize>,
}

/// `value_calibration.json`
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct ValueLevel {
    /// The networks' share of a prediction; the rest is the forecast's.
    pub weight: f64,
    /// Predictions are multiplied by this.
    pub scale: f64,
    /// The share of a cutoff's predictions, the lowest, that are told as their mean.
    pub pooled_share: f64,
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
        let loaded = prepare::read(plan, progress)?;
        check_lock(dir, &loaded)?;
        let mut partitions = prepare::split(plan, &loaded)?;
        if fold_idx >= partitions.len() {
            let found = partitions.len();
            return Err(Failure::usage(format!("the run has no fold {}", fold_idx + 1), format!("it has {found}")));
        }
        let partition = partitions.swap_remove(fold_idx);
        let forecast = forecast(plan, &loaded, progress)?;

        progress.begin("encode", None);
        let seed = seeds::derive(plan.experiment.seed, "encode", fold_idx);
        let as_learned = relative(&loaded.table, forecast.as_deref());
        let (preprocessor, learned) = fit_transform(&as_learned, &partition.train, &plan.encode, seed)?;
        let folder = format!("model/partition-{fold_idx}");
        let written = dir.read(&format!("{folder}/preprocessor.json"))?;
        let fitted = serde_json::to_string_pretty(&preprocessor).expect("encoders serialize");
        if written.trim_end() != fitted {
            return Err(changed("the encoders fitted now are not those of the run"));
        }
        let (loaded, forecast) = over_whole_horizon(plan, loaded, forecast, progress)?;
        let train = recode(&preprocessor, &learned, &loaded.table, &partition.train)?;
        let validation = transform(&preprocessor, &loaded.table, &partition.validation)?;
        let test = transform(&preprocessor, &loaded.table, &partition.test)?;
        let unlabelled_rows = partition.unlabelled(&loaded.table);
        let unlabelled = transform(&preprocessor, &loaded.table, &unlabelled_rows)?;
        progress.end();

        let trained = Trained::load(&dir.file(&folder), device, plan.train.kernels)?;
        let task = plan.experiment.task;
        let calibration = task
            .predicts_churn()
            .then(|| dir.read_json(&format!("{folder}/calibration.json"), "a calibration map"))
            .transpose()?;
        let value = match task.predicts_value() {
            false => None,
            true => {
                let level = dir.read_json(&format!("{folder}/value_calibration.json"), "the level of predictions")?;
                let forecast_input = forecast_input(plan, &preprocessor);
                Some(FinishedValue { level, forecast, forecast_input })
            }
        };
        Ok(Self {
            loaded,
            partition,
            preprocessor,
            train,
            validation,
            test,
            unlabelled_rows,
            unlabelled,
            trained,
            calibration,
            value,
        })
    }
}

/// Data that a run did not read are refused.
pub fn check_lock(dir: &RunDir, loaded: &Loaded) -> Result<(), Failure> {
    let before: DataLock = dir.read_json("data.lock.json", "the record of a run's data")?;
    if before == DataLock::of(loaded) {
        return Ok(());
    }
    Err(changed("the data are not what they were when this run was made"))
}

/// What the networks correct, for each row of the table.
fn forecast(plan: &Plan, loaded: &Loaded, progress: &mut Progress) -> Result<Option<Vec<f64>>, Failure> {
    if !plan.experiment.task.predicts_value() || plan.model.offset == Offset::None {
        return Ok(None);
    }
    Ok(Forecasts::needed(plan, loaded, progress)?.offset(plan.model.offset))
}

/// Of the features, Pareto/NBD's forecast of value is what a network with this offset corrects.
fn forecast_input(plan: &Plan, preprocessor: &Preprocessor) -> Option<usize> {
    let is_there = plan.features.lifetime && plan.model.offset == Offset::ParetoNbd;
    is_there.then(|| preprocessor.inputs.iter().position(|input| input.name == VALUE_FEATURE)).flatten()
}

/// The rows as they are scored. Where labels of training cutoffs are shorter than the horizon, so are the forecasts among
/// their rows' features, and a caller will have none like them: every cutoff is given forecasts over the whole horizon, and
/// actual values are carried to it as the networks carry theirs.
fn over_whole_horizon(
    plan: &Plan,
    mut loaded: Loaded,
    short: Option<Vec<f64>>,
    progress: &mut Progress,
) -> Result<(Loaded, Option<Vec<f64>>), Failure> {
    if plan.time.train_horizon.is_none() {
        return Ok((loaded, short));
    }
    for cutoff in loaded.events.iter_mut().flat_map(|events| &mut events.cutoffs) {
        cutoff.label_end = cutoff.label_start + plan.time.horizon;
    }
    if plan.features.lifetime {
        drop_features(&mut loaded);
        add_features(&mut loaded)?;
    }
    let whole = forecast(plan, &loaded, progress)?;
    if let (Some(short), Some(whole), Some(column)) = (&short, &whole, loaded.table.with_role(Role::Value))
        && let Values::Numeric(values) = &column.values
    {
        let carried = values.iter().zip(short.iter().zip(whole));
        let carried = carried.map(|(value, (short, whole))| (f64::from(*value) * whole / short) as f32).collect();
        let name = column.name.clone();
        loaded.table = loaded.table.with_values(&name, Values::Numeric(carried)).expect("one value for each row");
    }
    Ok((loaded, whole))
}

/// A run that is not what it was.
pub fn changed(what: &str) -> Failure {
    Failure::integrity(what, "put the files back, or run again; `tenure rerun RUN` tells what differs")
}
