//! Rows, usual and unusual, one at a time and in batches.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tenure_artifact::bundle::{Action, Cell, reserve_signature};
use tenure_artifact::{ApplyError, RawValue, RowFlags};
use tenure_edge::{BatchError, Flags, Kernel, Model, Prediction, Rows, Score, ScoreError, VerifyError, Workspace};

use crate::made::{Scaling, mixed_bundle, mixed_row, numeric_bundle, numeric_rows, raw};

fn bits(prediction: &Prediction) -> ([u64; 3], RowFlags) {
    (prediction.score.values().0.map(f64::to_bits), prediction.unusual)
}

#[test]
fn every_kernel_gives_the_same_bits_for_made_rows() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let rows: Vec<Vec<Cell>> = (0..300).map(|_| mixed_row(&mut rng)).collect();
    let cases = [("churn", 8), ("churn", 4), ("churn", 32), ("value", 8), ("value", 32), ("joint", 8), ("joint", 32)];
    for (task, precision) in cases.into_iter().chain([("segment", 8), ("angle", 8)]) {
        let file = mixed_bundle(task, precision).to_bytes();
        let scores = |kernel| {
            let model = Model::from_bytes(&file).unwrap().with_kernel(kernel).unwrap();
            let mut workspace = Workspace::new(&model);
            let score = |row: &Vec<Cell>| bits(&model.predict(&raw(row), &mut workspace).unwrap());
            rows.iter().map(score).collect::<Vec<_>>()
        };
        let expected = scores(Kernel::Portable);
        for kernel in Kernel::available() {
            assert!(scores(kernel) == expected, "{task}, {precision} bits, {kernel:?}");
        }
    }
}

/// By three ways in: whole tiles, a row of numbers (of which some need no gathering) and a row of values.
#[test]
fn a_batch_is_its_rows() {
    let cases =
        [(64, Scaling::Quantile(100)), (64, Scaling::Robust), (64, Scaling::Piecewise), (70, Scaling::Piecewise)];
    for (n_columns, scaling) in cases {
        let mut rows = numeric_rows(45, n_columns, 2);
        rows.iter_mut().step_by(97).for_each(|value| *value = f32::NAN);
        rows.iter_mut().skip(1).step_by(101).for_each(|value| *value = -1e6);
        let values: Vec<RawValue<'_>> = rows.iter().map(|v| RawValue::Number(*v)).collect();
        for bits_of_weights in [8, 32] {
            let file = numeric_bundle(&[n_columns, 128, 64, 1], bits_of_weights, scaling).to_bytes();
            for kernel in Kernel::available() {
                let model = Model::from_bytes(&file).unwrap().with_kernel(kernel).unwrap();
                let mut workspace = Workspace::new(&model);
                let mut batches = [vec![Prediction::default(); 45], vec![Prediction::default(); 45]];
                model.predict_batch(Rows::Numbers(&rows), &mut batches[0], &mut workspace).unwrap();
                model.predict_batch(Rows::Values(&values), &mut batches[1], &mut workspace).unwrap();
                for (row_idx, (row, values)) in rows.chunks(n_columns).zip(values.chunks(n_columns)).enumerate() {
                    let single = bits(&model.predict_numbers(row, &mut workspace).unwrap());
                    assert_eq!(bits(&model.predict(values, &mut workspace).unwrap()), single, "row {row_idx}");
                    assert!(batches.iter().all(|batch| bits(&batch[row_idx]) == single), "row {row_idx}, {kernel:?}");
                }
            }
        }
    }
}

/// Against the definition in double precision, worked without the runtime. Integers are off by what untrained weights and
/// steps that nothing has calibrated cost; floats by their rounding.
#[test]
fn scores_are_those_of_the_network() {
    let dense = crate::made::dense(&[64, 128, 64, 1], 7);
    let rows = numeric_rows(200, 64, 3);
    let inputs = crate::made::numeric_inputs(64, Scaling::Robust);
    let expected: Vec<f64> = rows
        .chunks(64)
        .map(|row| {
            let scale = |(value, input): (&f32, &tenure_artifact::InputColumn)| match &input.encoder {
                tenure_artifact::Encoder::Magnitude(magnitude) => f64::from(magnitude.value(*value)),
                _ => unreachable!("all columns are magnitudes"),
            };
            let mut x: Vec<f64> = row.iter().zip(&inputs).map(scale).collect();
            for (place, layer) in dense.iter().enumerate() {
                let n_out = layer.bias.len();
                let sum = |o: usize| {
                    let products = x.iter().enumerate().map(|(i, x)| x * layer.weights[i * n_out + o]);
                    let sum = products.sum::<f64>() + layer.bias[o];
                    if place < 2 { sum.max(0.0) } else { sum }
                };
                x = (0..n_out).map(sum).collect();
            }
            1.0 / (1.0 + (-(0.93 * x[0] - 0.21)).exp())
        })
        .collect();
    for (bits_of_weights, mean_allowed, worst_allowed) in [(32, 1e-6, 1e-5), (8, 0.03, 0.2)] {
        let file = numeric_bundle(&[64, 128, 64, 1], bits_of_weights, Scaling::Robust).to_bytes();
        let model = Model::from_bytes(&file).unwrap();
        let mut workspace = Workspace::new(&model);
        let (mut sum, mut worst) = (0.0, 0.0_f64);
        for (row, expected) in rows.chunks(64).zip(&expected) {
            let Score::Churn { probability } = model.predict_numbers(row, &mut workspace).unwrap().score else {
                unreachable!("the task is churn")
            };
            sum += (probability - expected).abs();
            worst = worst.max((probability - expected).abs());
        }
        let mean = sum / expected.len() as f64;
        assert!(
            mean <= mean_allowed && worst <= worst_allowed,
            "{bits_of_weights} bits: off by {mean}, at most {worst}"
        );
    }
}

#[test]
fn unusual_values_are_flagged_or_refused() {
    let mut bundle = mixed_bundle("churn", 8);
    let row = [
        RawValue::Number(f32::NAN),
        RawValue::Number(1e9),
        RawValue::Level("never seen"),
        RawValue::Missing,
        RawValue::Level("gold"),
        RawValue::Level("never seen"),
        RawValue::Number(f32::NEG_INFINITY),
    ];
    let expected = RowFlags { n_missing: 3, n_unseen: 2, n_out_of_range: 1 };
    let file = bundle.to_bytes();
    let model = Model::from_bytes(&file).unwrap();
    let prediction = model.predict(&row, &mut Workspace::new(&model)).unwrap();
    assert_eq!(prediction.unusual, expected);
    assert_eq!(Flags::from(expected), Flags(Flags::MISSING | Flags::UNSEEN | Flags::OUT_OF_RANGE));
    assert!(matches!(prediction.score, Score::Churn { probability } if (0.0..=1.0).contains(&probability)));

    bundle.policy.unseen = Action::Refuse;
    let file = bundle.to_bytes();
    let model = Model::from_bytes(&file).unwrap();
    let error = model.predict(&row, &mut Workspace::new(&model)).unwrap_err();
    assert_eq!(error, ScoreError::Refused { flags: expected });
    assert!(error.to_string().contains("2 unseen levels"));
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let file = mixed_bundle("value", 32).to_bytes();
    let model = Model::from_bytes(&file).unwrap();
    let mut workspace = Workspace::new(&model);
    let mut row = [RawValue::Missing; 7];
    let short = model.predict(&row[..6], &mut workspace);
    assert_eq!(short, Err(ScoreError::Row(ApplyError::RowLength { expected: 7, found: 6 })));
    row[0] = RawValue::Level("12");
    let kind = Err(ScoreError::Row(ApplyError::WrongKind { input_idx: 0, expected: "number" }));
    assert_eq!(model.predict(&row, &mut workspace), kind);
    let kind = Err(ScoreError::Row(ApplyError::WrongKind { input_idx: 2, expected: "level" }));
    assert_eq!(model.predict_numbers(&[0.0; 7], &mut workspace), kind);

    let other = mixed_bundle("churn", 8).to_bytes();
    let other = Model::from_bytes(&other).unwrap();
    assert_eq!(model.predict(&row, &mut Workspace::new(&other)), Err(ScoreError::Workspace));

    let mut out = [Prediction::default(); 2];
    let batch = model.predict_batch(Rows::Values(&row), &mut out, &mut workspace);
    assert_eq!(batch, Err(BatchError::Length { expected: 14, found: 7 }));
    let rows = [[RawValue::Missing; 7], row].concat();
    let batch = model.predict_batch(Rows::Values(&rows), &mut out, &mut workspace);
    let error = ScoreError::Row(ApplyError::WrongKind { input_idx: 0, expected: "number" });
    assert_eq!(batch, Err(BatchError::Row { row_idx: 1, error }));
}

/// Row 11 is refused, row 13 cannot be read: the first of them is told, and every row before it has its score.
#[test]
fn a_batch_is_scored_up_to_its_first_bad_row() {
    const N_ROWS: usize = 20;
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut rows: Vec<Vec<Cell>> = (0..N_ROWS).map(|_| mixed_row(&mut rng)).collect();
    for cell in rows.iter_mut().flatten().filter(|cell| matches!(cell, Cell::Level(_))) {
        *cell = Cell::Level("gold".into());
    }
    rows[11][2] = Cell::Level("never seen".into());
    rows[13][0] = Cell::Level("12".into());
    let values: Vec<RawValue<'_>> = rows.iter().flat_map(|row| raw(row)).collect();
    for (task, precision) in [("churn", 8), ("churn", 32), ("value", 8)] {
        let mut bundle = mixed_bundle(task, precision);
        bundle.policy.unseen = Action::Refuse;
        let file = bundle.to_bytes();
        let model = Model::from_bytes(&file).unwrap();
        let mut workspace = Workspace::new(&model);
        let mut out = [Prediction::default(); N_ROWS];
        let refused = model.predict_batch(Rows::Values(&values), &mut out, &mut workspace).unwrap_err();
        assert!(matches!(refused, BatchError::Row { row_idx: 11, error: ScoreError::Refused { .. } }), "{refused}");
        for (row, prediction) in rows.iter().zip(&out[..11]) {
            assert_eq!(bits(prediction), bits(&model.predict(&raw(row), &mut workspace).unwrap()), "{task}");
        }
    }
}

#[test]
fn a_sample_that_does_not_reproduce_is_told() {
    let mut bundle = mixed_bundle("churn", 8);
    bundle.samples[3].expected[0] += 1e-16_f64.max(f64::EPSILON);
    let file = reserve_signature(&bundle.to_bytes(), [1; 32]).unwrap();
    let model = Model::from_bytes(&file).unwrap();
    let error = model.verify(&mut Workspace::new(&model)).unwrap_err();
    assert!(matches!(error, VerifyError::Differs { sample_idx: 3, .. }), "{error}");
}
