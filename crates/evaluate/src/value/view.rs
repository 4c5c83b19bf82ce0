//! Valued rows that count by their weights, or by how often a resample drew them.

use std::cell::OnceCell;

use super::sample::{Runs, Valued};

/// Rows with their mass, and sums by run that several metrics share, each made once where it is needed.
pub(crate) struct ValueView<'a> {
    pub(crate) valued: &'a Valued,
    /// By row.
    pub(crate) mass: &'a [f64],
    pub(crate) totals: Sums,
    by_predicted: OnceCell<Vec<Sums>>,
    by_actual: OnceCell<Vec<Sums>>,
}

/// Sums over some rows, each times its mass.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) mass: f64,
    pub(crate) actual: f64,
    pub(crate) predicted: f64,
    /// Of weight · actual value: what a row adds to a cumulative sum before any other row of its run.
    pub(crate) own: f64,
}

impl Sums {
    fn add(&mut self, mass: f64, weight: f64, actual: f64, predicted: f64) {
        self.mass += mass;
        self.actual += mass * actual;
        self.predicted += mass * predicted;
        self.own += mass * weight * actual;
    }

    /// These sums and `share` of others.
    pub(crate) fn add_share(&mut self, other: &Self, share: f64) {
        self.mass += share * other.mass;
        self.actual += share * other.actual;
        self.predicted += share * other.predicted;
        self.own += share * other.own;
    }
}

impl<'a> ValueView<'a> {
    pub(crate) fn new(valued: &'a Valued, mass: &'a [f64]) -> Self {
        let mut totals = Sums::default();
        for (row, &mass) in mass.iter().enumerate() {
            totals.add(mass, valued.weight[row], valued.actual[row], valued.predicted[row]);
        }
        Self { valued, mass, totals, by_predicted: OnceCell::new(), by_actual: OnceCell::new() }
    }

    /// Runs of equal prediction, highest first; some may have no mass.
    pub(crate) fn by_predicted(&self) -> &[Sums] {
        self.by_predicted.get_or_init(|| self.sum_by(&self.valued.by_predicted))
    }

    /// Runs of equal actual value, highest first; some may have no mass.
    pub(crate) fn by_actual(&self) -> &[Sums] {
        self.by_actual.get_or_init(|| self.sum_by(&self.valued.by_actual))
    }

    fn sum_by(&self, runs: &Runs) -> Vec<Sums> {
        let valued = self.valued;
        let mut sums = vec![Sums::default(); runs.len()];
        for (row, &run) in runs.of_row.iter().enumerate() {
            sums[run as usize].add(self.mass[row], valued.weight[row], valued.actual[row], valued.predicted[row]);
        }
        sums
    }

    /// The mean of `measure(row)`.
    pub(crate) fn mean(&self, measure: impl Fn(usize) -> f64) -> f64 {
        self.mass.iter().enumerate().map(|(row, mass)| mass * measure(row)).sum::<f64>() / self.totals.mass
    }

    /// The first row with mass for which `is_bad` holds.
    pub(crate) fn find(&self, is_bad: impl Fn(usize) -> bool) -> Option<usize> {
        (0..self.mass.len()).find(|&row| self.mass[row] > 0.0 && is_bad(row))
    }
}
