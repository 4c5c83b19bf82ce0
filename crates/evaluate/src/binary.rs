//! All that a report says about one model on one set.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{Bootstrap, Estimate};
use crate::curves::{Decile, Histogram, PrecisionRecallPoint, RocPoint, deciles, histogram};
use crate::curves::{precision_recall_curve, roc_curve};
use crate::flagged::Confusion;
use crate::profit::{Profit, ProfitCurve, profit_curve};
use crate::reliability::{Binning, Reliability};
use crate::{EvaluateError, Metric, Ranked, Sample, Scored, rank};

/// What to compute, and how.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How intervals are computed.
    pub bootstrap: Bootstrap,
    /// Bins of the reliability curve and of the calibration errors.
    pub bins: usize,
    /// Bins of the histogram of scores.
    pub histogram_bins: usize,
    /// Most points of a curve.
    pub max_points: usize,
    /// Rows with at least this score are flagged. Chosen elsewhere: by the costs, or on validation rows.
    pub threshold: f64,
    /// What a contact costs and brings, where a profit curve is wanted.
    pub profit: Option<Profit>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bootstrap: Bootstrap { resamples: 1000, confidence: 0.95, seed: 0 },
            bins: 15,
            histogram_bins: 40,
            max_points: 500,
            threshold: 0.5,
            profit: None,
        }
    }
}

/// All that a report says about one model on one set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BinaryEvaluation {
    /// How large the set is.
    pub counts: Counts,
    /// What was asked for.
    pub settings: Settings,
    /// Metrics that need no threshold.
    pub metrics: Metrics,
    /// What the threshold does.
    pub at_threshold: AtThreshold,
    /// Where the classes' score distributions are farthest apart.
    pub ks_threshold: f64,
    /// Always predicting this set's base rate: what any model must beat.
    pub constant: Constant,
    /// Calibration over bins of equal mass: the headline.
    pub reliability: Reliability,
    /// Calibration over bins of equal width.
    pub reliability_equal_width: Reliability,
    /// The ROC curve.
    pub roc: Vec<RocPoint>,
    /// The precision-recall curve.
    pub precision_recall: Vec<PrecisionRecallPoint>,
    /// Gain and lift.
    pub deciles: Vec<Decile>,
    /// Scores by class.
    pub histogram: Histogram,
    /// Profit by the share contacted, where costs were given.
    pub profit: Option<ProfitCurve>,
    /// Metrics and intervals that the set leaves undefined, and why.
    pub undefined: Vec<Undefined>,
}

/// How large a set is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows.
    pub n_rows: usize,
    /// Positive rows.
    pub n_positive: usize,
    /// Clusters, where rows have them.
    pub n_clusters: Option<usize>,
    /// Sum of the weights, where rows have them.
    pub weight: Option<f64>,
}

/// Metrics that need no threshold; [`Metric`] defines each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Share of positive rows.
    pub base_rate: Estimate,
    /// Mean of the probabilities.
    pub mean_probability: Estimate,
    /// Area under the ROC curve.
    pub auc: Estimate,
    /// Area under the precision-recall curve.
    pub average_precision: Estimate,
    /// Mean negative log-likelihood, in nats.
    pub log_loss: Estimate,
    /// Mean squared error of the probabilities.
    pub brier: Estimate,
    /// Brier score against the base rate's.
    pub brier_skill: Estimate,
    /// Expected calibration error, bins of equal mass.
    pub ece: Estimate,
    /// Expected calibration error, bins of equal width.
    pub ece_equal_width: Estimate,
    /// Largest calibration error of a bin of equal mass.
    pub mce: Estimate,
    /// Kolmogorov-Smirnov distance.
    pub ks: Estimate,
    /// Lift of the highest-scored tenth.
    pub top_decile_lift: Estimate,
}

/// What a threshold does. A metric that is none has its reason in `undefined`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtThreshold {
    /// Mass of rows by outcome and decision.
    pub confusion: Confusion,
    /// Share of rows that are flagged.
    pub flagged_share: Option<Estimate>,
    /// Share of flagged rows that are positive.
    pub precision: Option<Estimate>,
    /// Share of positive rows that are flagged.
    pub recall: Option<Estimate>,
    /// Share of negative rows that are not flagged.
    pub specificity: Option<Estimate>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<Estimate>,
    /// Share of rows whose flag agrees with their outcome.
    pub accuracy: Option<Estimate>,
    /// Profit of contacting flagged rows, per row of the set; none where no costs were given.
    pub profit_per_row: Option<Estimate>,
}

/// The scores of always predicting this set's own base rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constant {
    /// The base rate.
    pub probability: f64,
    /// Entropy of the base rate, in nats.
    pub log_loss: f64,
    /// b (1 − b).
    pub brier: f64,
}

/// A metric that is not there, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undefined {
    /// The metric.
    pub metric: String,
    /// The error's code.
    pub code: String,
    /// The error's text.
    pub reason: String,
}

impl Undefined {
    /// This error, as the reason why `metric` is not there.
    pub fn new(metric: &str, error: &EvaluateError) -> Self {
        Self { metric: metric.to_string(), code: error.code().to_string(), reason: error.to_string() }
    }
}

/// All that a report says about a score that only ranks, such as the recency rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankedEvaluation {
    /// How large the set is.
    pub counts: Counts,
    /// Area under the ROC curve.
    pub auc: Estimate,
    /// Area under the precision-recall curve.
    pub average_precision: Estimate,
    /// Kolmogorov-Smirnov distance.
    pub ks: Estimate,
    /// Lift of the highest-scored tenth.
    pub top_decile_lift: Estimate,
    /// The ROC curve.
    pub roc: Vec<RocPoint>,
    /// The precision-recall curve.
    pub precision_recall: Vec<PrecisionRecallPoint>,
    /// Gain and lift.
    pub deciles: Vec<Decile>,
}

/// The share that "top decile" means.
const TOP_DECILE: Metric = Metric::TopLift { share: 0.1 };

/// Everything about probabilities on one set. Both classes must be there.
///
/// # Example
/// ```
/// use tenure_evaluate::{Scored, Settings, evaluate_binary};
///
/// let scored = Scored::new(&[0.9, 0.8, 0.3, 0.2], &[true, false, true, false], None)?;
/// let evaluation = evaluate_binary(&scored, &Settings::default())?;
/// assert_eq!(evaluation.metrics.auc.value, 0.75);
/// assert_eq!(evaluation.at_threshold.precision.map(|p| p.value), Some(0.5));
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
pub fn evaluate_binary(scored: &Scored, settings: &Settings) -> Result<BinaryEvaluation, EvaluateError> {
    let ranked = scored.ranked();
    let (_, ks_threshold) = rank::kolmogorov_smirnov(ranked.view())?;
    let confidence = settings.bootstrap.confidence;
    let reliability = |binning| Reliability::new(scored, binning, settings.bins, confidence);
    let (metrics, at_threshold, undefined) = all_estimates(scored, settings)?;
    Ok(BinaryEvaluation {
        counts: Counts::of(ranked),
        settings: *settings,
        constant: Constant::of_base_rate(metrics.base_rate.value),
        metrics,
        at_threshold,
        ks_threshold,
        reliability: reliability(Binning::EqualMass)?,
        reliability_equal_width: reliability(Binning::EqualWidth)?,
        roc: roc_curve(scored, settings.max_points)?,
        precision_recall: precision_recall_curve(scored, settings.max_points)?,
        deciles: deciles(scored)?,
        histogram: histogram(scored, settings.histogram_bins)?,
        profit: settings.profit.map(|profit| profit_curve(scored, profit, settings.max_points)).transpose()?,
        undefined,
    })
}

/// Everything about scores that only rank. Both classes must be there.
pub fn evaluate_ranked(ranked: &Ranked, settings: &Settings) -> Result<RankedEvaluation, EvaluateError> {
    let metrics = [Metric::Auc, Metric::AveragePrecision, Metric::Ks, TOP_DECILE];
    let mut estimates = settings.bootstrap.estimate(ranked, &metrics)?.into_iter();
    let mut next = || estimates.next().expect("one estimate for each metric");
    Ok(RankedEvaluation {
        counts: Counts::of(ranked),
        auc: next(),
        average_precision: next(),
        ks: next(),
        top_decile_lift: next(),
        roc: roc_curve(ranked, settings.max_points)?,
        precision_recall: precision_recall_curve(ranked, settings.max_points)?,
        deciles: deciles(ranked)?,
    })
}

/// Every estimate from one pass over the resamples, and what the threshold leaves undefined.
fn all_estimates(
    scored: &Scored,
    settings: &Settings,
) -> Result<(Metrics, AtThreshold, Vec<Undefined>), EvaluateError> {
    let always = Metrics::list(settings.bins);
    let mut metrics = always.to_vec();
    let mut undefined = Vec::new();
    for metric in AtThreshold::list(settings) {
        match metric.of(scored) {
            Ok(_) => metrics.push(metric),
            Err(error) => undefined.push(Undefined::new(metric.name(), &error)),
        }
    }
    let resamples = settings.bootstrap.resamples;
    let mut estimates = Vec::with_capacity(metrics.len());
    for (metric, counted) in metrics.iter().zip(settings.bootstrap.estimate_counted(Sample::from(scored), &metrics)?) {
        let (estimate, defined) = counted;
        if resamples > 0 && estimate.interval.is_none() {
            let error = EvaluateError::TooFewResamples { metric: metric.name(), defined, resamples };
            undefined.push(Undefined::new(metric.name(), &error));
        }
        estimates.push(estimate);
    }
    let thresholded: Vec<_> = metrics.drain(always.len()..).zip(estimates.drain(always.len()..)).collect();
    let confusion = Confusion::at(scored, settings.threshold);
    Ok((Metrics::of(estimates), AtThreshold::of(confusion, &thresholded), undefined))
}

impl Counts {
    fn of(ranked: &Ranked) -> Self {
        Self {
            n_rows: ranked.n_rows(),
            n_positive: ranked.n_positive(),
            n_clusters: ranked.n_clusters(),
            weight: ranked.weighted.then(|| ranked.weight.iter().sum()),
        }
    }
}

impl Constant {
    fn of_base_rate(b: f64) -> Self {
        let term = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
        Self { probability: b, log_loss: term(b) + term(1.0 - b), brier: b * (1.0 - b) }
    }
}

impl Metrics {
    /// The metrics in the order of the fields.
    fn list(bins: usize) -> [Metric; 12] {
        [
            Metric::BaseRate,
            Metric::MeanProbability,
            Metric::Auc,
            Metric::AveragePrecision,
            Metric::LogLoss,
            Metric::Brier,
            Metric::BrierSkill,
            Metric::Ece { bins },
            Metric::EceEqualWidth { bins },
            Metric::Mce { bins },
            Metric::Ks,
            TOP_DECILE,
        ]
    }

    /// From estimates in the order of [`Metrics::list`].
    fn of(estimates: Vec<Estimate>) -> Self {
        let mut estimates = estimates.into_iter();
        let mut next = || estimates.next().expect("one estimate for each metric of the list");
        Self {
            base_rate: next(),
            mean_probability: next(),
            auc: next(),
            average_precision: next(),
            log_loss: next(),
            brier: next(),
            brier_skill: next(),
            ece: next(),
            ece_equal_width: next(),
            mce: next(),
            ks: next(),
            top_decile_lift: next(),
        }
    }
}

impl AtThreshold {
    fn list(settings: &Settings) -> Vec<Metric> {
        let threshold = settings.threshold;
        let mut list = vec![
            Metric::FlaggedShare { threshold },
            Metric::Precision { threshold },
            Metric::Recall { threshold },
            Metric::Specificity { threshold },
            Metric::F1 { threshold },
            Metric::Accuracy { threshold },
        ];
        list.extend(settings.profit.map(|profit| Metric::ProfitPerRow { threshold, profit }));
        list
    }

    fn of(confusion: Confusion, estimates: &[(Metric, Estimate)]) -> Self {
        let find = |wanted: fn(&Metric) -> bool| {
            estimates.iter().find(|(metric, _)| wanted(metric)).map(|(_, estimate)| estimate.clone())
        };
        Self {
            confusion,
            flagged_share: find(|metric| matches!(metric, Metric::FlaggedShare { .. })),
            precision: find(|metric| matches!(metric, Metric::Precision { .. })),
            recall: find(|metric| matches!(metric, Metric::Recall { .. })),
            specificity: find(|metric| matches!(metric, Metric::Specificity { .. })),
            f1: find(|metric| matches!(metric, Metric::F1 { .. })),
            accuracy: find(|metric| matches!(metric, Metric::Accuracy { .. })),
            profit_per_row: find(|metric| matches!(metric, Metric::ProfitPerRow { .. })),
        }
    }
}
