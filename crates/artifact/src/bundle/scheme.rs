//! Which integers a network is rounded to.

use alloc::vec::Vec;

/// Bits of a network's weights, and what a step of everything else stands for: enough to round a network in single
/// precision, and for training to compute as the integers will.
///
/// Weights have one scale per output, their largest magnitude over [`max_weight`]; it follows from them and is not kept
/// here.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheme {
    /// Steps per unit of each input, `[I]`.
    pub input_steps: Vec<f32>,
    /// The hidden layers.
    pub hidden: Vec<HiddenScheme>,
    /// Bits of the last layer's weights, 8 or 4.
    pub output_bits: u8,
}

/// The integers of a hidden layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HiddenScheme {
    /// Bits of its weights, 8 or 4.
    pub bits: u8,
    /// What a step before the activation stands for; it counts where the activation is a table, not for a `ReLU`.
    pub before: f64,
    /// What a step of what the next layer reads stands for.
    pub after: f64,
}

/// The largest magnitude of a weight of 4 or 8 bits.
///
/// ```
/// assert_eq!([4, 8].map(tenure_artifact::bundle::max_weight), [7, 127]);
/// ```
pub const fn max_weight(bits: u8) -> i32 {
    if bits == 4 { 7 } else { 127 }
}
