//! One partition after the other: encode, train, and set the level of predictions on validation rows.

use tenure_artifact::Preprocessor;
use tenure_config::{Calibration, Pool, Task};
use tenure_encode::{Dataset, Partition};
use tenure_table::{Role, Table, Values};
use tenure_train::{Labels, Trained};

use super::forecast::Forecasts;
use super::pool::Pooling;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::seeds;
use crate::stages::learn::{FoldJob, Learner, calibrate, scored};

/// What one partition taught.
pub struct ValueFold {
    /// Which rows did what.
    pub partition: Partition,
    /// The network; none where a purchase model predicts.
    pub network: Option<ValueNetwork>,
    /// How the lowest predictions are pooled.
    pub pooling: Pooling,
}

/// A trained network with what stands before and after it.
pub struct ValueNetwork {
    /// Encoders fitted on training rows.
    pub preprocessor: Preprocessor,
    /// The networks.
    pub trained: Trained,
    /// How much of a prediction is the network's; the rest is the forecast's that it corrects. Least squares on validation
    /// rows, within 0 and 1: few buyers and heavy tails make either alone err more than both.
    pub weight: f64,
    /// Predictions are multiplied by this: on validation rows their sum is then that of the actual values.
    pub scale: f64,
    /// From raw to calibrated probability of churn, where churn is predicted.
    pub churn: Option<tenure_evaluate::Choice>,
}

/// What learning needs to know.
pub struct ValueLearner<'a> {
    /// What it needs to know whatever is learned.
    pub base: Learner<'a>,
    /// What the purchase models say of each row.
    pub forecasts: &'a Forecasts,
}

impl ValueLearner<'_> {
    /// Learns from every partition and keeps the models in the run.
    pub fn learn(&self, partitions: Vec<Partition>, progress: &mut Progress) -> Result<Vec<ValueFold>, Failure> {
        let Learner { plan, loaded, .. } = &self.base;
        if !plan.model.kind.is_network() {
            let fold = |partition| ValueFold { partition, network: None, pooling: Pooling::default() };
            return Ok(partitions.into_iter().map(fold).collect());
        }
        let offset = self.forecasts.offset(plan.model.offset);
        let table = relative(&loaded.table, offset.as_deref());
        self.base.learn_each(partitions, progress, |job, partition, progress| {
            let (network, pooling) = self.learn_one(job, &partition, (&table, offset.as_deref()), progress)?;
            self.keep(job.fold_idx, &network, pooling)?;
            let history = network.trained.history().to_vec();
            Ok((ValueFold { partition, network: Some(network), pooling }, history))
        })
    }

    fn learn_one(
        &self,
        job: &FoldJob,
        partition: &Partition,
        (table, offset): (&Table, Option<&[f64]>),
        progress: &mut Progress,
    ) -> Result<(ValueNetwork, Pooling), Failure> {
        let (Learner { plan, loaded, .. }, fold_idx) = (&self.base, job.fold_idx);
        let (preprocessor, [train, validation]) = self.base.encode(fold_idx, table, partition, progress)?;
        let labels = labels(plan.experiment.task);
        let trained = self.base.train(job, [&train, &validation], labels, progress)?;
        progress.begin("calibrate", None);
        let churn = self.churn_calibration(fold_idx, &trained, &validation)?;
        let mut network = ValueNetwork { preprocessor, trained, weight: 1.0, scale: 1.0, churn };
        let rows = &partition.validation;
        let alone = network.expected(&validation, rows, offset)?;
        let actual = actual(&loaded.table, rows);
        let forecast: Option<Vec<f64>> = offset.map(|offset| rows.iter().map(|&row| offset[row as usize]).collect());
        if let Some(forecast) = &forecast {
            network.weight = least_squares(&alone, forecast, &actual);
        }
        let blended: Vec<f64> =
            alone.iter().zip(rows).map(|(&value, &row)| network.blend(value, offset, row)).collect();
        network.scale = self.scale(&blended, &actual, &validation.weight);
        let predicted: Vec<f64> = blended.iter().map(|value| value * network.scale).collect();
        let pooling = match plan.evaluate.pool {
            Pool::None => Pooling::default(),
            Pool::Auto => Pooling::choose(&predicted, &actual, &cutoffs(&loaded.table, rows), forecast.as_deref()),
        };
        progress.end();
        Ok((network, pooling))
    }

    /// Sum of actual over sum of expected values; 1 where the plan calibrates nothing.
    fn scale(&self, expected: &[f64], actual: &[f64], weight: &[f32]) -> f64 {
        if self.base.plan.evaluate.calibration == Calibration::None {
            return 1.0;
        }
        let sum = |values: &[f64]| values.iter().zip(weight).map(|(value, &w)| value * f64::from(w)).sum::<f64>();
        let (expected, actual) = (sum(expected), sum(actual));
        if expected > 0.0 && actual > 0.0 { actual / expected } else { 1.0 }
    }

    fn churn_calibration(
        &self,
        fold_idx: usize,
        trained: &Trained,
        validation: &Dataset,
    ) -> Result<Option<tenure_evaluate::Choice>, Failure> {
        if !self.base.plan.experiment.task.predicts_churn() {
            return Ok(None);
        }
        let raw = scored(&trained.predict(validation)?, validation)?;
        let seed = seeds::derive(self.base.plan.experiment.seed, "calibrate", fold_idx);
        Ok(Some(calibrate(self.base.plan.evaluate.calibration, &raw, seed)?))
    }

    /// Keeps what scoring needs: encoders, networks, calibration.
    fn keep(&self, fold_idx: usize, network: &ValueNetwork, pooling: Pooling) -> Result<(), Failure> {
        let name = format!("model/partition-{fold_idx}");
        let folder = self.base.dir.folder(&name)?;
        network.trained.save(&folder)?;
        self.base.dir.write_json(&format!("{name}/preprocessor.json"), &network.preprocessor)?;
        if let Some(churn) = &network.churn {
            self.base.dir.write_json(&format!("{name}/calibration.json"), &churn.map)?;
        }
        let level = serde_json::json!({
            "weight": network.weight, "scale": network.scale, "pooled_share": pooling.share,
        });
        Ok(self.base.dir.write_json(&format!("{name}/value_calibration.json"), &level)?)
    }
}

impl ValueNetwork {
    /// What the networks alone expect of these rows of the table, encoded, in money.
    pub fn expected(&self, data: &Dataset, rows: &[u32], offset: Option<&[f64]>) -> Result<Vec<f64>, Failure> {
        let said = self.trained.predict_values(data, &[])?.pop().expect("a value network has a horizon");
        Ok(said.expected.iter().zip(rows).map(|(value, &row)| value * unit(offset, row)).collect())
    }

    /// The network's expected value of a row, with its share of the forecast.
    pub fn blend(&self, value: f64, offset: Option<&[f64]>, row: u32) -> f64 {
        let forecast = offset.map_or(value, |offset| offset[row as usize]);
        self.weight * value + (1.0 - self.weight) * forecast
    }
}

/// The weight of `a` against `b` with the least squared error, within 0 and 1.
fn least_squares(a: &[f64], b: &[f64], actual: &[f64]) -> f64 {
    let rows = || a.iter().zip(b).zip(actual);
    let of: f64 = rows().map(|((a, b), actual)| (actual - b) * (a - b)).sum();
    let by: f64 = rows().map(|((a, b), _)| (a - b) * (a - b)).sum();
    if by > 0.0 { (of / by).clamp(0.0, 1.0) } else { 1.0 }
}

/// What the target columns of encoded rows hold under this task.
pub const fn labels(task: Task) -> Labels {
    match task {
        // Segments train nothing and never ask.
        Task::Churn | Task::Segments => Labels::Churn,
        Task::Clv => Labels::Value,
        Task::ChurnClv => Labels::ChurnAndValue,
    }
}

/// What a network's value of this row is counted in.
pub fn unit(offset: Option<&[f64]>, row: u32) -> f64 {
    offset.map_or(1.0, |offset| offset[row as usize])
}

/// The table with values in units of the offset.
pub fn relative(table: &Table, offset: Option<&[f64]>) -> Table {
    let (Some(offset), Some(column)) = (offset, table.with_role(Role::Value)) else { return table.clone() };
    let Values::Numeric(values) = &column.values else { return table.clone() };
    let values = values.iter().zip(offset).map(|(&value, offset)| (f64::from(value) / offset) as f32);
    table.with_values(&column.name, Values::Numeric(values.collect())).expect("one value for each row")
}

/// What these rows' customers were worth.
pub fn actual(table: &Table, rows: &[u32]) -> Vec<f64> {
    match table.with_role(Role::Value).map(|column| &column.values) {
        Some(Values::Numeric(values)) => rows.iter().map(|&row| f64::from(values[row as usize])).collect(),
        _ => Vec::new(),
    }
}

/// The cutoffs of these rows; all the same where the table has none.
pub fn cutoffs(table: &Table, rows: &[u32]) -> Vec<i64> {
    match table.with_role(Role::Time).map(|column| &column.values) {
        Some(Values::Time(cutoffs)) => rows.iter().map(|&row| cutoffs[row as usize]).collect(),
        _ => vec![0; rows.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_prediction_weighs_more_and_never_more_than_all() {
        let (low, high) = ([0.0, 0.0, 0.0, 0.0], [4.0, 4.0, 4.0, 4.0]);
        assert_eq!(least_squares(&low, &high, &[1.0, 1.0, 1.0, 1.0]), 0.75);
        assert_eq!(least_squares(&high, &low, &[9.0, 9.0, 9.0, 9.0]), 1.0);
        assert_eq!(least_squares(&low, &low, &[1.0, 2.0, 3.0, 4.0]), 1.0);
    }
}
