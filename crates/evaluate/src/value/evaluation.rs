//! All that a report says about one prediction of value on one set.

use serde::{Deserialize, Serialize};

use super::decile::{ValueDecile, value_deciles};
use super::gain::{GainPoint, gain_curve, perfect_gain_curve};
use super::metric::ValueMetric;
use super::sample::Valued;
use super::targeting::{Targeting, TargetingCurve, targeting_curve};
use crate::bootstrap::{Bootstrap, Estimate};
use crate::{EvaluateError, Undefined};

/// What to compute, and how.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueSettings {
    /// How intervals are computed.
    pub bootstrap: Bootstrap,
    /// Most points of a curve.
    pub max_points: usize,
    /// What a contact costs and brings, where a targeting curve is wanted.
    pub targeting: Option<Targeting>,
}

impl Default for ValueSettings {
    fn default() -> Self {
        let bootstrap = Bootstrap { resamples: 1000, confidence: 0.95, seed: 0 };
        Self { bootstrap, max_points: 500, targeting: None }
    }
}

/// All that a report says about one prediction of value on one set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueEvaluation {
    /// How large the set is.
    pub counts: ValueCounts,
    /// What was asked for.
    pub settings: ValueSettings,
    /// The single-number metrics.
    pub metrics: ValueMetrics,
    /// Predicted and actual means of ten equal parts.
    pub deciles: Vec<ValueDecile>,
    /// The gain curve; empty where it is undefined.
    pub gain: Vec<GainPoint>,
    /// The gain curve of the right order; empty where it is undefined.
    pub perfect_gain: Vec<GainPoint>,
    /// Profit by the share contacted, where costs were given.
    pub targeting: Option<TargetingCurve>,
    /// Metrics and intervals that the set leaves undefined, and why.
    pub undefined: Vec<Undefined>,
}

/// How large a set is, and what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueCounts {
    /// Rows.
    pub n_rows: usize,
    /// Rows whose actual value is not zero.
    pub n_nonzero: usize,
    /// Clusters, where rows have them.
    pub n_clusters: Option<usize>,
    /// Sum of the weights, where rows have them.
    pub weight: Option<f64>,
    /// Σ y, by weight.
    pub total_actual: f64,
    /// Σ p, by weight.
    pub total_predicted: f64,
}

/// The single-number metrics; [`ValueMetric`] defines each. One that is none has its reason in `undefined`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueMetrics {
    /// Mean actual value.
    pub mean_actual: Estimate,
    /// Mean prediction.
    pub mean_predicted: Estimate,
    /// Share of rows whose actual value is not zero.
    pub nonzero_share: Estimate,
    /// Predicted over actual total.
    pub total_ratio: Option<Estimate>,
    /// Raw Gini coefficient.
    pub raw_gini: Option<Estimate>,
    /// Normalized Gini.
    pub normalized_gini: Option<Estimate>,
    /// Spearman over all rows.
    pub spearman: Option<Estimate>,
    /// Spearman over rows whose actual value is not zero.
    pub spearman_nonzero: Option<Estimate>,
    /// Pearson's correlation.
    pub pearson: Option<Estimate>,
    /// Mean absolute error.
    pub mae: Estimate,
    /// Root of the mean squared error.
    pub rmse: Estimate,
    /// Mean squared logarithmic error.
    pub msle: Option<Estimate>,
    /// Mean relative error of the deciles' means.
    pub decile_mape: Option<Estimate>,
    /// Share of the value that the highest-predicted tenth brings.
    pub top_decile_gain: Option<Estimate>,
    /// Profit of contacting every customer whose prediction pays for it, per row; none where no costs were given.
    pub profit_per_row: Option<Estimate>,
}

/// The share that "top decile" means.
const TOP_DECILE: ValueMetric = ValueMetric::GainAt { share: 0.1 };

/// Everything about predicted values on one set.
///
/// # Example
/// ```
/// use tenure_evaluate::{ValueSettings, Valued, evaluate_value};
///
/// let valued = Valued::new(&[30.0, 12.0, 8.0, 1.0], &[40.0, 0.0, 10.0, 0.0], None)?;
/// let evaluation = evaluate_value(&valued, &ValueSettings::default())?;
/// assert_eq!(evaluation.metrics.mae.value, 6.25);
/// assert_eq!(evaluation.metrics.total_ratio.map(|ratio| ratio.value), Some(51.0 / 50.0));
/// assert!(evaluation.undefined.iter().any(|why| why.metric == "decile MAPE")); // nobody bought in some deciles
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
pub fn evaluate_value(valued: &Valued, settings: &ValueSettings) -> Result<ValueEvaluation, EvaluateError> {
    let (metrics, mut undefined) = all_estimates(valued, settings)?;
    let mut or_reason = |name: &str, curve: Result<Vec<GainPoint>, EvaluateError>| {
        curve.unwrap_or_else(|error| {
            undefined.push(Undefined::new(name, &error));
            Vec::new()
        })
    };
    let gain = or_reason("gain curve", gain_curve(valued, settings.max_points));
    let perfect_gain = or_reason("perfect gain curve", perfect_gain_curve(valued, settings.max_points));
    let targeting =
        settings.targeting.map(|targeting| targeting_curve(valued, targeting, settings.max_points)).transpose()?;
    Ok(ValueEvaluation {
        counts: ValueCounts::of(valued),
        settings: *settings,
        metrics,
        deciles: value_deciles(valued),
        gain,
        perfect_gain,
        targeting,
        undefined,
    })
}

/// Every estimate from one pass over the resamples, and what the set leaves undefined.
fn all_estimates(valued: &Valued, settings: &ValueSettings) -> Result<(ValueMetrics, Vec<Undefined>), EvaluateError> {
    let (mut metrics, mut undefined) = (Vec::new(), Vec::new());
    let view = valued.view();
    for metric in ValueMetrics::list(settings) {
        match metric.of_view(&view) {
            Ok(_) => metrics.push(metric),
            Err(error @ EvaluateError::Setting { .. }) => return Err(error),
            Err(error) => undefined.push(Undefined::new(metric.name(), &error)),
        }
    }
    let resamples = settings.bootstrap.resamples;
    let mut estimates = Vec::with_capacity(metrics.len());
    for (metric, counted) in metrics.iter().zip(settings.bootstrap.estimate_counted(valued, &metrics)?) {
        let (estimate, defined) = counted;
        if resamples > 0 && estimate.interval.is_none() {
            let error = EvaluateError::TooFewResamples { metric: metric.name(), defined, resamples };
            undefined.push(Undefined::new(metric.name(), &error));
        }
        estimates.push((*metric, estimate));
    }
    Ok((ValueMetrics::of(&estimates), undefined))
}

impl ValueCounts {
    fn of(valued: &Valued) -> Self {
        let totals = valued.view().totals;
        Self {
            n_rows: valued.n_rows(),
            n_nonzero: valued.n_nonzero(),
            n_clusters: valued.n_clusters(),
            weight: valued.weighted.then_some(totals.mass),
            total_actual: totals.actual,
            total_predicted: totals.predicted,
        }
    }
}

impl ValueMetrics {
    /// The estimate of this metric, where the set defines it and it belongs to an evaluation.
    pub fn get(&self, metric: ValueMetric) -> Option<&Estimate> {
        match metric {
            ValueMetric::MeanActual => Some(&self.mean_actual),
            ValueMetric::MeanPredicted => Some(&self.mean_predicted),
            ValueMetric::NonzeroShare => Some(&self.nonzero_share),
            ValueMetric::TotalRatio => self.total_ratio.as_ref(),
            ValueMetric::RawGini => self.raw_gini.as_ref(),
            ValueMetric::NormalizedGini => self.normalized_gini.as_ref(),
            ValueMetric::Spearman => self.spearman.as_ref(),
            ValueMetric::SpearmanNonzero => self.spearman_nonzero.as_ref(),
            ValueMetric::Pearson => self.pearson.as_ref(),
            ValueMetric::Mae => Some(&self.mae),
            ValueMetric::Rmse => Some(&self.rmse),
            ValueMetric::Msle => self.msle.as_ref(),
            ValueMetric::DecileMape => self.decile_mape.as_ref(),
            ValueMetric::GainAt { .. } => self.top_decile_gain.as_ref().filter(|_| metric == TOP_DECILE),
            ValueMetric::ProfitPerRow { .. } => self.profit_per_row.as_ref(),
        }
    }

    fn list(settings: &ValueSettings) -> Vec<ValueMetric> {
        let mut list = vec![
            ValueMetric::MeanActual,
            ValueMetric::MeanPredicted,
            ValueMetric::NonzeroShare,
            ValueMetric::TotalRatio,
            ValueMetric::RawGini,
            ValueMetric::NormalizedGini,
            ValueMetric::Spearman,
            ValueMetric::SpearmanNonzero,
            ValueMetric::Pearson,
            ValueMetric::Mae,
            ValueMetric::Rmse,
            ValueMetric::Msle,
            ValueMetric::DecileMape,
            TOP_DECILE,
        ];
        list.extend(settings.targeting.map(|targeting| ValueMetric::ProfitPerRow { targeting }));
        list
    }

    fn of(estimates: &[(ValueMetric, Estimate)]) -> Self {
        let find = |wanted: ValueMetric| {
            estimates.iter().find(|(metric, _)| *metric == wanted).map(|(_, estimate)| estimate.clone())
        };
        let always = |wanted| find(wanted).expect("these metrics are defined for any rows");
        Self {
            mean_actual: always(ValueMetric::MeanActual),
            mean_predicted: always(ValueMetric::MeanPredicted),
            nonzero_share: always(ValueMetric::NonzeroShare),
            total_ratio: find(ValueMetric::TotalRatio),
            raw_gini: find(ValueMetric::RawGini),
            normalized_gini: find(ValueMetric::NormalizedGini),
            spearman: find(ValueMetric::Spearman),
            spearman_nonzero: find(ValueMetric::SpearmanNonzero),
            pearson: find(ValueMetric::Pearson),
            mae: always(ValueMetric::Mae),
            rmse: always(ValueMetric::Rmse),
            msle: find(ValueMetric::Msle),
            decile_mape: find(ValueMetric::DecileMape),
            top_decile_gain: find(TOP_DECILE),
            profit_per_row: estimates
                .iter()
                .find(|(metric, _)| matches!(metric, ValueMetric::ProfitPerRow { .. }))
                .map(|(_, estimate)| estimate.clone()),
        }
    }
}
