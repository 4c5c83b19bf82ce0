//! Metrics of each level of a column.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bootstrap::{Bootstrap, Estimate};
use crate::sample::Rows;
use crate::{EvaluateError, Metric, Scored, Undefined};

/// The name of the level of rows that have none.
pub const MISSING_LEVEL: &str = "(missing)";

/// How slices are judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceSettings {
    /// How intervals are computed.
    pub bootstrap: Bootstrap,
    /// A level with fewer rows is listed but not judged.
    pub min_rows: usize,
    /// Bins of the calibration error.
    pub bins: usize,
    /// Rows with at least this score are flagged.
    pub threshold: f64,
}

/// A column taken apart by level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceTable {
    /// The column.
    pub column: String,
    /// Its levels, largest first, equally large ones by name.
    pub slices: Vec<Slice>,
}

/// The rows of one level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The level.
    pub level: String,
    /// Its rows.
    pub n_rows: usize,
    /// Its positive rows.
    pub n_positive: usize,
    /// Its rows over all rows.
    pub share: f64,
    /// Its metrics; none where it is too small or has one class.
    pub metrics: Option<SliceMetrics>,
    /// Why there are no metrics.
    pub skipped: Option<Undefined>,
}

/// Metrics of one slice; [`Metric`] defines each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceMetrics {
    /// Share of positive rows.
    pub base_rate: Estimate,
    /// Mean of the probabilities; away from the base rate, the slice is over- or underestimated.
    pub mean_probability: Estimate,
    /// Area under the ROC curve.
    pub auc: Estimate,
    /// Mean negative log-likelihood, in nats.
    pub log_loss: Estimate,
    /// Mean squared error of the probabilities.
    pub brier: Estimate,
    /// Expected calibration error, bins of equal mass.
    pub ece: Estimate,
    /// Share of rows that are flagged.
    pub flagged_share: Estimate,
    /// Share of positive rows that are flagged.
    pub recall: Estimate,
}

/// Judges each level of a column apart. `levels` has the level of each row, in the original order of `scored`'s rows.
///
/// Levels that are too small or hold one class are listed with the reason, not dropped.
pub fn slice_by(
    scored: &Scored,
    column: &str,
    levels: &[Option<&str>],
    settings: &SliceSettings,
) -> Result<SliceTable, EvaluateError> {
    let n_rows = scored.ranked().n_rows();
    if levels.len() != n_rows {
        return Err(EvaluateError::Lengths { what: "levels", expected: n_rows, found: levels.len() });
    }
    let mut rows_of = BTreeMap::<&str, Vec<u32>>::new();
    for (row, level) in levels.iter().enumerate() {
        rows_of.entry(level.unwrap_or(MISSING_LEVEL)).or_default().push(row as u32);
    }
    let rows = scored.rows();
    let judge = |(level, members): (&str, Vec<u32>)| judge(level, &rows, &members, settings);
    let mut slices = rows_of.into_iter().map(judge).collect::<Result<Vec<_>, _>>()?;
    slices.sort_by(|a, b| b.n_rows.cmp(&a.n_rows).then_with(|| a.level.cmp(&b.level)));
    Ok(SliceTable { column: column.to_string(), slices })
}

/// A level for each value of a numeric column: which of `n_bands` bands of about equal size it lies in, named by its
/// ends. Missing (NaN) values have no level.
///
/// # Example
/// ```
/// use tenure_evaluate::bands;
///
/// let levels = bands(&[1.0, 2.0, 3.0, 4.0, f64::NAN], 2);
/// assert_eq!(levels[0].as_deref(), Some("1 to 2"));
/// assert_eq!(levels[3].as_deref(), Some("3 to 4"));
/// assert_eq!(levels[4], None);
/// ```
pub fn bands(values: &[f64], n_bands: usize) -> Vec<Option<String>> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let n_bands = n_bands.max(1);
    // The first value of each band; equal values share a band, so bands may merge.
    let mut starts: Vec<usize> = (0..n_bands).map(|band| band * sorted.len() / n_bands).collect();
    for start in &mut starts {
        *start = sorted.partition_point(|v| *v < *sorted.get(*start).unwrap_or(v));
    }
    starts.dedup();
    let name_of = |value: f64| {
        let place = sorted.partition_point(|v| *v < value);
        let band = starts.partition_point(|start| *start <= place) - 1;
        let last = starts.get(band + 1).map_or(sorted.len(), |next| *next) - 1;
        format!("{} to {}", sorted[starts[band]], sorted[last])
    };
    values.iter().map(|&value| (!value.is_nan()).then(|| name_of(value))).collect()
}

fn judge(level: &str, rows: &Rows, members: &[u32], settings: &SliceSettings) -> Result<Slice, EvaluateError> {
    let (metrics, skipped) = match measure(rows, members, settings) {
        Ok(metrics) => (Some(metrics), None),
        // A mistake in the settings is the caller's, not the slice's.
        Err(error @ EvaluateError::Setting { .. }) => return Err(error),
        Err(error) => (None, Some(Undefined::new("slice", &error))),
    };
    Ok(Slice {
        level: level.to_string(),
        n_rows: members.len(),
        n_positive: members.iter().filter(|&&row| rows.outcomes[row as usize]).count(),
        share: members.len() as f64 / rows.scores.len() as f64,
        metrics,
        skipped,
    })
}

fn measure(rows: &Rows, members: &[u32], settings: &SliceSettings) -> Result<SliceMetrics, EvaluateError> {
    if members.len() < settings.min_rows {
        return Err(EvaluateError::SmallSlice { n_rows: members.len(), needed: settings.min_rows });
    }
    let threshold = settings.threshold;
    let metrics = [
        Metric::BaseRate,
        Metric::MeanProbability,
        Metric::Auc,
        Metric::LogLoss,
        Metric::Brier,
        Metric::Ece { bins: settings.bins },
        Metric::FlaggedShare { threshold },
        Metric::Recall { threshold },
    ];
    let estimates = settings.bootstrap.estimate(&rows.select(members).scored()?, &metrics)?;
    let [base_rate, mean_probability, auc, log_loss, brier, ece, flagged_share, recall] =
        <[Estimate; 8]>::try_from(estimates).expect("one estimate for each metric");
    Ok(SliceMetrics { base_rate, mean_probability, auc, log_loss, brier, ece, flagged_share, recall })
}
