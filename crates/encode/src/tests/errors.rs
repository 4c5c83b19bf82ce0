//! The whole text of every error, as a person meets it.

use insta::assert_snapshot;
use tenure_config::{NumericEncoding, Split, SplitKind};
use tenure_table::{Column, Role, Table, Values};

use super::made::{category, encode_plan, numeric, rolling, split_plan, table, target};
use crate::{CODES, EncodeError, explain, fit_transform, partition, transform};

/// Code, message and hint.
fn text(error: &EncodeError) -> String {
    assert!(explain(error.code()).is_some());
    format!("{}: {error}\nhint: {}", error.code(), error.hint())
}

fn split_error(table: &Table, split: &Split) -> String {
    text(&partition(table, split, 0).expect_err("the split is impossible"))
}

fn fit_error(columns: Vec<Column>, rows: &[u32]) -> String {
    let plan = encode_plan(NumericEncoding::Robust);
    text(&fit_transform(&table(columns), rows, &plan, 0).expect_err("the fit is impossible"))
}

fn stratified() -> Split {
    split_plan(SplitKind::Stratified)
}

fn of_targets(values: &[f32]) -> Table {
    table(vec![target(values.to_vec()), numeric("spend", (0..values.len()).map(|i| i as f32).collect())])
}

#[test]
fn no_target() {
    let table = table(vec![numeric("spend", vec![1.0])]);
    assert_snapshot!(split_error(&table, &stratified()), @r#"
    ENC0001: no column has the role `target`
    hint: name the column to predict: `target = "target"` under `[data.columns]`
    "#);
}

#[test]
fn target_of_other_values() {
    assert_snapshot!(split_error(&of_targets(&[0.0, 1.0, 2.0]), &stratified()), @r"
    ENC0002: row 2 of target column `churned`: expected 0 or 1, found 2
    hint: name the value that counts as churned in `data.positive`
    ");
    assert_snapshot!(split_error(&of_targets(&[0.0, f32::NAN]), &stratified()), @r"
    ENC0002: row 1 of target column `churned`: expected 0 or 1, found no value
    hint: name the value that counts as churned in `data.positive`
    ");
    let texts = table(vec![Column::new("churned", Role::Target, Values::categories(["Yes", "No"].map(Some)))]);
    assert_snapshot!(split_error(&texts, &stratified()), @r"
    ENC0013: column `churned` of role `target`: expected numbers, found levels
    hint: set the column's type under `[data.types]`, or its role to `ignore`
    ");
}

#[test]
fn one_class_only() {
    assert_snapshot!(split_error(&of_targets(&[0.0; 20]), &stratified()), @r"
    ENC0003: the table of 20 rows: expected both classes, found only churned = 0
    hint: give the part more rows, or choose cutoffs whose labels differ
    ");
    let rare: Vec<f32> = (0..100).map(|i| f32::from(u8::from(i < 2))).collect();
    assert_snapshot!(split_error(&of_targets(&rare), &stratified()), @r"
    ENC0003: the test part of 20 rows: expected both classes, found only churned = 0
    hint: give the part more rows, or choose cutoffs whose labels differ
    ");
}

#[test]
fn single_row_and_none() {
    assert_snapshot!(split_error(&of_targets(&[1.0]), &stratified()), @r"
    ENC0003: the table of 1 rows: expected both classes, found only churned = 1
    hint: give the part more rows, or choose cutoffs whose labels differ
    ");
    assert_snapshot!(split_error(&of_targets(&[]), &stratified()), @r"
    ENC0004: the table is empty: it has no rows
    hint: raise the part's share, or give more rows
    ");
}

#[test]
fn empty_training_part() {
    let words = category("part", &["test", "test", "validation", "validation"]);
    let rows = table(vec![target(vec![0.0, 1.0, 0.0, 1.0]), words]);
    let plan = Split { column: Some("part".into()), ..split_plan(SplitKind::Column) };
    assert_snapshot!(split_error(&rows, &plan), @r"
    ENC0004: the training part is empty: the split column never says `train`
    hint: raise the part's share, or give more rows
    ");
    let columns = vec![target(vec![0.0, 1.0]), numeric("spend", vec![1.0, 2.0])];
    assert_snapshot!(fit_error(columns, &[]), @r"
    ENC0004: the training part is empty: no rows were given to fit on
    hint: raise the part's share, or give more rows
    ");
    let tiny = Split { test: 0.01, ..stratified() };
    assert_snapshot!(split_error(&of_targets(&[0.0, 1.0, 0.0, 1.0]), &tiny), @r"
    ENC0004: the test part is empty: its share of 4 rows is less than one row or group
    hint: raise the part's share, or give more rows
    ");
}

#[test]
fn too_few_rows_for_folds() {
    let plan = Split { folds: 5, ..stratified() };
    assert_snapshot!(split_error(&of_targets(&[0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]), &plan), @r"
    ENC0005: 5 folds: expected at least 5 rows with churned = 1, found 2
    hint: lower `split.folds`, or set it to 0 for one holdout
    ");
    let customers = [(1, 0, true), (1, 1, true), (1, 2, false), (2, 0, false), (3, 0, true)];
    assert_snapshot!(split_error(&rolling(&customers), &plan), @r"
    ENC0005: 5 folds: expected at least 5 customers with churned = 0, found 2
    hint: lower `split.folds`, or set it to 0 for one holdout
    ");
    assert_snapshot!(split_error(&of_targets(&[0.0, 1.0]), &Split { folds: 1, ..stratified() }), @r#"
    ENC0012: `split.folds = 1`: expected 0 or 2 and more, and 0 with `split.kind = "stratified"`
    hint: set `split.folds = 0`, or choose `split.kind = "stratified"` or `"group"`
    "#);
}

#[test]
fn split_column_missing_or_wrong() {
    let named = |kind, name: &str| Split { group: Some(name.into()), column: Some(name.into()), ..split_plan(kind) };
    let rows = table(vec![target(vec![0.0, 1.0, 0.0]), category("part", &["train", "Test", ""])]);
    assert_snapshot!(split_error(&rows, &named(SplitKind::Column, "parts")), @r"
    ENC0006: `split.column` names column `parts`, which the table lacks; it has `churned`, `part`
    hint: correct the name; a column that is only for the split takes the role `ignore`
    ");
    assert_snapshot!(split_error(&rows, &named(SplitKind::Group, "household")), @r"
    ENC0006: `split.group` names column `household`, which the table lacks; it has `churned`, `part`
    hint: correct the name; a column that is only for the split takes the role `ignore`
    ");
    assert_snapshot!(split_error(&rows, &named(SplitKind::Column, "part")), @r"
    ENC0008: row 1 of split column `part`: expected `train`, `validation` or `test`, found `Test`
    hint: correct the word in the data file
    ");
    assert_snapshot!(split_error(&rows, &named(SplitKind::Group, "part")), @r"
    ENC0009: row 2 of group column `part`: expected a value, found none
    hint: fill in the group, or give the row a group of its own
    ");
    assert_snapshot!(split_error(&rows, &named(SplitKind::Column, "churned")), @r"
    ENC0013: column `churned` of role `target`: expected words, found numbers
    hint: set the column's type under `[data.types]`, or its role to `ignore`
    ");
    assert_snapshot!(split_error(&rows, &split_plan(SplitKind::Group)), @r#"
    ENC0007: `split.kind = "group"`: expected a column name in `split.group`, found none
    hint: name the column, or choose `split.kind = "stratified"`
    "#);
}

#[test]
fn temporal_without_cutoffs() {
    let temporal = split_plan(SplitKind::Temporal);
    assert_snapshot!(split_error(&of_targets(&[0.0, 1.0]), &temporal), @r#"
    ENC0010: `split.kind = "temporal"`: expected a column of role `time`, found none
    hint: give a column the role `time`, or choose `split.kind = "stratified"`
    "#);
    assert_snapshot!(split_error(&rolling(&[(1, 0, true), (2, 0, false)]), &temporal), @r#"
    ENC0011: `split.kind = "temporal"`: expected at least two distinct times in `cutoff`, found 1
    hint: add training cutoffs in `[time]`, or choose `split.kind = "stratified"`
    "#);
    let folds = Split { folds: 5, ..temporal };
    assert_snapshot!(split_error(&rolling(&[(1, 0, true), (2, 1, false)]), &folds), @r#"
    ENC0012: `split.folds = 5`: expected 0 or 2 and more, and 0 with `split.kind = "temporal"`
    hint: set `split.folds = 0`, or choose `split.kind = "stratified"` or `"group"`
    "#);
}

#[test]
fn nothing_to_learn_from() {
    let columns = vec![target(vec![0.0, 1.0]), numeric("spend", vec![f32::NAN; 2]), numeric("visits", vec![3.0; 2])];
    assert_snapshot!(fit_error(columns, &[0, 1]), @r"
    ENC0014: no feature column is left: `spend` is missing in every training row; `visits` is `3` in every training row
    hint: give at least one column that varies the role `numeric` or `category`
    ");
    assert_snapshot!(fit_error(vec![target(vec![0.0, 1.0])], &[0, 1]), @r"
    ENC0014: no feature column is left: the table has none
    hint: give at least one column that varies the role `numeric` or `category`
    ");
}

#[test]
fn wrong_types_and_weights() {
    let texts = Values::Text(["a", "b"].into_iter().collect());
    let columns = vec![target(vec![0.0, 1.0]), Column::new("note", Role::Category, texts)];
    assert_snapshot!(fit_error(columns, &[0, 1]), @r"
    ENC0013: column `note` of role `category`: expected levels, found free text
    hint: set the column's type under `[data.types]`, or its role to `ignore`
    ");
    let weights = Column::new("w", Role::Weight, Values::Numeric(vec![1.0, -2.0]));
    let columns = vec![target(vec![0.0, 1.0]), numeric("spend", vec![1.0, 2.0]), weights];
    assert_snapshot!(fit_error(columns, &[0, 1]), @r"
    ENC0015: row 1 of weight column `w`: expected a positive number, found -2
    hint: correct the weight, or remove the row
    ");
}

#[test]
fn scoring_another_table() {
    let plan = encode_plan(NumericEncoding::Robust);
    let (prep, _) = fit_transform(&of_targets(&[0.0, 1.0]), &[0, 1], &plan, 0).expect("spend varies");
    let other = table(vec![target(vec![0.0]), category("Spend", &["1"])]);
    assert_snapshot!(text(&transform(&prep, &other, &[0]).expect_err("spend is absent")), @r"
    ENC0016: the model was fitted on column `spend`, which the table lacks; it has `churned`, `Spend`
    hint: score a table with the columns that the model was trained on
    ");
    let levels = table(vec![target(vec![0.0]), category("spend", &["1"])]);
    assert_snapshot!(text(&transform(&prep, &levels, &[0]).expect_err("spend has levels")), @r"
    ENC0013: column `spend` of role `category`: expected numbers, found levels
    hint: set the column's type under `[data.types]`, or its role to `ignore`
    ");
    assert_snapshot!(text(&transform(&prep, &of_targets(&[0.0]), &[3]).expect_err("there is one row")), @r"
    ENC0017: row 3 of a table of 1 rows
    hint: this is a defect in the caller: row indices come from `partition` of the same table
    ");
}

#[test]
fn codes_are_consecutive_and_explained() {
    for (i, (code, text)) in CODES.iter().enumerate() {
        assert_eq!(*code, format!("ENC{:04}", i + 1));
        assert!(text.ends_with('.') && explain(code) == Some(text));
    }
    assert_eq!(explain("ENC9999"), None);
}
