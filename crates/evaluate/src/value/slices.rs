//! Value metrics of each level of a column: value by segment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compare::defined_for;
use super::metric::ValueMetric;
use super::sample::Valued;
use crate::bootstrap::{Bootstrap, Estimate};
use crate::{EvaluateError, MISSING_LEVEL, Undefined};

/// How slices are judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueSliceSettings {
    /// How intervals are computed.
    pub bootstrap: Bootstrap,
    /// A level with fewer rows is listed but not judged.
    pub min_rows: usize,
}

/// A column taken apart by level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueSliceTable {
    /// The column.
    pub column: String,
    /// Its levels, largest first, equally large ones by name.
    pub slices: Vec<ValueSlice>,
}

/// The rows of one level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueSlice {
    /// The level.
    pub level: String,
    /// Its rows.
    pub n_rows: usize,
    /// Its rows whose actual value is not zero.
    pub n_nonzero: usize,
    /// Its rows over all rows.
    pub share: f64,
    /// Its metrics; none where it is too small.
    pub metrics: Option<ValueSliceMetrics>,
    /// Why there are no metrics, or which are undefined.
    pub undefined: Vec<Undefined>,
}

/// Metrics of one slice; [`ValueMetric`] defines each. Those that few or equal values leave undefined are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueSliceMetrics {
    /// Its part of the whole set's actual value; none where that is not positive.
    pub value_share: Option<f64>,
    /// Mean actual value.
    pub mean_actual: Estimate,
    /// Mean prediction; away from the mean actual value, the slice is over- or underestimated.
    pub mean_predicted: Estimate,
    /// Share of rows whose actual value is not zero.
    pub nonzero_share: Estimate,
    /// Mean absolute error.
    pub mae: Estimate,
    /// Predicted over actual total.
    pub total_ratio: Option<Estimate>,
    /// Normalized Gini.
    pub normalized_gini: Option<Estimate>,
    /// Spearman over all rows.
    pub spearman: Option<Estimate>,
}

/// Judges each level of a column apart. `levels` has the level of each row, in the order of `valued`'s rows.
///
/// Levels that are too small are listed with the reason, not dropped; so are metrics that a level leaves undefined.
pub fn slice_values_by(
    valued: &Valued,
    column: &str,
    levels: &[Option<&str>],
    settings: &ValueSliceSettings,
) -> Result<ValueSliceTable, EvaluateError> {
    let n_rows = valued.n_rows();
    if levels.len() != n_rows {
        return Err(EvaluateError::Lengths { what: "levels", expected: n_rows, found: levels.len() });
    }
    let mut rows_of = BTreeMap::<&str, Vec<u32>>::new();
    for (row, level) in levels.iter().enumerate() {
        rows_of.entry(level.unwrap_or(MISSING_LEVEL)).or_default().push(row as u32);
    }
    let judge = |(level, members): (&str, Vec<u32>)| judge(level, valued, &members, settings);
    let mut slices = rows_of.into_iter().map(judge).collect::<Result<Vec<_>, _>>()?;
    slices.sort_by(|a, b| b.n_rows.cmp(&a.n_rows).then_with(|| a.level.cmp(&b.level)));
    Ok(ValueSliceTable { column: column.to_string(), slices })
}

fn judge(
    level: &str,
    valued: &Valued,
    members: &[u32],
    settings: &ValueSliceSettings,
) -> Result<ValueSlice, EvaluateError> {
    let (metrics, undefined) = match measure(valued, members, settings) {
        Ok((metrics, undefined)) => (Some(metrics), undefined),
        Err(error @ (EvaluateError::SmallSlice { .. } | EvaluateError::ZeroWeight { .. })) => {
            (None, vec![Undefined::new("slice", &error)])
        }
        Err(error) => return Err(error),
    };
    Ok(ValueSlice {
        level: level.to_string(),
        n_rows: members.len(),
        n_nonzero: members.iter().filter(|&&row| valued.actual[row as usize] != 0.0).count(),
        share: members.len() as f64 / valued.n_rows() as f64,
        metrics,
        undefined,
    })
}

fn measure(
    valued: &Valued,
    members: &[u32],
    settings: &ValueSliceSettings,
) -> Result<(ValueSliceMetrics, Vec<Undefined>), EvaluateError> {
    if members.len() < settings.min_rows {
        return Err(EvaluateError::SmallSlice { n_rows: members.len(), needed: settings.min_rows });
    }
    let slice = valued.select(members)?;
    let always =
        [ValueMetric::MeanActual, ValueMetric::MeanPredicted, ValueMetric::NonzeroShare, ValueMetric::Mae].to_vec();
    let (defined, undefined) =
        defined_for(&[ValueMetric::TotalRatio, ValueMetric::NormalizedGini, ValueMetric::Spearman], &[&slice]);
    let metrics: Vec<_> = always.into_iter().chain(defined).collect();
    let estimates = settings.bootstrap.estimate_values(&slice, &metrics)?;
    let find = |wanted| metrics.iter().position(|&metric| metric == wanted).map(|i| estimates[i].clone());
    let (whole, part) = (valued.view().totals.actual, slice.view().totals.actual);
    let metrics = ValueSliceMetrics {
        value_share: (whole > 0.0).then(|| part / whole),
        mean_actual: estimates[0].clone(),
        mean_predicted: estimates[1].clone(),
        nonzero_share: estimates[2].clone(),
        mae: estimates[3].clone(),
        total_ratio: find(ValueMetric::TotalRatio),
        normalized_gini: find(ValueMetric::NormalizedGini),
        spearman: find(ValueMetric::Spearman),
    };
    Ok((metrics, undefined))
}
