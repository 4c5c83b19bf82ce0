//! Static attributes of customers, joined to their rows.

use tenure_table::{Categories, Column, MISSING_CODE, TextColumn, Values};

/// One value for each row of a feature table, taken from a table with one row per customer.
///
/// `customer` has the customer's number for each row; `attribute_row[customer]` is that customer's row of `attributes`,
/// none where the attribute table does not know them: their values are missing (NaN, no level, the empty text,
/// [`i64::MIN`] for a time).
///
/// # Panics
/// When a customer's number or attribute row is out of range.
pub fn join_attributes(customer: &[u32], attribute_row: &[Option<u32>], attributes: Vec<Column>) -> Vec<Column> {
    attributes
        .into_iter()
        .map(|column| Column { values: gather(&column.values, customer, attribute_row), ..column })
        .collect()
}

fn gather(values: &Values, customer: &[u32], attribute_row: &[Option<u32>]) -> Values {
    let rows = || customer.iter().map(|&customer| attribute_row[customer as usize].map(|row| row as usize));
    match values {
        Values::Numeric(values) => Values::Numeric(rows().map(|row| row.map_or(f32::NAN, |row| values[row])).collect()),
        Values::Category(Categories { codes, levels }) => Values::Category(Categories {
            codes: rows().map(|row| row.map_or(MISSING_CODE, |row| codes[row])).collect(),
            levels: levels.clone(),
        }),
        Values::Text(texts) => {
            Values::Text(rows().map(|row| row.map_or("", |row| texts.get(row))).collect::<TextColumn>())
        }
        Values::Time(times) => Values::Time(rows().map(|row| row.map_or(i64::MIN, |row| times[row])).collect()),
    }
}

#[cfg(test)]
mod tests {
    use tenure_table::Role;

    use super::*;

    #[test]
    fn customers_without_attributes_get_missing_values() {
        let attributes = vec![
            Column::new("age", Role::Numeric, Values::Numeric(vec![30.0, 40.0])),
            Column::new("plan", Role::Category, Values::categories(["a", "b"].map(Some))),
        ];
        let joined = join_attributes(&[2, 0, 1, 2], &[Some(1), None, Some(0)], attributes);
        let Values::Numeric(age) = &joined[0].values else { unreachable!("ages are numbers") };
        assert_eq!((age[0], age[1], age[3]), (30.0, 40.0, 30.0));
        assert!(age[2].is_nan());
        let Values::Category(plan) = &joined[1].values else { unreachable!("plans are levels") };
        assert_eq!((plan.get(0), plan.get(1), plan.get(2)), (Some("a"), Some("b"), None));
    }
}
