//! What a split deals out: rows, or all rows of a customer or group together.

use std::collections::HashMap;

use tenure_table::{Column, MISSING_CODE, Role, Table, Values};

use crate::{EncodeError, UnitName};

/// A unit for each row of a table. Units are numbered by their first row.
#[derive(Debug)]
pub(crate) struct Units {
    /// For each row its unit.
    pub(crate) of_row: Vec<u32>,
    /// How many there are.
    pub(crate) count: usize,
    /// What they are called.
    pub(crate) name: UnitName,
}

impl Units {
    /// Customers where ids repeat, else rows. A row without an id is a customer of its own.
    pub(crate) fn customers(table: &Table) -> Self {
        let Some(column) = table.with_role(Role::Id) else { return Self::rows(table.n_rows()) };
        let units = Self::number(&column.values, UnitName::Customers);
        if units.count == table.n_rows() { Self { name: UnitName::Rows, ..units } } else { units }
    }

    /// The values of a column, of which none may be missing.
    pub(crate) fn groups(column: &Column) -> Result<Self, EncodeError> {
        match (0..column.values.len()).find(|&row_idx| is_missing(&column.values, row_idx)) {
            Some(row_idx) => Err(EncodeError::NoGroup { column: column.name.clone(), row_idx }),
            None => Ok(Self::number(&column.values, UnitName::Groups)),
        }
    }

    fn rows(n_rows: usize) -> Self {
        Self { of_row: (0..n_rows as u32).collect(), count: n_rows, name: UnitName::Rows }
    }

    fn number(values: &Values, name: UnitName) -> Self {
        let n_rows = values.len();
        let (of_row, count) = match values {
            Values::Text(texts) => {
                number((0..n_rows).map(|row_idx| Some(texts.get(row_idx)).filter(|t| !t.is_empty())))
            }
            Values::Category(c) => number(c.codes.iter().map(|&code| (code != MISSING_CODE).then_some(code))),
            Values::Time(instants) => number(instants.iter().copied().map(Some)),
            // 0 and -0 are one number; the sum makes them one pattern of bits.
            Values::Numeric(v) => number(v.iter().map(|value| (!value.is_nan()).then_some((value + 0.0).to_bits()))),
        };
        Self { of_row, count, name }
    }
}

/// Numbers distinct keys by first appearance; every missing key is distinct.
fn number<K: Eq + std::hash::Hash>(keys: impl Iterator<Item = Option<K>>) -> (Vec<u32>, usize) {
    let mut known = HashMap::new();
    let mut n_units = 0;
    let of_row = keys
        .map(|key| {
            let fresh = n_units;
            let unit = key.map_or(fresh, |key| *known.entry(key).or_insert(fresh));
            n_units += u32::from(unit == fresh);
            unit
        })
        .collect();
    (of_row, n_units as usize)
}

fn is_missing(values: &Values, row_idx: usize) -> bool {
    match values {
        Values::Numeric(numbers) => numbers[row_idx].is_nan(),
        Values::Category(categories) => categories.codes[row_idx] == MISSING_CODE,
        Values::Text(texts) => texts.get(row_idx).is_empty(),
        Values::Time(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_ids_are_customers_of_their_own() {
        let ids = Values::Text(["a", "", "b", "a", ""].into_iter().collect());
        let units = Units::number(&ids, UnitName::Customers);
        assert_eq!((units.of_row, units.count), (vec![0, 1, 2, 0, 3], 4));
    }

    #[test]
    fn both_zeros_are_one_group() {
        let units = Units::number(&Values::Numeric(vec![0.0, -0.0, 1.0]), UnitName::Groups);
        assert_eq!(units.of_row, [0, 0, 1]);
    }
}
