//! Post-training quantization: from a network in single precision to the bundle's integers.
//!
//! Sources: Jacob et al., arXiv 1712.05877 (the scheme); Nagel et al., arXiv 1906.04721, section 4.2 (bias correction,
//! here from data); ranges see [`RangeMethod`].

use tenure_artifact::Activation;
use tenure_artifact::bundle::{Layer, LeSlice, Network, QuantizedDense, quantize_channels};

use crate::dense::Dense;
use crate::ranges::TOP;
use crate::{CompressError, RangeMethod};

/// Bits of a weight.
const BITS: u8 = 8;

/// How a network is quantized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantizer<'a> {
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

/// A plain network of one member in 8-bit integers.
pub fn quantize(network: &Network<'_>, how: &Quantizer<'_>) -> Result<Network<'static>, CompressError> {
    let layers = Dense::of(network)?;
    let steps = how.input_steps(network.n_inputs);
    let mut state = State {
        exact: how.inputs.to_vec(),
        rounded: how.inputs.chunks_exact(steps.len()).flat_map(|row| round_inputs(row, &steps)).collect(),
        input_scale: 1.0,
    };
    let mut quantized = Vec::with_capacity(layers.len());
    for (layer_idx, layer) in layers.iter().enumerate() {
        let unit: Vec<f64> = if layer_idx == 0 {
            steps.iter().map(|step| 1.0 / f64::from(*step)).collect()
        } else {
            vec![1.0; layer.n_in]
        };
        quantized.push(state.advance(layer, &unit, how, layer_idx + 1 == layers.len())?);
    }
    Ok(Network {
        n_inputs: network.n_inputs,
        category_width: network.category_width,
        category_table: LeSlice::owned(network.category_table.iter()),
        input_steps: LeSlice::owned(steps),
        n_members: 1,
        layers: quantized,
    })
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
    /// Quantizes a layer and moves both copies behind it. `unit` is what the weights of each input are multiplied by
    /// before they are rounded.
    fn advance(
        &mut self,
        layer: &Dense,
        unit: &[f64],
        how: &Quantizer<'_>,
        is_last: bool,
    ) -> Result<Layer<'static>, CompressError> {
        let n_out = layer.n_out();
        let scaled: Vec<f64> = by_input(&layer.weights, unit, n_out, |w, unit| w * unit).collect();
        let (values, scales) = quantize_channels(&scaled, n_out, BITS);
        let real: Vec<f64> = values.iter().zip(scales.iter().cycle()).map(|(v, s)| f64::from(*v) * s).collect();
        let mut seen = Dense { weights: by_input(&real, unit, n_out, |w, unit| w / unit).collect(), ..layer.clone() };
        let exact = layer.sums(&self.exact);
        if how.correct_bias {
            let rounded = seen.sums(&self.rounded);
            for (o, bias) in seen.bias.iter_mut().enumerate() {
                *bias -= mean_gap(&rounded, &exact, o, n_out);
            }
        }
        let rounded = seen.sums(&self.rounded);
        let dense = QuantizedDense {
            values: &values,
            scales: &scales,
            bits: BITS,
            bias: &seen.bias,
            input_scale: self.input_scale,
        };
        if is_last {
            return Ok(dense.output()?);
        }
        let finest = 2.000_001 * self.input_scale * scales.iter().copied().fold(0.0, f64::max);
        self.exact = activated(layer.activation, &exact);
        let before = (how.ranges.range(exact.iter().copied()) / TOP).max(finest);
        let mut after = how.ranges.range(self.exact.iter().copied()) / TOP;
        if !is_tabled(layer.activation) {
            after = after.max(finest);
        }
        self.rounded = rounded.iter().map(|sum| through(layer.activation, *sum, before, after)).collect();
        self.input_scale = after;
        Ok(dense.hidden(layer.activation, before, after)?)
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
