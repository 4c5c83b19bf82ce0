//! The student's layers as plain matrices in double precision, and what it reads.

use tenure_artifact::bundle::{LayerWeights, Network, OUTPUTS_PER_PANEL};
use tenure_artifact::{Activation, Preprocessor, RowBuffers};

use crate::{CompressError, RawRows};

/// `activation(x W + b)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Inputs, I.
    pub n_in: usize,
    /// Row-major `[I, O]`.
    pub weights: Vec<f64>,
    /// `[O]`
    pub bias: Vec<f64>,
    /// None in the last layer.
    pub activation: Option<Activation>,
}

impl Dense {
    /// The layers of a network of one member in single precision.
    pub fn of(network: &Network<'_>) -> Result<Vec<Self>, CompressError> {
        if network.n_members != 1 {
            return Err(CompressError::Network { reason: "it has more than one member" });
        }
        let layer = |layer: &tenure_artifact::bundle::Layer<'_>| {
            let LayerWeights::F32 { bias, panels } = &layer.weights else {
                return Err(CompressError::Network { reason: "it holds integers already" });
            };
            let weight = |i: usize, o: usize| {
                let panel = o / OUTPUTS_PER_PANEL * OUTPUTS_PER_PANEL * layer.n_in;
                f64::from(panels.get(panel + OUTPUTS_PER_PANEL * i + o % OUTPUTS_PER_PANEL))
            };
            Ok(Self {
                n_in: layer.n_in,
                weights: (0..layer.n_in).flat_map(|i| (0..layer.n_out).map(move |o| weight(i, o))).collect(),
                bias: (0..layer.n_out).map(|o| f64::from(bias.get(o))).collect(),
                activation: layer.activation,
            })
        };
        network.layers.iter().map(layer).collect()
    }

    /// Outputs, O.
    pub fn n_out(&self) -> usize {
        self.bias.len()
    }

    /// `x W + b` before the activation.
    ///
    /// # Shapes
    /// `[N, I]` → `[N, O]`
    pub fn sums(&self, x: &[f64]) -> Vec<f64> {
        let n_out = self.n_out();
        let mut sums = Vec::with_capacity(x.len() / self.n_in * n_out);
        for row in x.chunks_exact(self.n_in) {
            let start = sums.len();
            sums.extend_from_slice(&self.bias);
            for (x, weights) in row.iter().zip(self.weights.chunks_exact(n_out)).filter(|(x, _)| **x != 0.0) {
                sums[start..].iter_mut().zip(weights).for_each(|(sum, w)| *sum += x * w);
            }
        }
        sums
    }
}

/// What the network reads of these rows: magnitudes, indicators, embeddings of levels.
///
/// # Shapes
/// → `[N, I]`
pub(crate) fn inputs(
    network: &Network<'_>,
    preprocessor: &Preprocessor,
    rows: &RawRows<'_>,
    picks: &[u32],
) -> Result<Vec<f64>, CompressError> {
    let (f, g, c) = preprocessor.layout.widths();
    let (mut continuous, mut binary, mut categorical) = (vec![0.0; f], vec![0.0; g], vec![0; c]);
    let width = network.category_width;
    let mut all = Vec::with_capacity(picks.len() * network.n_inputs);
    for pick in picks {
        let raw = rows.take(std::slice::from_ref(pick));
        let out = RowBuffers { continuous: &mut continuous, binary: &mut binary, categorical: &mut categorical };
        preprocessor.apply_row(&raw, out)?;
        all.extend(continuous.iter().chain(&binary).map(|x| f64::from(*x)));
        let mut first = 0;
        for (level, input) in categorical.iter().zip(&preprocessor.layout.categorical) {
            let start = (first + *level as usize) * width;
            all.extend((start..start + width).map(|at| f64::from(network.category_table.get(at))));
            first += input.n_levels;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use tenure_artifact::bundle::Layer;

    use super::*;

    #[test]
    fn panels_come_back_as_a_matrix() {
        let weights: Vec<f32> = (0..3 * 18).map(|i| i as f32).collect();
        let bias: Vec<f32> = (0..18).map(|i| 100.0 + i as f32).collect();
        let network = Network {
            n_inputs: 3,
            category_width: 0,
            category_table: tenure_artifact::bundle::LeSlice::default(),
            input_steps: tenure_artifact::bundle::LeSlice::default(),
            n_members: 1,
            layers: vec![Layer::dense(&weights, &bias, None)],
        };
        let dense = &Dense::of(&network).expect("a plain network")[0];
        assert!(dense.weights.iter().zip(&weights).all(|(a, b)| *a == f64::from(*b)));
        // Row (1, 0, 2): output 17 is 100 + 17 + 17 + 2 · (36 + 17).
        assert_eq!(dense.sums(&[1.0, 0.0, 2.0])[17], 240.0);
    }
}
