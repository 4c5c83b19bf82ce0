//! Monthly cohorts: customers by the month of their first purchase, and how many purchase again in each later month.

use rayon::prelude::*;
use tenure_table::Timestamp;

use super::calendar::{month_index, month_start};
use super::cutoffs::TimeRange;
use super::log::LogView;
use super::purchases::Histories;
use crate::{Cohort, Retention};

/// A century: customers whose first purchase lies further before the last event are left out.
const MAX_MONTHS: i64 = 1_200;

/// Counts of a log that arrives piece by piece.
#[derive(Clone, Debug)]
pub(crate) struct RetentionCounts {
    /// First instants of the months, and of the one after the last.
    starts_us: Vec<i64>,
    /// `active[cohort][k]`.
    active: Vec<Vec<u64>>,
}

impl RetentionCounts {
    /// Nothing counted yet, for events within `range`.
    pub(crate) fn new(range: TimeRange) -> Self {
        let last_month = month_index(range.last.0);
        let first_month = month_index(range.first.0).max(last_month - MAX_MONTHS + 1);
        let n_months = (last_month - first_month + 1) as usize;
        Self {
            starts_us: (first_month..=last_month + 1).map(month_start).collect(),
            active: (0..n_months).map(|cohort| vec![0; n_months - cohort]).collect(),
        }
    }

    /// Counts every customer of `log`.
    pub(crate) fn add(&mut self, log: &LogView<'_>) {
        let empty = self.emptied();
        let counts = (0..log.n_customers())
            .into_par_iter()
            .fold(
                || (empty.clone(), Histories::default()),
                |(mut counts, mut histories), idx| {
                    histories.read(log, idx);
                    counts.add_customer(histories.purchases.iter().map(|p| p.time_us));
                    (counts, histories)
                },
            )
            .map(|(counts, _)| counts)
            .reduce(|| empty.clone(), Self::plus);
        *self = self.clone().plus(counts);
    }

    fn emptied(&self) -> Self {
        let active = self.active.iter().map(|row| vec![0; row.len()]).collect();
        Self { active, ..self.clone() }
    }

    fn add_customer(&mut self, mut times_us: impl Iterator<Item = i64>) {
        let Some(cohort) = times_us.next().and_then(|time_us| self.month(time_us)) else { return };
        self.active[cohort][0] += 1;
        let mut counted = cohort;
        for time_us in times_us {
            if time_us < self.starts_us[counted + 1] {
                continue;
            }
            if let Some(month) = self.month(time_us) {
                self.active[cohort][month - cohort] += 1;
                counted = month;
            }
        }
    }

    fn month(&self, time_us: i64) -> Option<usize> {
        let after = self.starts_us.partition_point(|&start| start <= time_us);
        (1..self.starts_us.len()).contains(&after).then(|| after - 1)
    }

    fn plus(mut self, other: Self) -> Self {
        for (row, more) in self.active.iter_mut().zip(other.active) {
            for (count, more) in row.iter_mut().zip(more) {
                *count += more;
            }
        }
        self
    }

    /// The cohorts that have a customer.
    pub(crate) fn finish(self) -> Retention {
        let cohorts = self.starts_us.into_iter().zip(self.active).filter(|(_, active)| active[0] > 0);
        Retention { cohorts: cohorts.map(|(start_us, active)| Cohort { start: Timestamp(start_us), active }).collect() }
    }
}

#[cfg(test)]
mod tests {
    use tenure_table::Span;

    use super::*;

    #[test]
    fn a_customer_counts_once_in_each_month() {
        let day = |n: i64| Span::days(n).0;
        // Customer 0 buys in January (twice), February and April 1970, customer 1 in February, customer 2 never.
        let time_us = [day(0), day(30), day(31), day(90), day(119), day(58), day(70)];
        let amount = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0];
        let log = LogView {
            first_customer: 0,
            offsets: &[0, 5, 6, 7],
            time_us: &time_us,
            amount: Some(&amount),
            quantity: None,
            categories: vec![],
        };
        let mut counts = RetentionCounts::new(TimeRange::scan(&time_us).expect("has events"));
        counts.add(&log);
        let cohorts = counts.finish().cohorts;
        assert_eq!(cohorts[0], Cohort { start: Timestamp(0), active: vec![1, 1, 0, 1] });
        assert_eq!(cohorts[1], Cohort { start: Timestamp(day(31)), active: vec![1, 0, 0] });
        assert_eq!(cohorts.len(), 2);
    }
}
