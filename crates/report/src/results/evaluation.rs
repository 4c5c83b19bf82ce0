//! How good the model is on rows it never saw, in the evaluate crate's terms.

use serde::{Deserialize, Serialize};
use tenure_evaluate::{
    BinaryEvaluation, Choice, Comparison, Estimate, FoldSummary, Metric, Reliability, RocPoint, SliceTable,
};

/// How good the model is, on test rows only (all folds' test rows together).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The model, with the calibration that was chosen.
    pub model: BinaryEvaluation,
    /// Metrics over folds; empty for a holdout.
    pub folds: Vec<FoldSummary>,
    /// Reliability of the probabilities as the network gives them; none where no calibration was chosen.
    pub raw: Option<Reliability>,
    /// What a sceptic would use instead: logistic regression, recency rule. Always predicting the base rate is in
    /// `model` already.
    pub baselines: Vec<Baseline>,
    /// The calibration of each partition; empty where none was asked for.
    pub calibration: Vec<PartitionCalibration>,
    /// Loss of AUC when a feature's values are shuffled, most important first.
    pub importance: Vec<FeatureImportance>,
    /// The model by level, for each column that was asked for.
    pub slices: Vec<SliceTable>,
}

/// A simpler rule, judged on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its name: `logistic regression`, `recency rule`.
    pub name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Its area under the ROC curve.
    pub auc: Estimate,
    /// Its log loss, where it yields a probability.
    pub log_loss: Option<Estimate>,
    /// The model against it on the same resamples, one entry for each metric that both have.
    pub comparisons: Vec<Comparison>,
    /// Its ROC curve; may be empty.
    pub roc: Vec<RocPoint>,
}

impl Baseline {
    /// The paired comparison of this metric.
    pub fn comparison(&self, metric: Metric) -> Option<&Comparison> {
        self.comparisons.iter().find(|comparison| comparison.metric == metric)
    }
}

/// The calibration of one partition, fitted on its validation rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionCalibration {
    /// The partition: `holdout`, `fold 1`.
    pub partition: String,
    /// What was chosen, and from what.
    pub choice: Choice,
}

/// Importance of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureImportance {
    /// The feature.
    pub feature: String,
    /// AUC lost when its values are shuffled among the test rows.
    pub auc_loss: Estimate,
}

impl Evaluation {
    /// The baseline with the highest AUC; of equals, the first.
    pub fn strongest_baseline(&self) -> Option<&Baseline> {
        self.baselines.iter().rev().max_by(|a, b| a.auc.value.total_cmp(&b.auc.value))
    }

    /// The summary of this metric over folds.
    pub fn over_folds(&self, metric: Metric) -> Option<&FoldSummary> {
        self.folds.iter().find(|summary| summary.metric == metric)
    }

    /// Coverage of the intervals.
    pub fn confidence(&self) -> f64 {
        self.model.settings.bootstrap.confidence
    }
}
