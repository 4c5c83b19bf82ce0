//! The readable definition of every layer: one row, one output, one product at a time.

use alloc::vec::Vec;

use tenure_artifact::Activation;
use tenure_artifact::bundle::{Layer, LayerWeights, Network, Requantize};

/// Logits of all members, `[K, O]`, for one encoded row.
pub(super) fn logits(network: &Network<'_>, inputs: &[f32]) -> Vec<f64> {
    let member = |k| {
        if network.is_integer() {
            let steps = network.input_steps.iter();
            integer(network.member(k), inputs.iter().zip(steps).map(|(x, step)| quantize(*x, step)).collect())
        } else {
            float(network.member(k), inputs.to_vec())
        }
    };
    (0..network.n_members).flat_map(member).collect()
}

/// `bias + Σ x w` in the order of the inputs, each operation rounded to single precision.
fn float(layers: &[Layer<'_>], mut x: Vec<f32>) -> Vec<f64> {
    for layer in layers {
        let LayerWeights::F32 { bias, panels } = &layer.weights else { unreachable!("a network has one precision") };
        let weight = |i: usize, o: usize| panels.get(o / 16 * 16 * layer.n_in + 16 * i + o % 16);
        let sum = |o: usize| x.iter().enumerate().fold(bias.get(o), |sum, (i, x)| sum + x * weight(i, o));
        let activate = |y: f32| layer.activation.map_or(y, |activation| activation.apply(f64::from(y)) as f32);
        x = (0..layer.n_out).map(|o| activate(sum(o))).collect();
    }
    x.into_iter().map(f64::from).collect()
}

fn integer(layers: &[Layer<'_>], mut x: Vec<i64>) -> Vec<f64> {
    for layer in layers {
        let LayerWeights::Int { bias, panels, requantize } = &layer.weights else {
            unreachable!("a network has one precision")
        };
        let weights = panels.to_int8();
        let n_groups = layer.n_in.div_ceil(4);
        let weight = |i: usize, o: usize| weights[((o / 16 * n_groups + i / 4) * 16 + o % 16) * 4 + i % 4];
        let sum = |o: usize| {
            x.iter().enumerate().map(|(i, x)| x * i64::from(weight(i, o))).sum::<i64>() + i64::from(bias.get(o))
        };
        match requantize {
            Requantize::Output { scales } => {
                return (0..layer.n_out).map(|o| sum(o) as f64 * scales.get(o)).collect();
            }
            Requantize::Hidden { multipliers, shifts, table } => {
                let least = if layer.activation == Some(Activation::Relu) { 0 } else { -127 };
                let output = |o: usize| {
                    let shift = 32 + u32::from(shifts.get(o));
                    let rounded = (sum(o) * i64::from(multipliers.get(o)) + (1 << (shift - 1))) >> shift;
                    let v = rounded.clamp(least, 127);
                    if table.is_empty() { v } else { i64::from(table.get((v + 128) as usize)) }
                };
                x = (0..layer.n_out).map(output).collect();
            }
        }
    }
    unreachable!("the last layer returns")
}

/// `x · step` in single precision, clamped to ±127, rounded half to even.
fn quantize(x: f32, step: f32) -> i64 {
    let y = f64::from((x * step).clamp(-127.0, 127.0));
    let below = y as i64 - i64::from(y < 0.0 && y as i64 as f64 != y);
    let rest = y - below as f64;
    below + i64::from(rest > 0.5 || (rest == 0.5 && below % 2 != 0))
}
