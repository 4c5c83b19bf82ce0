//! Metrics over cross-validation folds.

use serde::{Deserialize, Serialize};

use crate::bootstrap::standard_deviation;
use crate::{EvaluateError, Metric, Sample};

/// A metric over folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldSummary {
    /// The metric.
    pub metric: Metric,
    /// Its name.
    pub name: String,
    /// Its value on each fold's test rows.
    pub per_fold: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation (divisor n − 1); 0 for a single fold. Folds share training rows, so this is the
    /// spread between folds and not the error of the mean.
    pub standard_deviation: f64,
    /// The metric on the rows of all folds together, each scored by the model that had not seen it. Ranks of different
    /// models meet here, so the pooled AUC lies a little below the mean.
    pub pooled: f64,
}

/// Each metric on every fold's test rows, and on `pooled`, the rows of all folds together.
///
/// # Example
/// ```
/// use tenure_evaluate::{Metric, Scored, summarise_folds};
///
/// let first = Scored::new(&[0.9, 0.2], &[true, false], None)?;
/// let second = Scored::new(&[0.3, 0.6], &[true, false], None)?;
/// let pooled = Scored::new(&[0.9, 0.2, 0.3, 0.6], &[true, false, true, false], None)?;
/// let auc = &summarise_folds(&[(&first).into(), (&second).into()], &pooled, &[Metric::Auc])?[0];
/// assert_eq!((auc.per_fold.as_slice(), auc.mean, auc.pooled), ([1.0, 0.0].as_slice(), 0.5, 0.75));
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
pub fn summarise_folds<'a>(
    folds: &[Sample<'_>],
    pooled: impl Into<Sample<'a>>,
    metrics: &[Metric],
) -> Result<Vec<FoldSummary>, EvaluateError> {
    if folds.is_empty() {
        return Err(EvaluateError::Empty);
    }
    let pooled = pooled.into();
    metrics.iter().map(|&metric| summarise(folds, pooled, metric)).collect()
}

fn summarise(folds: &[Sample<'_>], pooled: Sample<'_>, metric: Metric) -> Result<FoldSummary, EvaluateError> {
    let per_fold = folds.iter().map(|&fold| metric.of(fold)).collect::<Result<Vec<_>, _>>()?;
    Ok(FoldSummary {
        metric,
        name: metric.name().to_string(),
        mean: per_fold.iter().sum::<f64>() / per_fold.len() as f64,
        standard_deviation: standard_deviation(&per_fold),
        pooled: metric.of(pooled)?,
        per_fold,
    })
}
