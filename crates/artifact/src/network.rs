//! The description of a network: enough to build it again, nothing of how it was trained.

use alloc::vec::Vec;

use crate::{Head, InputLayout};

/// A network as it is built: architecture, sizes, inputs and heads.
///
/// Together with its weights, in the order of [`NetworkSpec::parameters`], it is all that is needed to score encoded
/// rows, here or on a device at the edge.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NetworkSpec {
    /// What it reads.
    pub inputs: InputLayout,
    /// How magnitudes enter.
    pub numeric: NumericSpec,
    /// Width of the embedding of each categorical input, E.
    pub category_width: usize,
    /// What reads the events before a row, if anything does.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub sequence: Option<SequenceSpec>,
    /// Between inputs and heads.
    pub backbone: Backbone,
    /// What it answers.
    pub head: Head,
}

/// A gated recurrent unit over the events before a row (Cho et al. 2014, arXiv 1406.1078), whose last state is an input
/// of the first layer; a row without events has the state 0.
///
/// With `[r | z] = sigmoid(x W + b + h U)` and `n = tanh(x W + b + r ⊙ (h U + c))`, each from its own third of the columns
/// of `W` and `U`, an event `x` turns the state `h` into `(1 − z) ⊙ n + z ⊙ h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SequenceSpec {
    /// Width of the state, Q.
    pub width: usize,
}

/// How magnitudes enter the network.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "lowercase"))]
pub enum NumericSpec {
    /// As they are.
    Plain,
    /// The magnitude and its piecewise-linear code over quantile bins, then linear to `width`.
    Pwl {
        /// Bin edges of each continuous input, strictly ascending, at least two each.
        edges: Vec<Vec<f32>>,
        /// Width of one magnitude's embedding.
        width: usize,
    },
    /// `[cos, sin](2π c x)`, linear to `width`, `ReLU`.
    Plr {
        /// Frequencies per magnitude.
        n_frequencies: usize,
        /// Width of one magnitude's embedding.
        width: usize,
    },
    /// `cos(2π w x + b)`, linear to `width - 1`, and the magnitude itself.
    Pbld {
        /// Frequencies per magnitude.
        n_frequencies: usize,
        /// Width of one magnitude's embedding, with the magnitude itself; at least 2.
        width: usize,
    },
}

/// What stands between the inputs and the heads.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "lowercase"))]
pub enum Backbone {
    /// Nothing: logistic regression.
    Logistic,
    /// A multilayer perceptron.
    Mlp(Hidden),
    /// `TabM`: `members` networks that share most weights (arXiv 2410.24210).
    Tabm {
        /// The hidden layers of each member.
        hidden: Hidden,
        /// How members share weights.
        sharing: Sharing,
        /// Members, K.
        members: usize,
    },
    /// In the manner of RealMLP-TD: per-input scale, NTK parametrisation, learned mix of identity and activation
    /// (arXiv 2407.04491).
    Realmlp(Hidden),
}

/// Hidden layers, all alike.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Hidden {
    /// How many.
    pub blocks: usize,
    /// Width of each, D.
    pub width: usize,
    /// The non-linearity after each.
    pub activation: Activation,
    /// Share of activations dropped in training; nothing is dropped when scoring.
    pub dropout: f64,
}

/// How the members of `TabM` share weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Sharing {
    /// Every layer has per-member input and output scalings and biases: `((x ⊙ r_k) W) ⊙ s_k + b_k`.
    Full,
    /// One per-member input scaling in front of a shared network.
    Mini,
    /// Nothing is shared.
    Packed,
}

/// The non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Activation {
    /// `max(x, 0)`
    Relu,
    /// `x · sigmoid(x)`
    Silu,
    /// `x · Phi(x)`
    Gelu,
    /// Scaled exponential linear unit.
    Selu,
}

impl NumericSpec {
    /// Network inputs made of one magnitude.
    pub fn width(&self) -> usize {
        match self {
            Self::Plain => 1,
            Self::Pwl { width, .. } | Self::Plr { width, .. } | Self::Pbld { width, .. } => *width,
        }
    }

    /// The most bins that any magnitude has; 0 unless piecewise-linear.
    pub fn n_bins(&self) -> usize {
        match self {
            Self::Pwl { edges, .. } => edges.iter().map(|e| e.len().saturating_sub(1)).max().unwrap_or(0),
            _ => 0,
        }
    }
}

impl Backbone {
    /// The hidden layers, where there are any.
    pub fn hidden(&self) -> Option<Hidden> {
        match *self {
            Self::Logistic => None,
            Self::Mlp(hidden) | Self::Realmlp(hidden) | Self::Tabm { hidden, .. } => Some(hidden),
        }
    }

    /// How many networks it is, K; 1 unless it is `TabM`.
    pub fn members(&self) -> usize {
        if let Self::Tabm { members, .. } = *self { members } else { 1 }
    }
}
