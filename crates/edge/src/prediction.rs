//! What a row is answered with.

use tenure_artifact::RowFlags;

/// A score and what was unusual about its row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prediction {
    /// By task.
    pub score: Score,
    /// Counts of unusual values.
    pub unusual: RowFlags,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Score {
    /// Churn.
    Churn {
        /// Calibrated, in 0..=1.
        probability: f64,
    },
    /// Customer value.
    Value {
        /// Expected value, in the target's unit.
        expected: f64,
        /// Probability of buying at all.
        p_buys: f64,
    },
    /// Churn and customer value.
    ChurnValue {
        /// Of churn; calibrated, in 0..=1.
        probability: f64,
        /// Expected value, in the target's unit.
        expected: f64,
        /// Probability of buying at all.
        p_buys: f64,
    },
    /// A segment.
    Segment {
        /// The nearest centroid, the first of equally near ones.
        segment: u32,
        /// Euclidean distance to it, or one less the cosine of the angle.
        distance: f64,
    },
}

impl Default for Score {
    /// Not a score: NaN.
    fn default() -> Self {
        Self::Churn { probability: f64::NAN }
    }
}

impl Score {
    /// Its numbers, in the order in which samples hold them, and how many of the three there are.
    pub fn values(self) -> ([f64; 3], usize) {
        match self {
            Self::Churn { probability } => ([probability, 0.0, 0.0], 1),
            Self::Value { expected, p_buys } => ([expected, p_buys, 0.0], 2),
            Self::ChurnValue { probability, expected, p_buys } => ([probability, expected, p_buys], 3),
            Self::Segment { segment, distance } => ([f64::from(segment), distance, 0.0], 2),
        }
    }

    /// The probability of churn, where it is told.
    pub fn churn(self) -> Option<f64> {
        match self {
            Self::Churn { probability } | Self::ChurnValue { probability, .. } => Some(probability),
            Self::Value { .. } | Self::Segment { .. } => None,
        }
    }

    /// The expected value and the probability of buying, where they are told.
    pub fn value(self) -> Option<(f64, f64)> {
        match self {
            Self::Value { expected, p_buys } | Self::ChurnValue { expected, p_buys, .. } => Some((expected, p_buys)),
            Self::Churn { .. } | Self::Segment { .. } => None,
        }
    }
}

/// What was unusual about a row, as bits for languages without structures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u32);

impl Flags {
    /// A value was missing, NaN or infinite.
    pub const MISSING: u32 = 1;
    /// A level was not seen in training, or too seldom.
    pub const UNSEEN: u32 = 2;
    /// A number lay outside of what training saw.
    pub const OUT_OF_RANGE: u32 = 4;
}

impl From<RowFlags> for Flags {
    fn from(flags: RowFlags) -> Self {
        let bit = |n: u32, bit| if n > 0 { bit } else { 0 };
        Self(
            bit(flags.n_missing, Self::MISSING)
                | bit(flags.n_unseen, Self::UNSEEN)
                | bit(flags.n_out_of_range, Self::OUT_OF_RANGE),
        )
    }
}
