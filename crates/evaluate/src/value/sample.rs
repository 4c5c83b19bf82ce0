//! Predictions and actual values, checked and sorted once.

use rayon::prelude::*;

use super::view::ValueView;
use crate::EvaluateError;
use crate::sample::{check_length, check_weights};

/// Predicted values with the actual ones.
///
/// Amounts are in any one unit (money, or transactions). Both may be negative (returns beyond purchases); metrics that
/// are shares of a total then refuse, see [`crate::ValueMetric`]. With clusters (see [`Valued::in_clusters`]) the
/// bootstrap draws clusters instead of rows.
///
/// # Example
/// ```
/// use tenure_evaluate::{ValueMetric, Valued};
///
/// let predicted = [40.0, 10.0, 25.0, 0.0];
/// let actual = [50.0, 0.0, 20.0, 0.0];
/// let valued = Valued::new(&predicted, &actual, None)?;
/// assert_eq!(ValueMetric::Mae.of(&valued)?, (10.0 + 10.0 + 5.0) / 4.0);
/// assert_eq!(ValueMetric::NormalizedGini.of(&valued)?, 1.0); // in the right order
/// assert!(Valued::new(&[f64::NAN], &[1.0], None).is_err());
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Valued {
    /// By row: the prediction.
    pub(crate) predicted: Vec<f64>,
    /// By row: what came.
    pub(crate) actual: Vec<f64>,
    /// By row.
    pub(crate) weight: Vec<f64>,
    /// By row: what the bootstrap draws, the row's own index or its cluster's.
    pub(crate) unit: Vec<u32>,
    pub(crate) n_units: usize,
    /// Rows of equal prediction, highest first.
    pub(crate) by_predicted: Runs,
    /// Rows of equal actual value, highest first.
    pub(crate) by_actual: Runs,
    pub(crate) weighted: bool,
    pub(crate) clustered: bool,
}

/// Rows put into runs of one value, highest value first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Runs {
    /// By row: its run.
    pub(crate) of_row: Vec<u32>,
    /// By run: its value.
    pub(crate) value: Vec<f64>,
}

impl Runs {
    fn new(values: &[f64]) -> Self {
        let mut order: Vec<(f64, u32)> = values.iter().zip(0..).map(|(&value, row)| (value, row)).collect();
        order.par_sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let (mut of_row, mut distinct) = (vec![0; values.len()], Vec::new());
        for (value, row) in order {
            if distinct.last() != Some(&value) {
                distinct.push(value);
            }
            of_row[row as usize] = distinct.len() as u32 - 1;
        }
        Self { of_row, value: distinct }
    }

    pub(crate) fn len(&self) -> usize {
        self.value.len()
    }
}

impl Valued {
    /// Checks and sorts `[B]` predictions, `[B]` actual values and, where rows count unequally, `[B]` weights.
    pub fn new(predicted: &[f64], actual: &[f64], weights: Option<&[f64]>) -> Result<Self, EvaluateError> {
        let n_rows = predicted.len();
        check_length("actual values", n_rows, actual.len())?;
        check_length("weights", n_rows, weights.map_or(n_rows, <[f64]>::len))?;
        if n_rows == 0 {
            return Err(EvaluateError::Empty);
        }
        if let Some(row_idx) = predicted.iter().position(|value| !value.is_finite()) {
            return Err(EvaluateError::BadPrediction { row_idx, found: predicted[row_idx] });
        }
        if let Some(row_idx) = actual.iter().position(|value| !value.is_finite()) {
            return Err(EvaluateError::BadValue { row_idx, found: actual[row_idx] });
        }
        check_weights(n_rows, weights)?;
        // Adding zero turns -0.0 into 0.0, which `total_cmp` would tell apart.
        let plain = |values: &[f64]| values.iter().map(|value| value + 0.0).collect::<Vec<_>>();
        let (predicted, actual) = (plain(predicted), plain(actual));
        let (by_predicted, by_actual) = rayon::join(|| Runs::new(&predicted), || Runs::new(&actual));
        Ok(Self {
            weight: weights.map_or_else(|| vec![1.0; n_rows], <[f64]>::to_vec),
            unit: (0..n_rows as u32).collect(),
            n_units: n_rows,
            weighted: weights.is_some(),
            clustered: false,
            predicted,
            actual,
            by_predicted,
            by_actual,
        })
    }

    /// Says which customer each row belongs to; rows of one customer are drawn together.
    pub fn in_clusters(mut self, clusters: &[u32]) -> Result<Self, EvaluateError> {
        check_length("clusters", self.n_rows(), clusters.len())?;
        let mut names = clusters.to_vec();
        names.sort_unstable();
        names.dedup();
        self.unit = clusters.iter().map(|&name| names.partition_point(|&other| other < name) as u32).collect();
        self.n_units = names.len();
        self.clustered = true;
        Ok(self)
    }

    /// The same rows with other predictions, in the same order of rows.
    pub fn with_predictions(&self, predicted: &[f64]) -> Result<Self, EvaluateError> {
        check_length("predictions", self.n_rows(), predicted.len())?;
        let valued = Self::new(predicted, &self.actual, self.weighted.then_some(self.weight.as_slice()))?;
        if self.clustered { valued.in_clusters(&self.unit) } else { Ok(valued) }
    }

    /// The rows with these indices, as a set of their own.
    pub fn select(&self, row_indices: &[u32]) -> Result<Self, EvaluateError> {
        let gather = |values: &[f64]| row_indices.iter().map(|&row| values[row as usize]).collect::<Vec<_>>();
        let weights = self.weighted.then(|| gather(&self.weight));
        let valued = Self::new(&gather(&self.predicted), &gather(&self.actual), weights.as_deref())?;
        if !self.clustered {
            return Ok(valued);
        }
        valued.in_clusters(&row_indices.iter().map(|&row| self.unit[row as usize]).collect::<Vec<_>>())
    }

    /// The number of rows, B.
    pub fn n_rows(&self) -> usize {
        self.predicted.len()
    }

    /// The number of rows whose actual value is not zero, whatever their weight.
    pub fn n_nonzero(&self) -> usize {
        self.actual.iter().filter(|&&value| value != 0.0).count()
    }

    /// The number of clusters, where rows have them.
    pub fn n_clusters(&self) -> Option<usize> {
        self.clustered.then_some(self.n_units)
    }

    /// The whole set, each row with its own weight.
    pub(crate) fn view(&self) -> ValueView<'_> {
        ValueView::new(self, &self.weight)
    }
}
