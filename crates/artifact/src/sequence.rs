//! How the events before a row enter a network.

use alloc::string::String;

use crate::Embedding;
use crate::math::{ln_1p, sqrt};

/// Numbers farther than about this many deviations from the mean enter as if they were no farther.
const CLIP: f64 = 3.0;

/// One number of each event, at least 0 and heavy-tailed: its logarithm is standardized and smoothly clipped.
///
/// `z = (ln(1 + x) − mean) / sd`, then `z / √(1 + (z / 3)²)`; a missing number is the mean, 0.
///
/// ```
/// use tenure_artifact::SequenceScale;
///
/// let gap = SequenceScale { name: "gap_days".into(), mean: 2.0, sd: 1.0 };
/// assert_eq!((gap.apply(f32::NAN), gap.apply(0.0) < -1.6), (0.0, true));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SequenceScale {
    /// The name of the number.
    pub name: String,
    /// Mean of `ln(1 + x)` over the events of the training rows.
    pub mean: f32,
    /// Its standard deviation, above 0.
    pub sd: f32,
}

/// One level of each event.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SequenceLevels {
    /// The column of the log.
    pub name: String,
    /// Indices of the levels that enough events before training rows had.
    pub embedding: Embedding,
}

impl SequenceScale {
    /// The scaled number, within ±3.
    pub fn apply(&self, raw: f32) -> f32 {
        if raw.is_nan() {
            return 0.0;
        }
        let z = (ln_1p(f64::from(raw.max(0.0))) - f64::from(self.mean)) / f64::from(self.sd);
        (z / sqrt(1.0 + (z / CLIP) * (z / CLIP))) as f32
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn numbers_are_standardized_in_logarithms_and_clipped() {
        let scale = SequenceScale { name: "amount".into(), mean: 1.0, sd: 0.5 };
        let at = |z: f64| scale.apply((1.0 + 0.5 * z).exp_m1() as f32);
        assert!(at(0.0).abs() < 1e-6);
        assert!((f64::from(at(1.0)) - 1.0 / (10.0_f64 / 9.0).sqrt()).abs() < 1e-5);
        assert!(scale.apply(f32::MAX) < 3.0 && scale.apply(f32::MAX) > 2.9);
        assert_eq!(scale.apply(-5.0), scale.apply(0.0));
    }
}
