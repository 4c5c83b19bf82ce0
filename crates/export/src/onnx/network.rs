//! The network as nodes: in single precision, or in integers between quantize and dequantize.

use tenure_artifact::Activation;
use tenure_artifact::bundle::{Layer, LayerWeights, LeSlice, Network, Requantize};

use super::graph::{Attribute, Graph, Kind, Value};
use crate::dense::{factor, floats, integers};

/// Logits `[N, O]` of each member, from encoded rows `[N, I]`.
pub(super) fn logits(graph: &mut Graph, network: &Network<'_>, inputs: &Value) -> Vec<Value> {
    let first = if network.is_integer() { quantized_inputs(graph, network, inputs) } else { inputs.clone() };
    (0..network.n_members)
        .map(|k| network.member(k).iter().fold(first.clone(), |values, one| layer(graph, one, &values)))
        .collect()
}

fn layer(graph: &mut Graph, layer: &Layer<'_>, values: &Value) -> Value {
    let shape = [layer.n_in, layer.n_out];
    match &layer.weights {
        LayerWeights::F32 { bias, panels } => {
            let weights = graph.constant(&shape, &floats(layer, panels));
            let bias: Vec<f32> = bias.iter().take(layer.n_out).collect();
            let bias = graph.constant(&[layer.n_out], &bias);
            let sums = graph.op("Gemm", &[values, &weights, &bias]);
            activated(graph, &sums, layer.activation)
        }
        LayerWeights::Int { bias, panels, requantize } => {
            let scales: Vec<f32> = match requantize {
                Requantize::Hidden { multipliers, shifts, .. } => {
                    (0..layer.n_out).map(|o| factor(multipliers.get(o), shifts.get(o)) as f32).collect()
                }
                Requantize::Output { scales } => scales.iter().map(|scale| scale as f32).collect(),
            };
            let weights = integers(layer, &panels.to_int8());
            let sums = integer_sums(graph, &shape, &weights, &scales, bias, values);
            match requantize {
                Requantize::Hidden { table, .. } => requantized(graph, &sums, layer.activation, table),
                Requantize::Output { .. } => sums,
            }
        }
    }
}

fn activated(graph: &mut Graph, sums: &Value, activation: Option<Activation>) -> Value {
    match activation {
        None => sums.clone(),
        Some(Activation::Relu) => graph.op("Relu", &[sums]),
        Some(Activation::Selu) => graph.op("Selu", &[sums]),
        Some(Activation::Silu) => {
            let gate = graph.op("Sigmoid", &[sums]);
            graph.op("Mul", &[sums, &gate])
        }
        // x · ½ (1 + erf(x / √2)); an operator of its own comes with opset 20.
        Some(Activation::Gelu) => {
            let [root, one, half] = [std::f32::consts::FRAC_1_SQRT_2, 1.0, 0.5].map(|constant| graph.scalar(constant));
            let scaled = graph.op("Mul", &[sums, &root]);
            let erf = graph.op("Erf", &[&scaled]);
            let risen = graph.op("Add", &[&erf, &one]);
            let gate = graph.op("Mul", &[&risen, &half]);
            graph.op("Mul", &[sums, &gate])
        }
    }
}

/// Inputs in whole steps, each clamped to ±127, as numbers.
fn quantized_inputs(graph: &mut Graph, network: &Network<'_>, inputs: &Value) -> Value {
    let steps: Vec<f32> = network.input_steps.iter().collect();
    let steps = graph.constant(&[steps.len()], &steps);
    let scaled = graph.op("Mul", &[inputs, &steps]);
    let within = graph.within(&scaled, -127.0_f32, 127.0);
    through_int8(graph, &within)
}

/// `QuantizeLinear`, then `DequantizeLinear`, with steps of one: what lies between two integer layers.
fn through_int8(graph: &mut Graph, values: &Value) -> Value {
    let integers = to_int8(graph, values);
    let (one, zero) = (graph.scalar(1.0_f32), graph.scalar(0_i8));
    graph.op("DequantizeLinear", &[&integers, &one, &zero])
}

fn to_int8(graph: &mut Graph, values: &Value) -> Value {
    let (one, zero) = (graph.scalar(1.0_f32), graph.scalar(0_i8));
    graph.op("QuantizeLinear", &[values, &one, &zero])
}

/// `(v W + b) f` with the bundle's integers `W` and `b` and a factor `f` for each output.
fn integer_sums(
    graph: &mut Graph,
    shape: &[usize; 2],
    weights: &[i8],
    scales: &[f32],
    bias: &LeSlice<'_, i32>,
    values: &Value,
) -> Value {
    let n_out = shape[1];
    let axis = |axis| [("axis", Attribute::Int(axis))];
    let bias: Vec<i32> = bias.iter().take(n_out).collect();
    let (weights, bias) = (graph.constant(shape, weights), graph.constant(&[n_out], &bias));
    let scales = graph.constant(&[n_out], scales);
    let (zeros, int_zeros) =
        (graph.constant(&[n_out], &vec![0_i8; n_out]), graph.constant(&[n_out], &vec![0_i32; n_out]));
    let weights = graph.op_with("DequantizeLinear", &[&weights, &scales, &zeros], &axis(1));
    let bias = graph.op_with("DequantizeLinear", &[&bias, &scales, &int_zeros], &axis(0));
    graph.op("Gemm", &[values, &weights, &bias])
}

/// To what the next layer reads: rounded, clamped, and through the activation's table where there is one.
fn requantized(graph: &mut Graph, sums: &Value, activation: Option<Activation>, table: &LeSlice<'_, i8>) -> Value {
    if activation == Some(Activation::Relu) {
        let positive = graph.op("Relu", &[sums]);
        return through_int8(graph, &positive);
    }
    let within = graph.within(sums, -127.0_f32, 127.0);
    if table.is_empty() {
        return through_int8(graph, &within);
    }
    let integers = to_int8(graph, &within);
    let integers = graph.cast(&integers, Kind::Int32);
    let offset = graph.scalar(128_i32);
    let places = graph.op("Add", &[&integers, &offset]);
    let table: Vec<f32> = table.iter().map(f32::from).collect();
    let table = graph.constant(&[table.len()], &table);
    graph.op("Gather", &[&table, &places])
}
