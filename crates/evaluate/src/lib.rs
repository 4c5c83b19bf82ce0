//! Scores and outcomes into metrics with intervals, clusterings into measures of their worth, in plain `f64`.
//!
//! What goes in is checked once, by [`Scored`] (probabilities), [`Ranked`] (scores that only rank) or [`Valued`] (predicted
//! amounts); what comes out serializes. The crate knows no models and no tables. Its invariants: a metric is computed on the whole set, never
//! averaged over batches; an undefined metric is an [`EvaluateError`] with its reason, never 0; no result depends on the
//! order of tied rows or on the number of threads.
//!
//! # Example
//! ```
//! use tenure_evaluate::{Bootstrap, Metric, Scored};
//!
//! let probabilities = [0.9, 0.8, 0.7, 0.6, 0.55, 0.45, 0.4, 0.3, 0.2, 0.1];
//! let churned = [true, true, false, true, true, false, false, true, false, false];
//! let scored = Scored::new(&probabilities, &churned, None)?;
//!
//! let bootstrap = Bootstrap { resamples: 500, confidence: 0.9, seed: 7 };
//! let estimates = bootstrap.estimate(&scored, &[Metric::Auc, Metric::LogLoss])?;
//! let auc = &estimates[0];
//! let interval = auc.interval.expect("both classes are in nearly every resample");
//! assert!((auc.value - 0.8).abs() < 1e-15 && interval.low < auc.value && auc.value < interval.high);
//! # Ok::<(), tenure_evaluate::EvaluateError>(())
//! ```

mod binary;
mod bootstrap;
mod calibrate;
mod clustering;
mod comparison;
mod curves;
mod delong;
mod dependence;
mod error;
mod explain;
mod flagged;
mod folds;
mod importance;
mod metric;
mod profit;
mod random;
mod rank;
mod reliability;
mod sample;
mod slices;
#[cfg(test)]
mod tests;
mod thin;
mod value;

pub use binary::{
    AtThreshold, BinaryEvaluation, Constant, Counts, Metrics, RankedEvaluation, Settings, Undefined, evaluate_binary,
    evaluate_ranked,
};
pub use bootstrap::{Bootstrap, Estimate, Interval};
pub use calibrate::{Candidate, Choice, Method, choose_calibration, fit_calibration};
pub use clustering::{
    ClusteringError, Explained, Gap, Labelled, PointRows, Points, PrincipalAxes, Silhouette, SilhouetteRow,
    adjusted_rand, calinski_harabasz, davies_bouldin, explained, gap, gap_choice, mean_estimate, principal_axes,
    silhouette, uniform_reference, variance_explained, within_sum_of_squares,
};
pub use comparison::{Comparison, Measure};
pub use curves::{
    Decile, Histogram, PrecisionRecallPoint, RocPoint, deciles, histogram, precision_recall_curve, roc_curve,
};
pub use delong::delong;
pub use dependence::{DependencePoint, dependence_grid, dependence_point};
pub use error::EvaluateError;
pub use explain::{codes, explain};
pub use flagged::Confusion;
pub use folds::{FoldSummary, summarise_folds};
pub use importance::{Importance, ImportanceStudy, ImportanceTask, Judged};
pub use metric::Metric;
pub use profit::{Profit, ProfitCurve, ProfitPoint, best_threshold, profit_curve};
pub use reliability::{Binning, Murphy, Reliability, ReliabilityBin, wilson_interval};
pub use sample::{LOG_LOSS_CLIP, Ranked, Sample, Scored};
pub use slices::{MISSING_LEVEL, Slice, SliceMetrics, SliceSettings, SliceTable, bands, slice_by};
pub use value::{
    Coverage, GainPoint, Pit, PitHistogram, Targeting, TargetingCurve, TargetingPoint, ValueComparison, ValueCounts,
    ValueDecile, ValueEvaluation, ValueMetric, ValueMetrics, ValueSettings, ValueSlice, ValueSliceMetrics,
    ValueSliceSettings, ValueSliceTable, ValueSpread, Valued, defined_for, evaluate_value, gain_curve,
    interval_coverage, perfect_gain_curve, slice_values_by, spread_values, targeting_curve, value_deciles,
};
