//! What the classical models know of a row: frequency, recency, age and money, as counts and days.

use tenure_table::Span;

use super::calendar::day_index;
use super::cutoffs::ResolvedCutoff;
use super::purchases::{Purchase, between};

/// One customer at one cutoff as BG/NBD, Pareto/NBD and Gamma-Gamma see them, with what happened in the label's window.
///
/// A transaction is a UTC day with a purchase: models of purchases in continuous time know no two at once. Where the log
/// has amounts, purchases of nothing (free of charge) are left out: Gamma-Gamma has no amount of 0. Unlike features,
/// histories go back to the first event whatever `time.lookback` says, for the models start at the first purchase.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct RowHistory {
    /// Repeat transactions before the cutoff, x: the first one does not count.
    pub frequency: u32,
    /// Days from the first to the last transaction before the cutoff, `t_x`.
    pub recency_days: f64,
    /// Days from the first transaction to the cutoff, T; 0 for a customer without any.
    pub age_days: f64,
    /// Mean money of the repeat transactions; 0 where there are none.
    pub mean_spend: f64,
    /// Money of all purchases before the cutoff.
    pub past_spend: f64,
    /// Money of the purchases in the span before the cutoff that is as long as the horizon.
    pub last_period_spend: f64,
    /// Transactions in the label's window.
    pub label_frequency: u32,
    /// Length of the label's window.
    pub label_days: f64,
}

/// Which lines of a history count, and how far a period reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HistoryRule {
    /// Whether the log has amounts.
    pub(crate) has_amount: bool,
    /// The horizon of the test cutoff.
    pub(crate) horizon: Span,
}

impl HistoryRule {
    /// The history of a customer with these purchases, ascending in time, at a cutoff.
    pub(crate) fn describe(self, purchases: &[Purchase], cutoff: &ResolvedCutoff) -> RowHistory {
        let at = cutoff.cutoff.0;
        let before = between(purchases, |p| p.time_us, i64::MIN, at);
        let label = between(purchases, |p| p.time_us, cutoff.label_start.0, cutoff.label_end.0);
        let last_period = between(before, |p| p.time_us, at.saturating_sub(self.horizon.0), at);
        let spend = |purchases: &[Purchase]| purchases.iter().map(|p| p.spend).sum::<f64>() + 0.0;
        let mut history = RowHistory {
            past_spend: spend(before),
            last_period_spend: spend(last_period),
            label_frequency: self.days(label).count() as u32,
            label_days: (cutoff.label_end - cutoff.label_start).as_days(),
            ..RowHistory::default()
        };
        let mut days = self.days(before);
        let Some((first, _)) = days.next() else { return history };
        let mut last = first;
        let mut repeat_spend = 0.0;
        for (day, spend) in days {
            history.frequency += 1;
            repeat_spend += spend;
            last = day;
        }
        history.recency_days = (last - first) as f64;
        history.age_days = Span(at - first * Span::DAY.0).as_days();
        if history.frequency > 0 {
            history.mean_spend = repeat_spend / f64::from(history.frequency);
        }
        history
    }

    /// Days with a transaction and their money, ascending.
    pub(crate) fn days(self, purchases: &[Purchase]) -> impl Iterator<Item = (i64, f64)> {
        purchases.chunk_by(|a, b| day_index(a.time_us) == day_index(b.time_us)).filter_map(move |day| {
            let spend: f64 = day.iter().map(|p| p.spend).sum();
            (!self.has_amount || spend > 0.0).then(|| (day_index(day[0].time_us), spend))
        })
    }
}

#[cfg(test)]
mod tests {
    use tenure_config::{Cutoffs, Returns, Time};
    use tenure_table::Timestamp;

    use super::*;

    fn purchase(day: f64, spend: f64) -> Purchase {
        Purchase { time_us: (day * Span::DAY.0 as f64) as i64, spend, units: 1.0, n_lines: 1 }
    }

    fn cutoff(day: i64) -> ResolvedCutoff {
        let time = Time {
            cutoffs: Cutoffs::At(vec![]),
            horizon: Span::days(10),
            train_horizon: None,
            gap: Span::days(0),
            lookback: None,
            active_within: None,
            returns: Returns::Ignore,
        };
        ResolvedCutoff::new(Timestamp(Span::days(day).0), &time, time.horizon)
    }

    const RULE: HistoryRule = HistoryRule { has_amount: true, horizon: Span::days(10) };

    #[test]
    fn days_are_transactions_and_the_first_is_no_repeat() {
        let purchases =
            [(1.0, 5.0), (3.25, 2.0), (3.75, 4.0), (4.0, 0.0), (9.5, 10.0), (12.0, 7.0), (12.5, 1.0), (25.0, 9.0)]
                .map(|(day, spend)| purchase(day, spend));
        let found = RULE.describe(&purchases, &cutoff(12));
        let expected = RowHistory {
            frequency: 2,
            recency_days: 8.0,
            age_days: 11.0,
            mean_spend: 8.0,
            past_spend: 21.0,
            last_period_spend: 16.0,
            label_frequency: 1,
            label_days: 10.0,
        };
        assert_eq!(found, expected);
    }

    /// What the models are fitted to does not change by a bit with anything at or after the cutoff.
    #[test]
    fn nothing_from_the_cutoff_on_reaches_what_models_are_fitted_to() {
        let before = [(1.0, 5.0), (3.25, 2.0), (9.5, 10.0)].map(|(day, spend)| purchase(day, spend));
        let known = |purchases: &[Purchase]| RowHistory { label_frequency: 0, ..RULE.describe(purchases, &cutoff(12)) };
        let alone = known(&before);
        for later in [(12.0, 1e6), (12.000_001, 3.0), (21.9, 0.5), (400.0, 7.0)] {
            let with_later: Vec<Purchase> = before.into_iter().chain([purchase(later.0, later.1)]).collect();
            assert_eq!(known(&with_later), alone, "{later:?}");
        }
        let moved: Vec<Purchase> =
            before.into_iter().chain([Purchase { time_us: Span::days(12).0 - 1, ..before[0] }]).collect();
        assert_ne!(known(&moved), alone, "a microsecond before the cutoff it is known");
    }

    #[test]
    fn without_a_purchase_there_is_no_age() {
        let found = RULE.describe(&[purchase(30.0, 1.0)], &cutoff(12));
        assert_eq!((found.frequency, found.age_days, found.label_frequency), (0, 0.0, 0));
        let free = RULE.describe(&[purchase(2.0, 0.0)], &cutoff(12));
        assert_eq!(free.age_days, 0.0, "a gift is no transaction");
        let without_amounts = HistoryRule { has_amount: false, ..RULE };
        assert_eq!(without_amounts.describe(&[purchase(2.0, 0.0)], &cutoff(12)).age_days, 10.0);
    }
}
