//! Every single-number metric by name, so that intervals, slices, folds and comparisons treat them alike.

use serde::{Deserialize, Serialize};

use crate::flagged::Confusion;
use crate::reliability::{Binning, Bins};
use crate::sample::{Run, View};
use crate::{EvaluateError, Profit, Sample, Scored, rank};

/// A metric of scores and outcomes, computed on the whole set at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Metric {
    /// Share of positive rows, by weight.
    BaseRate,
    /// Area under the ROC curve, ties by mid-rank (Hanley and `McNeil` 1982).
    Auc,
    /// Area under the precision-recall curve as average precision, `Σ (R_i − R_{i−1}) P_i`.
    AveragePrecision,
    /// Largest distance between the classes' score distributions (Kolmogorov-Smirnov).
    Ks,
    /// Rate of positives in the top share over the rate in all.
    TopLift {
        /// The share of rows, highest scores first.
        share: f64,
    },
    /// Mean of the probabilities.
    MeanProbability,
    /// Mean negative log-likelihood in nats; probabilities are clipped to [`crate::LOG_LOSS_CLIP`] from 0 and 1.
    LogLoss,
    /// Mean of (p − y)² (Brier 1950).
    Brier,
    /// 1 − Brier / (b (1 − b)), the gain over always predicting this set's base rate b.
    BrierSkill,
    /// Expected calibration error over bins of equal mass: the headline. `Σ mass_k / mass · |mean p − mean y|`
    /// (Naeini et al. 2015; equal mass because the equal-width estimate hangs on nearly empty bins, Roelofs et al.
    /// 2022).
    Ece {
        /// The number of bins.
        bins: usize,
    },
    /// Expected calibration error over bins of equal width, as older papers report it.
    EceEqualWidth {
        /// The number of bins.
        bins: usize,
    },
    /// The largest |mean p − mean y| of a bin of equal mass.
    Mce {
        /// The number of bins.
        bins: usize,
    },
    /// Share of flagged rows that are positive.
    Precision {
        /// Rows with at least this score are flagged.
        threshold: f64,
    },
    /// Share of positive rows that are flagged.
    Recall {
        /// Rows with at least this score are flagged.
        threshold: f64,
    },
    /// Share of negative rows that are not flagged.
    Specificity {
        /// Rows with at least this score are flagged.
        threshold: f64,
    },
    /// Harmonic mean of precision and recall.
    F1 {
        /// Rows with at least this score are flagged.
        threshold: f64,
    },
    /// Share of rows whose flag agrees with their outcome.
    Accuracy {
        /// Rows with at least this score are flagged.
        threshold: f64,
    },
    /// Share of rows that are flagged.
    FlaggedShare {
        /// Rows with at least this score are flagged.
        threshold: f64,
    },
    /// Profit of contacting the flagged rows, per row of the set.
    ProfitPerRow {
        /// Rows with at least this score are contacted.
        threshold: f64,
        /// What a contact costs and brings.
        profit: Profit,
    },
}

impl Metric {
    /// The metric of these scores.
    pub fn of<'a>(self, sample: impl Into<Sample<'a>>) -> Result<f64, EvaluateError> {
        let sample = sample.into();
        self.of_view(sample, sample.ranked().view())
    }

    /// The name that messages and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BaseRate => "base rate",
            Self::Auc => "AUC",
            Self::AveragePrecision => "average precision",
            Self::Ks => "KS",
            Self::TopLift { .. } => "lift",
            Self::MeanProbability => "mean probability",
            Self::LogLoss => "log loss",
            Self::Brier => "Brier score",
            Self::BrierSkill => "Brier skill",
            Self::Ece { .. } => "ECE",
            Self::EceEqualWidth { .. } => "ECE (equal width)",
            Self::Mce { .. } => "MCE",
            Self::Precision { .. } => "precision",
            Self::Recall { .. } => "recall",
            Self::Specificity { .. } => "specificity",
            Self::F1 { .. } => "F1",
            Self::Accuracy { .. } => "accuracy",
            Self::FlaggedShare { .. } => "flagged share",
            Self::ProfitPerRow { .. } => "profit per row",
        }
    }

    /// Whether more is better; none where neither is.
    pub const fn higher_is_better(self) -> Option<bool> {
        match self {
            Self::BaseRate | Self::MeanProbability | Self::FlaggedShare { .. } => None,
            Self::LogLoss | Self::Brier | Self::Ece { .. } | Self::EceEqualWidth { .. } | Self::Mce { .. } => {
                Some(false)
            }
            _ => Some(true),
        }
    }

    /// Whether noise alone makes the metric larger: absolute deviations do not cancel.
    pub(crate) const fn is_calibration_error(self) -> bool {
        matches!(self, Self::Ece { .. } | Self::EceEqualWidth { .. } | Self::Mce { .. })
    }

    /// The metric of a sample whose rows count by the view's masses.
    pub(crate) fn of_view(self, sample: Sample<'_>, view: View<'_>) -> Result<f64, EvaluateError> {
        let confusion = |threshold| Confusion::of(view, threshold);
        match self {
            Self::BaseRate => Ok(base_rate(view)),
            Self::Auc => rank::auc(view),
            Self::AveragePrecision => rank::average_precision(view),
            Self::Ks => rank::kolmogorov_smirnov(view).map(|(distance, _)| distance),
            Self::TopLift { share } => rank::top_lift(view, share),
            Self::Precision { threshold } => confusion(threshold).precision(),
            Self::Recall { threshold } => confusion(threshold).recall(),
            Self::Specificity { threshold } => confusion(threshold).specificity(),
            Self::F1 { threshold } => confusion(threshold).f1(),
            Self::Accuracy { threshold } => Ok(confusion(threshold).accuracy()),
            Self::FlaggedShare { threshold } => Ok(confusion(threshold).flagged_share()),
            Self::ProfitPerRow { threshold, profit } => Ok(profit.per_row(&confusion(threshold))),
            _ => match sample {
                Sample::Probabilities(scored) => self.of_probabilities(scored, view),
                Sample::Ranks(_) => Err(EvaluateError::NeedsProbabilities { metric: self.name() }),
            },
        }
    }

    fn of_probabilities(self, scored: &Scored, view: View<'_>) -> Result<f64, EvaluateError> {
        match self {
            Self::MeanProbability => Ok(mean_probability(view)),
            Self::LogLoss => Ok(log_loss(scored, view)),
            Self::Brier => Ok(brier(view)),
            Self::BrierSkill => brier_skill(view),
            Self::EceEqualWidth { bins } => Ok(Bins::new(view, Binning::EqualWidth, bins)?.expected_error()),
            Self::Mce { bins } => Ok(Bins::new(view, Binning::EqualMass, bins)?.largest_error()),
            Self::Ece { bins } => Ok(Bins::new(view, Binning::EqualMass, bins)?.expected_error()),
            _ => unreachable!("`of_view` computes every metric of the order"),
        }
    }
}

fn base_rate(view: View<'_>) -> f64 {
    view.totals.positive / view.mass()
}

fn mean_probability(view: View<'_>) -> f64 {
    view.runs().map(|run| run.mass * run.score).sum::<f64>() / view.mass()
}

fn log_loss(scored: &Scored, view: View<'_>) -> f64 {
    let runs = view.runs().zip(&scored.loss);
    runs.map(|(run, loss)| run.positive * loss[0] + (run.mass - run.positive) * loss[1]).sum::<f64>() / view.mass()
}

pub(crate) fn brier(view: View<'_>) -> f64 {
    let error = |p: f64, y: f64| (p - y) * (p - y);
    let of_run = |run: Run| run.positive * error(run.score, 1.0) + (run.mass - run.positive) * error(run.score, 0.0);
    view.runs().map(of_run).sum::<f64>() / view.mass()
}

fn brier_skill(view: View<'_>) -> Result<f64, EvaluateError> {
    view.both_classes("Brier skill")?;
    let base_rate = base_rate(view);
    Ok(1.0 - brier(view) / (base_rate * (1.0 - base_rate)))
}
