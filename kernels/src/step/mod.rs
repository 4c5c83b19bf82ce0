//! A whole training step of a network on tables in one parallel region: gather, forward, loss, backward, clip, AdamW.
//!
//! A [`Trainer`] owns one flat run of weights with its moments and every large buffer that a step needs, allocated once. A step is a few phases of tasks between which the threads meet:
//!
//! 1. blocks of rows: gather shuffled rows, embed them, all layers forward, loss, all gradients of activations;
//! 2. squares of 32 × 32 weights: their gradients, summed over all rows of the batch;
//! 3. what is left to sum, and the gradient's norm;
//! 4. AdamW on runs of weights, which are packed for the next step's products while they are at hand.
//!
//! # Shapes
//! `B` rows of a batch, `F` magnitudes, `G` indicators, `C` categories, `I` inputs of the first layer, `K` members, `N`
//! inputs and `D` outputs of a layer, `O` outputs of a head, `P` weights.
//!
//! # Members
//! `TabM`'s layer `((x ⊙ r_k) W) ⊙ s_k + b_k` scales what a layer stores (`r` of the next layer, `s` of the one before, on
//! the tile in registers). Backward needs no more than the unscaled `G_k = x_kᵀ g_k`: `dW = Σ_k r_k G_k s_k`,
//! `dr_k = Σ_j W s_k G_k`, `ds_k = Σ_i r_k W G_k`.
//!
//! # Numbers
//! Every sum has one order, whatever the number of threads, the blocks of rows or the groups of members.

mod activation;
mod bins;
mod buffers;
mod gradients;
mod input;
#[cfg(test)]
mod reference;
mod rows;
#[cfg(test)]
mod tests;
mod trainer;
mod update;

use std::borrow::Cow;

pub use input::Rows;
pub use trainer::{Dropout, Execution, Group, Settings, Step, Trainer};

/// A network: its layers, and where in the flat run of weights their parameters begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// What comes before the first layer.
    pub inputs: Inputs,
    /// K
    pub members: usize,
    /// Hidden layers.
    pub layers: Vec<Layer>,
    /// The last layer, one of its own for each member.
    pub head: Head,
    /// P
    pub n_weights: usize,
}

/// What comes before the first layer: embedded magnitudes, indicators, embedded categories.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// F
    pub n_magnitudes: usize,
    /// How magnitudes enter.
    pub embedding: Embedding,
    /// G
    pub n_binary: usize,
    /// Levels of each category, C of them.
    pub levels: Vec<usize>,
    /// Columns of one category.
    pub category_width: usize,
    /// Where the rows of all categories begin, one category after the other.
    pub category_table: usize,
    /// Where a learned scale of each input begins, `[I]`.
    pub front_scale: Option<usize>,
}

/// How magnitudes enter.
#[derive(Clone, Debug, PartialEq)]
pub enum Embedding {
    /// As they are.
    Plain,
    /// The magnitude and its ramps between bin edges, then linear: `clip((x − e_j)/(e_{j+1} − e_j), 0, 1)`, the first ramp
    /// unbounded below, the last one above.
    PiecewiseLinear {
        /// Ascending edges of each magnitude, at least two.
        edges: Vec<Vec<f32>>,
        /// Columns of one magnitude, E.
        width: usize,
        /// Where `[F, 1 + J, E]` begins, J the most bins of any.
        weight: usize,
        /// Where `[F, E]` begins.
        bias: usize,
    },
    /// `[cos, sin](2π c x)`, linear, `ReLU`.
    Periodic(Periodic),
    /// `cos(2π c x + φ)`, linear, then the magnitude itself.
    PhasedPeriodic {
        /// Its frequencies and linear layer; the width without the magnitude itself.
        periodic: Periodic,
        /// Where `[F, n]` phases begin.
        phase: usize,
    },
}

/// Frequencies of magnitudes, and the linear layer of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periodic {
    /// n
    pub n_frequencies: usize,
    /// Outputs of the linear layer of one magnitude.
    pub width: usize,
    /// Where `[F, n]` begins.
    pub frequency: usize,
    /// Where `[F, inputs, width]` begins.
    pub weight: usize,
    /// Where `[F, width]` begins.
    pub bias: usize,
}

/// A hidden layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// N
    pub n_in: usize,
    /// D
    pub n_out: usize,
    /// Where the matrix begins: `[N, D]`, or `[K, N, D]`.
    pub weight: usize,
    /// Whether each member has a matrix of its own.
    pub own_weight: bool,
    /// The factor on the matrix where it is used.
    pub factor: f32,
    /// Where `r [K, N]` begins.
    pub input_scale: Option<usize>,
    /// Where `s [K, D]` begins; only beside `r`.
    pub output_scale: Option<usize>,
    /// Where the bias begins: `[D]`, or `[K, D]`.
    pub bias: usize,
    /// Whether each member has a bias of its own.
    pub own_bias: bool,
    /// The non-linearity.
    pub activation: Activation,
    /// Where a learned mix of identity and activation begins, `[D]`.
    pub mix: Option<usize>,
}

/// The last layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Head {
    /// N
    pub n_in: usize,
    /// O
    pub n_out: usize,
    /// Where `[K, N, O]` begins.
    pub weight: usize,
    /// Where `[K, O]` begins.
    pub bias: usize,
    /// The factor on the matrix where it is used.
    pub factor: f32,
}

/// The non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `max(x, 0)`
    Relu,
    /// `x · sigmoid(x)`
    Silu,
    /// `x · Φ(x)`
    Gelu,
    /// Scaled exponential linear unit.
    Selu,
}

/// Encoded rows, row-major. A kind of input that a network does not have is empty. What the caller keeps is borrowed: a data
/// set is as large as everything else of a training run together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table<'a> {
    /// N
    pub n_rows: usize,
    /// `[N, F]`
    pub magnitudes: Cow<'a, [f32]>,
    /// `[N, G]`
    pub binary: Cow<'a, [f32]>,
    /// `[N, C]`
    pub categorical: Cow<'a, [u32]>,
    /// `[N, T]`, as the loss lays them out; empty where rows are only scored.
    pub targets: Vec<f32>,
    /// `[N]`, mean 1; empty where rows are only scored.
    pub weights: Vec<f32>,
}

impl Embedding {
    /// Columns of one magnitude.
    pub fn width(&self) -> usize {
        match self {
            Self::Plain => 1,
            Self::PiecewiseLinear { width, .. } => *width,
            Self::Periodic(periodic) => periodic.width,
            Self::PhasedPeriodic { periodic, .. } => periodic.width + 1,
        }
    }
}

impl Inputs {
    /// I
    pub fn width(&self) -> usize {
        self.n_magnitudes * self.embedding.width() + self.n_binary + self.levels.len() * self.category_width
    }

    /// Whether anything before the first layer learns.
    pub(crate) fn learns(&self) -> bool {
        let embeds = self.n_magnitudes > 0 && self.embedding != Embedding::Plain;
        embeds || !self.levels.is_empty() || self.front_scale.is_some()
    }
}

impl Layer {
    /// Whether backward needs what went into the activation, not only what came out.
    pub(crate) fn keeps_input(&self) -> bool {
        self.activation != Activation::Relu || self.mix.is_some()
    }
}
