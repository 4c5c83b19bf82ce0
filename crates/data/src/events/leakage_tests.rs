//! Nothing at or after the cutoff reaches a feature, to the bit and to the microsecond.

use proptest::prelude::*;
use tenure_config::Time;
use tenure_table::{Span, Values};

use super::test_log::{TestEvent, bits, number, rows, time};

const CUTOFF_US: i64 = Span::days(100).0;
const LABEL_START_US: i64 = Span::days(105).0;
const LABEL_END_US: i64 = Span::days(135).0;

fn cutoff() -> Time {
    time(&[CUTOFF_US])
}

prop_compose! {
    /// Purchases, returns and lines of nothing of four customers; few distinct times, so that instants repeat.
    fn events(from_us: i64, to_us: i64)(
        events in prop::collection::vec(
            (0_u32..4, 0_i64..40, 0_i64..3, -5_i32..20, -2_i8..5, 0_u32..4), 0..40
        )
    ) -> Vec<TestEvent> {
        let step = (to_us - from_us) / 40;
        events
            .into_iter()
            .map(|(customer, slot, jitter, cents, quantity, code)| TestEvent {
                customer,
                time_us: from_us + slot * step + jitter,
                amount: f64::from(cents) / 100.0,
                quantity: f32::from(quantity),
                code,
            })
            .collect()
    }
}

/// A customer whom every log has, so that there is always a row.
fn anchor() -> TestEvent {
    TestEvent { customer: 4, time_us: 1, amount: 1.0, quantity: 1.0, code: 0 }
}

fn purchase(time_us: i64) -> TestEvent {
    TestEvent { customer: 4, time_us, amount: 2.5, quantity: 1.0, code: 1 }
}

fn with(events: &[TestEvent], more: &[TestEvent]) -> Vec<TestEvent> {
    [&[anchor()], events, more].concat()
}

/// The row of customer 4, whose number is the highest.
fn anchor_row(events: &[TestEvent], plan: &Time, name: &str) -> f32 {
    let rows = rows(events, plan).expect("the log is good");
    number(&rows, name, rows.customer.len() - 1)
}

proptest! {
    #[test]
    fn events_at_and_after_the_cutoff_change_no_feature(
        before in events(0, CUTOFF_US),
        after in events(CUTOFF_US, Span::days(200).0),
        other_after in events(CUTOFF_US, Span::days(200).0),
    ) {
        let alone = rows(&with(&before, &[]), &cutoff()).expect("the log is good");
        for future in [after, other_after] {
            let found = rows(&with(&before, &future), &cutoff()).expect("the log is good");
            prop_assert_eq!(bits(&found), bits(&alone));
            prop_assert_eq!(&found.lineage, &alone.lineage);
        }
    }

    #[test]
    fn events_of_the_future_change_no_earlier_cutoff_among_several(
        before in events(0, CUTOFF_US),
        between in events(CUTOFF_US, Span::days(150).0),
    ) {
        let plan = time(&[CUTOFF_US, Span::days(150).0]);
        let found = rows(&with(&before, &between), &plan).expect("the log is good");
        let alone = rows(&with(&before, &[]), &cutoff()).expect("the log is good");
        let cutoffs = found.columns.iter().find(|c| c.name == super::CUTOFF_COLUMN).expect("is there");
        let Values::Time(times) = &cutoffs.values else { panic!("cutoffs are times") };
        let early = bits(&found).into_iter().zip(times).filter(|(_, t)| **t == CUTOFF_US).map(|(row, _)| row);
        prop_assert_eq!(early.collect::<Vec<_>>(), bits(&alone));
    }

    #[test]
    fn one_microsecond_decides_whether_an_event_is_a_feature(before in events(0, CUTOFF_US)) {
        let base = rows(&with(&before, &[]), &cutoff()).expect("the log is good");
        let at = rows(&with(&before, &[purchase(CUTOFF_US)]), &cutoff()).expect("the log is good");
        prop_assert_eq!(bits(&at), bits(&base), "at the cutoff it does not count");
        let just_before = rows(&with(&before, &[purchase(CUTOFF_US - 1)]), &cutoff()).expect("the log is good");
        let last = base.customer.len() - 1;
        let counted = [("n_purchases", 1.0), ("spend_sum", 2.5), ("n_purchases_30d", 1.0), ("n_purchases_20d_lag1", 1.0)];
        for (name, more) in counted {
            prop_assert_eq!(number(&just_before, name, last), number(&base, name, last) + more, "{}", name);
        }
        let sequences = just_before.sequences.as_ref().expect("asked for");
        let newest = &sequences.row(last)[sequences.row(last).len() - sequences.width()..];
        prop_assert_eq!((newest[0], newest[2] > 0.0, newest[2] < 1e-6), (2.5, true, true), "{:?}", newest);
        let read = just_before.lineage.iter().find(|l| l.feature == "sequence").expect("is there");
        prop_assert_eq!(read.min_slack, Some(Span(1)));
        let recency = just_before.lineage.iter().find(|l| l.feature == "recency_days").expect("is there");
        prop_assert_eq!(recency.min_slack, Some(Span(1)));
        prop_assert_eq!(&bits(&just_before)[..last], &bits(&base)[..last], "nobody else is touched");
    }

    #[test]
    fn one_microsecond_decides_whether_an_event_is_in_the_label(before in events(0, CUTOFF_US)) {
        for (time_us, churned) in [
            (CUTOFF_US, 1.0),
            (LABEL_START_US - 1, 1.0),
            (LABEL_START_US, 0.0),
            (LABEL_END_US - 1, 0.0),
            (LABEL_END_US, 1.0),
        ] {
            let events = with(&before, &[purchase(time_us)]);
            prop_assert_eq!(anchor_row(&events, &cutoff(), "churned"), churned, "purchase at {}", time_us);
        }
    }

    #[test]
    fn one_microsecond_decides_whether_an_event_is_within_the_lookback(before in events(0, CUTOFF_US)) {
        let plan = Time { lookback: Some(Span::days(50)), ..cutoff() };
        let edge = CUTOFF_US - Span::days(50).0;
        // Seen by every feature, so that customer 4 is a row either way.
        let recent = purchase(CUTOFF_US - Span::days(1).0);
        let base = rows(&with(&before, &[recent]), &plan).expect("the log is good");
        let outside = rows(&with(&before, &[recent, purchase(edge - 1)]), &plan).expect("the log is good");
        prop_assert_eq!(bits(&outside), bits(&base));
        let inside = with(&before, &[recent, purchase(edge)]);
        prop_assert_eq!(anchor_row(&inside, &plan, "n_purchases"), 2.0);
        prop_assert_eq!(anchor_row(&inside, &plan, "tenure_days"), 50.0);
    }

    #[test]
    fn the_order_of_the_input_changes_nothing(
        (log, shuffled) in events(0, Span::days(200).0).prop_flat_map(|log| {
            let log = with(&log, &[]);
            (Just(log.clone()), Just(log).prop_shuffle())
        })
    ) {
        let plan = time(&[Span::days(60).0, CUTOFF_US]);
        let (found, expected) = (rows(&shuffled, &plan), rows(&log, &plan));
        let (found, expected) = (found.expect("the log is good"), expected.expect("the log is good"));
        prop_assert_eq!(bits(&found), bits(&expected));
        prop_assert_eq!(&found.cutoffs, &expected.cutoffs);
        prop_assert_eq!(&found.retention, &expected.retention);
        prop_assert_eq!(&found.lineage, &expected.lineage);
    }
}

#[test]
fn every_feature_that_reads_events_keeps_its_distance_from_the_cutoff() {
    let log: Vec<_> =
        (0..400).map(|idx| TestEvent { customer: idx % 4, ..purchase(Span::days(i64::from(idx) / 2).0) }).collect();
    let rows = rows(&with(&log, &[]), &time(&[Span::days(60).0, CUTOFF_US])).expect("the log is good");
    for lineage in &rows.lineage {
        let Some(slack) = lineage.min_slack else { continue };
        assert!(slack.0 > 0, "{} read an event at or after a cutoff", lineage.feature);
        assert!(lineage.latest_event.is_some_and(|latest| latest.0 < CUTOFF_US), "{}", lineage.feature);
    }
}

#[test]
fn threads_change_nothing() {
    let log: Vec<_> = (0..20_000_u32)
        .map(|idx| TestEvent {
            customer: idx.wrapping_mul(2_654_435_761) % 3_000,
            time_us: i64::from(idx.wrapping_mul(40_503) % 200) * Span::DAY.0 + i64::from(idx),
            amount: f64::from(idx % 97) - 5.0,
            quantity: 1.0,
            code: idx % 11,
        })
        .collect();
    let with_threads = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads start");
        pool.install(|| rows(&log, &time(&[Span::days(60).0, CUTOFF_US])).expect("the log is good"))
    };
    let (one, five) = (with_threads(1), with_threads(5));
    assert_eq!(bits(&one), bits(&five));
    assert_eq!((one.lineage, one.cutoffs, one.retention), (five.lineage, five.cutoffs, five.retention));
}
