//! A log small enough to compute by hand.

use super::test_log::{Cell, TestEvent, event, number, row_of, rows, schema, time};
use super::{LogSchema, RowBuilder, TimeRange, resolve_cutoffs};
use tenure_table::{Span, Timestamp};

const CUTOFF_US: i64 = Span::days(100).0;

fn log() -> Vec<TestEvent> {
    vec![
        // Two lines of one purchase, one more purchase, a return, a third purchase, a line of nothing.
        event(0, 10.0, 5.0, 1.0, 0),
        event(0, 10.0, 7.0, 2.0, 1),
        event(0, 40.0, 20.0, 4.0, 0),
        event(0, 70.0, -8.0, -1.0, 0),
        event(0, 90.0, 6.0, 1.0, 0),
        event(0, 95.0, 0.0, 0.0, 1),
        // At the cutoff, and on the first instant of the label's window.
        event(0, 100.0, 1_000.0, 9.0, 2),
        event(0, 105.0, 3.0, 1.0, 0),
        // Customer 1 bought once and gives back in the label's window; customer 2 comes too late.
        event(1, 80.0, 4.0, 1.0, 0),
        event(1, 110.0, -4.0, -1.0, 0),
        event(2, 100.0, 4.0, 1.0, 0),
    ]
}

/// Name and value of each feature of customer 0 at day 100, by hand; NaN would be missing.
const EXPECTED: [(&str, f64); 41] = [
    ("recency_days", 10.0),
    ("tenure_days", 90.0),
    ("recency_share", 10.0 / 90.0),
    ("n_purchases", 3.0),
    ("n_active_days", 3.0),
    ("purchases_per_30d", 1.0),
    ("lines_per_purchase", 4.0 / 3.0),
    ("spend_sum", 38.0),
    ("spend_mean", 38.0 / 3.0),
    // Amounts 12, 20, 6: squared distances 4/9 + 484/9 + 400/9 = 888/9, over 2.
    ("spend_std", 7.023_769),
    ("spend_max", 20.0),
    ("spend_last", 6.0),
    ("spend_last_to_mean", 18.0 / 38.0),
    ("units_sum", 8.0),
    ("units_per_purchase", 8.0 / 3.0),
    ("n_purchases_30d", 1.0),
    ("n_active_days_30d", 1.0),
    ("spend_sum_30d", 6.0),
    ("n_purchases_60d", 2.0),
    ("n_active_days_60d", 2.0),
    ("spend_sum_60d", 26.0),
    // 2^-3 + 2^-2 + 2^(-1/3), and with amounts 12, 20, 6.
    ("n_purchases_decay_30d", 1.168_700_5),
    ("spend_decay_30d", 11.262_203),
    ("gap_mean_days", 40.0),
    ("gap_std_days", 14.142_136),
    ("gap_max_days", 50.0),
    ("gap_last_days", 50.0),
    ("gap_last_to_mean", 1.25),
    ("recency_to_gap_mean", 0.25),
    // One purchase in the last 30 days, one in the 30 days before: equal rates.
    ("purchase_trend_30d_60d", 0.0),
    ("spend_share_30d_60d", 6.0 / 26.0),
    ("n_purchases_20d_lag1", 1.0),
    ("spend_sum_20d_lag1", 6.0),
    ("n_purchases_20d_lag2", 0.0),
    ("spend_sum_20d_lag2", 0.0),
    ("n_purchases_20d_lag3", 1.0),
    ("spend_sum_20d_lag3", 20.0),
    ("purchase_slope_20d", 0.0),
    ("spend_slope_20d", -7.0),
    ("n_distinct_product", 2.0),
    ("top_share_product", 0.75),
];

/// The rest: returns.
const EXPECTED_RETURNS: [(&str, f64); 5] = [
    ("n_returns", 1.0),
    ("return_share", 0.2),
    ("return_recency_days", 30.0),
    ("return_sum", 8.0),
    ("return_sum_share", 8.0 / 38.0),
];

/// 1970-04-11 was a Saturday, 1970-04-01 a Wednesday.
const EXPECTED_LEVELS: [(&str, &str); 6] = [
    ("cutoff_month", "apr"),
    ("cutoff_weekday", "sat"),
    ("cutoff_season", "spring"),
    ("last_purchase_month", "apr"),
    ("last_purchase_weekday", "wed"),
    ("last_purchase_season", "spring"),
];

#[test]
fn every_feature_is_what_the_hand_computes() {
    let rows = rows(&log(), &time(&[CUTOFF_US])).expect("the log is good");
    let found = row_of(&rows, 0);
    let expected: Vec<_> = EXPECTED.iter().chain(&EXPECTED_RETURNS).collect();
    assert_eq!(found.len(), expected.len() + EXPECTED_LEVELS.len());
    for ((name, cell), (expected_name, value)) in found.iter().zip(expected) {
        assert_eq!(name, expected_name);
        let Cell::Number(cell) = cell else { panic!("{name} is not a number") };
        assert!((f64::from(*cell) - value).abs() <= 1e-6 * value.abs(), "{name}: expected {value}, found {cell}");
    }
    for ((name, cell), (expected_name, level)) in found[found.len() - 6..].iter().zip(EXPECTED_LEVELS) {
        assert_eq!(*name, expected_name);
        assert!(matches!(cell, Cell::Level(Some(found)) if *found == level), "{name}: {cell:?}");
    }
}

#[test]
fn labels_rows_and_counts_follow_the_windows() {
    let rows = rows(&log(), &time(&[CUTOFF_US])).expect("the log is good");
    assert_eq!(rows.customer, [0, 1], "customer 2 has no event before the cutoff");
    assert_eq!((number(&rows, "churned", 0), number(&rows, "churned", 1)), (0.0, 1.0), "a return is no purchase");
    let info = &rows.cutoffs[0];
    assert_eq!((info.n_rows, info.n_positive, info.is_test), (2, 1, true));
    assert_eq!((info.label_start, info.label_end), (Timestamp(Span::days(105).0), Timestamp(Span::days(135).0)));
}

#[test]
fn a_customer_with_one_purchase_has_no_gaps_and_no_deviation() {
    let rows = rows(&log(), &time(&[CUTOFF_US])).expect("the log is good");
    for name in ["spend_std", "gap_mean_days", "gap_last_to_mean", "recency_to_gap_mean", "return_recency_days"] {
        assert!(number(&rows, name, 1).is_nan(), "{name}");
    }
    assert_eq!(number(&rows, "purchases_per_30d", 1), 1.5);
    assert_eq!(number(&rows, "return_share", 1), 0.0);
}

#[test]
fn lineage_names_sources_windows_and_the_latest_event_read() {
    let rows = rows(&log(), &time(&[CUTOFF_US])).expect("the log is good");
    let lineage = |name: &str| rows.lineage.iter().find(|l| l.feature == name).expect("the feature is there");
    let spend = lineage("spend_sum_30d");
    assert_eq!((spend.window, spend.unit.as_str()), (Some(Span::days(30)), "money"));
    assert_eq!(spend.columns, ["when", "paid"]);
    assert_eq!(spend.latest_event, Some(Timestamp(Span::days(90).0)));
    assert_eq!(spend.min_slack, Some(Span::days(10)));
    assert_eq!(lineage("tenure_days").latest_event, Some(Timestamp(Span::days(80).0)), "customer 1's first purchase");
    assert_eq!(lineage("spend_sum_20d_lag2").latest_event, None, "nobody bought in that period");
    assert_eq!(lineage("cutoff_month").latest_event, None);
    let names: Vec<_> = rows.lineage.iter().map(|l| &l.feature).collect();
    let columns: Vec<_> = rows.columns.iter().filter(|c| c.role.is_feature()).map(|c| &c.name).collect();
    let (features, rest) = names.split_at(columns.len());
    assert_eq!(features, columns);
    assert_eq!(rest, ["sequence"], "the last purchases come after the features");
}

#[test]
fn rolling_cutoffs_are_rows_of_one_table() {
    let cutoffs = [Span::days(50).0, Span::days(60).0, CUTOFF_US];
    let rows = rows(&log(), &time(&cutoffs)).expect("the log is good");
    assert_eq!(rows.customer, [0, 0, 0, 1]);
    assert_eq!([0, 1, 2, 3].map(|row_idx| number(&rows, "recency_days", row_idx)), [10.0, 20.0, 10.0, 20.0]);
    // [55, 85) holds only a return, [65, 95) the purchase of day 90.
    assert_eq!([0, 1, 2].map(|row_idx| number(&rows, "churned", row_idx)), [1.0, 0.0, 0.0]);
    let is_test: Vec<_> = rows.cutoffs.iter().map(|info| info.is_test).collect();
    assert_eq!(is_test, [false, false, true]);
}

#[test]
fn activity_and_lookback_decide_who_is_a_row() {
    let mut plan = time(&[CUTOFF_US]);
    plan.active_within = Some(Span::days(15));
    let found = rows(&log(), &plan).expect("customer 0 was there on day 95");
    assert_eq!(found.customer, [0]);
    assert_eq!(number(&found, "n_purchases", 0), 3.0, "activity bounds rows, not features");
    plan.lookback = Some(Span::days(20));
    let found = rows(&log(), &plan).expect("customer 0 was there on day 95");
    assert_eq!(number(&found, "n_purchases", 0), 1.0, "lookback bounds features");
    plan.active_within = Some(Span::days(1));
    assert!(rows(&log(), &plan).is_err(), "nobody was there on day 99");
}

#[test]
fn a_log_of_times_alone_has_fewer_features_and_no_repeated_names() {
    let bare = LogSchema { time: "t".into(), amount: None, quantity: None, categories: vec![] };
    let range = TimeRange::scan(&[0, 2 * CUTOFF_US]).expect("times");
    let cutoffs = resolve_cutoffs(&time(&[CUTOFF_US]), range).expect("fits");
    let n_features = |schema| RowBuilder::new(&super::test_log::features(), schema, &cutoffs, range).n_features();
    assert!(n_features(&bare) < n_features(&schema()));
    let mut builder = RowBuilder::new(&super::test_log::features(), &bare, &cutoffs, range);
    let view = super::LogView {
        first_customer: 0,
        offsets: &[0, 1],
        time_us: &[5],
        amount: None,
        quantity: None,
        categories: vec![],
    };
    builder.push(&view).expect("few rows");
    let rows = builder.finish().expect("one row");
    tenure_table::Table::new(rows.columns).expect("names are distinct");
}
