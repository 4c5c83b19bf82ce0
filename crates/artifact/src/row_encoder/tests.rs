//! The arranged encoder against its definition, to the bit.

extern crate std;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::{Embedding, Levels, Magnitude, OneHot, Preprocessor, TargetStatistics, TwoValued};

fn levels() -> Levels {
    Levels::new(vec!["a".into(), "b".into(), "c".into()])
}

fn magnitude(scale: Scale, missing_indicator: bool) -> Encoder {
    Encoder::Magnitude(Magnitude { scale, min: -2.0, max: 50.0, missing_indicator })
}

fn line(knots: &[f32], scores: &[f32]) -> Scale {
    Scale::Piecewise(Piecewise::new(knots.into(), scores.into()).expect("a line"))
}

fn inputs(knots: &[f32]) -> Vec<InputColumn> {
    let robust = Scale::Robust { median: 3.0, width: 1.7 };
    let statistics = TargetStatistics {
        levels: levels(),
        means: vec![0.1, 0.2, 0.3],
        missing: 0.4,
        prior: 0.2,
        scale: robust.clone(),
    };
    let encoders = [
        magnitude(Scale::quantile(knots.into()), true),
        magnitude(robust.clone(), false),
        Encoder::TwoValued(TwoValued { low: 0.0, high: 2.0, missing_indicator: true }),
        Encoder::TargetStatistics(statistics),
        magnitude(Scale::Robust { median: 7.0, width: 0.0 }, true),
        Encoder::OneHot(OneHot::new(levels(), false)),
        Encoder::Presence,
        magnitude(Scale::quantile(vec![f32::MIN, -1.0, 4.0, f32::MAX]), false),
        Encoder::Embedding(Embedding::new(levels())),
        magnitude(Scale::quantile(vec![5.0; 4]), false),
        magnitude(robust, true),
        magnitude(line(&[0.0, 1.0, 9.0], &[-2.0, 0.0, 0.0]), true),
        magnitude(line(&[-3.0, 50.0], &[-0.0, 5.0]), false),
    ];
    encoders.into_iter().map(|encoder| InputColumn::new("x", encoder)).collect()
}

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -5.0_f32..60.0,
        2 => (-3_i8..60).prop_map(f32::from),
        1 => any::<f32>(),
        1 => prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, -0.0]),
    ]
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #[test]
    fn both_arrangements_write_the_same_bits(
        knots in prop::collection::vec(prop_oneof![-3.0_f32..55.0, (-3_i8..9).prop_map(f32::from)], 2..80),
        numbers in prop::collection::vec(number(), 13),
        names in prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "?"]), 13),
        missing in prop::collection::vec(prop::bool::weighted(0.15), 13),
    ) {
        let mut knots = knots;
        knots.sort_by(f32::total_cmp);
        let inputs = inputs(&knots);
        let row: Vec<RawValue<'_>> = inputs.iter().enumerate().map(|(i, input)| {
            if missing[i] {
                RawValue::Missing
            } else if input.encoder.reads_numbers() {
                RawValue::Number(numbers[i])
            } else {
                RawValue::Level(names[i])
            }
        }).collect();
        let n_continuous = inputs.iter().map(|input| input.encoder.widths().0).sum();
        let defined = Preprocessor::new(inputs.clone(), vec![vec![]; n_continuous], vec![]);
        let arranged = RowEncoder::new(inputs);
        let (f, g, c) = arranged.widths();
        let mut buffers = [(vec![9.0; f], vec![9.0; g], vec![9; c]), (vec![8.0; f], vec![8.0; g], vec![8; c])];
        let [expected, found] = &mut buffers;
        let out = RowBuffers { continuous: &mut expected.0, binary: &mut expected.1, categorical: &mut expected.2 };
        let expected_flags = defined.apply_row(&row, out).expect("the row fits");
        let out = RowBuffers { continuous: &mut found.0, binary: &mut found.1, categorical: &mut found.2 };
        let found_flags = arranged.encode(RawRow::Values(&row), &mut arranged.scratch(1), out).expect("the row fits");
        prop_assert_eq!(expected_flags, found_flags);
        prop_assert_eq!(bits(&expected.0), bits(&found.0));
        prop_assert_eq!(bits(&expected.1), bits(&found.1));
        prop_assert_eq!(&expected.2, &found.2);

        // The same row as the second of two in columns.
        let names: Vec<String> = ["?", "a", "b", "c"].map(String::from).into();
        let levels: Vec<Option<EncodedLevels>> =
            (0..row.len()).map(|input_idx| arranged.encode_levels(input_idx, &names).ok()).collect();
        let number = |value: &RawValue<'_>| if let RawValue::Number(number) = value { *number } else { f32::NAN };
        let code = |value: &RawValue<'_>| match value {
            RawValue::Level(name) => names.iter().position(|known| known == name).map_or(9, |place| place as u32),
            _ => u32::MAX,
        };
        let numbers: Vec<[f32; 2]> = row.iter().map(|value| [0.0, number(value)]).collect();
        let codes: Vec<[u32; 2]> = row.iter().map(|value| [0, code(value)]).collect();
        let columns: Vec<ColumnValues<'_>> = (0..row.len()).map(|i| match &levels[i] {
            Some(levels) => ColumnValues::Levels { codes: &codes[i], levels },
            None => ColumnValues::Numbers(&numbers[i]),
        }).collect();
        let (f, g, c) = arranged.widths();
        let stride = f + g + 3;
        let (mut inputs, mut categorical) = (vec![7.0; 2 * stride], vec![7; 2 * c]);
        let (mut flags, mut scratch) = ([RowFlags::default(); 2], arranged.scratch(2));
        let out = TileBuffers { inputs: &mut inputs, stride, categorical: &mut categorical, flags: &mut flags };
        arranged.gather_columns(&columns, 0, &mut scratch, out).expect("the columns fit");
        let (continuous, rest) = inputs[stride..].split_at_mut(f);
        let scaled = arranged.scale(1, &mut scratch, continuous);
        let found_flags = RowFlags {
            n_missing: flags[1].n_missing + scaled.n_missing,
            n_out_of_range: flags[1].n_out_of_range + scaled.n_out_of_range,
            ..flags[1]
        };
        let found = (continuous.to_vec(), rest[..g].to_vec(), categorical[c..].to_vec());
        prop_assert_eq!(&rest[g..], &[7.0; 3], "the caller's own");
        prop_assert_eq!(expected_flags, found_flags);
        prop_assert_eq!(bits(&expected.0), bits(&found.0));
        prop_assert_eq!(bits(&expected.1), bits(&found.1));
        prop_assert_eq!(&expected.2, &found.2);
    }
}

#[test]
fn rows_of_numbers_are_rows_of_values() {
    let inputs: Vec<InputColumn> =
        inputs(&[0.0, 1.0, 2.0]).into_iter().filter(|input| input.encoder.reads_numbers()).collect();
    let encoder = RowEncoder::new(inputs);
    let numbers = [0.5, f32::NAN, 1.0, 80.0, 3.0, 2.0, 5.0, -4.0, 0.25, f32::INFINITY];
    let values = numbers.map(RawValue::Number);
    let encoded = |row| {
        let (mut continuous, mut binary) = (vec![0.0; encoder.widths().0], vec![0.0; encoder.widths().1]);
        let out = RowBuffers { continuous: &mut continuous, binary: &mut binary, categorical: &mut [] };
        let flags = encoder.encode(row, &mut encoder.scratch(1), out).expect("the row fits");
        (flags, bits(&continuous), bits(&binary))
    };
    assert_eq!(encoded(RawRow::Values(&values)), encoded(RawRow::Numbers(&numbers)));
}

/// Whole blocks and a part of one, next to each other and apart.
#[test]
fn many_lines_are_scaled_as_one_is() {
    for (n_lines, is_apart) in [(64, false), (70, false), (17, true), (80, true)] {
        let of_line = |i: usize| {
            let knots = [-(i as f32), 1.0, 7.5, 20.0 + i as f32];
            magnitude(line(&knots[..3 + i % 2], &[-2.0, 0.25, 0.5, 3.0][..3 + i % 2]), false)
        };
        let with_neighbour = |encoder| {
            if is_apart { vec![encoder, magnitude(Scale::quantile(vec![0.0, 9.0]), false)] } else { vec![encoder] }
        };
        let inputs: Vec<InputColumn> = (0..n_lines)
            .flat_map(|i| with_neighbour(of_line(i)))
            .map(|encoder| InputColumn::new("x", encoder))
            .collect();
        let numbers: Vec<f32> =
            (0..inputs.len()).map(|i| if i % 11 == 3 { f32::NAN } else { (i * 7 % 60) as f32 - 5.0 }).collect();
        let row: Vec<RawValue<'_>> = numbers.iter().map(|number| RawValue::Number(*number)).collect();
        let n = inputs.len();
        let defined = Preprocessor::new(inputs.clone(), vec![vec![]; n], vec![]);
        let arranged = RowEncoder::new(inputs);
        let mut buffers = [vec![9.0; n], vec![8.0; n], vec![7.0; n]];
        let [expected, gathered, ready] = &mut buffers;
        let out = |continuous| RowBuffers { continuous, binary: &mut [], categorical: &mut [] };
        let expected_flags = defined.apply_row(&row, out(expected)).expect("the row fits");
        let mut scratch = arranged.scratch(1);
        let flags = arranged.encode(RawRow::Numbers(&numbers), &mut scratch, out(gathered)).expect("the row fits");
        assert_eq!((flags, bits(gathered)), (expected_flags, bits(expected)), "{n_lines} lines");
        assert_eq!(arranged.is_ready(), n_lines % LANES == 0 && !is_apart);
        if arranged.is_ready() {
            let flags = arranged.scale_ready(&numbers, &mut scratch, ready);
            assert_eq!((flags, bits(ready)), (expected_flags, bits(expected)), "{n_lines} lines");
        }
    }
}

#[test]
fn a_schema_of_plain_magnitudes_takes_the_row_as_it_is() {
    let robust = Scale::Robust { median: 3.0, width: 1.7 };
    for scale in [robust, line(&[0.0, 2.0, 60.0], &[-1.0, 0.5, 3.0])] {
        let inputs: Vec<InputColumn> = (0..9).map(|_| InputColumn::new("x", magnitude(scale.clone(), false))).collect();
        let defined = Preprocessor::new(inputs.clone(), vec![vec![]; 9], vec![]);
        let encoder = RowEncoder::new(inputs);
        assert!(encoder.is_plain);
        let numbers = [0.5, f32::NAN, 1.0, 80.0, 3.0, 2.0, f32::INFINITY, -4.0, 0.0];
        let mut values = numbers.map(RawValue::Number);
        values[8] = RawValue::Missing;
        let encoded = |row| {
            let mut continuous = [0.0; 9];
            let out = RowBuffers { continuous: &mut continuous, binary: &mut [], categorical: &mut [] };
            let flags = encoder.encode(row, &mut encoder.scratch(1), out).expect("the row fits");
            (flags, bits(&continuous))
        };
        let mut continuous = [0.0; 9];
        let out = RowBuffers { continuous: &mut continuous, binary: &mut [], categorical: &mut [] };
        let flags = defined.apply_row(&values, out).expect("the row fits");
        assert_eq!(encoded(RawRow::Values(&values)), (flags, bits(&continuous)));
        let numbers = numbers.map(|number| if number == 0.0 { f32::NAN } else { number });
        assert_eq!(encoded(RawRow::Numbers(&numbers)), (flags, bits(&continuous)));
        values[4] = RawValue::Level("3");
        let out = RowBuffers { continuous: &mut continuous, binary: &mut [], categorical: &mut [] };
        let refused = encoder.encode(RawRow::Values(&values), &mut encoder.scratch(1), out);
        assert_eq!(refused, Err(ApplyError::WrongKind { input_idx: 4, expected: "number" }));
    }
}
