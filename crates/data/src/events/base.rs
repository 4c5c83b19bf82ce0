//! What purchase models need beyond the rows: the customers whom rows leave out, and everybody's purchases by week.

use tenure_table::{Span, Timestamp};

use super::cutoffs::{ResolvedCutoff, ResolvedCutoffs, TimeRange};
use super::history::{HistoryRule, RowHistory};
use super::purchases::Purchase;

const WEEK: Span = Span::days(7);

/// The customers of a log as purchase models count them: a model that never saw those who stopped buying would find that
/// nobody ever does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomerBase {
    /// By cutoff, ascending: customers with a transaction before it who are no row of it, because `time.active_within` or
    /// `time.lookback` leave them out.
    pub left_out: Vec<Vec<RowHistory>>,
    /// Transactions of all customers of the test cutoff.
    pub weeks: Option<PurchaseWeeks>,
}

/// Repeat transactions by week, of all customers whose first transaction lies before the test cutoff.
#[derive(Clone, Debug, PartialEq)]
pub struct PurchaseWeeks {
    /// The first instant of the first week; weeks are counted from the cutoff in both directions.
    pub start: Timestamp,
    /// Where the weeks that purchase models have seen end.
    pub cutoff: Timestamp,
    /// Weeks before the cutoff.
    pub n_before: usize,
    /// Repeat transactions of each week. The last weeks lie after the cutoff and are whole.
    pub repeats: Vec<u64>,
}

impl PurchaseWeeks {
    /// No transactions yet; weeks from the first event to the end of the test label or of the log, whichever is earlier.
    fn new(test: &ResolvedCutoff, range: TimeRange) -> Self {
        let span = |from: Timestamp, to: Timestamp| (to - from).0.max(0);
        let n_before = (span(range.first, test.cutoff) as u64).div_ceil(WEEK.0 as u64).max(1) as usize;
        let n_after = (span(test.cutoff, test.label_end.min(range.end())) / WEEK.0) as usize;
        let before = WEEK.0.saturating_mul(i64::try_from(n_before).unwrap_or(i64::MAX));
        let start = Timestamp(test.cutoff.0.saturating_sub(before));
        Self { start, cutoff: test.cutoff, n_before, repeats: vec![0; n_before + n_after] }
    }

    /// Counts the repeat transactions of one customer; `days` are those with a transaction, ascending, from the epoch.
    fn count(&mut self, mut days: impl Iterator<Item = i64>) {
        let instant = |day: i64| day.saturating_mul(Span::DAY.0);
        if days.next().is_none_or(|first| instant(first) >= self.cutoff.0) {
            return;
        }
        for day in days {
            let week = (instant(day) - self.start.0).div_euclid(WEEK.0);
            if let Some(count) = usize::try_from(week).ok().and_then(|week| self.repeats.get_mut(week)) {
                *count += 1;
            }
        }
    }
}

/// The base as it is counted, customer by customer.
#[derive(Clone, Debug)]
pub(crate) struct BaseCounts {
    rule: HistoryRule,
    left_out: Vec<Vec<RowHistory>>,
    weeks: PurchaseWeeks,
}

impl BaseCounts {
    /// No customer yet.
    pub(crate) fn new(rule: HistoryRule, cutoffs: &ResolvedCutoffs, range: TimeRange) -> Self {
        let left_out = vec![Vec::new(); cutoffs.all().len()];
        Self { rule, left_out, weeks: PurchaseWeeks::new(cutoffs.test(), range) }
    }

    /// The same weeks and cutoffs, without a customer.
    pub(crate) fn empty(&self) -> Self {
        let weeks = PurchaseWeeks { repeats: vec![0; self.weeks.repeats.len()], ..self.weeks };
        Self { rule: self.rule, left_out: vec![Vec::new(); self.left_out.len()], weeks }
    }

    /// The history of a customer at a cutoff.
    pub(crate) fn history(&self, purchases: &[Purchase], cutoff: &ResolvedCutoff) -> RowHistory {
        self.rule.describe(purchases, cutoff)
    }

    /// Notes a customer who is no row of this cutoff; one without a transaction before it is nobody's customer yet.
    pub(crate) fn leave_out(&mut self, purchases: &[Purchase], cutoff_idx: usize, cutoff: &ResolvedCutoff) {
        let history = self.history(purchases, cutoff);
        if history.age_days > 0.0 {
            self.left_out[cutoff_idx].push(history);
        }
    }

    /// Counts a customer's transactions by week.
    pub(crate) fn count(&mut self, purchases: &[Purchase]) {
        self.weeks.count(self.rule.days(purchases).map(|(day, _)| day));
    }

    /// Adds the customers of `other`, which follow these.
    pub(crate) fn append(&mut self, other: Self) {
        for (all, more) in self.left_out.iter_mut().zip(other.left_out) {
            all.extend(more);
        }
        for (sum, more) in self.weeks.repeats.iter_mut().zip(other.weeks.repeats) {
            *sum += more;
        }
    }

    pub(crate) fn finish(self) -> CustomerBase {
        CustomerBase { left_out: self.left_out, weeks: Some(self.weeks) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weeks(cutoff_day: i64) -> PurchaseWeeks {
        let day = |day: i64| Timestamp(Span::days(day).0);
        let test = ResolvedCutoff {
            features_from: Timestamp(i64::MIN),
            active_from: Timestamp(i64::MIN),
            cutoff: day(cutoff_day),
            label_start: day(cutoff_day),
            label_end: day(cutoff_day + 30),
        };
        PurchaseWeeks::new(&test, TimeRange { first: day(3), last: day(cutoff_day + 20), resolution: Span::DAY })
    }

    #[test]
    fn weeks_meet_at_the_cutoff_and_first_purchases_do_not_count() {
        let mut weeks = weeks(14);
        assert_eq!((weeks.n_before, weeks.repeats.len(), weeks.start), (2, 5, Timestamp(0)));
        weeks.count([3, 6, 7, 13, 14, 34, 35].into_iter());
        weeks.count([5].into_iter());
        assert_eq!(weeks.repeats, [1, 2, 1, 0, 1], "day 35 lies beyond the log's whole weeks");
        weeks.count([14, 15].into_iter());
        assert_eq!(weeks.repeats, [1, 2, 1, 0, 1], "who comes at the cutoff was not known before it");
    }
}
