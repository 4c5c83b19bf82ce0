//! Suspicion falls on the label in disguise, and not on honest features.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_table::{Column, Role, Values};

use super::made::{all_rows, category, numeric, table, target};
use crate::leakage::{Suspect, suspects};

const N_ROWS: usize = 3000;

/// A quarter of the customers churn.
fn churned() -> Vec<bool> {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    (0..N_ROWS).map(|_| rng.random_bool(0.25)).collect()
}

fn suspects_of(column: impl Fn(&mut ChaCha8Rng, usize, bool) -> Column) -> Vec<Suspect> {
    let rng = &mut ChaCha8Rng::seed_from_u64(5);
    let churned = churned();
    let probe = column(rng, 0, false);
    let columns: Vec<Column> = churned.iter().enumerate().map(|(row_idx, &y)| column(rng, row_idx, y)).collect();
    let values = match probe.values {
        Values::Numeric(_) => Values::Numeric(columns.iter().map(number).collect()),
        _ => Values::categories(columns.iter().map(level)),
    };
    let feature = Column::new("feature", probe.role, values);
    let outcome = target(churned.iter().map(|&y| f32::from(u8::from(y))).collect());
    let table = table(vec![outcome, feature]);
    suspects(&table, &all_rows(&table)).expect("the table has a target")
}

fn number(column: &Column) -> f32 {
    let Values::Numeric(values) = &column.values else { unreachable!() };
    values[0]
}

fn level(column: &Column) -> Option<&str> {
    let Values::Category(categories) = &column.values else { unreachable!() };
    categories.get(0)
}

fn numbers(draw: impl Fn(&mut ChaCha8Rng, usize, bool) -> f32) -> Vec<Suspect> {
    suspects_of(|rng, row_idx, y| numeric("feature", vec![draw(rng, row_idx, y)]))
}

fn levels(draw: impl Fn(&mut ChaCha8Rng, usize, bool) -> String) -> Vec<Suspect> {
    suspects_of(|rng, row_idx, y| category("feature", &[draw(rng, row_idx, y).as_str()]))
}

fn only_evidence(found: &[Suspect]) -> &str {
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].column, "feature");
    &found[0].evidence
}

#[test]
fn a_noisy_copy_of_the_label_is_named_in_either_direction() {
    for sign in [1.0, -1.0] {
        let found = numbers(|rng, _, y| sign * (f32::from(u8::from(y)) + rng.random_range(0.0..0.9)));
        assert!(only_evidence(&found).starts_with("its values alone tell `churned` with an AUC of 1.0000"));
    }
}

#[test]
fn a_status_that_determines_the_label_is_named() {
    let found = levels(|rng, _, y| format!("{}{}", if y { "left" } else { "active" }, rng.random_range(0..3)));
    assert_eq!(only_evidence(&found), "its levels alone tell `churned` with an AUC of 1.0000 on 3000 training rows");
}

#[test]
fn a_code_in_no_order_is_named() {
    let found = numbers(|rng, _, y| if y { 2.0 } else { [1.0, 3.0][rng.random_range(0..2)] });
    assert!(only_evidence(&found).starts_with("its values alone tell `churned` with an AUC of 1.0000"));
}

#[test]
fn a_reason_given_by_leavers_is_named() {
    let found = levels(|rng, _, y| if y { ["price", "moved"][rng.random_range(0..2)].into() } else { String::new() });
    assert!(only_evidence(&found).starts_with("whether it is missing tells `churned`"));
}

#[test]
fn a_reason_given_by_some_leavers_is_named() {
    let found = levels(|rng, _, y| if y && rng.random_bool(0.4) { "moved".into() } else { "none".into() });
    let evidence = only_evidence(&found);
    assert!(evidence.contains("training rows where it is `moved` have `churned` = 1"), "{evidence}");
    assert!((found[0].auc - 0.7).abs() < 0.03);
}

#[test]
fn a_date_that_some_leavers_have_is_named() {
    let found = numbers(|rng, _, y| if y && rng.random_bool(0.5) { rng.random() } else { f32::NAN });
    assert!(only_evidence(&found).contains("where it is present have `churned` = 1"));
}

#[test]
fn honest_features_are_not_suspected() {
    // A single-column AUC of about .92, beyond any honest churn feature.
    let strong = numbers(|rng, _, y| rng.random::<f32>() + rng.random::<f32>() + if y { 0.85 } else { 0.0 });
    assert_eq!(strong, []);
    assert_eq!(levels(|_, row_idx, _| format!("customer {row_idx}")), []);
    assert_eq!(levels(|_, row_idx, _| format!("household {}", row_idx / 2)), []);
    // Two-year contracts hardly ever churn, monthly ones often.
    let contract = |rng: &mut ChaCha8Rng, _, y: bool| {
        let two_years = rng.random_bool(if y { 0.001 } else { 0.4 });
        if two_years { "two years".to_owned() } else { "month".to_owned() }
    };
    assert_eq!(levels(contract), []);
    let never = |rng: &mut ChaCha8Rng, _, y: bool| if !y && rng.random_bool(0.3) { "loyal".into() } else { "x".into() };
    assert_eq!(levels(never), [], "a level of the frequent class alone is ordinary");
}

#[test]
fn columns_that_are_no_features_are_not_looked_at() {
    let y: Vec<f32> = churned().iter().map(|&y| f32::from(u8::from(y))).collect();
    let ignored = Column::new("copy", Role::Ignore, Values::Numeric(y.clone()));
    let table = table(vec![target(y), ignored]);
    assert_eq!(suspects(&table, &all_rows(&table)), Ok(vec![]));
}
