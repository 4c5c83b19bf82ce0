//! The groups that test rows are taken apart by.

use tenure_config::Plan;
use tenure_evaluate::bands;
use tenure_table::{Column, Role, Table, Values};

/// Bands that a numeric column is cut into.
const N_BANDS: usize = 4;

/// The columns that the plan names, and every sensitive column.
pub fn columns<'a>(plan: &'a Plan, table: &'a Table) -> impl Iterator<Item = &'a Column> {
    let wanted = |column: &&Column| column.role == Role::Sensitive || plan.evaluate.slices.contains(&column.name);
    table.columns().iter().filter(wanted)
}

/// The group of each of these rows; none where the value is missing.
pub fn levels(column: &Column, rows: &[u32]) -> Vec<Option<String>> {
    let each = |level: &dyn Fn(usize) -> Option<String>| rows.iter().map(|&row_idx| level(row_idx as usize)).collect();
    match &column.values {
        Values::Category(categories) => each(&|i| categories.get(i).map(str::to_owned)),
        Values::Text(texts) => each(&|i| Some(texts.get(i).to_owned())),
        Values::Numeric(values) => {
            let values: Vec<f64> = rows.iter().map(|&row_idx| f64::from(values[row_idx as usize])).collect();
            bands(&values, N_BANDS)
        }
        Values::Time(instants) => {
            let values: Vec<f64> = rows.iter().map(|&row_idx| instants[row_idx as usize] as f64).collect();
            bands(&values, N_BANDS)
        }
    }
}
