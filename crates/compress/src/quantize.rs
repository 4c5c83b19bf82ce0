//! Quantization: from a network in single precision to the bundle's integers, by ranges that calibration rows have
//! ([`quantize`]), or by the scheme that a network has been trained for ([`requantize`]).
//!
//! Sources: Jacob et al., arXiv 1712.05877 (the scheme); Nagel et al., arXiv 1906.04721, section 4.2 (bias correction,
//! here from data); ranges see [`RangeMethod`].

use tenure_artifact::Activation;
use tenure_artifact::bundle::{HiddenScheme, Layer, LeSlice, Network, QuantizedDense, Scheme, quantize_channels};

use crate::dense::Dense;
use crate::ranges::TOP;
use crate::{CompressError, RangeMethod};

/// Bits of the last layer's weights: they are few, and every answer is a sum of them.
const OUTPUT_BITS: u8 = 8;

/// How a network is quantized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantizer<'a> {
    /// Bits of the weights of all layers but the last, 8 or 4.
    pub bits: u8,
    /// Where ranges of activations end.
    pub ranges: RangeMethod,
    /// Whether the mean error that integers bring to each output is taken off its bias.
    pub correct_bias: bool,
    /// Encoded rows that ranges and errors are taken from, `[N, I]`.
    pub inputs: &'a [f64],
    /// Which inputs lie in 0..=1 by definition; their range is not measured.
    pub n_continuous: usize,
    /// How many inputs behind the continuous ones do.
    pub n_binary: usize,
}

/// A network in integers, and how it was rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized {
    /// Of one member.
    pub network: Network<'static>,
    /// Bits and steps; [`requantize`] rounds another network by them.
    pub scheme: Scheme,
}

/// A plain network of one member in integers.
pub fn quantize(network: &Network<'_>, how: &Quantizer<'_>) -> Result<Quantized, CompressError> {
    let layers = Dense::of(network)?;
    let steps = how.input_steps(network.n_inputs);
    let mut state = State {
        exact: how.inputs.to_vec(),
        rounded: how.inputs.chunks_exact(steps.len()).flat_map(|row| round_inputs(row, &steps)).collect(),
        input_scale: 1.0,
    };
    let mut quantized = Vec::with_capacity(layers.len());
    let mut scheme = Scheme { input_steps: steps, hidden: Vec::new(), output_bits: OUTPUT_BITS };
    for (layer_idx, layer) in layers.iter().enumerate() {
        let unit = units(&scheme, layer_idx, layer.n_in);
        if layer_idx + 1 == layers.len() {
            quantized.push(state.finish(layer, &unit, how)?);
        } else {
            let (layer, hidden) = state.advance(layer, &unit, how)?;
            quantized.push(layer);
            scheme.hidden.push(hidden);
        }
    }
    Ok(Quantized { network: in_integers(network, &scheme, quantized), scheme })
}

/// A plain network of one member rounded by the scheme of another one of its shape.
pub fn requantize(network: &Network<'_>, scheme: &Scheme) -> Result<Network<'static>, CompressError> {
    let layers = Dense::of(network)?;
    if layers.len() != scheme.hidden.len() + 1 || network.n_inputs != scheme.input_steps.len() {
        return Err(CompressError::Network { reason: "the scheme is that of a network of another shape" });
    }
    let mut input_scale = 1.0;
    let mut quantized = Vec::with_capacity(layers.len());
    for (layer_idx, layer) in layers.iter().enumerate() {
        let unit = units(scheme, layer_idx, layer.n_in);
        let hidden = scheme.hidden.get(layer_idx);
        let rounded = Rounded::of(layer, &unit, hidden.map_or(scheme.output_bits, |hidden| hidden.bits));
        let dense = rounded.dense(&layer.bias, input_scale);
        let Some(hidden) = hidden else {
            quantized.push(dense.output()?);
            continue;
        };
        let finest = rounded.finest(input_scale);
        let after = if is_tabled(layer.activation) { hidden.after } else { hidden.after.max(finest) };
        quantized.push(dense.hidden(layer.activation, hidden.before.max(finest), after)?);
        input_scale = after;
    }
    Ok(in_integers(network, scheme, quantized))
}

/// What the weights of each input of a layer are multiplied by before they are rounded.
fn units(scheme: &Scheme, layer_idx: usize, n_in: usize) -> Vec<f64> {
    if layer_idx == 0 {
        scheme.input_steps.iter().map(|step| 1.0 / f64::from(*step)).collect()
    } else {
        vec![1.0; n_in]
    }
}

fn in_integers(network: &Network<'_>, scheme: &Scheme, layers: Vec<Layer<'static>>) -> Network<'static> {
    Network {
        n_inputs: network.n_inputs,
        category_width: network.category_width,
        category_table: LeSlice::owned(network.category_table.iter()),
        input_steps: LeSlice::owned(scheme.input_steps.iter().copied()),
        n_members: 1,
        layers,
    }
}

/// A layer's weights as integers.
struct Rounded {
    /// `[I, O]`
    values: Vec<i8>,
    /// `[O]`
    scales: Vec<f64>,
    bits: u8,
}

impl Rounded {
    fn of(layer: &Dense, unit: &[f64], bits: u8) -> Self {
        let n_out = layer.n_out();
        let scaled: Vec<f64> = by_input(&layer.weights, unit, n_out, |w, unit| w * unit).collect();
        let (values, scales) = quantize_channels(&scaled, n_out, bits);
        Self { values, scales, bits }
    }

    fn dense<'s>(&'s self, bias: &'s [f64], input_scale: f64) -> QuantizedDense<'s> {
        QuantizedDense { values: &self.values, scales: &self.scales, bits: self.bits, bias, input_scale }
    }

    /// The finest step that the integer arithmetic can say of this layer's sums.
    fn finest(&self, input_scale: f64) -> f64 {
        2.000_001 * input_scale * self.scales.iter().copied().fold(0.0, f64::max)
    }
}

impl Quantizer<'_> {
    /// Steps per unit of each input.
    fn input_steps(&self, n_inputs: usize) -> Vec<f32> {
        let by_definition = self.n_continuous..self.n_continuous + self.n_binary;
        let range = |i: usize| {
            if by_definition.contains(&i) {
                return 1.0;
            }
            self.ranges.range(self.inputs.iter().skip(i).step_by(n_inputs).copied())
        };
        (0..n_inputs).map(|i| (TOP / range(i)) as f32).collect()
    }
}

/// Calibration rows on their way through the layers, twice.
struct State {
    /// As the network in double precision has them, `[N, I]`.
    exact: Vec<f64>,
    /// As the integers have them, in real numbers, `[N, I]`.
    rounded: Vec<f64>,
    /// What one step of `rounded` stands for; 1 before the first layer, whose inputs have a step each.
    input_scale: f64,
}

impl State {
    /// Quantizes a hidden layer and moves both copies behind it. `unit` is what the weights of each input are multiplied by
    /// before they are rounded.
    fn advance(
        &mut self,
        layer: &Dense,
        unit: &[f64],
        how: &Quantizer<'_>,
    ) -> Result<(Layer<'static>, HiddenScheme), CompressError> {
        let weights = Rounded::of(layer, unit, how.bits);
        let (seen, exact) = self.seen(layer, unit, &weights, how);
        let rounded = seen.sums(&self.rounded);
        let finest = weights.finest(self.input_scale);
        self.exact = activated(layer.activation, &exact);
        let before = (how.ranges.range(exact.iter().copied()) / TOP).max(finest);
        let mut after = how.ranges.range(self.exact.iter().copied()) / TOP;
        if !is_tabled(layer.activation) {
            after = after.max(finest);
        }
        let made = weights.dense(&seen.bias, self.input_scale).hidden(layer.activation, before, after)?;
        self.rounded = rounded.iter().map(|sum| through(layer.activation, *sum, before, after)).collect();
        self.input_scale = after;
        Ok((made, HiddenScheme { bits: how.bits, before, after }))
    }

    /// Quantizes the last layer.
    fn finish(&self, layer: &Dense, unit: &[f64], how: &Quantizer<'_>) -> Result<Layer<'static>, CompressError> {
        let weights = Rounded::of(layer, unit, OUTPUT_BITS);
        let (seen, _) = self.seen(layer, unit, &weights, how);
        Ok(weights.dense(&seen.bias, self.input_scale).output()?)
    }

    /// The layer with its weights as they are rounded and its biases corrected where that is asked for; and the exact sums.
    fn seen(&self, layer: &Dense, unit: &[f64], weights: &Rounded, how: &Quantizer<'_>) -> (Dense, Vec<f64>) {
        let n_out = layer.n_out();
        let real = weights.values.iter().zip(weights.scales.iter().cycle()).map(|(v, s)| f64::from(*v) * s);
        let real: Vec<f64> = real.collect();
        let mut seen = Dense { weights: by_input(&real, unit, n_out, |w, unit| w / unit).collect(), ..layer.clone() };
        let exact = layer.sums(&self.exact);
        if how.correct_bias {
            let rounded = seen.sums(&self.rounded);
            for (o, bias) in seen.bias.iter_mut().enumerate() {
                *bias -= mean_gap(&rounded, &exact, o, n_out);
            }
        }
        (seen, exact)
    }
}

/// `f(w, unit of its input)` for each weight `[I, O]`.
fn by_input<'a>(
    weights: &'a [f64],
    unit: &'a [f64],
    n_out: usize,
    f: impl Fn(f64, f64) -> f64 + Copy + 'a,
) -> impl Iterator<Item = f64> + 'a {
    weights.chunks_exact(n_out).zip(unit).flat_map(move |(row, unit)| row.iter().map(move |w| f(*w, *unit)))
}

/// The mean of `rounded − exact` of output `o`.
fn mean_gap(rounded: &[f64], exact: &[f64], o: usize, n_out: usize) -> f64 {
    let gaps = rounded.iter().zip(exact).skip(o).step_by(n_out).map(|(r, e)| r - e);
    gaps.sum::<f64>() / (exact.len() / n_out).max(1) as f64
}

fn activated(activation: Option<Activation>, sums: &[f64]) -> Vec<f64> {
    sums.iter().map(|sum| activation.map_or(*sum, |activation| activation.apply(*sum))).collect()
}

/// Every activation but `ReLU` goes through a table of 8-bit values.
fn is_tabled(activation: Option<Activation>) -> bool {
    !matches!(activation, None | Some(Activation::Relu))
}

/// What the next layer reads of a sum.
fn through(activation: Option<Activation>, sum: f64, before: f64, after: f64) -> f64 {
    let on_grid = |x: f64, step: f64, least: f64| step * (x / step).round().clamp(least, TOP);
    match activation {
        Some(Activation::Relu) => on_grid(sum, after, 0.0),
        None => on_grid(sum, after, -TOP),
        Some(other) => on_grid(other.apply(on_grid(sum, before, -TOP)), after, -TOP),
    }
}

/// The inputs of one row as the edge rounds them.
fn round_inputs<'a>(row: &'a [f64], steps: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
    row.iter().zip(steps).map(|(x, step)| {
        let step = f64::from(*step);
        (x * step).clamp(-TOP, TOP).round_ties_even() / step
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_rounds_its_own_network_as_it_was_rounded() {
        let number = |i: usize| ((i * 29) % 31) as f32 / 15.0 - 1.0;
        let weights: Vec<f32> = (0..3 * 18).map(number).collect();
        let bias: Vec<f32> = (0..18).map(|i| 0.3 * number(i)).collect();
        let last: Vec<f32> = (0..18).map(|i| number(i + 7)).collect();
        for activation in [Activation::Relu, Activation::Silu] {
            let network = Network {
                n_inputs: 3,
                category_width: 0,
                category_table: LeSlice::default(),
                input_steps: LeSlice::default(),
                n_members: 1,
                layers: vec![Layer::dense(&weights, &bias, Some(activation)), Layer::dense(&last, &[0.2], None)],
            };
            let inputs: Vec<f64> = (0..3 * 40).map(|i| f64::from(number(i * 5))).collect();
            for bits in [4, 8] {
                let ranges = RangeMethod::MinMax;
                let how =
                    Quantizer { bits, ranges, correct_bias: false, inputs: &inputs, n_continuous: 3, n_binary: 0 };
                let made = quantize(&network, &how).expect("it fits");
                assert_eq!(made.scheme.hidden.len(), 1);
                assert_eq!(requantize(&network, &made.scheme).expect("it fits"), made.network);
            }
        }
    }
}
