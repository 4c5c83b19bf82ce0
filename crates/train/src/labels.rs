//! What the target columns hold, and the head that is fitted to them before any weight moves.

use tenure_artifact::{Head, JointHead, LabelStatistics, ValueFamily, ValueHead};
use tenure_config as plan;
use tenure_encode::Dataset;

use crate::TrainError;

/// What the target columns of a data set hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// One column: whether the customer left, 0 or 1.
    Churn,
    /// One column: the probability that the customer leaves, in 0..=1; what a student learns.
    ChurnProbability,
    /// One column per horizon, shortest first: what the customer spends in it, at least 0. A longer horizon contains the
    /// shorter ones, so that values never fall from one column to the next.
    Value,
    /// Churn, then value.
    ChurnAndValue,
}

impl Labels {
    fn has_churn(self) -> bool {
        self != Self::Value
    }
}

/// Parts of a distribution may have a mean of up to this many times the largest training value.
const CAP: f64 = 10.0;

/// Distance of the outermost edges of buckets from the outermost targets, in logarithms.
const MARGIN: f64 = 0.1;

/// The head that `[model]` asks for, with its unit of value and its starting point taken from the training labels.
pub fn fit_head(model: &plan::Model, labels: Labels, train: &Dataset) -> Result<Head, TrainError> {
    check(labels, train)?;
    let family = match model.head {
        _ if matches!(labels, Labels::Churn | Labels::ChurnProbability) => return Ok(Head::Binary),
        plan::ModelHead::Binary => return Err(TrainError::HeadWithoutValue),
        plan::ModelHead::Ziln => ValueFamily::Ziln,
        plan::ModelHead::ZilnMixture => ValueFamily::ZilnMixture { components: model.n_components },
        plan::ModelHead::Ordinal => ValueFamily::Ordinal { edges: Vec::new() },
        plan::ModelHead::ZiGamma => ValueFamily::ZiGamma,
    };
    let first = usize::from(labels.has_churn());
    let n_horizons = train.n_targets() - first;
    if n_horizons > 1 && family != ValueFamily::Ziln {
        return Err(TrainError::OneHorizon { head: model.head, found: n_horizons });
    }
    let mut value = value_head(family, train, first, n_horizons)?;
    if let ValueFamily::Ordinal { edges } = &mut value.family {
        *edges = Column { data: train, place: first }.bucket_edges(model.n_buckets, f64::from(value.log_unit));
    }
    Ok(match labels {
        Labels::ChurnAndValue => Head::Joint(JointHead {
            churn_weight: model.churn_weight as f32,
            churn_rate: Column { data: train, place: 0 }.rate() as f32,
            value,
        }),
        _ => Head::Value(value),
    })
}

fn check(labels: Labels, data: &Dataset) -> Result<(), TrainError> {
    let (found, has_churn) = (data.n_targets(), labels.has_churn());
    let fits = match labels {
        Labels::Churn | Labels::ChurnProbability => found == 1,
        Labels::Value => found >= 1,
        Labels::ChurnAndValue => found >= 2,
    };
    if !fits {
        return Err(TrainError::Targets { labels, found });
    }
    for row_idx in 0..data.n_rows() {
        let (churn, values) = data.target_row(row_idx).split_at(usize::from(has_churn));
        let is_label = |y: f32| match labels {
            Labels::ChurnProbability => (0.0..=1.0).contains(&y),
            _ => y == 0.0 || y == 1.0,
        };
        if let Some(&label) = churn.iter().find(|y| !is_label(**y)) {
            return Err(TrainError::Label { row_idx, label });
        }
        if let Some(&value) = values.iter().find(|y| !(y.is_finite() && **y >= 0.0)) {
            return Err(TrainError::Value { row_idx, value });
        }
        if let Some(pair) = values.windows(2).find(|pair| pair[1] < pair[0]) {
            return Err(TrainError::FallingValue { row_idx, shorter: pair[0], longer: pair[1] });
        }
    }
    Ok(())
}

fn value_head(family: ValueFamily, data: &Dataset, first: usize, n_horizons: usize) -> Result<ValueHead, TrainError> {
    let column = |horizon: usize| Column { data, place: first + horizon };
    // The longest horizon has the most values to take a unit from.
    let longest = column(n_horizons - 1);
    let Some((log_unit, _)) = longest.logarithms() else { return Err(TrainError::NoValue) };
    let statistics = |horizon: usize| {
        let (log_mean, log_sd) = column(horizon).logarithms().unwrap_or((log_unit, 1.0));
        LabelStatistics {
            rate: column(horizon).rate() as f32,
            log_mean: (log_mean - log_unit) as f32,
            log_sd: log_sd as f32,
        }
    };
    Ok(ValueHead {
        family,
        log_unit: log_unit as f32,
        log_cap: ((CAP * longest.largest()).ln() - log_unit) as f32,
        horizons: (0..n_horizons).map(statistics).collect(),
    })
}

/// One target of all rows.
#[derive(Clone, Copy)]
struct Column<'a> {
    data: &'a Dataset,
    place: usize,
}

impl Column<'_> {
    /// Targets above 0, with their rows' weights.
    fn positive(&self) -> impl Iterator<Item = (f64, f64)> {
        let cell = |row: usize| (f64::from(self.data.target_row(row)[self.place]), f64::from(self.data.weight[row]));
        (0..self.data.n_rows()).map(cell).filter(|(value, _)| *value > 0.0)
    }

    /// The weighted share of targets above 0.
    fn rate(&self) -> f64 {
        let total: f64 = self.data.weight.iter().map(|w| f64::from(*w)).sum();
        self.positive().map(|(_, weight)| weight).sum::<f64>() / total
    }

    /// Mean and standard deviation of the logarithms of targets above 0; none where there are none.
    fn logarithms(&self) -> Option<(f64, f64)> {
        let total: f64 = self.positive().map(|(_, weight)| weight).sum();
        if total <= 0.0 {
            return None;
        }
        let mean = self.positive().map(|(value, weight)| weight * value.ln()).sum::<f64>() / total;
        let square = |(value, weight): (f64, f64)| weight * (value.ln() - mean).powi(2);
        Some((mean, (self.positive().map(square).sum::<f64>() / total).sqrt()))
    }

    /// Logarithms, in units, of the edges of at most `n` buckets with equal shares of the targets above 0. Ties take
    /// buckets away; the outer edges are a tenth below the smallest and above the largest target.
    fn bucket_edges(&self, n: usize, log_unit: f64) -> Vec<f32> {
        let mut logarithms: Vec<f64> = self.positive().map(|(value, _)| value.ln() - log_unit).collect();
        logarithms.sort_by(f64::total_cmp);
        let last = logarithms.len() - 1;
        let mut edges: Vec<f32> = (1..n).map(|bucket| logarithms[bucket * last / n] as f32).collect();
        let (low, high) = ((logarithms[0] - MARGIN) as f32, (logarithms[last] + MARGIN) as f32);
        edges.insert(0, low);
        edges.push(high);
        edges.dedup_by(|later, earlier| *later - *earlier < 1e-4);
        // The last edge must hold the largest target, whatever came too close before it.
        if let Some(edge) = edges.last_mut() {
            *edge = high;
        }
        edges
    }

    fn largest(&self) -> f64 {
        self.positive().map(|(value, _)| value).fold(0.0, f64::max)
    }
}

/// The mean of `log_unit` over training rows and horizons with a value: densities per unit of the data are smaller by it
/// than densities in the head's unit.
pub(crate) fn log_unit_share(head: &Head, data: &Dataset) -> f64 {
    let Some(value) = head.value() else { return 0.0 };
    let first = usize::from(head.has_churn());
    let n_horizons = value.horizons.len();
    let rates = (first..first + n_horizons).map(|place| Column { data, place }.rate());
    f64::from(value.log_unit) * rates.sum::<f64>() / n_horizons as f64
}

#[cfg(test)]
mod tests {
    use tenure_artifact::InputLayout;

    use super::*;

    fn data(target: &[f32], n_targets: usize) -> Dataset {
        Dataset {
            layout: InputLayout::default(),
            continuous: vec![],
            binary: vec![],
            categorical: vec![],
            target: target.to_vec(),
            sequence: None,
            weight: vec![1.0; target.len() / n_targets],
        }
    }

    #[test]
    fn the_unit_is_the_geometric_mean_of_values_above_zero() {
        let head = value_head(ValueFamily::Ziln, &data(&[0.0, 10.0, 1000.0, 0.0], 1), 0, 1).expect("two values");
        assert!((head.log_unit - 100.0_f32.ln()).abs() < 1e-6);
        assert!((head.log_cap - 100.0_f32.ln()).abs() < 1e-6, "ten times a thousand is a hundred units");
        let LabelStatistics { rate, log_mean, log_sd } = head.horizons[0];
        assert_eq!((rate, log_mean), (0.5, 0.0));
        assert!((log_sd - 10.0_f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn buckets_have_equal_shares_and_ties_take_them_away() {
        let edges = |values: &[f32], n| Column { data: &data(values, 1), place: 0 }.bucket_edges(n, 0.0);
        let values: Vec<f32> = (0..=400).map(|i| (i as f32 / 100.0).exp()).collect();
        for (found, expected) in edges(&values, 4).iter().zip([-0.1, 1.0, 2.0, 3.0, 4.1]) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
        assert_eq!(edges(&[0.0, 1.0, 1.0, 1.0, 0.0], 4), [-0.1, 0.0, 0.1]);
        assert_eq!(edges(&[1.0], 8).len(), 3);
    }

    #[test]
    fn labels_that_fit_no_head_are_refused() {
        let cases = [
            (data(&[0.0, 2.0], 1), Labels::Churn, "TRN0011"),
            (data(&[0.0, 1.0], 1), Labels::ChurnAndValue, "TRN0012"),
            (data(&[0.0, -1.0], 1), Labels::Value, "TRN0013"),
            (data(&[0.0, f32::NAN], 1), Labels::Value, "TRN0013"),
            (data(&[5.0, 4.0], 2), Labels::Value, "TRN0014"),
        ];
        for (data, labels, code) in cases {
            assert_eq!(check(labels, &data).expect_err(code).code(), code);
        }
        let none = value_head(ValueFamily::Ziln, &data(&[0.0, 0.0], 1), 0, 1).expect_err("no value");
        assert_eq!(none.code(), "TRN0015");
    }
}
