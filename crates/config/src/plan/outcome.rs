//! `[evaluate]`, `[report]`, `[gates]` and `[run]`: how a run is judged, and what it leaves.

use serde::{Deserialize, Serialize};

/// `[evaluate]`
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Evaluate {
    /// Bootstrap resamples.
    pub bootstrap: usize,
    /// Coverage of the intervals.
    pub confidence: f64,
    /// Bins of the reliability curve and of the expected calibration error.
    pub bins: usize,
    /// The map from raw to calibrated probability, fitted on validation rows.
    pub calibration: Calibration,
    /// Whether the lowest predictions of value are pooled: among customers who hardly differ, order is noise.
    pub pool: Pool,
    /// Columns whose levels are judged apart.
    pub slices: Vec<String>,
    /// A level with fewer rows is not judged apart.
    pub min_slice_rows: usize,
    /// Repeats of permutation importance; 0 leaves it out.
    pub permutations: usize,
    /// What an action costs and brings.
    pub profit: Profit,
}

choices! {
    /// The map from raw to calibrated probability.
    Calibration {
        /// The candidate with the lowest cross-validated log loss on validation rows.
        Auto = "auto",
        /// None.
        None = "none",
        /// Logit divided by one temperature.
        Temperature = "temperature",
        /// Logistic in the logit.
        Platt = "platt",
        /// Beta calibration (Kull et al. 2017).
        Beta = "beta",
        /// Isotonic regression.
        Isotonic = "isotonic",
    }
}

choices! {
    /// Whether the lowest predictions of value are pooled.
    Pool {
        /// They stay as they are.
        None = "none",
        /// At each cutoff the lowest predictions become their mean. The share that is pooled is the one with the highest
        /// Spearman correlation on validation rows among those that rank value no worse than `model.offset` there.
        Auto = "auto",
    }
}

/// `[evaluate.profit]`: profit of contacting a customer = p(churn) · success · value − contact.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Profit {
    /// Cost of contacting one customer.
    pub contact_cost: f64,
    /// Value of a customer who stays.
    pub customer_value: f64,
    /// Probability that a contacted churner stays.
    pub success_rate: f64,
}

/// `[report]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// Whether `report.html` and `model_card.md` are written.
    pub html: bool,
    /// Features shown with importance and partial dependence.
    pub top_features: usize,
}

/// `[gates]`: a run that misses one ends with exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Gates {
    /// Area under the ROC curve, at least.
    pub min_auc: Option<f64>,
    /// Log loss, at most.
    pub max_log_loss: Option<f64>,
    /// Expected calibration error, at most.
    pub max_ece: Option<f64>,
    /// Normalized Gini of the predicted value, at least.
    pub min_gini: Option<f64>,
    /// Spearman's rank correlation of predicted with actual value, at least.
    pub min_spearman: Option<f64>,
    /// Sum of predicted over sum of actual value, or its inverse where that is larger, at most.
    pub max_value_ratio: Option<f64>,
}

/// `[run]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Run {
    /// The folder of runs.
    pub dir: String,
    /// Rows scored at once; bounds memory, changes nothing else.
    pub score_batch: usize,
    /// Whether a run ends with `tenure compress`; it costs a second, smaller training.
    pub bundle: bool,
}
