//! Made tables with columns of every kind.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_config::{Encode, NumericEncoding, Split, SplitKind};
use tenure_table::{Column, Role, Table, TextColumn, Values};

/// A target of these values.
pub(super) fn target(values: Vec<f32>) -> Column {
    Column::new("churned", Role::Target, Values::Numeric(values))
}

/// A numeric feature.
pub(super) fn numeric(name: &str, values: Vec<f32>) -> Column {
    Column::new(name, Role::Numeric, Values::Numeric(values))
}

/// A feature of levels; an empty text is missing.
pub(super) fn category(name: &str, values: &[&str]) -> Column {
    let values = values.iter().map(|&text| (!text.is_empty()).then_some(text));
    Column::new(name, Role::Category, Values::categories(values))
}

/// A table of these columns.
pub(super) fn table(columns: Vec<Column>) -> Table {
    Table::new(columns).expect("made columns have distinct names and equal lengths")
}

/// All rows of a table.
pub(super) fn all_rows(table: &Table) -> Vec<u32> {
    (0..table.n_rows() as u32).collect()
}

/// A plan under which the table of [`mixed`] gets every encoder.
pub(super) fn encode_plan(numeric: NumericEncoding) -> Encode {
    Encode { numeric, one_hot_max: 4, target_statistics_min: 20, min_level_count: 3 }
}

/// A split of this kind: a fifth tests, a quarter of the rest validates.
pub(super) fn split_plan(kind: SplitKind) -> Split {
    Split { kind, test: 0.2, validation: 0.25, validation_max: 0, folds: 0, group: None, column: None, holdout: None }
}

/// `n_rows` rows with missing values, infinities, ties, rare levels, wide and narrow categories.
pub(super) fn mixed(n_rows: usize, seed: u64) -> Table {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let mut columns = vec![target((0..n_rows).map(|_| f32::from(u8::from(rng.random_bool(0.3)))).collect())];
    let mut numbers = |name: &str, draw: &mut dyn FnMut(&mut ChaCha8Rng) -> f32| {
        columns.push(numeric(name, (0..n_rows).map(|_| draw(rng)).collect()));
    };
    numbers("spend", &mut |rng| rng.random_range(-5.0_f32..5.0).exp());
    numbers("gaps", &mut |rng| if rng.random_bool(0.2) { f32::NAN } else { rng.random_range(0.0..9.0) });
    numbers("visits", &mut |rng| rng.random_range(0..3_u8).into());
    numbers("senior", &mut |rng| rng.random_range(0..2_u8).into());
    numbers("promo", &mut |rng| if rng.random_bool(0.5) { 1.0 } else { f32::NAN });
    numbers("ratio", &mut |rng| if rng.random_bool(0.05) { f32::INFINITY } else { rng.random() });
    numbers("constant", &mut |_| 4.0);
    for (name, n_levels, missing) in [("sex", 2, 0.0), ("plan", 3, 0.1), ("region", 12, 0.1), ("shop", 40, 0.05)] {
        let texts: Vec<String> = (0..n_rows)
            .map(|_| {
                if rng.random_bool(missing) {
                    String::new()
                } else {
                    format!("{name}{}", rng.random_range(0..n_levels))
                }
            })
            .collect();
        columns.push(category(name, &texts.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    table(columns)
}

/// Customers with several rows each, at cutoffs 0, 1, ...: target, id, cutoff, group and one feature.
pub(super) fn rolling(rows: &[(u8, u8, bool)]) -> Table {
    let texts = |values: &mut dyn Iterator<Item = u8>| {
        Values::Text(
            values.map(|v| v.to_string()).collect::<Vec<_>>().iter().map(String::as_str).collect::<TextColumn>(),
        )
    };
    table(vec![
        target(rows.iter().map(|row| f32::from(u8::from(row.2))).collect()),
        Column::new("customer", Role::Id, texts(&mut rows.iter().map(|row| row.0))),
        Column::new("cutoff", Role::Time, Values::Time(rows.iter().map(|row| i64::from(row.1)).collect())),
        Column::new("household", Role::Ignore, texts(&mut rows.iter().map(|row| row.0 / 2))),
        numeric("spend", (0..rows.len()).map(|i| i as f32).collect()),
    ])
}
