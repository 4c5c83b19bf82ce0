//! What was measured: the table from teacher to integers, and the gates on it.

use serde::Serialize;
use tenure_config as plan;
use tenure_evaluate::{Comparison, Interval, ValueComparison};

use crate::RangeMethod;
use crate::measure::Latency;

/// One line of the table: teacher, student, integers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What was measured.
    pub name: &'static str,
    /// The whole file; of the teacher its weights.
    pub size_bytes: usize,
    /// Whether this is what the bundle holds.
    pub is_shipped: bool,
    /// How good its probabilities of churn are, where it gives them.
    #[serde(flatten)]
    pub churn: Option<ChurnQuality>,
    /// How good its expected values are, where it gives them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<ValueQuality>,
    /// Microseconds a row through the edge runtime; of the teacher see `batch_us` alone.
    pub latency: Latency,
}

/// Probabilities of churn on the test rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChurnQuality {
    /// Area under the ROC curve.
    pub auc: f64,
    /// Its interval.
    pub auc_interval: Option<Interval>,
    /// Log loss.
    pub log_loss: f64,
    /// Against the teacher on the same rows, with paired intervals: AUC, then log loss. Empty for the teacher.
    pub against_teacher: Vec<Comparison>,
    /// The largest difference in probability from the teacher on a test row.
    pub max_difference: f64,
}

/// Expected values on the test rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueQuality {
    /// Normalized Gini.
    pub normalized_gini: f64,
    /// Its interval.
    pub gini_interval: Option<Interval>,
    /// Spearman's rank correlation.
    pub spearman: f64,
    /// Root of the mean squared error, in money.
    pub rmse: f64,
    /// Sum of expected over sum of actual values.
    pub total_ratio: f64,
    /// Against the teacher on the same rows, with paired intervals: normalized Gini, then Spearman. Empty for the teacher.
    pub against_teacher: Vec<ValueComparison>,
    /// Sum of expected values over the teacher's, less 1.
    pub total_change: f64,
}

/// One way of quantizing, judged on validation rows through the edge runtime.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Where ranges of activations end.
    pub ranges: RangeMethod,
    /// Whether biases were corrected.
    pub correct_bias: bool,
    /// Distance from the student in single precision, in nats; the least wins. The mean Kullback-Leibler divergence of the
    /// probabilities, plus half the mean squared difference of the logarithms of expected values.
    pub divergence: f64,
    /// Log loss of churn against the labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_loss: Option<f64>,
    /// Normalized Gini of value against the labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalized_gini: Option<f64>,
}

/// Integers by rounding alone and those that the student has been trained for, on validation rows through the edge runtime:
/// the nearer to the teacher is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Awareness {
    /// Distance of the integers by rounding alone from the teacher, in nats; see [`Candidate::divergence`].
    pub post_training: f64,
    /// Distance of those that the student has been trained for.
    pub aware: f64,
    /// Whether they are shipped.
    pub is_kept: bool,
}

/// A bound of `[quantize]`, and whether it holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gate {
    /// `quantize.max_…`, or `parity`: the student's probabilities here and in the trainer, `parity_value`: its expected
    /// values, relatively.
    pub gate: &'static str,
    /// The bound.
    pub bound: f64,
    /// What was lost.
    pub found: f64,
    /// Whether it is within the bound.
    pub passed: bool,
}

impl Gate {
    /// Passed where no more was lost than is allowed.
    pub(crate) fn new(gate: &'static str, bound: f64, found: f64) -> Self {
        Self { gate, bound, found, passed: found <= bound }
    }
}

/// The trainer and the edge may differ by this much in a probability: they add products in another order.
const MAX_PROBABILITY_GAP: f64 = 1e-5;
/// The same for expected values, as a share of them.
const MAX_VALUE_GAP: f64 = 1e-4;

/// How near the student in single precision comes to itself in the trainer, on every training, validation and test row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Parity {
    /// How many rows were compared.
    pub n_rows: usize,
    /// The largest difference in a probability, of churn or of buying.
    pub max_probability_gap: f64,
    /// The largest difference in an expected value, as a share of it; none where value is not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_value_gap: Option<f64>,
}

impl Parity {
    pub(crate) fn gates(self) -> impl Iterator<Item = Gate> {
        let of_value = self.max_value_gap.map(|gap| Gate::new("parity_value", MAX_VALUE_GAP, gap));
        std::iter::once(Gate::new("parity", MAX_PROBABILITY_GAP, self.max_probability_gap)).chain(of_value)
    }
}

/// The bundle and how it came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compressed {
    /// The file.
    #[serde(skip)]
    pub file: Vec<u8>,
    /// Layer widths of the student, inputs first, such as `64-96-96-1`.
    pub shape: String,
    /// `int8`, `int4` or `f32`.
    pub precision: plan::Precision,
    /// Rows of train, validation, test.
    pub n_rows: [usize; 3],
    /// Teacher, student, and the integers that were tried, each through the edge runtime.
    pub steps: Vec<Step>,
    /// Ways of quantizing, the best first; empty for single precision.
    pub candidates: Vec<Candidate>,
    /// What training for integers brought; none where it was not tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awareness: Option<Awareness>,
    /// The student here and in the trainer.
    pub parity: Parity,
    /// Bounds on what the shipped step lost.
    pub gates: Vec<Gate>,
}

impl Compressed {
    /// Whether every bound holds.
    pub fn passed(&self) -> bool {
        self.gates.iter().all(|gate| gate.passed)
    }
}
