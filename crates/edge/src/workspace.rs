//! Everything that scoring writes, allocated once.

use alloc::vec;
use alloc::vec::Vec;

use tenure_artifact::EncodeScratch;

use crate::Model;
use crate::kernel::TILE;

/// Room for scoring with one model. Make one for each thread and keep it.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub(crate) shape: Shape,
    pub(crate) encode: EncodeScratch,
    /// Encoded rows, `[TILE, inputs]`.
    pub(crate) inputs: Vec<f32>,
    /// Embedding indices, `[TILE, C]`.
    pub(crate) categorical: Vec<u32>,
    /// Rows between layers, `[2, TILE, width]`; one of the two is empty.
    pub(crate) floats: Vec<f32>,
    pub(crate) integers: Vec<i8>,
    /// Quantized inputs, `[TILE, inputs padded to 4]`.
    pub(crate) quantized: Vec<i8>,
    /// `[TILE, K, O]`
    pub(crate) logits: Vec<f64>,
}

/// Sizes that decide whether a workspace fits a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) n_inputs: usize,
    pub(crate) n_gathered: (usize, usize),
    pub(crate) n_categorical: usize,
    /// Of a row between layers.
    pub(crate) width: usize,
    pub(crate) is_integer: bool,
    /// K O
    pub(crate) n_logits: usize,
}

impl Workspace {
    /// Room for scoring with this model. Scoring itself allocates nothing.
    pub fn new(model: &Model<'_>) -> Self {
        let shape = model.shape();
        let (floats, integers) = if shape.is_integer { (0, shape.width) } else { (shape.width, 0) };
        let quantized = if shape.is_integer { shape.n_inputs.next_multiple_of(4) } else { 0 };
        Self {
            shape,
            encode: model.encoder().scratch(TILE),
            inputs: vec![0.0; TILE * shape.n_inputs],
            categorical: vec![0; TILE * shape.n_categorical],
            floats: vec![0.0; 2 * TILE * floats],
            integers: vec![0; 2 * TILE * integers],
            quantized: vec![0; TILE * quantized],
            logits: vec![0.0; TILE * shape.n_logits],
        }
    }

    /// Bytes that it holds.
    pub fn size_bytes(&self) -> usize {
        let floats = self.inputs.len() + self.categorical.len() + self.floats.len();
        4 * floats + self.integers.len() + self.quantized.len() + 8 * self.logits.len() + self.encode.size_bytes()
    }
}
