//! Made bundles: seeded, of any size, shared by tests and benches.
#![allow(dead_code, reason = "tests and benches each use a part")]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_artifact::bundle::{
    Action, Answer, Bundle, Cell, Centroids, Forecast, Layer, LeSlice, Network, Policy, QuantizedDense, Sample,
    Threshold, ValuePool, ValueScale, quantize_channels,
};
use tenure_artifact::{
    Activation, Calibration, Embedding, Encoder, InputColumn, Levels, Magnitude, OneHot, Piecewise, RawValue, Scale,
    TargetStatistics, TwoValued,
};
use tenure_edge::{Model, Workspace};

/// How numbers are scaled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scaling {
    Robust,
    /// With so many knots.
    Quantile(usize),
    /// With eight segments.
    Piecewise,
}

/// Dense layers of a made network, in double precision: a matrix `[I, O]` and a bias `[O]` each.
pub(crate) struct Dense {
    pub(crate) weights: Vec<f64>,
    pub(crate) bias: Vec<f64>,
}

/// Layers of these widths, of the size that keeps activations near 1.
pub(crate) fn dense(widths: &[usize], seed: u64) -> Vec<Dense> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = |n: usize, limit: f64| (0..n).map(|_| rng.random_range(-limit..=limit)).collect::<Vec<f64>>();
    widths
        .windows(2)
        .map(|pair| Dense {
            weights: uniform(pair[0] * pair[1], (6.0 / pair[0] as f64).sqrt()),
            bias: uniform(pair[1], 0.2),
        })
        .collect()
}

/// A `ReLU` network of these layers with 8- or 4-bit weights, or in single precision (`bits` 32). Inputs lie within ±3.
pub(crate) fn network(layers: &[Dense], bits: u8) -> Network<'static> {
    const STEP: f64 = 1.0 / 30.0;
    let n_inputs = layers[0].weights.len() / layers[0].bias.len();
    let last = layers.len() - 1;
    let made = layers.iter().enumerate().map(|(place, layer)| {
        let activation = (place < last).then_some(Activation::Relu);
        if bits == 32 {
            let single = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<_>>();
            return Layer::dense(&single(&layer.weights), &single(&layer.bias), activation);
        }
        let (values, scales) = quantize_channels(&layer.weights, layer.bias.len(), bits);
        let dense = QuantizedDense { values: &values, scales: &scales, bits, bias: &layer.bias, input_scale: STEP };
        if place == last { dense.output() } else { dense.hidden(activation, STEP, STEP) }.expect("the layer fits")
    });
    let layers: Vec<Layer<'static>> = made.collect();
    let steps = if bits == 32 { vec![] } else { vec![(1.0 / STEP) as f32; n_inputs] };
    Network {
        n_inputs,
        category_width: 0,
        category_table: LeSlice::default(),
        input_steps: LeSlice::owned(steps),
        n_members: 1,
        layers,
    }
}

/// `n` columns of numbers, on ranges of many sizes.
pub(crate) fn numeric_inputs(n: usize, scaling: Scaling) -> Vec<InputColumn> {
    let input = |i: usize| {
        let unit = [1.0_f32, 12.0, 365.0, 0.01][i % 4];
        let scale = match scaling {
            Scaling::Robust => Scale::Robust { median: 2.0 * unit, width: unit },
            // Squares: dense near zero, as amounts are.
            Scaling::Quantile(n_knots) => {
                Scale::quantile((0..n_knots).map(|k| 5.0 * unit * (k as f32 / (n_knots - 1) as f32).powi(2)).collect())
            }
            Scaling::Piecewise => {
                let knots = (0..9).map(|k: u8| 5.0 * unit * (f32::from(k) / 8.0).powi(2)).collect();
                let scores = [-5.2, -1.15, -0.67, -0.32, 0.0, 0.32, 0.67, 1.15, 5.2].into();
                Scale::Piecewise(Piecewise::new(knots, scores).expect("a line"))
            }
        };
        let magnitude = Magnitude { scale, min: 0.0, max: 5.0 * unit, missing_indicator: false };
        InputColumn::new(format!("number_{i}"), Encoder::Magnitude(magnitude))
    };
    (0..n).map(input).collect()
}

/// Rows for [`numeric_inputs`], `[rows, n]`.
pub(crate) fn numeric_rows(n_rows: usize, n: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let value = |at: usize| [1.0_f32, 12.0, 365.0, 0.01][at % n % 4] * rng.random_range(0.0_f32..5.0);
    (0..n_rows * n).map(value).collect()
}

/// The bundle of the speed figures: `widths[0]` numbers, a churn network of these widths.
pub(crate) fn numeric_bundle(widths: &[usize], bits: u8, scaling: Scaling) -> Bundle<'static> {
    Bundle {
        inputs: numeric_inputs(widths[0], scaling),
        network: Some(network(&dense(widths, 7), bits)),
        answer: Answer::Churn { calibration: Calibration::Platt { a: 0.93, b: -0.21 } },
        thresholds: vec![Threshold { name: "profit".into(), at: 0.31 }],
        policy: Policy::default(),
        samples: vec![],
        metadata: vec![("name".into(), "made".into())],
        signature: None,
    }
}

fn levels() -> Levels {
    Levels::new(["basic", "gold", "trial", "überraschend"].map(String::from).to_vec())
}

/// One of each encoder: 4 continuous, 7 binary, 1 categorical input.
pub(crate) fn mixed_inputs() -> Vec<InputColumn> {
    let robust = Scale::Robust { median: 20.0, width: 10.0 };
    let magnitude = |scale, missing_indicator| Magnitude { scale, min: 0.0, max: 90.0, missing_indicator };
    let statistics = TargetStatistics {
        levels: levels(),
        means: vec![0.1, 0.2, 0.3, 0.4],
        missing: 0.25,
        prior: 0.22,
        scale: Scale::Robust { median: 0.2, width: 0.1 },
    };
    let encoders = [
        ("spend", Encoder::Magnitude(magnitude(robust.clone(), true))),
        ("recency", Encoder::Magnitude(magnitude(Scale::quantile(vec![0.0, 3.0, 3.0, 9.0, 90.0]), false))),
        ("plan", Encoder::OneHot(OneHot::new(levels(), true))),
        ("senior", Encoder::TwoValued(TwoValued { low: 0.0, high: 1.0, missing_indicator: false })),
        ("city", Encoder::Embedding(Embedding::new(levels()))),
        ("shop", Encoder::TargetStatistics(statistics)),
        ("orders", Encoder::Magnitude(magnitude(robust, false))),
    ];
    encoders.into_iter().map(|(name, encoder)| InputColumn::new(name, encoder)).collect()
}

/// A row of a number or a level for each column, some missing, unseen, far or not finite.
pub(crate) fn mixed_row(rng: &mut ChaCha8Rng) -> Vec<Cell> {
    let column = |input: InputColumn| {
        if rng.random_range(0..8) == 0 {
            return Cell::Missing;
        }
        if input.encoder.reads_numbers() {
            let far = [f32::NAN, f32::INFINITY, 1e30, -5.0];
            let pick = rng.random_range(0..20);
            return Cell::Number(far.get(pick).copied().unwrap_or_else(|| rng.random_range(0.0..90.0)));
        }
        Cell::Level(["basic", "gold", "trial", "überraschend", "never seen"][rng.random_range(0..5)].into())
    };
    mixed_inputs().into_iter().map(column).collect()
}

pub(crate) fn raw(cells: &[Cell]) -> Vec<RawValue<'_>> {
    cells.iter().map(Cell::as_raw).collect()
}

fn centroids() -> Centroids<'static> {
    let centres: Vec<f32> = (0..20 * 4).map(|i| ((i * 29) % 17) as f32 / 8.0 - 1.0).collect();
    Centroids::new(&centres, 4)
}

fn money() -> ValueScale {
    let pool = Some(ValuePool { up_to: 12.0, value: 7.75 });
    ValueScale { log_unit: 3.25, log_cap: 1.5, pool, forecast: None }
}

/// Times the column `spend`.
fn ratio() -> ValueScale {
    let forecast = Some(Forecast { column: 0, least: 0.5, missing: 24.0 });
    ValueScale { log_unit: -0.25, forecast, ..money() }
}

/// A bundle with every encoder, a network of this precision and this task, and samples of its own scores.
pub(crate) fn mixed_bundle(task: &str, bits: u8) -> Bundle<'static> {
    let (n_outputs, answer) = match task {
        "churn" => (1, Answer::Churn { calibration: Calibration::Beta { a: 0.9, b: 1.1, c: 0.05 } }),
        "value" => (3, Answer::Value(ValueScale::PLAIN)),
        "money" => (3, Answer::Value(money())),
        "joint" => (4, Answer::ChurnValue { calibration: Calibration::Platt { a: 0.9, b: 0.1 }, value: money() }),
        "ratio" => (3, Answer::Value(ratio())),
        "both" => (4, Answer::ChurnValue { calibration: Calibration::Platt { a: 0.9, b: 0.1 }, value: ratio() }),
        "angle" => (4, Answer::Segment(centroids().by_cosine())),
        _ => (4, Answer::Segment(centroids())),
    };
    // 4 continuous, 1 + 5 + 1 binary, 3 embedded.
    let mut network = network(&dense(&[14, 21, n_outputs], 3), bits);
    network.category_width = 3;
    network.category_table = LeSlice::owned((0..6 * 3).map(|i| ((i * 5) % 9) as f32 / 4.0 - 1.0));
    let bundle = Bundle {
        inputs: mixed_inputs(),
        network: Some(network),
        answer,
        thresholds: vec![Threshold { name: "profit".into(), at: 0.31 }],
        policy: Policy { missing: Action::Score, unseen: Action::Score, out_of_range: Action::Score },
        samples: vec![],
        metadata: vec![("name".into(), "every encoder".into())],
        signature: None,
    };
    with_samples(bundle)
}

/// The 8-bit churn bundle as a distilled student has it: lines in place of quantiles, calibrated by its logit.
pub(crate) fn compact_bundle() -> Bundle<'static> {
    let mut bundle = mixed_bundle("churn", 8);
    let lines: [(&[f32], &[f32]); 2] =
        [(&[0.0, 5.0, 20.0, 90.0], &[-2.4, -0.7, 0.3, 2.9]), (&[0.0, 3.0, 9.0], &[-1.0, 0.0, 1.5])];
    for (input, (knots, scores)) in bundle.inputs.iter_mut().zip(lines) {
        if let Encoder::Magnitude(magnitude) = &mut input.encoder {
            magnitude.scale = Scale::Piecewise(Piecewise::new(knots.into(), scores.into()).expect("a line"));
        }
    }
    bundle.answer = Answer::Churn { calibration: Calibration::Platt { a: 0.93, b: -0.21 } };
    with_samples(bundle)
}

/// The bundle with samples of its own scores.
pub(crate) fn with_samples(mut bundle: Bundle<'static>) -> Bundle<'static> {
    let file = bundle.to_bytes();
    let model = Model::from_bytes(&file).expect("the bundle reads");
    let mut workspace = Workspace::new(&model);
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let sample = |_| {
        let cells = mixed_row(&mut rng);
        let prediction = model.predict(&raw(&cells), &mut workspace).expect("the row fits");
        let (values, n) = prediction.score.values();
        Sample { cells, expected: values[..n].to_vec() }
    };
    bundle.samples = (0..6).map(sample).collect();
    bundle
}
