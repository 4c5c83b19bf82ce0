//! How good the model is on rows it never saw.

use serde::{Deserialize, Serialize};

/// How good the model is, on test rows only (all folds' test rows together).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Test rows.
    pub n_rows: u64,
    /// Those whose outcome is positive.
    pub n_positive: u64,
    /// Coverage of every interval here, such as 0.95.
    pub confidence: f64,
    /// Bootstrap resamples behind them.
    pub n_bootstrap: usize,
    /// Metrics of the model, calibrated where a calibration was chosen. In the order the report shows them.
    pub metrics: Vec<Metric>,
    /// What a sceptic would use instead: base rate, logistic regression, recency rule.
    pub baselines: Vec<Baseline>,
    /// Points of the ROC curve (false positive rate, true positive rate), ascending.
    pub roc: Vec<(f64, f64)>,
    /// Points of the precision-recall curve (recall, precision), ascending in recall.
    pub precision_recall: Vec<(f64, f64)>,
    /// Reliability of the raw probabilities.
    pub reliability_raw: Vec<ReliabilityBin>,
    /// Reliability of the calibrated probabilities.
    pub reliability_calibrated: Vec<ReliabilityBin>,
    /// Calibration maps that were tried on validation rows.
    pub calibration: Vec<CalibrationCandidate>,
    /// Ten groups of equal size, highest scores first.
    pub deciles: Vec<Decile>,
    /// Profit by the share of customers contacted, highest scores first.
    pub profit: Option<ProfitCurve>,
    /// Scores by class.
    pub histogram: ScoreHistogram,
    /// Loss of AUC when a feature's values are shuffled, most important first.
    pub importance: Vec<Importance>,
    /// Metrics by level of a column.
    pub slices: Vec<Slice>,
}

/// A figure with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure on the whole set.
    pub value: f64,
    /// Lower end of its interval.
    pub lower: f64,
    /// Upper end of its interval.
    pub upper: f64,
}

/// A metric of the model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Its key: `auc`, `pr_auc`, `log_loss`, `brier`, `ece`, `ks`, `precision`, `recall`, `f1`, `lift_top_decile`, …
    pub key: String,
    /// The figure, or none where it is undefined.
    pub estimate: Option<Estimate>,
    /// Why it is undefined.
    pub undefined: Option<String>,
}

/// A simpler rule, judged on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its name: `base rate`, `logistic regression`, `recency rule`.
    pub name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Its area under the ROC curve.
    pub auc: Option<Estimate>,
    /// Its log loss, where it yields a probability.
    pub log_loss: Option<Estimate>,
    /// The model's AUC minus its own, with a paired bootstrap interval.
    pub auc_difference: Option<Estimate>,
    /// The model's log loss minus its own, with a paired bootstrap interval.
    pub log_loss_difference: Option<Estimate>,
    /// Points of its ROC curve; may be empty.
    pub roc: Vec<(f64, f64)>,
}

/// Rows of similar predicted probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share of positive rows.
    pub observed: f64,
    /// Rows.
    pub n_rows: u64,
}

/// A calibration map that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationCandidate {
    /// Its name: `none`, `temperature`, `platt`, `beta`, `isotonic`.
    pub name: String,
    /// Cross-validated log loss on validation rows.
    pub log_loss: f64,
    /// Whether it was chosen.
    pub chosen: bool,
}

/// One tenth of the rows in the order of their score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decile {
    /// 1 holds the highest scores.
    pub decile: usize,
    /// Rows.
    pub n_rows: u64,
    /// Positive rows.
    pub n_positive: u64,
    /// Mean predicted probability.
    pub mean_score: f64,
    /// Share of positives here over the share of positives overall.
    pub lift: f64,
    /// Share of all positives that are here or in a higher decile.
    pub cumulative_gain: f64,
}

/// Profit of contacting customers in the order of their score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfitCurve {
    /// Cost of contacting one customer.
    pub contact_cost: f64,
    /// Value of a customer who stays.
    pub customer_value: f64,
    /// Probability that a contacted churner stays.
    pub success_rate: f64,
    /// Share of customers contacted and the profit per customer of the whole set, ascending in the share.
    pub points: Vec<ProfitPoint>,
    /// The threshold chosen on validation rows.
    pub threshold: f64,
    /// What it does on the test rows.
    pub chosen: ProfitPoint,
}

/// One point of the profit curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfitPoint {
    /// Customers with at least this probability are contacted.
    pub threshold: f64,
    /// Share of customers contacted, 0 to 1.
    pub contacted_share: f64,
    /// Profit over all rows.
    pub profit: f64,
}

/// Scores by class over equal bins of 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreHistogram {
    /// Rows of each bin whose outcome is negative.
    pub negative: Vec<u64>,
    /// Rows of each bin whose outcome is positive.
    pub positive: Vec<u64>,
}

/// Importance of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The feature.
    pub feature: String,
    /// AUC lost when its values are shuffled among the test rows.
    pub auc_loss: Estimate,
}

/// One level of a column, judged apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The column.
    pub column: String,
    /// Its level.
    pub level: String,
    /// Rows.
    pub n_rows: u64,
    /// Positive rows.
    pub n_positive: u64,
    /// Mean predicted probability.
    pub mean_score: f64,
    /// Area under the ROC curve, where both classes occur.
    pub auc: Option<Estimate>,
}
