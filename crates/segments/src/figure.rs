//! A figure of every customer, in its own unit.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::SegmentError;

/// A figure of every customer, in its own unit; NaN where it is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name in the table; of an indicator, `column = level`.
    pub name: String,
    /// Its unit, such as `days`; `1` for a pure number.
    pub unit: String,
    /// What kind of figure.
    pub kind: FigureKind,
    /// One for each customer, in the single precision of tables.
    pub values: Vec<f32>,
}

/// The figures of a population, one for each encoded column, looked at one after the other: they need not be in memory
/// together.
pub trait Figures {
    /// How many.
    fn n_figures(&self) -> usize;

    /// The figure of an encoded column.
    ///
    /// # Errors
    /// [`SegmentError::Figure`] where it cannot be read.
    fn figure(&self, column_idx: usize) -> Result<Cow<'_, Figure>, SegmentError>;
}

impl Figures for Vec<Figure> {
    fn n_figures(&self) -> usize {
        self.len()
    }

    fn figure(&self, column_idx: usize) -> Result<Cow<'_, Figure>, SegmentError> {
        Ok(Cow::Borrowed(&self[column_idx]))
    }
}

/// What kind of figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FigureKind {
    /// A magnitude, told by its median.
    Magnitude,
    /// 0 or 1, told by its share of ones.
    Indicator,
}

impl Figure {
    /// A magnitude.
    pub fn magnitude(name: impl Into<String>, unit: impl Into<String>, values: Vec<f32>) -> Self {
        Self { name: name.into(), unit: unit.into(), kind: FigureKind::Magnitude, values }
    }

    /// An indicator.
    pub fn indicator(name: impl Into<String>, values: Vec<f32>) -> Self {
        Self { name: name.into(), unit: "share".into(), kind: FigureKind::Indicator, values }
    }

    /// The median of these customers (the mean of the middle two), or their share of ones; NaN where none has a value.
    pub(crate) fn typical(&self, rows: impl Iterator<Item = u32>) -> f64 {
        let mut present: Vec<f32> = rows.map(|row| self.values[row as usize]).filter(|value| !value.is_nan()).collect();
        if present.is_empty() {
            return f64::NAN;
        }
        match self.kind {
            FigureKind::Indicator => present.iter().map(|&value| f64::from(value)).sum::<f64>() / present.len() as f64,
            FigureKind::Magnitude => {
                present.sort_unstable_by(f32::total_cmp);
                let middle = present.len() / 2;
                if present.len() % 2 == 1 {
                    f64::from(present[middle])
                } else {
                    f64::midpoint(f64::from(present[middle - 1]), f64::from(present[middle]))
                }
            }
        }
    }

    /// The share of customers below `value`, half of those equal to it counted.
    pub(crate) fn rank_share(&self, value: f64) -> f64 {
        let present = self.values.iter().filter(|other| !other.is_nan()).map(|&other| f64::from(other));
        let (mut n, mut below) = (0.0, 0.0);
        for other in present {
            n += 1.0;
            below += if other < value {
                1.0
            } else if other == value {
                0.5
            } else {
                0.0
            };
        }
        if n > 0.0 { below / n } else { 0.5 }
    }
}
