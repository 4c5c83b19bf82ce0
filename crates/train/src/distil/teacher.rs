//! The ensemble, and all that stands between its networks and its answers.

use tenure_artifact::{Calibration, Predictive};
use tenure_encode::Dataset;

use crate::{Labels, TrainError, Trained};

/// One standard deviation below and above the mean, as probabilities of a normal distribution.
const BELOW: f64 = 0.158_655_253_931_457_05;
const ABOVE: f64 = 1.0 - BELOW;
/// Probabilities of buying are kept this far from 0, where an expected value has no log-normal.
const FLOOR: f64 = 1e-6;
/// Standard deviations of logarithms are kept within these.
const SPREADS: (f64, f64) = (0.05, 3.0);

/// A trained ensemble as a run answers with it. It says something of churn, of value, or of both.
#[derive(Clone, Copy, Debug)]
pub struct Teacher<'a> {
    /// The networks.
    pub networks: &'a Trained,
    /// From the raw to the calibrated probability of churn.
    pub churn: Option<&'a Calibration>,
    /// From what the networks expect to money.
    pub value: Option<TeacherValue<'a>>,
}

/// From what networks expect of a customer to money: `scale · (weight · network + (1 − weight)) · forecast`, or
/// `scale · network` without a forecast.
#[derive(Clone, Copy, Debug)]
pub struct TeacherValue<'a> {
    /// How much of a prediction is the networks'; the rest is the forecast's.
    pub weight: f64,
    /// The level, set on validation rows.
    pub scale: f64,
    /// What the networks correct; none where they expect money by themselves.
    pub forecast: Option<TeacherForecast<'a>>,
}

/// A forecast of each row's value, in money, that networks correct.
#[derive(Clone, Copy, Debug)]
pub struct TeacherForecast<'a> {
    /// Of training rows.
    pub train: &'a [f64],
    /// Of validation rows.
    pub validation: &'a [f64],
    /// Of unlabelled rows.
    pub unlabelled: &'a [f64],
    /// Whether a student's answer will be multiplied by the forecast too: it learns value / forecast, as the networks did.
    /// Else it learns the product of both, and from no mixed rows, whose forecast cannot be known.
    pub is_carried: bool,
}

/// What a teacher says of `N` rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Taught {
    /// Calibrated probabilities of churn, `[N]`; empty where it says nothing of churn.
    pub churn: Vec<f64>,
    /// What it says of value.
    pub value: Option<TaughtValues>,
}

/// What a teacher says of the values of `N` rows.
#[derive(Clone, Debug, PartialEq)]
pub struct TaughtValues {
    /// Probability of buying, `[N]`.
    pub p_buys: Vec<f64>,
    /// Expected value in money, or in units of the forecast that a student corrects, `[N]`.
    pub expected: Vec<f64>,
    /// Standard deviation of the logarithm of a buyer's value, half the distance between the quantiles that lie one
    /// standard deviation off the median of a normal distribution, `[N]`.
    pub log_sd: Vec<f64>,
}

impl Teacher<'_> {
    /// What it says of encoded rows. `forecast` is what the networks correct, where they do and the student cannot.
    pub fn teach(&self, rows: &Dataset, forecast: Option<&[f64]>) -> Result<Taught, TrainError> {
        let churn = match self.churn {
            Some(calibration) => self.networks.predict(rows)?.into_iter().map(|p| calibration.apply(p)).collect(),
            None => Vec::new(),
        };
        Ok(Taught { churn, value: self.value.map(|value| value.teach(self.networks, rows, forecast)).transpose()? })
    }

    /// What a student's targets are.
    pub(super) fn labels(&self) -> Labels {
        match (self.churn, self.value) {
            (_, None) => Labels::ChurnProbability,
            (None, Some(_)) => Labels::Value,
            (Some(_), Some(_)) => Labels::ChurnAndValue,
        }
    }

    /// The forecast that the student has to learn with the correction.
    pub(super) fn hidden_forecast(&self) -> Option<&TeacherForecast<'_>> {
        self.forecast().filter(|forecast| !forecast.is_carried)
    }

    /// The forecast that the student corrects too.
    pub(super) fn carried_forecast(&self) -> Option<&TeacherForecast<'_>> {
        self.forecast().filter(|forecast| forecast.is_carried)
    }

    /// Whether a row of columns from several customers means something to it: not where the networks also read one
    /// customer's purchases, which those columns would contradict.
    pub(super) fn can_judge_mixed_rows(&self) -> bool {
        let reads_purchases = self.networks.networks().iter().any(|network| network.spec().sequence.is_some());
        !reads_purchases && self.hidden_forecast().is_none()
    }

    fn forecast(&self) -> Option<&TeacherForecast<'_>> {
        self.value.as_ref()?.forecast.as_ref()
    }
}

impl TeacherValue<'_> {
    fn teach(&self, networks: &Trained, rows: &Dataset, forecast: Option<&[f64]>) -> Result<TaughtValues, TrainError> {
        let said = networks.map_values(rows, |row, horizons| {
            let said = horizons.last().expect("a value network has a horizon");
            let p_buys = said.p_buys().clamp(FLOOR, 1.0);
            (p_buys, self.learned(said.mean(), forecast.map(|forecast| forecast[row])), log_sd(said, p_buys))
        })?;
        Ok(TaughtValues {
            p_buys: said.iter().map(|(p_buys, _, _)| *p_buys).collect(),
            expected: said.iter().map(|(_, expected, _)| *expected).collect(),
            log_sd: said.iter().map(|(_, _, log_sd)| *log_sd).collect(),
        })
    }

    /// What a student learns for an expected value: money, or money / forecast where it corrects the forecast too.
    fn learned(&self, network: f64, forecast: Option<f64>) -> f64 {
        let unit = self.forecast.filter(|forecast| forecast.is_carried).map(|_| 1.0);
        self.money(network, unit.or(forecast))
    }

    /// The teacher's expected value of a row of whom its networks expect so much.
    pub fn money(&self, network: f64, forecast: Option<f64>) -> f64 {
        let blended = match forecast {
            Some(forecast) => self.weight * network * forecast + (1.0 - self.weight) * forecast,
            None => network,
        };
        self.scale * blended
    }
}

fn log_sd(said: &Predictive, p_buys: f64) -> f64 {
    let among_buyers = |share: f64| said.quantile(1.0 - p_buys * (1.0 - share));
    let (low, high) = (among_buyers(BELOW), among_buyers(ABOVE));
    let found = if low > 0.0 { 0.5 * (high / low).ln() } else { SPREADS.1 };
    found.clamp(SPREADS.0, SPREADS.1)
}

#[cfg(test)]
mod tests {
    use tenure_artifact::{LabelStatistics, ValueFamily, ValueHead};

    use super::*;

    #[test]
    fn the_spread_of_a_log_normal_is_its_own() {
        let statistics = LabelStatistics { rate: 0.5, log_mean: 0.0, log_sd: 1.0 };
        let head = ValueHead { family: ValueFamily::Ziln, log_unit: 2.0, log_cap: 9.0, horizons: vec![statistics] };
        let mut said = head.predictive();
        head.add_member(&[-3.0, 0.7, 0.4], 0, 1.0, &mut said);
        let sigma = 0.4_f64.exp().ln_1p();
        assert!((log_sd(&said, said.p_buys()) - sigma).abs() < 1e-6);
    }

    #[test]
    fn a_forecast_is_corrected_blended_and_levelled() {
        let value = TeacherValue { weight: 0.75, scale: 2.0, forecast: None };
        assert_eq!(value.money(3.0, None), 6.0);
        assert_eq!(value.money(3.0, Some(10.0)), 2.0 * (0.75 * 30.0 + 0.25 * 10.0));
    }

    #[test]
    fn a_student_with_the_forecast_learns_what_it_is_multiplied_by() {
        let forecast = TeacherForecast { train: &[10.0], validation: &[], unlabelled: &[], is_carried: true };
        let carried = TeacherValue { weight: 0.75, scale: 2.0, forecast: Some(forecast) };
        assert_eq!(10.0 * carried.learned(3.0, None), carried.money(3.0, Some(10.0)));
        let hidden = TeacherValue { forecast: Some(TeacherForecast { is_carried: false, ..forecast }), ..carried };
        assert_eq!(hidden.learned(3.0, Some(10.0)), carried.money(3.0, Some(10.0)));
    }
}
