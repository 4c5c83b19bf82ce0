//! Tests of value metrics as their callers see them.

mod bootstrap;
mod cdnow;
mod closed_form;
mod distribution;
mod properties;
mod reference;
mod refusals;
mod whole;

use crate::Valued;

/// 400 rows over 97 distinct predictions, made by a formula that any language can repeat: `p = 1.5 ((37 i) mod 97)`;
/// `y = 0` where `(53 i + 17) mod 89 < 50`, else `(29 i + 3) mod 61 + p / 2`; `w = 1 + (i mod 3) / 2`.
pub(crate) struct Made {
    pub(crate) predicted: Vec<f64>,
    pub(crate) actual: Vec<f64>,
    pub(crate) weights: Vec<f64>,
}

pub(crate) fn made() -> Made {
    let predicted = |i: u32| 1.5 * f64::from((37 * i) % 97);
    let actual = |i: u32| {
        if (53 * i + 17) % 89 < 50 { 0.0 } else { f64::from((29 * i + 3) % 61) + 0.5 * predicted(i) }
    };
    Made {
        predicted: (0..400).map(predicted).collect(),
        actual: (0..400).map(actual).collect(),
        weights: (0..400).map(|i| 1.0 + f64::from(i % 3) / 2.0).collect(),
    }
}

impl Made {
    pub(crate) fn plain(&self) -> Valued {
        Valued::new(&self.predicted, &self.actual, None).expect("made rows are valid")
    }

    pub(crate) fn weighted(&self) -> Valued {
        Valued::new(&self.predicted, &self.actual, Some(&self.weights)).expect("made rows are valid")
    }
}
