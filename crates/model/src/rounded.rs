//! A plain network as the edge's integers compute it, with gradients that pass through the rounding.
//!
//! Weights and activations are rounded to what integers can say and stay real numbers; the gradient of a rounding is taken
//! for 1 within the range of the integers and for 0 beyond it, so that a network can learn to answer well once it is
//! rounded.
//!
//! Sources: Jacob et al., arXiv 1712.05877, section 3 (training with simulated quantization); Bengio, Léonard, Courville,
//! arXiv 1308.3432 (the straight-through estimator).

use burn::tensor::{Device, Tensor, TensorData};
use tenure_artifact::bundle::{HiddenScheme, Scheme, max_weight};
use tenure_artifact::{Activation, Backbone};

use crate::graph::Graph;
use crate::inputs::Batch;
use crate::layers::{activate, shared};

/// Steps on either side of zero.
const TOP: f64 = 127.0;
/// Keeps the scale of weights that are all zero off zero.
const LEAST_SCALE: f64 = 1e-30;

/// A scheme of integers on a device.
#[derive(Clone, Debug)]
pub struct Rounding {
    scheme: Scheme,
    /// Steps per unit of each input, `[1, I]`.
    steps: Tensor<2>,
    /// What a step of each input stands for, `[I, 1]`: what its weights are multiplied by before they are rounded.
    unit: Tensor<2>,
}

impl Rounding {
    /// Prepares a scheme.
    pub fn new(scheme: &Scheme, device: &Device) -> Self {
        let n = scheme.input_steps.len();
        let units: Vec<f32> = scheme.input_steps.iter().map(|step| 1.0 / step).collect();
        let upload = |values: Vec<f32>, shape| Tensor::from_data(TensorData::new(values, shape), device);
        Self { steps: upload(scheme.input_steps.clone(), [1, n]), unit: upload(units, [n, 1]), scheme: scheme.clone() }
    }
}

impl Graph {
    /// [`Graph::outputs`] of a plain network that is rounded by a scheme.
    ///
    /// # Shapes
    /// rows `B` → `[1, B, O]`
    ///
    /// # Panics
    /// Where the network is no multilayer perceptron, or the scheme is another network's.
    pub fn rounded_outputs(&self, leaves: &[Tensor<1>], batch: &Batch, rounding: &Rounding) -> Tensor<3> {
        let Backbone::Mlp(hidden) = self.spec().backbone else { panic!("integers of a plain network alone") };
        assert_eq!(hidden.blocks, rounding.scheme.hidden.len(), "the scheme has every hidden layer");
        let mut x = rounded_inputs(self.first_inputs(leaves, batch), rounding).unsqueeze_dim::<3>(0);
        for (i, scheme) in rounding.scheme.hidden.iter().enumerate() {
            let block = &self.blocks[i];
            let weight = self.leaf::<2>(leaves, block.weight);
            let unit = (i == 0).then_some(&rounding.unit);
            let sums = shared(x, rounded_weights(weight, unit, scheme.bits)) + self.bias(leaves, block.bias);
            x = rounded_activation(hidden.activation, sums, *scheme);
        }
        let (weight, bias) = (self.parameters().len() - 2, self.parameters().len() - 1);
        let [_, n, o] = self.leaf::<3>(leaves, weight).dims();
        let head = leaves[weight].clone().reshape([n, o]);
        let unit = rounding.scheme.hidden.is_empty().then_some(&rounding.unit);
        shared(x, rounded_weights(head, unit, rounding.scheme.output_bits)) + leaves[bias].clone().reshape([1, 1, o])
    }
}

/// The nearest integer, with the gradient of the number itself.
fn straight<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.clone() + (x.clone().round() - x).detach()
}

/// The nearest of `step · least ..= step · 127`.
fn on_grid<const D: usize>(x: Tensor<D>, step: f64, least: f64) -> Tensor<D> {
    straight(x.div_scalar(step).clamp(least, TOP)).mul_scalar(step)
}

/// # Shapes
/// `[B, I]` → `[B, I]`
fn rounded_inputs(x: Tensor<2>, rounding: &Rounding) -> Tensor<2> {
    straight((x * rounding.steps.clone()).clamp(-TOP, TOP)) / rounding.steps.clone()
}

/// Rounds each output's weights by its own scale, after they are multiplied with the units of their inputs.
///
/// # Shapes
/// `weight [I, O]`, `unit [I, 1]` → `[I, O]`
fn rounded_weights(weight: Tensor<2>, unit: Option<&Tensor<2>>, bits: u8) -> Tensor<2> {
    let scaled = match unit {
        Some(unit) => weight * unit.clone(),
        None => weight,
    };
    let top = f64::from(max_weight(bits));
    let scale = scaled.clone().detach().abs().max_dim(0).div_scalar(top).clamp_min(LEAST_SCALE);
    let rounded = straight(scaled / scale.clone()) * scale;
    match unit {
        Some(unit) => rounded / unit.clone(),
        None => rounded,
    }
}

fn rounded_activation(activation: Activation, sums: Tensor<3>, scheme: HiddenScheme) -> Tensor<3> {
    if activation == Activation::Relu {
        return on_grid(sums, scheme.after, 0.0);
    }
    on_grid(activate(activation, on_grid(sums, scheme.before, -TOP)), scheme.after, -TOP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.try_into_vec_as().expect("floats")
    }

    #[test]
    fn values_land_on_the_grid_and_stop_at_its_ends() {
        let found = on_grid(tensor(&[0.24, -0.26, 99.0, -99.0], [4]), 0.5, 0.0);
        assert_eq!(values(found), [0.0, 0.0, 63.5, 0.0]);
    }

    #[test]
    fn gradients_pass_within_the_range_and_not_beyond() {
        let x = tensor(&[0.24, -0.26, 99.0, 3.3], [4]).autodiff().require_grad();
        let mut gradients = on_grid(x.clone(), 0.5, 0.0).sum().backward();
        assert_eq!(values(x.grad_remove(&mut gradients).expect("a gradient")), [1.0, 0.0, 0.0, 1.0]);
    }

    /// The same integers as the bundle's.
    #[test]
    fn weights_are_rounded_as_a_bundle_rounds_them() {
        let weights: Vec<f32> = (0..35).map(|i| ((i * 13) % 17) as f32 / 9.0 - 0.8).collect();
        let unit = [0.5_f32, 2.0, 1.0, 0.1, 3.0];
        for bits in [4, 8] {
            let found = rounded_weights(tensor(&weights, [5, 7]), Some(&tensor(&unit, [5, 1])), bits);
            let scaled: Vec<f64> =
                weights.iter().enumerate().map(|(at, w)| f64::from(*w) * f64::from(unit[at / 7])).collect();
            let (integers, scales) = tenure_artifact::bundle::quantize_channels(&scaled, 7, bits);
            for (at, found) in values(found).into_iter().enumerate() {
                let expected = f64::from(integers[at]) * scales[at % 7] / f64::from(unit[at / 7]);
                assert!((f64::from(found) - expected).abs() < 1e-6, "{bits} bits: {found} {expected}");
            }
        }
    }
}
