//! Everything a report about customer value is made from; `report.json` is its serialized form.

use serde::{Deserialize, Serialize};
use tenure_evaluate::{
    Coverage, Estimate, PitHistogram, ValueComparison, ValueEvaluation, ValueMetric, ValueMetrics, ValueSliceTable,
    ValueSpread,
};
use tenure_table::Timestamp;

use crate::results::{
    DataFacts, Environment, Evaluation, GateOutcome, PartialDependence, PartitionFacts, Retention, RunFacts, Setting,
    Suspect, Timeline, TrainingFacts,
};

/// The results of one run that predicts customer value, with or without churn beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueResults {
    /// Version of this structure: [`crate::FORMAT`].
    pub format: u32,
    /// Which run; its task is `clv` or `churn+clv`.
    pub run: RunFacts,
    /// What was read. Positive examples are customers with any value in the horizon.
    pub data: DataFacts,
    /// Columns that may be the label in disguise.
    pub suspects: Vec<Suspect>,
    /// The holdout, or every fold. Positive rows are those with any value; AUC and log loss are of buying at all.
    pub partitions: Vec<PartitionFacts>,
    /// Cutoffs and label windows; only for events.
    pub timeline: Option<Timeline>,
    /// Cohort retention; only for events.
    pub retention: Option<Retention>,
    /// What is predicted.
    pub target: ValueTarget,
    /// The network, or the probabilistic model, and how it was trained.
    pub training: TrainingFacts,
    /// Probabilistic models that were fitted, as the model itself, as baselines or as features.
    pub fits: Vec<FitFacts>,
    /// How good it is, on test rows only.
    pub judgement: ValueJudgement,
    /// The customer base as a probabilistic model sees it; only for events.
    pub base: CustomerBase,
    /// The churn head on the same rows, where the task has one.
    pub churn: Option<Evaluation>,
    /// Partial dependence of the most important features, in the unit of the value.
    pub dependence: Vec<PartialDependence>,
    /// Gates of the plan and whether they were met.
    pub gates: Vec<GateOutcome>,
    /// Every resolved configuration value, in the order of `configs/default.toml`.
    pub config: Vec<Setting>,
    /// Software, hardware, seed, timings.
    pub environment: Environment,
    /// What a reader must know before acting on this run, one sentence each.
    pub caveats: Vec<String>,
}

/// What is predicted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueTarget {
    /// In words: `spend`, `transactions`.
    pub quantity: String,
    /// Its unit: `USD`, `purchases`; may be empty where the data names none.
    pub unit: String,
    /// The length of the window it is summed over: `273 days`.
    pub horizon: String,
}

/// How good the model is, on test rows only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueJudgement {
    /// The model.
    pub model: ValueEvaluation,
    /// What a sceptic would use instead: naive rate, last period, zero, BG/NBD, Pareto/NBD + Gamma-Gamma.
    pub baselines: Vec<ValueBaseline>,
    /// Whether the predicted distributions are right; none for a model that predicts means only.
    pub distribution: Option<DistributionFacts>,
    /// Metrics of each seed's network alone; empty for a single seed.
    pub seeds: Vec<ValueSpread>,
    /// Other horizons of the same model, shortest first.
    pub horizons: Vec<HorizonFacts>,
    /// By month of the first purchase; only for events.
    pub cohorts: Option<ValueSliceTable>,
    /// By level, for each column that was asked for.
    pub slices: Vec<ValueSliceTable>,
    /// Loss of quality when a feature's values are shuffled, most important first.
    pub importance: Vec<ValueImportance>,
}

/// A simpler model, judged on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueBaseline {
    /// Its name: `naive rate`, `Pareto/NBD + Gamma-Gamma`.
    pub name: String,
    /// What it does, in a sentence.
    pub description: String,
    /// How good it is.
    pub evaluation: ValueEvaluation,
    /// The model against it on the same resamples, one entry for each metric that both define.
    pub comparisons: Vec<ValueComparison>,
}

impl ValueBaseline {
    /// The paired comparison of this metric.
    pub fn comparison(&self, metric: ValueMetric) -> Option<&ValueComparison> {
        self.comparisons.iter().find(|comparison| comparison.metric == metric)
    }
}

/// Whether predicted distributions are right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistributionFacts {
    /// Histogram of the probability integral transform.
    pub pit: PitHistogram,
    /// Coverage of central intervals, narrowest first.
    pub coverage: Vec<Coverage>,
}

/// The same model over another horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HorizonFacts {
    /// Its length: `30 days`.
    pub horizon: String,
    /// How good the predictions are.
    pub metrics: ValueMetrics,
}

/// Importance of one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueImportance {
    /// The feature.
    pub feature: String,
    /// Normalized Gini lost when its values are shuffled among the test rows.
    pub gini_loss: Estimate,
}

/// A probabilistic model that was fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitFacts {
    /// Its name: `Pareto/NBD`.
    pub model: String,
    /// Customers it was fitted on.
    pub n_customers: u64,
    /// Log-likelihood at its parameters.
    pub log_likelihood: f64,
    /// Whether the optimiser says that it converged, and what is amiss if not.
    pub convergence: String,
    /// Its parameters, in the order of the literature.
    pub parameters: Vec<FittedParameter>,
}

/// One parameter of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedParameter {
    /// Its name: `r`, `alpha`.
    pub name: String,
    /// Its estimate.
    pub value: f64,
    /// Its standard error, where the Hessian has one.
    pub standard_error: Option<f64>,
}

/// The customer base as a probabilistic model sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CustomerBase {
    /// P(alive) over frequency and recency.
    pub alive: Option<AliveGrid>,
    /// Transactions by week, expected and actual.
    pub tracking: Option<Tracking>,
}

/// The probability of still being a customer, over frequency and recency, for customers of one age.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AliveGrid {
    /// The model it comes from.
    pub model: String,
    /// Time unit of `age` and `recency`: `weeks`.
    pub unit: String,
    /// Time from the first purchase to the cutoff.
    pub age: f64,
    /// Repeat purchases of each row, ascending and evenly spaced.
    pub frequency: Vec<u32>,
    /// Time from the first to the last purchase of each column, ascending and evenly spaced.
    pub recency: Vec<f64>,
    /// By row and column; none where no customer can be (no repeat purchase, yet a later last one).
    pub p_alive: Vec<Vec<Option<f64>>>,
}

/// Transactions of the calibration customers by week, expected and actual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tracking {
    /// The first instant of the first week, UTC.
    pub start: Timestamp,
    /// Weeks before the cutoff; those after it were not seen by the fit.
    pub n_calibration_weeks: usize,
    /// Transactions of each week.
    pub actual: Vec<f64>,
    /// What each model expects of each week.
    pub expected: Vec<ExpectedTransactions>,
}

/// What one model expects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExpectedTransactions {
    /// Its name.
    pub model: String,
    /// Expected transactions of each week, as many as there are actual ones.
    pub weekly: Vec<f64>,
}

impl ValueJudgement {
    /// The baseline with the highest normalized Gini; of equals, the first. Those that leave it undefined are passed by.
    pub fn strongest_baseline(&self) -> Option<&ValueBaseline> {
        let gini = |baseline: &&ValueBaseline| {
            baseline.evaluation.metrics.normalized_gini.as_ref().map_or(f64::NEG_INFINITY, |gini| gini.value)
        };
        self.baselines.iter().rev().max_by(|a, b| gini(a).total_cmp(&gini(b)))
    }

    /// Coverage of the intervals.
    pub fn confidence(&self) -> f64 {
        self.model.settings.bootstrap.confidence
    }
}
