//! Every single-number metric of values by name.

use serde::{Deserialize, Serialize};

use super::decile::decile_mape;
use super::sample::Valued;
use super::targeting::Targeting;
use super::view::ValueView;
use super::{gain, rank};
use crate::EvaluateError;

/// A metric of predicted against actual values, computed on the whole set at once.
///
/// Rows are indexed by i, with weight w, prediction p and actual value y; means are weighted. `N` is the number of rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ValueMetric {
    /// Mean actual value.
    MeanActual,
    /// Mean prediction.
    MeanPredicted,
    /// Share of rows whose actual value is not zero.
    NonzeroShare,
    /// Σ p / Σ y: 1 where the total is right, above 1 where it is overestimated.
    TotalRatio,
    /// Raw Gini coefficient, `2 · mean(gain) − 1`; `gain_i` is the share of Σ y that row i and the rows of higher
    /// prediction bring (Wang, Liu and Miao 2019, "A deep probabilistic model for customer lifetime value prediction",
    /// §4.3). Rows of equal prediction count as on average over all their orders; a constant prediction has 1 / N.
    /// Values must not be negative.
    RawGini,
    /// Raw Gini of the prediction over raw Gini of the actual values ranked by themselves: 1 for the right order, about
    /// 0 for none.
    NormalizedGini,
    /// Spearman's rank correlation (1904) over all rows, ties by averaged ranks.
    Spearman,
    /// The same over the rows whose actual value is not zero.
    SpearmanNonzero,
    /// Pearson's correlation.
    Pearson,
    /// Mean absolute error, `mean |p − y|`.
    Mae,
    /// Root of the mean squared error, `√mean (p − y)²`.
    Rmse,
    /// Mean squared logarithmic error, `mean (ln(1 + p) − ln(1 + y))²`: multiples count instead of amounts. Neither may
    /// be negative.
    Msle,
    /// Mean over ten parts of equal mass, by prediction, of |mean p − mean y| / mean y.
    DecileMape,
    /// Share of Σ y that the top share of rows brings, highest predictions first.
    GainAt {
        /// The share of rows.
        share: f64,
    },
    /// Profit of contacting every customer predicted at the break-even value or above, per row of the set.
    ProfitPerRow {
        /// What a contact costs and brings.
        targeting: Targeting,
    },
}

impl ValueMetric {
    /// The metrics that a model is compared with its baselines by.
    pub const COMPARED: [Self; 6] =
        [Self::NormalizedGini, Self::Spearman, Self::SpearmanNonzero, Self::Mae, Self::Rmse, Self::DecileMape];

    /// The metric of these values.
    pub fn of(self, valued: &Valued) -> Result<f64, EvaluateError> {
        self.of_view(&valued.view())
    }

    /// The name that messages and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MeanActual => "mean actual value",
            Self::MeanPredicted => "mean prediction",
            Self::NonzeroShare => "share of buyers",
            Self::TotalRatio => "predicted / actual total",
            Self::RawGini => "Gini coefficient",
            Self::NormalizedGini => "normalized Gini",
            Self::Spearman => "Spearman",
            Self::SpearmanNonzero => "Spearman (buyers)",
            Self::Pearson => "Pearson",
            Self::Mae => "MAE",
            Self::Rmse => "RMSE",
            Self::Msle => "MSLE",
            Self::DecileMape => "decile MAPE",
            Self::GainAt { .. } => "share of value in the top",
            Self::ProfitPerRow { .. } => "profit per customer",
        }
    }

    /// Whether more is better; none where neither is.
    pub const fn higher_is_better(self) -> Option<bool> {
        match self {
            Self::MeanActual | Self::MeanPredicted | Self::NonzeroShare | Self::TotalRatio => None,
            Self::Mae | Self::Rmse | Self::Msle | Self::DecileMape => Some(false),
            _ => Some(true),
        }
    }

    /// Whether noise alone makes the metric larger: absolute deviations of means do not cancel.
    pub(crate) const fn is_calibration_error(self) -> bool {
        matches!(self, Self::DecileMape)
    }

    /// The metric of rows that count by the view's masses.
    pub(crate) fn of_view(self, view: &ValueView<'_>) -> Result<f64, EvaluateError> {
        let (predicted, actual) = (&view.valued.predicted, &view.valued.actual);
        let totals = &view.totals;
        match self {
            Self::MeanActual => Ok(totals.actual / totals.mass),
            Self::MeanPredicted => Ok(totals.predicted / totals.mass),
            Self::NonzeroShare => Ok(view.mean(|row| f64::from(u8::from(actual[row] != 0.0)))),
            Self::TotalRatio if totals.actual <= 0.0 => {
                Err(EvaluateError::NoValue { metric: self.name(), n_rows: actual.len() })
            }
            Self::TotalRatio => Ok(totals.predicted / totals.actual),
            Self::RawGini => gain::raw_gini(view),
            Self::NormalizedGini => gain::normalized_gini(view),
            Self::GainAt { share } => gain::gain_at(view, share),
            Self::Spearman => rank::spearman(view),
            Self::SpearmanNonzero => rank::spearman_nonzero(view),
            Self::Pearson => rank::pearson(view),
            Self::Mae => Ok(view.mean(|row| (predicted[row] - actual[row]).abs())),
            Self::Rmse => Ok(view.mean(|row| (predicted[row] - actual[row]).powi(2)).sqrt()),
            Self::Msle => msle(view),
            Self::DecileMape => decile_mape(view),
            Self::ProfitPerRow { targeting } => targeting.per_row(view),
        }
    }
}

fn msle(view: &ValueView<'_>) -> Result<f64, EvaluateError> {
    let metric = ValueMetric::Msle.name();
    for (what, values) in [("prediction", &view.valued.predicted), ("actual value", &view.valued.actual)] {
        if let Some(row_idx) = view.find(|row| values[row] < 0.0) {
            return Err(EvaluateError::Negative { metric, what, row_idx, found: values[row_idx] });
        }
    }
    let (predicted, actual) = (&view.valued.predicted, &view.valued.actual);
    Ok(view.mean(|row| (predicted[row].ln_1p() - actual[row].ln_1p()).powi(2)))
}
