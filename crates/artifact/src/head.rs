//! What a network answers: churn, value, or both.

use alloc::vec;
use alloc::vec::Vec;

use crate::ValueHead;

/// What a network answers.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Head {
    /// One logit: the probability of the positive class is its sigmoid, averaged over members.
    Binary,
    /// The distribution of a customer's value in one or several horizons.
    Value(ValueHead),
    /// A churn logit, then the outputs of a value head, on one trunk.
    Joint(JointHead),
}

/// Churn and value on one trunk.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct JointHead {
    /// The loss is the value head's plus this times the cross-entropy of churn.
    pub churn_weight: f32,
    /// Share of churned training rows, at which the churn logit starts.
    pub churn_rate: f32,
    /// What is said of value.
    pub value: ValueHead,
}

impl Head {
    /// Numbers that each member gives for a row, O.
    pub fn n_outputs(&self) -> usize {
        match self {
            Self::Binary => 1,
            Self::Value(value) => value.n_outputs(),
            Self::Joint(joint) => 1 + joint.value.n_outputs(),
        }
    }

    /// Target columns that it learns from, T: churn first, then the value in each horizon.
    pub fn n_targets(&self) -> usize {
        match self {
            Self::Binary => 1,
            Self::Value(value) => value.horizons.len(),
            Self::Joint(joint) => 1 + joint.value.horizons.len(),
        }
    }

    /// Whether the first output is a churn logit.
    pub fn has_churn(&self) -> bool {
        matches!(self, Self::Binary | Self::Joint(_))
    }

    /// What is said of value, if anything.
    pub fn value(&self) -> Option<&ValueHead> {
        match self {
            Self::Binary => None,
            Self::Value(value) => Some(value),
            Self::Joint(joint) => Some(&joint.value),
        }
    }

    /// The biases at which training starts, `[O]`, so that the first predictions are those of the training rows as a
    /// whole; none where they are drawn at random.
    pub fn start(&self) -> Option<Vec<f32>> {
        match self {
            Self::Binary => None,
            Self::Value(value) => Some(value.start()),
            Self::Joint(joint) => {
                let rate = f64::from(joint.churn_rate).clamp(1e-3, 0.999);
                let mut biases = vec![crate::math::logit(rate) as f32];
                biases.extend(joint.value.start());
                Some(biases)
            }
        }
    }
}
