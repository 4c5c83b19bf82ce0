//! Numeric columns into scaled magnitudes and two-valued inputs.

use crate::Scale;

/// A numeric column with three or more training values: one continuous input, and an indicator where training rows
/// had missing values.
///
/// Policy: a missing, NaN or infinite value becomes 0, the middle of either scale, and sets the indicator if there is
/// one. A column without missing training values has no indicator, since nothing could teach the network its meaning.
/// A value outside `min..=max` is scaled like any other (the scale clips it), and flagged in row-wise application.
///
/// ```
/// use tenure_artifact::{Magnitude, Scale};
///
/// let scale = Scale::Robust { median: 10.0, width: 2.0 };
/// let spend = Magnitude { scale, min: 2.0, max: 40.0, missing_indicator: true };
/// assert_eq!(spend.value(10.0), 0.0);
/// assert_eq!((spend.value(f32::NAN), spend.value(f32::INFINITY)), (0.0, 0.0));
/// assert!(spend.is_out_of_range(41.0) && !spend.is_out_of_range(f32::NAN));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Magnitude {
    /// From raw to scaled.
    pub scale: Scale,
    /// The least training value.
    pub min: f32,
    /// The largest training value.
    pub max: f32,
    /// Whether training rows had missing values.
    pub missing_indicator: bool,
}

impl Magnitude {
    /// The continuous input of one value.
    pub fn value(&self, raw: f32) -> f32 {
        if raw.is_finite() { self.scale.apply(raw) } else { 0.0 }
    }

    /// Whether a value is beyond what training rows had.
    pub fn is_out_of_range(&self, raw: f32) -> bool {
        is_beyond(raw, self.min, self.max)
    }
}

/// A numeric column with exactly two training values: one binary input, 0 at the lower and 1 at the upper.
///
/// Policy: a value between is placed between, one beyond is clipped, a missing one is one half and sets the indicator
/// if there is one.
///
/// ```
/// use tenure_artifact::TwoValued;
///
/// let senior = TwoValued { low: 0.0, high: 1.0, missing_indicator: false };
/// assert_eq!([0.0, 1.0, 7.0, f32::NAN].map(|raw| senior.value(raw)), [0.0, 1.0, 1.0, 0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TwoValued {
    /// The lower training value.
    pub low: f32,
    /// The upper training value.
    pub high: f32,
    /// Whether training rows had missing values.
    pub missing_indicator: bool,
}

impl TwoValued {
    /// The binary input of one value.
    pub fn value(&self, raw: f32) -> f32 {
        if !raw.is_finite() {
            return 0.5;
        }
        let (low, high) = (f64::from(self.low), f64::from(self.high));
        (((f64::from(raw) - low) / (high - low)).clamp(0.0, 1.0)) as f32
    }

    /// Whether a value is beyond what training rows had.
    pub fn is_out_of_range(&self, raw: f32) -> bool {
        is_beyond(raw, self.low, self.high)
    }
}

/// 1 for a missing, NaN or infinite value, else 0.
pub(crate) fn missing_indicator(raw: f32) -> f32 {
    if raw.is_finite() { 0.0 } else { 1.0 }
}

fn is_beyond(raw: f32, min: f32, max: f32) -> bool {
    raw.is_finite() && !(min..=max).contains(&raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_far_values_do_not_overflow() {
        let column = TwoValued { low: f32::MIN, high: f32::MAX, missing_indicator: false };
        assert_eq!([f32::MIN, 0.0, f32::MAX].map(|raw| column.value(raw)), [0.0, 0.5, 1.0]);
    }
}
