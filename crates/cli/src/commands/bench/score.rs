//! Scoring by the edge runtime: 64 numbers into a 64-128-64-1 network, one thread.

use std::hint::black_box;
use std::time::Instant;

use tenure_artifact::bundle::{Answer, Bundle, Layer, LeSlice, Network, Policy, QuantizedDense, quantize_channels};
use tenure_artifact::{Activation, Calibration, Encoder, InputColumn, Magnitude, Scale};
use tenure_edge::{Model, Prediction, Rows, Workspace};

use super::{Round, Workload};
use crate::failure::Failure;

const WIDTHS: [usize; 4] = [64, 128, 64, 1];
const N_ROWS: usize = 4_096;
/// One step of a quantized activation.
const STEP: f64 = 1.0 / 30.0;

/// A precision and a way to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    id: &'static str,
    is_int8: bool,
    is_batch: bool,
}

/// What is scored.
pub const CASES: [Case; 3] = [
    Case { id: "score/int8/single", is_int8: true, is_batch: false },
    Case { id: "score/int8/batch", is_int8: true, is_batch: true },
    Case { id: "score/f32/single", is_int8: false, is_batch: false },
];

impl Case {
    /// `score/int8/single`.
    pub const fn id(&self) -> &'static str {
        self.id
    }
}

/// A bundle and rows for it.
pub struct Scoring {
    case: Case,
    file: Vec<u8>,
    rows: Vec<f32>,
}

impl Scoring {
    /// Makes the bundle and the rows.
    pub fn made(case: Case) -> Result<Self, Failure> {
        let file = bundle(case.is_int8).to_bytes();
        let rows = (0..N_ROWS * WIDTHS[0]).map(|i| uniform(i) as f32 * 5.0).collect();
        let scoring = Self { case, file, rows };
        scoring.model()?;
        Ok(scoring)
    }

    fn model(&self) -> Result<Model<'_>, Failure> {
        Ok(Model::from_bytes(&self.file)?)
    }
}

/// A made row fits its own bundle: anything else is Tenure's mistake.
fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::integrity(error.to_string(), "this is a mistake of Tenure's own: please report it")
}

impl Workload for Scoring {
    fn id(&self) -> &'static str {
        self.case.id
    }

    fn device(&self) -> &'static str {
        "CPU, 1 thread"
    }

    fn counts(&self) -> &'static str {
        "rows"
    }

    fn round(&mut self) -> Result<Round, Failure> {
        let model = self.model()?;
        let mut workspace = Workspace::new(&model);
        let mut scores = vec![Prediction::default(); N_ROWS];
        let begun = Instant::now();
        if self.case.is_batch {
            let rows = Rows::Numbers(black_box(&self.rows));
            model.predict_batch(rows, &mut scores, &mut workspace).map_err(failed)?;
        } else {
            for (row, score) in self.rows.chunks_exact(WIDTHS[0]).zip(&mut scores) {
                *score = model.predict_numbers(black_box(row), &mut workspace).map_err(failed)?;
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        let check = scores.iter().map(|one| one.score.values().0[0]).sum();
        Ok(Round { amount: N_ROWS as f64, seconds, check })
    }
}

/// Evenly spread over 0..1, the same on every machine.
fn uniform(i: usize) -> f64 {
    (i.wrapping_mul(2_654_435_761) >> 8 & 0xffff) as f64 / 65_536.0
}

/// A churn bundle with made weights.
fn bundle(is_int8: bool) -> Bundle<'static> {
    let input = |i: usize| {
        let scale = Scale::Robust { median: 2.0, width: 1.0 };
        let magnitude = Magnitude { scale, min: 0.0, max: 5.0, missing_indicator: false };
        InputColumn::new(format!("number_{i}"), Encoder::Magnitude(magnitude))
    };
    let last = WIDTHS.len() - 2;
    let layers =
        WIDTHS.windows(2).enumerate().map(|(place, pair)| layer(place, [pair[0], pair[1]], is_int8, place == last));
    let steps = if is_int8 { vec![(1.0 / STEP) as f32; WIDTHS[0]] } else { Vec::new() };
    Bundle {
        inputs: (0..WIDTHS[0]).map(input).collect(),
        network: Some(Network {
            n_inputs: WIDTHS[0],
            category_width: 0,
            category_table: LeSlice::default(),
            input_steps: LeSlice::owned(steps),
            n_members: 1,
            layers: layers.collect(),
        }),
        answer: Answer::Churn { calibration: Calibration::Identity },
        thresholds: Vec::new(),
        policy: Policy::default(),
        samples: Vec::new(),
        metadata: vec![("name".into(), "bench".into())],
        signature: None,
    }
}

fn layer(place: usize, [n_in, n_out]: [usize; 2], is_int8: bool, is_last: bool) -> Layer<'static> {
    let limit = (6.0 / n_in as f64).sqrt();
    let weights: Vec<f64> = (0..n_in * n_out).map(|i| (2.0 * uniform(i + 7_919 * place) - 1.0) * limit).collect();
    let bias: Vec<f64> = (0..n_out).map(|i| 0.2 * uniform(i) - 0.1).collect();
    let activation = (!is_last).then_some(Activation::Relu);
    if !is_int8 {
        let single = |values: &[f64]| values.iter().map(|&v| v as f32).collect::<Vec<_>>();
        return Layer::dense(&single(&weights), &single(&bias), activation);
    }
    let (values, scales) = quantize_channels(&weights, n_out, 8);
    let dense = QuantizedDense { values: &values, scales: &scales, bits: 8, bias: &bias, input_scale: STEP };
    let made = if is_last { dense.output() } else { dense.hidden(activation, STEP, STEP) };
    made.expect("widths and steps fit each other")
}
