//! What a threshold does: the confusion matrix and its ratios.

use serde::{Deserialize, Serialize};

use crate::sample::View;
use crate::{EvaluateError, Sample};

/// Mass of rows by outcome and decision; a row is flagged when its score reaches the threshold. Counts where rows have
/// no weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// Rows with at least this score are flagged.
    pub threshold: f64,
    /// Flagged and positive.
    pub true_positive: f64,
    /// Flagged and negative.
    pub false_positive: f64,
    /// Not flagged and negative.
    pub true_negative: f64,
    /// Not flagged and positive.
    pub false_negative: f64,
}

impl Confusion {
    /// The confusion matrix at `threshold`.
    pub fn at<'a>(sample: impl Into<Sample<'a>>, threshold: f64) -> Self {
        Self::of(sample.into().ranked().view(), threshold)
    }

    pub(crate) fn of(view: View<'_>, threshold: f64) -> Self {
        let flagged = view.runs().take_while(|run| run.score >= threshold);
        let (mass, true_positive) = flagged.fold((0.0, 0.0), |sum, run| (sum.0 + run.mass, sum.1 + run.positive));
        let false_positive = mass - true_positive;
        Self {
            threshold,
            true_positive,
            false_positive,
            true_negative: (view.totals.negative - false_positive).max(0.0),
            false_negative: (view.totals.positive - true_positive).max(0.0),
        }
    }

    /// TP / (TP + FP): how many flagged rows are positive.
    pub fn precision(&self) -> Result<f64, EvaluateError> {
        let flagged = self.true_positive + self.false_positive;
        if flagged > 0.0 {
            return Ok(self.true_positive / flagged);
        }
        Err(EvaluateError::NobodyFlagged { metric: "precision", threshold: self.threshold })
    }

    /// TP / (TP + FN): how many positive rows are flagged.
    pub fn recall(&self) -> Result<f64, EvaluateError> {
        self.ratio("recall", "positive", self.true_positive, self.false_negative)
    }

    /// TN / (TN + FP): how many negative rows are left alone.
    pub fn specificity(&self) -> Result<f64, EvaluateError> {
        self.ratio("specificity", "negative", self.true_negative, self.false_positive)
    }

    /// 2 TP / (2 TP + FP + FN): the harmonic mean of precision and recall; 0 where positives exist and none is flagged.
    pub fn f1(&self) -> Result<f64, EvaluateError> {
        self.ratio("F1", "positive", 2.0 * self.true_positive, self.false_positive + self.false_negative)
    }

    /// (TP + TN) / all.
    pub fn accuracy(&self) -> f64 {
        (self.true_positive + self.true_negative) / self.total()
    }

    /// (TP + FP) / all.
    pub fn flagged_share(&self) -> f64 {
        (self.true_positive + self.false_positive) / self.total()
    }

    pub(crate) fn total(&self) -> f64 {
        self.true_positive + self.false_positive + self.true_negative + self.false_negative
    }

    fn ratio(&self, metric: &'static str, class: &'static str, part: f64, rest: f64) -> Result<f64, EvaluateError> {
        if part + rest > 0.0 {
            return Ok(part / (part + rest));
        }
        Err(EvaluateError::OneClass { metric, n_rows: self.total() as usize, missing: class })
    }
}
