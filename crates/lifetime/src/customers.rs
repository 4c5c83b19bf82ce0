//! Customers as recency, frequency, age and mean spend: checked once, compressed to unique rows.

use rayon::prelude::*;

use crate::LifetimeError;

/// Largest frequency: beyond it counts are a mistake, and 32 bits hold it.
const MAX_FREQUENCY: f64 = 1e9;

/// Checked customers, one row each, in the caller's order.
///
/// Time counts from the customer's first purchase, in any unit; the fitted rates are per that unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Customers {
    frequency: Vec<u32>,
    recency: Vec<f64>,
    age: Vec<f64>,
    mean_spend: Option<Vec<f64>>,
    weights: Option<Vec<f64>>,
}

impl Customers {
    /// Customers from three columns of `N` values.
    ///
    /// - `frequency`, x: repeat purchases, a whole number from 0. The first purchase does not count.
    /// - `recency`, tₓ: time of the last repeat purchase; 0 where x = 0.
    /// - `age`, T: time of the end of observation, above 0 and not before the last purchase.
    pub fn new(frequency: &[f64], recency: &[f64], age: &[f64]) -> Result<Self, LifetimeError> {
        check_length("recency", frequency.len(), recency)?;
        check_length("age", frequency.len(), age)?;
        let is_count = |v: f64| (0.0..=MAX_FREQUENCY).contains(&v) && v.fract() == 0.0;
        check_values("frequency", frequency, "a whole number from 0 to 1e9", is_count)?;
        check_values("recency", recency, "a finite time, not negative", |v| v >= 0.0 && v.is_finite())?;
        check_values("age", age, "a finite time above 0", |v| v > 0.0 && v.is_finite())?;
        for (row_idx, ((&x, &t_x), &t)) in frequency.iter().zip(recency).zip(age).enumerate() {
            if t_x > t {
                return Err(LifetimeError::RecencyBeyondAge { row_idx, recency: t_x, age: t });
            }
            if x == 0.0 && t_x > 0.0 {
                return Err(LifetimeError::RecencyWithoutRepeat { row_idx, recency: t_x });
            }
        }
        let frequency = frequency.iter().map(|&x| x as u32).collect();
        Ok(Self { frequency, recency: recency.to_vec(), age: age.to_vec(), mean_spend: None, weights: None })
    }

    /// With each customer's mean spend per repeat purchase: above 0 where there are repeat purchases, 0 where there are
    /// none.
    pub fn with_mean_spend(mut self, mean_spend: &[f64]) -> Result<Self, LifetimeError> {
        check_length("mean_spend", self.n_rows(), mean_spend)?;
        let column = "mean_spend";
        for (row_idx, (&x, &found)) in self.frequency.iter().zip(mean_spend).enumerate() {
            let expected = match x {
                0 if found != 0.0 => "0, because the customer has no repeat purchases",
                1.. if !(found > 0.0 && found.is_finite()) => {
                    "a finite amount above 0, because the customer has repeat purchases"
                }
                _ => continue,
            };
            return Err(LifetimeError::Value { row_idx, column: column.into(), expected, found });
        }
        self.mean_spend = Some(mean_spend.to_vec());
        Ok(self)
    }

    /// With weights: a customer of weight 2 counts like two in a fit.
    pub fn with_weights(mut self, weights: &[f64]) -> Result<Self, LifetimeError> {
        check_length("weight", self.n_rows(), weights)?;
        check_values("weight", weights, "a finite weight above 0", |v| v > 0.0 && v.is_finite())?;
        self.weights = Some(weights.to_vec());
        Ok(self)
    }

    /// The number of customers.
    pub fn n_rows(&self) -> usize {
        self.frequency.len()
    }

    /// Repeat purchases of each customer.
    pub fn frequency(&self) -> &[u32] {
        &self.frequency
    }

    /// Time of each customer's last purchase.
    pub fn recency(&self) -> &[f64] {
        &self.recency
    }

    /// Time of each customer's end of observation.
    pub fn age(&self) -> &[f64] {
        &self.age
    }

    /// Mean spend per repeat purchase of each customer, where given.
    pub fn mean_spend(&self) -> Option<&[f64]> {
        self.mean_spend.as_deref()
    }

    pub(crate) fn weight(&self, row_idx: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row_idx])
    }

    pub(crate) fn history(&self, row_idx: usize) -> History {
        History { frequency: self.frequency[row_idx], recency: self.recency[row_idx], age: self.age[row_idx] }
    }

    /// Each distinct row once, ascending, with its count.
    pub(crate) fn unique(&self) -> Vec<UniqueRow> {
        let mut rows: Vec<_> = (0..self.n_rows()).map(|i| self.unique_row(i)).collect();
        rows.par_sort_unstable_by(UniqueRow::total_cmp);
        merge_equal(rows)
    }

    pub(crate) fn unique_row(&self, row_idx: usize) -> UniqueRow {
        UniqueRow { history: self.history(row_idx), weight: self.weight(row_idx), count: 1 }
    }
}

/// What a purchase model knows of one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct History {
    pub(crate) frequency: u32,
    pub(crate) recency: f64,
    pub(crate) age: f64,
}

impl History {
    fn total_cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_time = || self.recency.total_cmp(&other.recency).then(self.age.total_cmp(&other.age));
        self.frequency.cmp(&other.frequency).then_with(by_time)
    }
}

/// Customers with the same history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct UniqueRow {
    pub(crate) history: History,
    /// Sum of their weights.
    pub(crate) weight: f64,
    /// How many they are.
    pub(crate) count: u32,
}

impl UniqueRow {
    /// By weight last, so that sums of weights do not depend on the caller's order.
    pub(crate) fn total_cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.history_cmp(other).then_with(|| self.weight.total_cmp(&other.weight))
    }

    pub(crate) fn history_cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.history.total_cmp(&other.history)
    }
}

/// Sorted rows with equal neighbours made one.
pub(crate) fn merge_equal(mut rows: Vec<UniqueRow>) -> Vec<UniqueRow> {
    rows.dedup_by(|next, kept| {
        let same = next.history == kept.history;
        if same {
            kept.weight += next.weight;
            kept.count += next.count;
        }
        same
    });
    rows
}

pub(crate) fn check_length(column: &str, expected: usize, values: &[f64]) -> Result<(), LifetimeError> {
    let found = values.len();
    if found == expected { Ok(()) } else { Err(LifetimeError::Lengths { column: column.into(), expected, found }) }
}

pub(crate) fn check_values(
    column: &str,
    values: &[f64],
    expected: &'static str,
    is_valid: impl Fn(f64) -> bool,
) -> Result<(), LifetimeError> {
    match values.iter().position(|&value| !is_valid(value)) {
        None => Ok(()),
        Some(row_idx) => Err(LifetimeError::Value { row_idx, column: column.into(), expected, found: values[row_idx] }),
    }
}
