//! Encoded rows into the first layer's inputs: embedded magnitudes, indicators, embedded categories.

use std::f64::consts::TAU;

use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use tenure_artifact::{CategoricalInput, NetworkSpec, NumericSpec};

use crate::sequence::SequenceBatch;

/// Encoded rows on a device. A kind of input that the network does not have is `None`.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[B, F]`
    pub continuous: Option<Tensor<2>>,
    /// `[B, G]`
    pub binary: Option<Tensor<2>>,
    /// `[B, C]`
    pub categorical: Option<Tensor<2, Int>>,
    /// The events before each row.
    pub sequence: Option<SequenceBatch>,
}

impl Batch {
    /// Uploads row-major arrays of `n_rows` rows; an empty array is a kind of input that is not there.
    pub fn upload(n_rows: usize, continuous: &[f32], binary: &[f32], categorical: &[u32], device: &Device) -> Self {
        let floats = |values: &[f32]| {
            let width = values.len() / n_rows.max(1);
            (width > 0).then(|| Tensor::from_data(TensorData::new(values.to_vec(), [n_rows, width]), device))
        };
        let n_categories = categorical.len() / n_rows.max(1);
        let indices = categorical.iter().map(|&i| i.cast_signed()).collect::<Vec<i32>>();
        let upload = || Tensor::from_data(TensorData::new(indices, [n_rows, n_categories]), device);
        let categorical = (n_categories > 0).then(upload);
        Self { continuous: floats(continuous), binary: floats(binary), categorical, sequence: None }
    }

    /// The same rows with the events before them.
    #[must_use]
    pub fn with_sequence(self, sequence: Option<SequenceBatch>) -> Self {
        Self { sequence, ..self }
    }

    /// `B`
    pub fn n_rows(&self) -> usize {
        let floats = self.continuous.as_ref().or(self.binary.as_ref()).map(|t| t.dims()[0]);
        floats.or_else(|| self.categorical.as_ref().map(|t| t.dims()[0])).unwrap_or(0)
    }
}

/// What embeddings need on the device besides weights.
#[derive(Clone, Debug)]
pub(crate) struct InputConstants {
    ramps: Option<Ramps>,
    /// `[1, C]`: where each category's rows begin in the table.
    offsets: Option<Tensor<2, Int>>,
}

/// Ramp `j` of a magnitude is `clip((x − start_j) · slope_j, low_j, high_j)`; all `[F, 1, J]`. A magnitude with fewer
/// bins than the most has ramps that are always 0.
#[derive(Clone, Debug)]
struct Ramps {
    start: Tensor<3>,
    slope: Tensor<3>,
    low: Tensor<3>,
    high: Tensor<3>,
}

/// Stands for "no bound" where shaders may not honour infinities.
const UNBOUNDED: f32 = 1e30;

impl Ramps {
    fn new(edges: &[Vec<f32>], n_bins: usize, device: &Device) -> Self {
        let mut columns = [const { Vec::new() }; 4];
        for edges in edges {
            let last = edges.len() - 2;
            for bin in 0..n_bins {
                let ramp = if bin > last {
                    [0.0; 4]
                } else {
                    let low = if bin == 0 { -UNBOUNDED } else { 0.0 };
                    let high = if bin == last { UNBOUNDED } else { 1.0 };
                    [edges[bin], 1.0 / (edges[bin + 1] - edges[bin]), low, high]
                };
                columns.iter_mut().zip(ramp).for_each(|(column, value)| column.push(value));
            }
        }
        let upload = |values| Tensor::from_data(TensorData::new(values, [edges.len(), 1, n_bins]), device);
        let [start, slope, low, high] = columns.map(upload);
        Self { start, slope, low, high }
    }

    /// # Shapes
    /// `x [F, B, 1]` → `[F, B, J]`
    fn apply(&self, x: Tensor<3>) -> Tensor<3> {
        let position = (x - self.start.clone()) * self.slope.clone();
        position.max_pair(self.low.clone()).min_pair(self.high.clone())
    }
}

impl InputConstants {
    pub(crate) fn new(spec: &NetworkSpec, device: &Device) -> Self {
        let ramps = match &spec.numeric {
            NumericSpec::Pwl { edges, .. } if !edges.is_empty() => {
                Some(Ramps::new(edges, spec.numeric.n_bins(), device))
            }
            _ => None,
        };
        let first_row = |next: &mut i32, c: &CategoricalInput| {
            let start = *next;
            *next += i32::try_from(c.n_levels).expect("fewer than 2³¹ levels");
            Some(start)
        };
        let starts: Vec<i32> = spec.inputs.categorical.iter().scan(0, first_row).collect();
        let n = starts.len();
        let offsets = (n > 0).then(|| Tensor::from_data(TensorData::new(starts, [1, n]), device));
        Self { ramps, offsets }
    }

    /// Piecewise-linear code of a magnitude, the magnitude itself first.
    ///
    /// # Shapes
    /// `x [F, B, 1]` → `[F, B, 1 + J]`
    fn pwl(&self, x: Tensor<3>) -> Tensor<3> {
        let ramps = self.ramps.as_ref().expect("made from the same description");
        Tensor::cat(vec![x.clone(), ramps.apply(x)], 2)
    }

    /// Looks the rows of every category up at once.
    ///
    /// # Shapes
    /// `indices [B, C]`, `table [rows, E]` → `[B, C·E]`
    pub(crate) fn categories(&self, indices: Tensor<2, Int>, table: Tensor<2>) -> Tensor<2> {
        let ([b, c], [_, e]) = (indices.dims(), table.dims());
        let offsets = self.offsets.clone().expect("made from the same description");
        table.select(0, (indices + offsets).reshape([b * c])).reshape([b, c * e])
    }
}

/// Weights of a numeric embedding.
pub(crate) struct NumericWeights {
    /// `[F, N]`; empty for piecewise-linear embeddings.
    pub(crate) frequency: Option<Tensor<2>>,
    /// `[F, N]`; only for PBLD.
    pub(crate) phase: Option<Tensor<2>>,
    /// `[F, n_in, n_out]`
    pub(crate) weight: Tensor<3>,
    /// `[F, n_out]`
    pub(crate) bias: Tensor<2>,
}

/// Embeds magnitudes, each with a small layer of its own.
///
/// # Shapes
/// `x [B, F]` → `[B, F·E]`
pub(crate) fn embed(
    numeric: &NumericSpec,
    constants: &InputConstants,
    weights: NumericWeights,
    x: Tensor<2>,
) -> Tensor<2> {
    let [b, f] = x.dims();
    // Magnitudes go first, so that one batched product serves them all.
    let x = x.swap_dims(0, 1).reshape([f, b, 1]);
    let [_, _, n_out] = weights.weight.dims();
    let linear = |code: Tensor<3>| code.matmul(weights.weight) + weights.bias.reshape([f, 1, n_out]);
    let angle = |frequency: Tensor<2>| {
        let [_, n] = frequency.dims();
        x.clone() * frequency.reshape([f, 1, n]).mul_scalar(TAU)
    };
    let embedded = match (numeric, weights.frequency, weights.phase) {
        (NumericSpec::Pwl { .. }, ..) => linear(constants.pwl(x)),
        (NumericSpec::Plr { .. }, Some(frequency), _) => {
            let angle = angle(frequency);
            relu(linear(Tensor::cat(vec![angle.clone().cos(), angle.sin()], 2)))
        }
        (NumericSpec::Pbld { .. }, Some(frequency), Some(phase)) => {
            let [_, n] = frequency.dims();
            let code = (angle(frequency) + phase.reshape([f, 1, n])).cos();
            Tensor::cat(vec![linear(code), x], 2)
        }
        _ => unreachable!("an embedding has the weights that its description lists"),
    };
    let [_, _, e] = embedded.dims();
    embedded.swap_dims(0, 1).reshape([b, f * e])
}
