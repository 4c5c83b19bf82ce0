//! Fit and apply: what is learned, from which rows, and that one row encodes as many do.

use proptest::prelude::*;
use tenure_artifact::{DropReason, Encoder, Preprocessor, RawValue, RowBuffers};
use tenure_config::{Encode, NumericEncoding};
use tenure_table::{Categories, Column, MISSING_CODE, Table, Values};

use super::made::{all_rows, category, encode_plan, mixed, numeric, table, target};
use crate::{Dataset, EncodeError, fit_columns, fit_transform, transform};

const ENCODINGS: [NumericEncoding; 2] = [NumericEncoding::Robust, NumericEncoding::Quantile];

/// Bits of everything learned, so that -0, 0 and NaN are told apart.
fn bits(prep: &Preprocessor) -> String {
    format!("{prep:?}")
}

/// The table with every value outside `kept` replaced, and levels renumbered and added to.
fn vandalised(table: &Table, kept: &[u32], salt: u32) -> Table {
    let columns = table.columns().iter().map(|column| {
        let is_kept = |row_idx: usize| kept.binary_search(&(row_idx as u32)).is_ok();
        let values = match &column.values {
            Values::Numeric(values) => {
                let other = [f32::NAN, 1e30, -1e30, f32::INFINITY, 0.5];
                let replace = |(row_idx, &value): (usize, &f32)| {
                    if is_kept(row_idx) { value } else { other[(row_idx + salt as usize) % other.len()] }
                };
                Values::Numeric(values.iter().enumerate().map(replace).collect())
            }
            Values::Category(categories) => Values::Category(vandalised_levels(categories, &is_kept, salt)),
            other => other.clone(),
        };
        Column::new(column.name.clone(), column.role, values)
    });
    Table::new(columns.collect()).expect("names and lengths are unchanged")
}

fn vandalised_levels(categories: &Categories, is_kept: &dyn Fn(usize) -> bool, salt: u32) -> Categories {
    let n_levels = categories.levels.len() as u32;
    let mut levels: Vec<String> = categories.levels.iter().rev().cloned().collect();
    levels.push(format!("new {salt}"));
    let renumber = |(row_idx, &code): (usize, &u32)| match code {
        _ if !is_kept(row_idx) => [n_levels, MISSING_CODE, 0][(row_idx + salt as usize) % 3],
        MISSING_CODE => MISSING_CODE,
        code => n_levels - 1 - code,
    };
    Categories { codes: categories.codes.iter().enumerate().map(renumber).collect(), levels }
}

/// The row as an edge device would have it.
fn raw_row<'a>(prep: &Preprocessor, table: &'a Table, row_idx: usize) -> Vec<RawValue<'a>> {
    let value = |name: &str| match &table.column(name).expect("the table has every input").values {
        Values::Numeric(values) => RawValue::Number(values[row_idx]),
        Values::Category(categories) => categories.get(row_idx).map_or(RawValue::Missing, RawValue::Level),
        _ => unreachable!("inputs are numbers or levels"),
    };
    prep.inputs.iter().map(|input| value(&input.name)).collect()
}

/// A data set of one row after another.
fn row_by_row(prep: &Preprocessor, table: &Table, rows: &[u32]) -> (Vec<f32>, Vec<f32>, Vec<u32>) {
    let (f, g, c) = prep.layout.widths();
    let mut data = (Vec::new(), Vec::new(), Vec::new());
    for &row_idx in rows {
        let (mut continuous, mut binary, mut categorical) = (vec![9.0; f], vec![9.0; g], vec![9; c]);
        let out = RowBuffers { continuous: &mut continuous, binary: &mut binary, categorical: &mut categorical };
        prep.apply_row(&raw_row(prep, table, row_idx as usize), out).expect("the row fits the preprocessor");
        data.0.extend(continuous);
        data.1.extend(binary);
        data.2.extend(categorical);
    }
    data
}

fn to_bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn assert_well_formed(data: &Dataset, n_rows: usize) {
    let (f, g, c) = data.layout.widths();
    let lengths = (data.continuous.len(), data.binary.len(), data.categorical.len());
    assert_eq!(lengths, (n_rows * f, n_rows * g, n_rows * c));
    assert!(data.continuous.iter().all(|value| value.is_finite() && value.abs() <= 5.2));
    assert!(data.binary.iter().all(|value| (0.0..=1.0).contains(value)));
    for row_idx in 0..n_rows {
        let indices = data.categorical_row(row_idx).iter().zip(&data.layout.categorical);
        indices.for_each(|(&index, input)| assert!((index as usize) < input.n_levels));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn values_outside_the_training_rows_change_nothing(n_rows in 60..300_usize, seed in any::<u64>(), salt in any::<u32>()) {
        let original = mixed(n_rows, seed);
        let train: Vec<u32> = (0..n_rows as u32).filter(|row_idx| (row_idx ^ salt) % 3 != 0).collect();
        let changed = vandalised(&original, &train, salt);
        for encoding in ENCODINGS {
            let plan = encode_plan(encoding);
            let [(prep, data), (other_prep, other_data)] =
                [&original, &changed].map(|table| fit_transform(table, &train, &plan, seed).expect("features vary"));
            prop_assert_eq!(bits(&prep), bits(&other_prep));
            prop_assert_eq!(to_bits(&data.continuous), to_bits(&other_data.continuous));
            prop_assert_eq!((data.binary, data.categorical), (other_data.binary, other_data.categorical));
        }
    }

    #[test]
    fn one_row_encodes_to_the_bit_as_many_do(n_rows in 60..1200_usize, seed in any::<u64>()) {
        let (table, later) = (mixed(n_rows, seed), mixed(n_rows / 2, seed ^ 1));
        for encoding in ENCODINGS {
            let (prep, train) = fit_transform(&table, &all_rows(&table), &encode_plan(encoding), seed).expect("features vary");
            assert_well_formed(&train, n_rows);
            for table in [&table, &later] {
                let rows = all_rows(table);
                let many = transform(&prep, table, &rows).expect("the columns are the same");
                assert_well_formed(&many, rows.len());
                let (continuous, binary, categorical) = row_by_row(&prep, table, &rows);
                prop_assert_eq!(to_bits(&many.continuous), to_bits(&continuous));
                prop_assert_eq!(to_bits(&many.binary), to_bits(&binary));
                prop_assert_eq!(many.categorical, categorical);
            }
        }
    }
}

#[test]
fn every_kind_of_column_gets_its_encoder() {
    let table = mixed(2000, 5);
    let (prep, _) =
        fit_transform(&table, &all_rows(&table), &encode_plan(NumericEncoding::Robust), 1).expect("features vary");
    let kinds: Vec<(&str, &str)> = prep
        .inputs
        .iter()
        .map(|input| {
            let kind = match input.encoder {
                Encoder::Magnitude(_) => "magnitude",
                Encoder::TwoValued(_) => "two-valued",
                Encoder::Presence => "presence",
                Encoder::OneHot(_) => "one-hot",
                Encoder::Embedding(_) => "embedding",
                Encoder::TargetStatistics(_) => "target statistics",
            };
            (input.name.as_str(), kind)
        })
        .collect();
    let expected = [
        ("spend", "magnitude"),
        ("gaps", "magnitude"),
        ("visits", "magnitude"),
        ("senior", "two-valued"),
        ("promo", "presence"),
        ("ratio", "magnitude"),
        ("sex", "one-hot"),
        ("plan", "one-hot"),
        ("region", "embedding"),
        ("shop", "target statistics"),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(prep.dropped.len(), 1);
    assert_eq!(
        (prep.dropped[0].name.as_str(), &prep.dropped[0].reason),
        ("constant", &DropReason::Constant("4".into()))
    );
    let binary = ["gaps is missing", "senior", "promo is missing", "ratio is missing", "sex = sex1"];
    assert_eq!(prep.layout.binary[..5], binary);
}

/// Telco-like tenure: quartiles of 0, 9, 29, 55, 72 by hand.
#[test]
fn robust_scale_of_five_values_by_hand() {
    let months = vec![0.0, 9.0, 29.0, 55.0, 72.0];
    let table = table(vec![target(vec![0.0, 1.0, 0.0, 1.0, 0.0]), numeric("months", months)]);
    let plan = encode_plan(NumericEncoding::Robust);
    let (_, data) = fit_transform(&table, &all_rows(&table), &plan, 0).expect("months vary");
    // (x - 29) / 46, then y / sqrt(1 + y²/9).
    let expected = [-29.0_f64, -20.0, 0.0, 26.0, 43.0].map(|d| (d / 46.0) / (1.0 + (d / 138.0).powi(2)).sqrt());
    for (found, expected) in data.continuous.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-6);
    }
}

/// No row sees its own target: in a level of one row (below which nothing precedes) the statistic is the prior, whatever
/// the row's target; and the final statistic is (sum + 10 prior) / (rows + 10).
#[test]
fn target_statistics_are_ordered_for_training_rows() {
    let shops: Vec<String> = (0..60).map(|i| format!("s{}", i / 2)).collect();
    let churned: Vec<f32> = (0..60).map(|i| f32::from(u8::from(i % 2 == 0))).collect();
    let shops: Vec<&str> = shops.iter().map(String::as_str).collect();
    let table = table(vec![target(churned.clone()), category("shop", &shops)]);
    let plan = Encode { min_level_count: 1, ..encode_plan(NumericEncoding::Robust) };
    let (prep, train) = fit_transform(&table, &all_rows(&table), &plan, 3).expect("shops differ");
    let Encoder::TargetStatistics(fitted) = &prep.inputs[0].encoder else { unreachable!("shop has 30 levels") };
    assert_eq!(fitted.prior, 0.5);
    assert!(fitted.means.iter().all(|&mean| mean == ((1.0 + 5.0) / 12.0) as f32));
    for pair in 0..30 {
        // The first of a pair in the random order has the prior; the second has seen only the other's target.
        let [a, b] = [2 * pair, 2 * pair + 1].map(|row_idx| train.continuous[row_idx]);
        let seen = |y: f32| fitted.scale.apply(((f64::from(y) + 5.0) / 11.0) as f32);
        let prior = fitted.scale.apply(0.5);
        let (y_a, y_b) = (churned[2 * pair], churned[2 * pair + 1]);
        assert!((a == prior && b == seen(y_a)) || (b == prior && a == seen(y_b)), "{a} {b}");
    }
    assert_eq!(transform(&prep, &table, &[0]).expect("same table").continuous, [fitted.value(Some("s0"))]);
}

#[test]
fn rare_levels_encode_as_unseen() {
    let plans = ["a", "a", "a", "b", "b", "b", "c", "", "c", "d"];
    let churned = vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
    let table = table(vec![target(churned), category("plan", &plans)]);
    let plan = encode_plan(NumericEncoding::Robust);
    let (prep, data) = fit_transform(&table, &all_rows(&table), &plan, 0).expect("plans differ");
    assert_eq!(prep.layout.binary, ["plan = a", "plan = b", "plan is missing"]);
    assert_eq!(data.binary_row(6), [0.0; 3], "c is in two rows, fewer than three");
    assert_eq!(data.binary_row(7), [0.0, 0.0, 1.0]);
    assert_eq!(data.binary_row(4), [0.0, 1.0, 0.0]);
}

#[test]
fn a_column_missing_in_training_is_dropped_with_its_reason() {
    let columns = vec![
        target(vec![0.0, 1.0, 0.0]),
        numeric("spend", vec![1.0, 2.0, 3.0]),
        numeric("empty", vec![f32::NAN, f32::INFINITY, 7.0]),
        category("blank", &["", "", "x"]),
        category("ids", &["u", "v", "w"]),
    ];
    let plan = encode_plan(NumericEncoding::Robust);
    let (prep, _) = fit_transform(&table(columns), &[0, 1], &plan, 0).expect("spend is left");
    let reasons: Vec<String> =
        prep.dropped.iter().map(|column| format!("{}: {}", column.name, column.reason)).collect();
    let expected = [
        "empty: missing in every training row",
        "blank: missing in every training row",
        "ids: no level is in 3 or more training rows",
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn weights_are_carried_and_default_to_one() {
    let weighted = Column::new("w", tenure_table::Role::Weight, Values::Numeric(vec![2.0, 0.5]));
    let columns = vec![target(vec![0.0, 1.0]), numeric("spend", vec![1.0, 2.0])];
    let plan = encode_plan(NumericEncoding::Robust);
    let fit = |columns| fit_transform(&table(columns), &[1, 0], &plan, 0).expect("spend varies").1;
    assert_eq!(fit(columns.clone()).weight, [1.0, 1.0]);
    assert_eq!(fit([columns, vec![weighted]].concat()).weight, [0.5, 2.0]);
}

#[test]
fn a_sample_of_many_rows_keeps_the_extremes() {
    let n_rows = (1 << 20) + 1000;
    let mut values: Vec<f32> = (0..n_rows).map(|i| ((i as u64 * 7919) % 1000) as f32).collect();
    (values[12345], values[54321]) = (-5e6, 5e6);
    let churned = (0..n_rows).map(|i| f32::from(u8::from(i % 2 == 0))).collect();
    let table = table(vec![target(churned), numeric("spend", values)]);
    let rows = all_rows(&table);
    let (prep, _) = fit_transform(&table, &rows, &encode_plan(NumericEncoding::Quantile), 0).expect("spend varies");
    let Encoder::Magnitude(spend) = &prep.inputs[0].encoder else { unreachable!("spend has many values") };
    assert_eq!((spend.min, spend.max), (-5e6, 5e6));
    assert!(spend.value(500.0).abs() < 0.01 && (spend.value(841.0) - 1.0).abs() < 0.01);
    assert_eq!(spend.value(5e6), -spend.value(-5e6));
}

#[test]
fn columns_read_one_after_the_other_get_the_encoders_of_all_together() {
    let table = mixed(3000, 8);
    for encoding in ENCODINGS {
        let plan = Encode { target_statistics_min: usize::MAX, ..encode_plan(encoding) };
        let (expected, _) = fit_transform(&table, &all_rows(&table), &plan, 5).expect("features vary");
        let names: Vec<String> = table.features().map(|column| column.name.clone()).collect();
        let mut read = |name: &str| Ok::<_, EncodeError>(table.column(name).expect("a feature").clone());
        let found = fit_columns(&names, 3000, &mut read, &encode_plan(encoding), 5).expect("features vary");
        assert_eq!(bits(&found), bits(&expected));
    }
    let constant = |_: &str| Ok::<_, EncodeError>(numeric("constant", vec![4.0; 3]));
    let error = fit_columns(&["constant".into()], 3, &mut { constant }, &encode_plan(ENCODINGS[0]), 5);
    assert!(matches!(error, Err(EncodeError::NoFeatures { .. })), "{error:?}");
    let error = fit_columns(&["constant".into()], 0, &mut { constant }, &encode_plan(ENCODINGS[0]), 5);
    assert!(matches!(error, Err(EncodeError::EmptyPart { .. })), "{error:?}");
}
