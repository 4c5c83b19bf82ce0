//! Predicted against actual customer value: what a customer spends, or how often they buy, in a horizon.
//!
//! Predictions and actual values are checked and sorted once, by [`Valued`]; [`ValueMetric`] names every single-number
//! metric, so that intervals, slices and comparisons treat them alike. Rows of equal prediction have no order: whatever
//! depends on one takes its expectation over all of them, so a constant prediction ranks nothing.

mod compare;
mod coverage;
mod decile;
mod evaluation;
mod gain;
mod metric;
mod pit;
mod rank;
mod sample;
mod slices;
mod spread;
mod targeting;
#[cfg(test)]
mod tests;
mod view;

pub use compare::{ValueComparison, defined_for};
pub use coverage::{Coverage, interval_coverage};
pub use decile::{ValueDecile, value_deciles};
pub use evaluation::{ValueCounts, ValueEvaluation, ValueMetrics, ValueSettings, evaluate_value};
pub use gain::{GainPoint, gain_curve, perfect_gain_curve};
pub use metric::ValueMetric;
pub use pit::{Pit, PitHistogram};
pub use sample::Valued;
pub use slices::{ValueSlice, ValueSliceMetrics, ValueSliceSettings, ValueSliceTable, slice_values_by};
pub use spread::{ValueSpread, spread_values};
pub use targeting::{Targeting, TargetingCurve, TargetingPoint, targeting_curve};
