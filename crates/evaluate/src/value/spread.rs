//! A metric over several predictions of the same kind: seeds, or folds.

use serde::{Deserialize, Serialize};

use super::metric::ValueMetric;
use super::sample::Valued;
use crate::EvaluateError;
use crate::bootstrap::standard_deviation;

/// A metric over seeds or folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueSpread {
    /// The metric.
    pub metric: ValueMetric,
    /// Its name.
    pub name: String,
    /// Its value for each.
    pub each: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation (divisor n − 1); 0 for a single one. Of seeds it is what chance in training does;
    /// how far chance in the rows reaches, only intervals say.
    pub standard_deviation: f64,
}

/// Each metric on every set of predictions.
///
/// # Example
/// ```
/// use tenure_evaluate::{ValueMetric, Valued, spread_values};
///
/// let first = Valued::new(&[2.0, 0.0], &[3.0, 0.0], None)?;
/// let second = first.with_predictions(&[6.0, 0.0])?;
/// let spread = &spread_values(&[&first, &second], &[ValueMetric::Mae])?[0];
/// assert_eq!((spread.each.as_slice(), spread.mean), ([0.5, 1.5].as_slice(), 1.0));
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
pub fn spread_values(samples: &[&Valued], metrics: &[ValueMetric]) -> Result<Vec<ValueSpread>, EvaluateError> {
    if samples.is_empty() {
        return Err(EvaluateError::Empty);
    }
    let spread = |&metric: &ValueMetric| {
        let each = samples.iter().map(|valued| metric.of(valued)).collect::<Result<Vec<_>, _>>()?;
        Ok(ValueSpread {
            metric,
            name: metric.name().to_string(),
            mean: each.iter().sum::<f64>() / each.len() as f64,
            standard_deviation: standard_deviation(&each),
            each,
        })
    };
    metrics.iter().map(spread).collect()
}
