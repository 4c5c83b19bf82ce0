//! Round trips, refusals, and the arithmetic of the writer.

extern crate std;

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::{
    Activation, Calibration, Embedding, Encoder, InputColumn, Levels, Magnitude, OneHot, Scale, TargetStatistics,
    TwoValued,
};

fn levels() -> Levels {
    Levels::new(vec!["a".into(), "b".into(), "né".into()])
}

/// Every encoder, and an integer network over what they write: 3 + 4 + 1·2 inputs.
fn bundle() -> Bundle<'static> {
    let magnitude = |scale| Encoder::Magnitude(Magnitude { scale, min: -1.0, max: 9.0, missing_indicator: false });
    let statistics = TargetStatistics {
        levels: levels(),
        means: vec![0.1, 0.2, 0.3],
        missing: 0.4,
        prior: 0.2,
        scale: Scale::Robust { median: 0.2, width: 0.1 },
    };
    let encoders = [
        magnitude(Scale::Robust { median: 1.0, width: 2.0 }),
        magnitude(Scale::quantile(vec![0.0, 1.0, 1.0, 8.0])),
        Encoder::TwoValued(TwoValued { low: 0.0, high: 1.0, missing_indicator: false }),
        Encoder::OneHot(OneHot::new(Levels::new(vec!["x".into(), "y".into()]), false)),
        Encoder::Presence,
        Encoder::OneHot(OneHot::new(Levels::new(vec!["z".into()]), false)),
        Encoder::Embedding(Embedding::new(levels())),
        Encoder::TargetStatistics(statistics),
    ];
    let names = ["spend", "recency", "senior", "paperless", "phone", "plan", "city", "shop"];
    let inputs = names.into_iter().zip(encoders).map(|(name, encoder)| InputColumn::new(name, encoder)).collect();
    Bundle {
        inputs,
        network: Some(network(9)),
        answer: Answer::Churn { calibration: Calibration::Platt { a: 0.9, b: -0.1 } },
        thresholds: vec![Threshold { name: "profit".into(), at: 0.31 }],
        policy: Policy { missing: Action::Score, unseen: Action::Refuse, out_of_range: Action::Score },
        samples: vec![Sample { cells: vec![Cell::Number(1.5), Cell::Missing], expected: vec![0.25] }],
        metadata: vec![("run".into(), "2026-11-22".into())],
        signature: None,
    }
}

fn network(n_inputs: usize) -> Network<'static> {
    let n_hidden = 5;
    let weights: Vec<f64> = (0..n_inputs * n_hidden).map(|i| ((i * 7) % 11) as f64 / 11.0 - 0.4).collect();
    let (values, scales) = quantize_channels(&weights, n_hidden, 8);
    let first = QuantizedDense { values: &values, scales: &scales, bits: 8, bias: &[0.1; 5], input_scale: 1.0 };
    let head = QuantizedDense { values: &[3, -7, 2, 0, 7], scales: &[0.1], bits: 4, bias: &[0.5], input_scale: 0.05 };
    Network {
        n_inputs,
        category_width: 2,
        category_table: LeSlice::owned((0..10).map(|i| i as f32 / 10.0)),
        input_steps: LeSlice::owned((0..n_inputs).map(|i| 20.0 + i as f32)),
        n_members: 1,
        layers: vec![
            first.hidden(Some(Activation::Gelu), 0.1, 0.05).expect("the layer fits"),
            head.output().expect("the layer fits"),
        ],
    }
}

#[test]
fn what_is_written_is_read() {
    let bundle = bundle();
    let file = bundle.to_bytes();
    assert_eq!(Bundle::read(&file).as_ref(), Ok(&bundle));
    assert_eq!(Bundle::read(&file).expect("it reads").to_bytes(), file);
    let description = Bundle::describe(&file).expect("it reads");
    assert_eq!((description.task, description.layers), ("churn", vec![(9, 5, "int8"), (5, 1, "int4")]));
}

#[test]
fn tasks_without_a_logit_are_carried_too() {
    let mut value = bundle();
    let dense = Layer::dense(&[0.5; 27], &[0.1, 0.2, 0.3], None);
    let network = value.network.as_mut().expect("it has one");
    network.layers = vec![dense];
    network.input_steps = LeSlice::default();
    value.answer = Answer::Value(ValueScale::PLAIN);
    let file = value.to_bytes();
    assert_eq!(Bundle::read(&file), Ok(value.clone()));

    let mut segment = value;
    segment.network = None;
    segment.inputs.retain(|input| !matches!(input.encoder, Encoder::Embedding(_)));
    segment.answer = Answer::Segment(Centroids::new(&[0.0, 1.0, 0.5, 0.0, 2.0, 1.0, 1.0].repeat(18), 7));
    let file = segment.to_bytes();
    assert_eq!(Bundle::read(&file), Ok(segment));
}

/// A value bundle with this answer.
fn answering(answer: Answer<'static>) -> Bundle<'static> {
    let mut bundle = bundle();
    let n = answer.n_outputs();
    let network = bundle.network.as_mut().expect("it has one");
    network.layers = vec![Layer::dense(&vec![0.5; 9 * n], &vec![0.1; n], None)];
    network.input_steps = LeSlice::default();
    bundle.answer = answer;
    bundle
}

#[test]
fn a_file_has_the_oldest_version_that_holds_it() {
    let pool = Some(ValuePool { up_to: 3.5, value: 1.25 });
    let scale = ValueScale { log_unit: 3.0, log_cap: 9.0, pool, forecast: None };
    let forecast = Some(Forecast { column: 1, least: 0.25, missing: 30.0 });
    let calibration = Calibration::Beta { a: 1.0, b: 0.9, c: 0.1 };
    let cases = [
        (answering(Answer::Value(ValueScale { forecast, ..scale })), 3),
        (answering(Answer::Value(ValueScale { forecast, ..ValueScale::PLAIN })), 3),
        (
            answering(Answer::ChurnValue { calibration: calibration.clone(), value: ValueScale { forecast, ..scale } }),
            3,
        ),
        (answering(Answer::Value(ValueScale::PLAIN)), 1),
        (answering(Answer::Value(scale)), 2),
        (answering(Answer::ChurnValue { calibration, value: ValueScale { pool: None, ..scale } }), 2),
    ];
    for (bundle, version) in cases {
        let mut file = bundle.to_bytes();
        assert_eq!(Bundle::describe(&file).expect("it reads").version, version);
        assert_eq!(Bundle::read(&file).as_ref(), Ok(&bundle));
        // An older version of the same contents never was.
        for other in (1..=3).filter(|other| u32::from(*other) != version) {
            file[8] = other;
            assert!(Bundle::read(&file).is_err(), "{other} of {version}");
        }
    }
    let limitless = answering(Answer::Value(ValueScale { log_cap: 699.0, ..scale })).to_bytes();
    assert!(matches!(Bundle::read(&limitless), Err(BundleError::Invalid { section: Section::Answer, .. })));
}

#[test]
fn a_cut_file_is_refused_at_every_length() {
    let file = bundle().to_bytes();
    for length in 0..file.len() {
        assert!(Bundle::read(&file[..length]).is_err(), "{length} bytes");
    }
    let mut longer = file;
    longer.push(0);
    assert!(matches!(Bundle::read(&longer), Err(BundleError::Length { .. })));
}

#[test]
fn every_flipped_bit_is_found() {
    let mut file = bundle().to_bytes();
    for bit in 0..file.len() * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        assert!(Bundle::read(&file).is_err(), "bit {bit}");
        file[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    let mut file = bundle().to_bytes();
    file[8] = 9;
    let error = Bundle::read(&file).expect_err("the version is not ours");
    assert_eq!(error, BundleError::NewerVersion { found: 9 });
    assert!(std::format!("{error}").contains("format 9 is newer than format 3"));
    file[8] = 0;
    assert_eq!(Bundle::read(&file), Err(BundleError::UnknownVersion { found: 0 }));
}

/// Whoever changes bytes and recomputes the digest gets past it: then every read is checked on its own.
#[test]
fn sealed_damage_never_panics() {
    let original = bundle().to_bytes();
    for at in 32..original.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut file = original.clone();
            file[at] = value;
            file::seal(&mut file);
            if let Ok(read) = Bundle::read(&file) {
                let _ = read.to_bytes();
            }
        }
    }
}

#[test]
fn weights_land_in_their_panels() {
    let matrix: Vec<i8> = (0..5 * 18).map(|i| i as i8).collect();
    let panels = layer::panels_of(5, 18, 4, &matrix, 0);
    assert_eq!(panels.len(), 32 * 8);
    // Input 4, output 17: second panel, second group, output 1 of it, first of the group.
    assert_eq!(panels[16 * 8 + (16 + 1) * 4], matrix[4 * 18 + 17]);
    // Inputs 0 to 3 of output 2 are neighbours.
    assert_eq!(panels[8..12], [2, 20, 38, 56]);
}

#[test]
fn four_bits_hold_their_sign() {
    let packed = IntWeights::pack(vec![-7, 7, 0, -1], 4);
    assert_eq!(packed.as_bytes(), [0x79, 0xf0]);
    assert_eq!(packed.to_int8(), [-7, 7, 0, -1]);
}

#[test]
fn factors_are_kept_to_30_bits() {
    for factor in [0.0, 1e-12, 2e-9, 0.000_3, 0.124_999, 0.25, 0.499_999_999_9] {
        let (m, s) = fixed_point(factor).expect("the factor is below one half");
        let found = f64::from(m) / 2.0_f64.powi(32 + i32::from(s));
        assert!((found - factor).abs() <= (factor * 1e-9).max(1.2e-19), "{factor} became {found}");
    }
    assert_eq!([fixed_point(0.5), fixed_point(-0.1), fixed_point(f64::NAN)], [None; 3]);
}

#[test]
fn a_signature_covers_everything_before_it() {
    let file = bundle().to_bytes();
    let reserved = reserve_signature(&file, [7; 32]).expect("it reads");
    let message = Vec::from(signed_message(&reserved).expect("it has room"));
    let signed = attach_signature(&reserved, [3; 64]).expect("it has room");
    assert_eq!(signed_message(&signed).expect("it is signed"), message);
    let signature = Bundle::read(&signed).expect("it reads").signature;
    assert_eq!(signature, Some(Signature { public_key: [7; 32], signature: [3; 64] }));
    assert!(matches!(signed_message(&file), Err(BundleError::Missing { .. })));
    assert_eq!(32 + message.len() + 64, signed.len());
}
