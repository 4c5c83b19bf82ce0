//! What happened to the rows that are scored.

use tenure_evaluate::{Scored, Valued};
use tenure_table::{Role, Table, Values};

use crate::CompressError;

/// The outcomes and weights of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcomes<'a> {
    pub(crate) table: &'a Table,
}

impl Outcomes<'_> {
    /// Probabilities of churn with what happened.
    pub(crate) fn churn(self, found: &[f64], picks: &[u32]) -> Result<Scored, CompressError> {
        let target = self.numbers(Role::Target, picks);
        let target = target.ok_or_else(|| CompressError::AbsentColumn { column: "target".into() })?;
        let outcomes: Vec<bool> = target.iter().map(|y| *y > 0.5).collect();
        Ok(Scored::new(found, &outcomes, self.weights(picks).as_deref())?)
    }

    /// Expected values with what was spent.
    pub(crate) fn value(self, found: &[f64], picks: &[u32]) -> Result<Valued, CompressError> {
        let actual = self.numbers(Role::Value, picks);
        let actual = actual.ok_or_else(|| CompressError::AbsentColumn { column: "value".into() })?;
        Ok(Valued::new(found, &actual, self.weights(picks).as_deref())?)
    }

    /// The sum of these values, each times its row's weight.
    pub(crate) fn total(self, values: &[f64], picks: &[u32]) -> f64 {
        match self.weights(picks) {
            Some(weights) => values.iter().zip(weights).map(|(value, weight)| value * weight).sum(),
            None => values.iter().sum(),
        }
    }

    /// The rows of the last cutoff, as places among `picks`; all of them where rows have no cutoff.
    pub(crate) fn latest(self, picks: &[u32]) -> Vec<usize> {
        let Some(Values::Time(cutoffs)) = self.table.with_role(Role::Time).map(|column| &column.values) else {
            return (0..picks.len()).collect();
        };
        let cutoff = |&place: &usize| cutoffs[picks[place] as usize];
        let last = (0..picks.len()).map(|place| cutoff(&place)).max();
        (0..picks.len()).filter(|place| Some(cutoff(place)) == last).collect()
    }

    fn weights(self, picks: &[u32]) -> Option<Vec<f64>> {
        self.numbers(Role::Weight, picks)
    }

    fn numbers(self, role: Role, picks: &[u32]) -> Option<Vec<f64>> {
        match self.table.with_role(role).map(|column| &column.values) {
            Some(Values::Numeric(values)) => Some(picks.iter().map(|&pick| f64::from(values[pick as usize])).collect()),
            _ => None,
        }
    }
}
