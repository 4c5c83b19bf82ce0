//! One suite, every kernel: made networks against the reference, to the bit.

extern crate std;

use alloc::vec;
use alloc::vec::Vec;

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tenure_artifact::bundle::{
    Answer, Bundle, Centroids, Layer, LeSlice, Network, Policy, QuantizedDense, quantize_channels,
};
use tenure_artifact::{Activation, Encoder, InputColumn, Magnitude, Scale};

use super::{Kernel, TILE, reference};
use crate::{Model, Workspace};

const ACTIVATIONS: [Option<Activation>; 5] =
    [None, Some(Activation::Relu), Some(Activation::Silu), Some(Activation::Gelu), Some(Activation::Selu)];

/// The activation of a hidden layer.
struct End(Option<Activation>);

/// Layer widths, bits (32 for floats), members, activation.
type Case<'c> = (&'c [usize], u8, usize, Option<Activation>);

fn uniform(rng: &mut ChaCha8Rng, n: usize, limit: f64) -> Vec<f64> {
    (0..n).map(|_| rng.random_range(-limit..=limit)).collect()
}

fn layer(rng: &mut ChaCha8Rng, (n_in, n_out): (usize, usize), bits: u8, end: Option<End>) -> Layer<'static> {
    let limit = 1.7 / (n_in as f64).sqrt();
    let (weights, bias) = (uniform(rng, n_in * n_out, limit), uniform(rng, n_out, 0.3));
    if bits == 32 {
        let single = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<_>>();
        return Layer::dense(&single(&weights), &single(&bias), end.and_then(|End(activation)| activation));
    }
    let (values, scales) = quantize_channels(&weights, n_out, bits);
    let dense = QuantizedDense { values: &values, scales: &scales, bits, bias: &bias, input_scale: 1.0 / 40.0 };
    match end {
        None => dense.output(),
        Some(End(activation)) => dense.hidden(activation, 1.0 / 30.0, 1.0 / 40.0),
    }
    .expect("the layer fits")
}

fn network(rng: &mut ChaCha8Rng, (widths, bits, n_members, activation): Case<'_>) -> Network<'static> {
    let pairs: Vec<(usize, usize)> = widths.iter().copied().zip(widths.iter().copied().skip(1)).collect();
    let mut layers = Vec::new();
    for _ in 0..n_members {
        for (place, pair) in pairs.iter().enumerate() {
            let end = (place + 1 < pairs.len()).then_some(End(activation));
            layers.push(layer(rng, *pair, bits, end));
        }
    }
    let n_inputs = widths[0];
    let steps = if bits == 32 { vec![] } else { vec![40.0_f32; n_inputs] };
    Network {
        n_inputs,
        category_width: 0,
        category_table: LeSlice::default(),
        input_steps: LeSlice::owned(steps),
        n_members,
        layers,
    }
}

/// A bundle around a network, its inputs read as numbers; the answer is not looked at.
fn file(network: &Network<'static>) -> Vec<u8> {
    let magnitude =
        Magnitude { scale: Scale::Robust { median: 0.0, width: 1.0 }, min: -1.0, max: 1.0, missing_indicator: false };
    let input = InputColumn::new("x", Encoder::Magnitude(magnitude));
    let n_outputs = network.n_outputs();
    Bundle {
        inputs: vec![input; network.n_inputs],
        network: Some(network.clone()),
        answer: Answer::Segment(Centroids::new(&vec![0.0; n_outputs], n_outputs)),
        thresholds: vec![],
        policy: Policy::default(),
        samples: vec![],
        metadata: vec![],
        signature: None,
    }
    .to_bytes()
}

/// Logits of a tile of rows, `[rows][K O]`.
fn run(model: &Model<'_>, rows: &[Vec<f32>]) -> Vec<Vec<u64>> {
    let mut workspace = Workspace::new(model);
    for (place, row) in rows.iter().enumerate() {
        workspace.inputs[place * row.len()..][..row.len()].copy_from_slice(row);
    }
    model.run_kernel(rows.len(), &mut workspace);
    let n_logits = workspace.shape.n_logits;
    workspace.logits.chunks(n_logits).take(rows.len()).map(bits).collect()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn check(case: Case<'_>, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let network = network(&mut rng, case);
    let bytes = file(&network);
    let rows: Vec<Vec<f32>> = (0..TILE)
        .map(|r| {
            // Rows of ordinary, of huge and of halfway values.
            let spread = if r == 1 { 1e6 } else { 3.0 };
            let values = uniform(&mut rng, network.n_inputs, spread);
            values
                .into_iter()
                .map(|v| if r == 2 { ((v * 40.0) as i32 as f32 + 0.5) / 40.0 } else { v as f32 })
                .collect()
        })
        .collect();
    let expected: Vec<Vec<u64>> = rows.iter().map(|row| bits(&reference::logits(&network, row))).collect();
    for kernel in Kernel::available() {
        let model = Model::from_bytes(&bytes).expect("the bundle reads").with_kernel(kernel).expect("it is available");
        for n_rows in 1..=TILE {
            assert_eq!(run(&model, &rows[..n_rows]), expected[..n_rows], "{kernel:?}, {n_rows} rows, {case:?}");
        }
    }
}

#[test]
fn kernels_agree_with_the_reference_to_the_bit() {
    let mut seed = 0;
    for bits in [8, 4, 32] {
        for activation in ACTIVATIONS {
            let shapes: [(&[usize], usize); 6] = [
                (&[64, 128, 64, 1], 1),
                (&[5, 3], 1),
                (&[1, 1, 1], 2),
                (&[7, 33, 3], 3),
                (&[130, 17, 81, 3], 1),
                (&[16, 300, 2], 1),
            ];
            for (widths, n_members) in shapes {
                seed += 1;
                check((widths, bits, n_members, activation), seed);
            }
        }
    }
}

/// Every product at its largest: nothing may saturate, and inputs of both signs meet weights of both signs.
#[test]
fn nothing_saturates() {
    for sign in [1, -1] {
        let values: Vec<i8> = (0..256 * 32).map(|at| if at % 3 == 0 { -127 } else { 127 * sign }).collect();
        let dense = QuantizedDense { values: &values, scales: &[1.0; 32], bits: 8, bias: &[0.0; 32], input_scale: 1.0 };
        let network = Network {
            n_inputs: 256,
            category_width: 0,
            category_table: LeSlice::default(),
            input_steps: LeSlice::owned(vec![1.0; 256]),
            n_members: 1,
            layers: vec![dense.output().expect("the layer fits")],
        };
        let rows: Vec<Vec<f32>> = [127.0, -127.0].map(|v| vec![v; 256]).to_vec();
        let expected: Vec<Vec<u64>> = rows.iter().map(|row| bits(&reference::logits(&network, row))).collect();
        let bytes = file(&network);
        for kernel in Kernel::available() {
            let model = Model::from_bytes(&bytes).expect("it reads").with_kernel(kernel).expect("it is available");
            assert_eq!(run(&model, &rows), expected, "{kernel:?}");
        }
    }
}

#[test]
fn a_kernel_of_another_processor_is_refused() {
    let bytes = file(&network(&mut ChaCha8Rng::seed_from_u64(1), (&[2, 1], 8, 1, None)));
    let foreign = Kernel::ALL.into_iter().find(|kernel| !kernel.is_available()).expect("no processor has all kernels");
    let error = Model::from_bytes(&bytes).expect("it reads").with_kernel(foreign).expect_err("it is not available");
    assert_eq!(error.kernel, foreign);
}
