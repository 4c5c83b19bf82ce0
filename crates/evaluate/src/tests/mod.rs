//! Tests of the crate as its callers see it.

mod bootstrap;
mod closed_form;
mod properties;
mod reference;
mod refusals;
mod slices;
mod whole;

use crate::Scored;

/// 400 rows over 97 distinct scores, made by a formula that any language can repeat:
/// `p = ((37 i) mod 97 + 2) / 101`, `y = ((53 i + 17) mod 89) / 89 < 0.1 + 0.6 p²`, `w = 1 + (i mod 3) / 2`.
pub(crate) struct Made {
    pub(crate) probabilities: Vec<f64>,
    pub(crate) outcomes: Vec<bool>,
    pub(crate) weights: Vec<f64>,
}

pub(crate) fn made() -> Made {
    let probability = |i: u32| f64::from((37 * i) % 97 + 2) / 101.0;
    let outcome = |i: u32| f64::from((53 * i + 17) % 89) / 89.0 < 0.1 + 0.6 * probability(i).powi(2);
    Made {
        probabilities: (0..400).map(probability).collect(),
        outcomes: (0..400).map(outcome).collect(),
        weights: (0..400).map(|i| 1.0 + f64::from(i % 3) / 2.0).collect(),
    }
}

impl Made {
    pub(crate) fn plain(&self) -> Scored {
        Scored::new(&self.probabilities, &self.outcomes, None).expect("made rows are valid")
    }

    pub(crate) fn weighted(&self) -> Scored {
        Scored::new(&self.probabilities, &self.outcomes, Some(&self.weights)).expect("made rows are valid")
    }
}

pub(crate) fn assert_near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: expected {expected}, found {found}");
}
