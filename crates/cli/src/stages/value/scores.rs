//! Test rows with every prediction they were given, and what happened.

use tenure_config::Plan;
use tenure_data::Loaded;
use tenure_encode::transform;
use tenure_evaluate::{Pit, Valued};
use tenure_table::{Role, Values};

use super::forecast::Forecasts;
use super::learn::{ValueFold, ValueNetwork, actual, cutoffs, unit};
use crate::failure::Failure;
use crate::progress::Progress;

/// Every test row with its predictions; rows of all partitions one after the other.
#[derive(Default)]
pub struct ValueScores {
    /// Rows of the table.
    pub rows: Vec<u32>,
    /// The partition each row was tested in.
    pub partition: Vec<u32>,
    /// What the customer was worth.
    pub actual: Vec<f64>,
    /// How much it counts; none where all count alike.
    pub weight: Option<Vec<f64>>,
    /// The prediction as the model gave it.
    pub raw: Vec<f64>,
    /// The same at the level of validation rows, the lowest pooled.
    pub predicted: Vec<f64>,
    /// What only a network says.
    pub network: Option<NetworkSays>,
}

/// What only a network says of test rows.
#[derive(Default)]
pub struct NetworkSays {
    /// The probability of a value above 0.
    pub p_buys: Vec<f64>,
    /// The probability of less than what happened.
    pub below: Vec<f64>,
    /// The probability of at most what happened.
    pub at: Vec<f64>,
    /// Calibrated probability of churn; empty where churn is not predicted.
    pub churn: Vec<f64>,
}

impl ValueScores {
    /// Scores the test rows of every partition with the partition's own models.
    pub fn of(
        plan: &Plan,
        loaded: &Loaded,
        forecasts: &Forecasts,
        folds: &[ValueFold],
        progress: &mut Progress,
    ) -> Result<Self, Failure> {
        let n_rows: usize = folds.iter().map(|fold| fold.partition.test.len()).sum();
        progress.begin("score test rows", Some(n_rows as u64));
        let offset = forecasts.offset(plan.model.offset);
        let mut scores = Self::default();
        for (fold_idx, fold) in folds.iter().enumerate() {
            let rows = &fold.partition.test;
            let raw = match &fold.network {
                Some(network) => scores.ask(network, loaded, rows, offset.as_deref())?,
                None => {
                    let forecast = forecasts.of_kind(plan.model.kind).expect("a purchase model has events");
                    rows.iter().map(|&row| forecast.value[row as usize]).collect()
                }
            };
            let scale = fold.network.as_ref().map_or(1.0, |network| network.scale);
            let scaled: Vec<f64> = raw.iter().map(|value| value * scale).collect();
            scores.predicted.extend(fold.pooling.apply(&scaled, &cutoffs(&loaded.table, rows)));
            scores.raw.extend(raw);
            scores.actual.extend(actual(&loaded.table, rows));
            scores.rows.extend_from_slice(rows);
            scores.partition.resize(scores.rows.len(), fold_idx as u32);
            progress.at(scores.rows.len() as u64);
        }
        scores.weight = weights(loaded, &scores.rows);
        progress.end();
        Ok(scores)
    }

    /// What the network says of these rows; gives its expected values.
    fn ask(
        &mut self,
        network: &ValueNetwork,
        loaded: &Loaded,
        rows: &[u32],
        offset: Option<&[f64]>,
    ) -> Result<Vec<f64>, Failure> {
        let data = transform(&network.preprocessor, &loaded.table, rows)?;
        let says = self.network.get_or_insert_default();
        let said = network.trained.predict_values(&data, &[])?.pop().expect("a value network has a horizon");
        let actual = actual(&loaded.table, rows);
        let alone = said.expected.iter().zip(rows).map(|(value, &row)| value * unit(offset, row));
        let raw: Vec<f64> = alone.zip(rows).map(|(value, &row)| network.blend(value, offset, row)).collect();
        // The distribution is stretched as its mean is.
        let stretch = |(place, raw): (usize, &f64)| (raw * network.scale / said.expected[place]).max(f64::MIN_POSITIVE);
        let in_units: Vec<f64> =
            raw.iter().enumerate().map(stretch).zip(&actual).map(|(unit, value)| value / unit).collect();
        let at = network.trained.predict_cdf(&data, 0, &in_units)?;
        // Without a value above 0 there is nothing below; above it the distribution has no steps.
        says.below.extend(at.iter().zip(&actual).map(|(&at, &value)| if value > 0.0 { at } else { 0.0 }));
        says.at.extend(at);
        says.p_buys.extend_from_slice(&said.p_buys);
        if let Some(churn) = &network.churn {
            let raw = network.trained.predict(&data)?;
            says.churn.extend(raw.into_iter().map(|p| churn.map.apply(p)));
        }
        Ok(raw)
    }

    /// These predictions of the test rows, with what happened.
    pub fn valued(&self, predicted: &[f64]) -> Result<Valued, Failure> {
        Ok(Valued::new(predicted, &self.actual, self.weight.as_deref())?)
    }

    /// Where the actual values fall in their predicted distributions.
    pub fn pit(&self) -> Result<Option<Pit>, Failure> {
        let Some(says) = &self.network else { return Ok(None) };
        Ok(Some(Pit::new(&says.below, &says.at, self.weight.as_deref())?))
    }
}

/// The rows' weights, where they are not all 1.
fn weights(loaded: &Loaded, rows: &[u32]) -> Option<Vec<f64>> {
    let Values::Numeric(weights) = &loaded.table.with_role(Role::Weight)?.values else { return None };
    let weights: Vec<f64> = rows.iter().map(|&row| f64::from(weights[row as usize])).collect();
    weights.iter().any(|&weight| weight != 1.0).then_some(weights)
}
