//! Facts of the CDNOW sample (Fader & Hardie), where the file is at hand.

use std::collections::BTreeMap;
use std::path::Path;

use tenure_table::{Span, Timestamp};

use super::test_log::{TestEvent, number, rows, time};

/// 1997-10-01, the day after the calibration period.
const CUTOFF: Timestamp = Timestamp(Span::days(10_135).0);

fn sample() -> Option<Vec<TestEvent>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cdnow_sample.txt");
    let text = std::fs::read_to_string(path).ok()?;
    let mut customers = BTreeMap::new();
    let mut parse = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let date = chrono::NaiveDate::parse_from_str(fields.get(2)?, "%Y%m%d").ok()?;
        let n_customers = customers.len() as u32;
        Some(TestEvent {
            customer: *customers.entry((*fields.first()?).to_owned()).or_insert(n_customers),
            time_us: date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros(),
            quantity: fields.get(3)?.parse().ok()?,
            amount: fields.get(4)?.parse().ok()?,
            code: 0,
        })
    };
    Some(text.lines().filter_map(&mut parse).collect())
}

#[test]
fn repeat_transactions_of_the_calibration_period() {
    // Without the file there is nothing to check.
    let Some(events) = sample() else { return };
    assert_eq!(events.len(), 6_919);
    let rows = rows(&events, &time(&[CUTOFF.0])).expect("the log is good");
    assert_eq!(rows.customer.len(), 2_357);
    let repeats: Vec<_> = (0..2_357).map(|row_idx| number(&rows, "n_purchases", row_idx) - 1.0).collect();
    assert_eq!(repeats.iter().sum::<f32>(), 2_457.0);
    assert_eq!(repeats.iter().filter(|&&n| n == 0.0).count(), 1_411);
}
