//! The definition: one member, one row at a time in `f64`, over row-major weights.
//!
//! Activations and embeddings are written out here although `crates/model` has a reference too: `kernels` depends on no
//! other crate, and the parity of both paths rests on two definitions that were written apart.

use std::f64::consts::TAU;

use super::{Activation, Embedding, Network, Periodic, Table};
use crate::loss::Loss;

/// The mean over rows of the weighted mean over members of their losses, and its gradient in all outputs `[N, K, O]`.
///
/// `mask(layer, member, row, unit)` multiplies what a layer gives.
pub(super) fn loss(
    network: &Network,
    loss: &Loss,
    weights: &[f64],
    table: &Table<'_>,
    mask: &dyn Fn(usize, usize, usize, usize) -> f64,
) -> (f64, Vec<f64>) {
    let (mut total, mut slopes) = (0.0, Vec::new());
    let share = 1.0 / (table.n_rows * network.members) as f64;
    for row in 0..table.n_rows {
        let targets = &table.targets[row * loss.n_targets()..(row + 1) * loss.n_targets()];
        let weight = share * f64::from(table.weights[row]);
        for member in 0..network.members {
            let out: Vec<f32> = outputs(network, weights, table, row, member, mask).iter().map(|v| *v as f32).collect();
            let mut gradient = vec![0.0; out.len()];
            total += weight * loss.evaluate(&out, targets, &mut gradient);
            slopes.extend(gradient.iter().map(|g| weight * f64::from(*g)));
        }
    }
    (total, slopes)
}

/// One member's outputs for one row.
pub(super) fn outputs(
    network: &Network,
    weights: &[f64],
    table: &Table<'_>,
    row: usize,
    member: usize,
    mask: &dyn Fn(usize, usize, usize, usize) -> f64,
) -> Vec<f64> {
    let mut x = inputs(network, weights, table, row);
    for (i, layer) in network.layers.iter().enumerate() {
        let (n, d) = (layer.n_in, layer.n_out);
        let own = |own: bool, size: usize| if own { member * size } else { 0 };
        let matrix = &weights[layer.weight + own(layer.own_weight, n * d)..];
        let unit = |j: usize| {
            let r = |i: usize| layer.input_scale.map_or(1.0, |r| weights[r + member * n + i]);
            let sum: f64 = (0..n).map(|i| x[i] * r(i) * matrix[i * d + j]).sum();
            let s = layer.output_scale.map_or(1.0, |s| weights[s + member * d + j]);
            let y = sum * f64::from(layer.factor) * s + weights[layer.bias + own(layer.own_bias, d) + j];
            let a = activate(layer.activation, y);
            let a = layer.mix.map_or(a, |mix| y + weights[mix + j] * (a - y));
            a * mask(i, member, row, j)
        };
        x = (0..d).map(unit).collect();
    }
    let head = network.head;
    let matrix = &weights[head.weight + member * head.n_in * head.n_out..];
    let output = |o: usize| {
        let sum: f64 = x.iter().enumerate().map(|(i, x)| x * matrix[i * head.n_out + o]).sum();
        sum * f64::from(head.factor) + weights[head.bias + member * head.n_out + o]
    };
    (0..head.n_out).map(output).collect()
}

fn inputs(network: &Network, weights: &[f64], table: &Table<'_>, row: usize) -> Vec<f64> {
    let inputs = &network.inputs;
    let (f, g, c, e) = (inputs.n_magnitudes, inputs.n_binary, inputs.levels.len(), inputs.category_width);
    let magnitudes = &table.magnitudes[row * f..(row + 1) * f];
    let embed = |(i, x): (usize, &f32)| embed(&inputs.embedding, weights, i, f64::from(*x));
    let mut all: Vec<f64> = magnitudes.iter().enumerate().flat_map(embed).collect();
    all.extend(table.binary[row * g..(row + 1) * g].iter().map(|v| f64::from(*v)));
    let mut start = inputs.category_table;
    for (level, n_levels) in table.categorical[row * c..(row + 1) * c].iter().zip(&inputs.levels) {
        all.extend(&weights[start + *level as usize * e..][..e]);
        start += n_levels * e;
    }
    if let Some(scale) = inputs.front_scale {
        all.iter_mut().zip(&weights[scale..]).for_each(|(x, scale)| *x *= scale);
    }
    all
}

fn embed(embedding: &Embedding, weights: &[f64], i: usize, x: f64) -> Vec<f64> {
    let linear = |weight: usize, bias: usize, width: usize, code: &[f64]| -> Vec<f64> {
        let own = &weights[weight + i * code.len() * width..];
        let sum = |j: usize| code.iter().enumerate().map(|(p, c)| c * own[p * width + j]).sum::<f64>();
        (0..width).map(|j| sum(j) + weights[bias + i * width + j]).collect()
    };
    let angles = |p: &Periodic| -> Vec<f64> {
        weights[p.frequency + i * p.n_frequencies..][..p.n_frequencies].iter().map(|c| TAU * c * x).collect()
    };
    match embedding {
        Embedding::Plain => vec![x],
        Embedding::PiecewiseLinear { edges, width, weight, bias } => {
            let n_bins = edges.iter().map(|edges| edges.len() - 1).max().unwrap_or(0);
            let mut code = vec![x];
            code.extend(ramps(&edges[i], x));
            code.resize(1 + n_bins, 0.0);
            linear(*weight, *bias, *width, &code)
        }
        Embedding::Periodic(p) => {
            let angles = angles(p);
            let code: Vec<f64> = angles.iter().map(|a| a.cos()).chain(angles.iter().map(|a| a.sin())).collect();
            linear(p.weight, p.bias, p.width, &code).into_iter().map(|v| v.max(0.0)).collect()
        }
        Embedding::PhasedPeriodic { periodic: p, phase } => {
            let phases = &weights[phase + i * p.n_frequencies..];
            let code: Vec<f64> = angles(p).iter().zip(phases).map(|(a, phase)| (a + phase).cos()).collect();
            let mut all = linear(p.weight, p.bias, p.width, &code);
            all.push(x);
            all
        }
    }
}

fn ramps(edges: &[f32], x: f64) -> Vec<f64> {
    let last = edges.len() - 2;
    let ramp = |j: usize| {
        let (a, b) = (f64::from(edges[j]), f64::from(edges[j + 1]));
        let t = (x - a) / (b - a);
        let t = if j == 0 { t } else { t.max(0.0) };
        if j == last { t } else { t.min(1.0) }
    };
    (0..=last).map(ramp).collect()
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Gelu => {
            // Φ by Simpson's rule from 0: plain, and exact enough for |x| < 6.
            let n = 200;
            let h = x / f64::from(n);
            let density = |z: f64| (-0.5 * z * z).exp() / TAU.sqrt();
            let weight = |i: i32| if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
            let integral: f64 = (0..=n).map(|i| weight(i) * density(h * f64::from(i))).sum();
            x * (0.5 + integral * h / 3.0)
        }
        Activation::Selu => {
            const SCALE: f64 = 1.050_700_987_355_480_5;
            const ALPHA: f64 = 1.673_263_242_354_377_2;
            SCALE * if x > 0.0 { x } else { ALPHA * x.exp_m1() }
        }
    }
}
