//! What a trained ensemble says of customers' values.

use tenure_artifact::Predictive;
use tenure_encode::Dataset;

use crate::score::{Forward, Scorer};
use crate::{TrainError, Trained};

/// What is said of the value of `N` customers in one horizon, in the units of the data.
///
/// A customer's predictive distribution is the mixture of what all members of all networks say. So `expected` is the mean
/// of the members' expected values and `p_buys` the mean of their probabilities, and quantiles are wider where members
/// disagree.
#[derive(Clone, Debug, PartialEq)]
pub struct ValuePrediction {
    /// The expected value, `[N]`.
    pub expected: Vec<f64>,
    /// The probability of a value above 0, `[N]`.
    pub p_buys: Vec<f64>,
    /// Probabilities that the quantiles belong to, `[Q]`.
    pub levels: Vec<f64>,
    /// The value that is not exceeded with each of these probabilities, row-major `[N, Q]`.
    pub quantiles: Vec<f64>,
}

impl ValuePrediction {
    /// The quantiles of one row, `[Q]`.
    pub fn quantile_row(&self, row_idx: usize) -> &[f64] {
        let n = self.levels.len();
        &self.quantiles[row_idx * n..(row_idx + 1) * n]
    }
}

impl Trained {
    /// Expected value, P(buys) and quantiles for every row, one prediction for each horizon, shortest first.
    ///
    /// `levels` are probabilities in `(0, 1)`; without any, no quantile is computed, which saves most of the time.
    pub fn predict_values(&self, data: &Dataset, levels: &[f64]) -> Result<Vec<ValuePrediction>, TrainError> {
        let row = |said: &Predictive| Row {
            expected: said.mean(),
            p_buys: said.p_buys(),
            quantiles: levels.iter().map(|p| said.quantile(*p)).collect(),
        };
        let rows = self.map_values(data, |_, said| said.iter().map(row).collect::<Vec<_>>())?;
        let prediction = |horizon: usize| {
            let of_horizon = || rows.iter().map(|row| &row[horizon]);
            ValuePrediction {
                expected: of_horizon().map(|row| row.expected).collect(),
                p_buys: of_horizon().map(|row| row.p_buys).collect(),
                levels: levels.to_vec(),
                quantiles: of_horizon().flat_map(|row| &row.quantiles).copied().collect(),
            }
        };
        Ok((0..self.n_horizons()?).map(prediction).collect())
    }

    /// What `visit` makes of every row's predictive distributions, one for each horizon: densities, distribution functions
    /// at given values, whatever [`ValuePrediction`] does not hold. Rows are visited in parallel and come back in order.
    pub fn map_values<R: Send>(
        &self,
        data: &Dataset,
        visit: impl Fn(usize, &[Predictive]) -> R + Sync,
    ) -> Result<Vec<R>, TrainError> {
        self.n_horizons()?;
        let (networks, kernels) = (self.networks(), self.kernels().used);
        let scorers = networks.iter().map(|network| Scorer::new(network, kernels));
        let mut scorers = scorers.collect::<Result<Vec<_>, _>>()?;
        let mut forwards: Vec<Forward<'_>> = scorers.iter_mut().map(Scorer::forward).collect();
        Ok(self.chunks(data)?.map_values(networks[0].spec(), &mut forwards, visit)?)
    }

    /// The probability that each row's value in a horizon (from 0) is at most `values[row]`, `[N]`. At the values that
    /// happened this is the upper end of the probability integral transform; its lower end is the same for a value above
    /// 0, and 0 where nothing was bought.
    ///
    /// # Panics
    /// Where there is not one value for each row, or no such horizon.
    pub fn predict_cdf(&self, data: &Dataset, horizon: usize, values: &[f64]) -> Result<Vec<f64>, TrainError> {
        assert_eq!(values.len(), data.n_rows(), "one value for each row");
        self.map_values(data, |row, said| said[horizon].cdf(values[row]))
    }

    fn n_horizons(&self) -> Result<usize, TrainError> {
        let value = self.networks()[0].spec().head.value();
        value.map(|head| head.horizons.len()).ok_or(TrainError::OtherTask { wanted: "value" })
    }
}

struct Row {
    expected: f64,
    p_buys: f64,
    quantiles: Vec<f64>,
}
