//! Properties of every split: parts are disjoint, cover what they should, and keep units together.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tenure_config::{Split, SplitKind};
use tenure_table::{Column, Role, Table, Values};

use super::made::{category, mixed, numeric, rolling, split_plan, table, target};
use crate::{Partition, partition};

/// Rows of customers at cutoffs with random outcomes, enough that every part has both classes nearly always.
fn rolling_rows() -> impl Strategy<Value = Vec<(u8, u8, bool)>> {
    prop::collection::vec((0..120_u8, 0..3_u8, any::<bool>()), 150..300)
}

fn ids(table: &Table, name: &str, rows: &[u32]) -> BTreeSet<String> {
    let Some(Values::Text(texts)) = table.column(name).map(|column| &column.values) else { unreachable!() };
    rows.iter().map(|&row_idx| texts.get(row_idx as usize).to_owned()).collect()
}

/// Every row is in exactly one part, and parts ascend.
fn assert_covers(parts: &Partition, n_rows: usize) {
    let mut all: Vec<u32> = [&parts.train, &parts.validation, &parts.test].into_iter().flatten().copied().collect();
    assert!([&parts.train, &parts.validation, &parts.test].into_iter().all(|rows| rows.is_sorted()));
    all.sort_unstable();
    assert_eq!(all, (0..n_rows as u32).collect::<Vec<_>>());
}

fn n_positive(table: &Table, rows: &[u32]) -> usize {
    let Some(Values::Numeric(target)) = table.with_role(Role::Target).map(|column| &column.values) else {
        unreachable!()
    };
    rows.iter().filter(|&&row_idx| target[row_idx as usize] == 1.0).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn temporal_tests_the_last_cutoff_and_parts_customers(rows in rolling_rows(), seed in any::<u64>()) {
        let table = rolling(&rows);
        let partitions = partition(&table, &split_plan(SplitKind::Temporal), seed).expect("every part has both classes");
        let parts = &partitions[0];
        assert_covers(parts, table.n_rows());
        let last = rows.iter().map(|row| row.1).max();
        prop_assert!(parts.test.iter().all(|&row_idx| Some(rows[row_idx as usize].1) == last));
        prop_assert!(parts.train.iter().all(|&row_idx| Some(rows[row_idx as usize].1) < last));
        let [train, validation] = [&parts.train, &parts.validation].map(|rows| ids(&table, "customer", rows));
        prop_assert!(train.is_disjoint(&validation));
    }

    #[test]
    fn repeated_ids_and_groups_stay_together(rows in rolling_rows(), seed in any::<u64>(), folds in prop::sample::select(vec![0_usize, 3])) {
        let table = rolling(&rows);
        for (kind, column) in [(SplitKind::Stratified, "customer"), (SplitKind::Group, "household")] {
            let plan = Split { folds, group: Some("household".into()), ..split_plan(kind) };
            let partitions = partition(&table, &plan, seed).expect("every part has both classes");
            prop_assert_eq!(partitions.len(), folds.max(1));
            for parts in &partitions {
                assert_covers(parts, table.n_rows());
                let [a, b, c] = [&parts.train, &parts.validation, &parts.test].map(|rows| ids(&table, column, rows));
                prop_assert!(a.is_disjoint(&b) && a.is_disjoint(&c) && b.is_disjoint(&c));
                // Three strata, each within one unit; a customer has few rows, a household twice as many.
                let expected = if folds == 0 { 0.2 } else { 1.0 / folds as f64 };
                prop_assert!((parts.test.len() as f64 / rows.len() as f64 - expected).abs() < 0.15);
            }
            let mut tests: Vec<u32> = partitions.iter().flat_map(|parts| parts.test.clone()).collect();
            tests.sort_unstable();
            tests.dedup();
            prop_assert!(folds == 0 || tests.len() == rows.len(), "each row is tested once");
        }
    }

    #[test]
    fn stratified_shares_hold_to_a_row_per_class(n_rows in 60..400_usize, seed in any::<u64>(), folds in 2..6_usize) {
        let table = mixed(n_rows, seed);
        let positives = n_positive(&table, &(0..n_rows as u32).collect::<Vec<_>>()) as f64;
        let per_class = |rows: &[u32]| {
            let positive = n_positive(&table, rows) as f64;
            [positive, rows.len() as f64 - positive]
        };
        let classes = [positives, n_rows as f64 - positives];
        let holdout = partition(&table, &split_plan(SplitKind::Stratified), seed).expect("every part has both classes");
        let rest = [0, 1].map(|class| classes[class] - per_class(&holdout[0].test)[class]);
        for class in [0, 1] {
            prop_assert!((per_class(&holdout[0].test)[class] - 0.2 * classes[class]).abs() <= 1.0);
            prop_assert!((per_class(&holdout[0].validation)[class] - 0.25 * rest[class]).abs() <= 1.0);
        }
        let rotated = partition(&table, &Split { folds, ..split_plan(SplitKind::Stratified) }, seed).expect("every part has both classes");
        for (parts, class) in rotated.iter().flat_map(|parts| [(parts, 0), (parts, 1)]) {
            assert_covers(parts, n_rows);
            prop_assert!((per_class(&parts.test)[class] - classes[class] / folds as f64).abs() <= 1.0);
        }
    }
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let table = mixed(500, 1);
    let split = |seed| partition(&table, &split_plan(SplitKind::Stratified), seed).expect("both classes are frequent");
    assert_eq!(split(7), split(7));
    assert_ne!(split(7), split(8));
}

#[test]
fn group_shares_are_near_what_was_asked() {
    let rows: Vec<(u8, u8, bool)> = (0..2000_u32).map(|i| ((i * 7 % 250) as u8, 0, i % 3 == 0)).collect();
    let plan = Split { group: Some("household".into()), ..split_plan(SplitKind::Group) };
    let parts = &partition(&rolling(&rows), &plan, 3).expect("classes are mixed in every group")[0];
    assert!((parts.test.len() as f64 / 2000.0 - 0.2).abs() < 0.02);
    assert!((parts.validation.len() as f64 / 2000.0 - 0.2).abs() < 0.02);
}

#[test]
fn a_column_says_which_rows_are_which() {
    let words = ["train", "test", "train", "validation", "test", "train", "validation", "train"];
    let churned = vec![0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0];
    let plan = Split { column: Some("part".into()), ..split_plan(SplitKind::Column) };
    let with =
        |words: &[&str]| table(vec![target(churned.clone()), category("part", words), numeric("x", vec![0.0; 8])]);
    let parts = &partition(&with(&words), &plan, 0).expect("every part has both classes")[0];
    assert_eq!((&parts.train, &parts.validation, &parts.test), (&vec![0, 2, 5, 7], &vec![3, 6], &vec![1, 4]));

    let without_validation = ["train", "test", "train", "train", "test", "train", "train", "train"];
    let half = Split { validation: 0.5, ..plan };
    let parts = &partition(&with(&without_validation), &half, 0).expect("a third of each class is set aside")[0];
    // Three rows of either class: two train and one validates.
    assert_eq!((parts.train.len(), parts.validation.len(), &parts.test), (4, 2, &vec![1, 4]));
}

#[test]
fn no_validation_is_a_choice() {
    let plan = Split { validation: 0.0, ..split_plan(SplitKind::Stratified) };
    let parts = &partition(&mixed(100, 2), &plan, 0).expect("both classes are frequent")[0];
    assert!(parts.validation.is_empty());
    assert_eq!(parts.train.len() + parts.test.len(), 100);
}

#[test]
fn held_out_customers_alone_test_and_never_train() {
    let ids: Vec<String> = (0..60).map(|row| format!("c{}", row % 30)).collect();
    let cutoffs: Vec<i64> = (0..60).map(|row| i64::from(row >= 30)).collect();
    let value: Vec<f32> = (0..60).map(|row| if row % 3 == 0 { 10.0 } else { 0.0 }).collect();
    let held_out = (0..60).map(|row| Some(if row % 30 < 12 { "test" } else { "train" }));
    let table = Table::new(vec![
        Column::new("id", Role::Id, Values::Text(ids.iter().map(String::as_str).collect())),
        Column::new("value", Role::Value, Values::Numeric(value)),
        Column::new("cutoff", Role::Time, Values::Time(cutoffs)),
        Column::new(Split::HOLDOUT_COLUMN, Role::Ignore, Values::categories(held_out)),
    ])
    .expect("a table");
    let plan = Split { holdout: Some("ids.txt".into()), ..split_plan(SplitKind::Temporal) };
    let parts = partition(&table, &plan, 1).expect("buyers and others in each part").remove(0);
    assert_eq!(parts.test, (30..42).collect::<Vec<u32>>());
    let learned: Vec<u32> = parts.train.iter().chain(&parts.validation).copied().collect();
    assert_eq!(learned.len(), 18);
    assert!(learned.iter().all(|&row| (12..30).contains(&row)), "{learned:?}");
    // The others at the last cutoff are in no part: of them it is known what they were, and not looked at what they did.
    assert_eq!(parts.unlabelled(&table), (42..60).collect::<Vec<u32>>());
    let all_test = partition(&table, &split_plan(SplitKind::Temporal), 1).expect("every part has buyers").remove(0);
    assert!(all_test.unlabelled(&table).is_empty());
}
