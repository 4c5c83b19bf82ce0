//! Small logs for tests.

use tenure_config::{Cutoffs, Features, Sequence, SequenceInput, SequenceKind, Time};
use tenure_table::{Span, Timestamp, Values};

use super::{EventBatch, EventBuckets, EventRows, EventsError, LogSchema, RowBuilder, TimeRange, resolve_cutoffs};

/// One line: customer, time, amount, quantity, category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TestEvent {
    pub(crate) customer: u32,
    pub(crate) time_us: i64,
    pub(crate) amount: f64,
    pub(crate) quantity: f32,
    pub(crate) code: u32,
}

/// A line at a time in days.
pub(crate) fn event(customer: u32, days: f64, amount: f64, quantity: f32, code: u32) -> TestEvent {
    TestEvent { customer, time_us: (days * Span::DAY.0 as f64) as i64, amount, quantity, code }
}

pub(crate) fn schema() -> LogSchema {
    LogSchema {
        time: "when".into(),
        amount: Some("paid".into()),
        quantity: Some("units".into()),
        categories: vec!["product".into()],
    }
}

/// Windows of 30 and 60 days, a half-life of 30, three lags of 20.
pub(crate) fn features() -> Features {
    Features {
        windows: vec![Span::days(30), Span::days(60)],
        half_lives: vec![Span::days(30)],
        lag_period: Span::days(20),
        n_lags: 3,
        breadth: true,
        calendar: true,
        lifetime: false,
        drop: vec![],
    }
}

/// The last three purchases, with all that is known of them.
pub(crate) fn sequence() -> Sequence {
    let inputs = vec![SequenceInput::Amount, SequenceInput::Gap, SequenceInput::Age, SequenceInput::Category];
    Sequence { kind: SequenceKind::Gru, length: 3, width: 4, inputs }
}

/// A gap of 5 days, a horizon of 30.
pub(crate) fn time(cutoffs_us: &[i64]) -> Time {
    Time {
        cutoffs: Cutoffs::At(cutoffs_us.iter().copied().map(Timestamp).collect()),
        horizon: Span::days(30),
        train_horizon: None,
        gap: Span::days(5),
        lookback: None,
        active_within: None,
        returns: tenure_config::Returns::Ignore,
    }
}

/// The rows of these events, whatever their order; the data reach as far as every label needs.
pub(crate) fn rows(events: &[TestEvent], time: &Time) -> Result<EventRows, EventsError> {
    let mut buckets = EventBuckets::new(schema());
    // Two batches, as a reader would deliver them.
    for events in [&events[..events.len() / 2], &events[events.len() / 2..]] {
        push(&mut buckets, events)?;
    }
    let times: Vec<_> = events.iter().map(|event| event.time_us).collect();
    let range = TimeRange::scan(&times).ok_or(EventsError::Empty)?;
    let far = TimeRange { last: Timestamp(i64::MAX / 2), first: Timestamp(0), ..range };
    let cutoffs = resolve_cutoffs(time, far)?;
    let mut builder =
        RowBuilder::new(&features(), &schema(), &cutoffs, range).with_sequences(&sequence(), vec![vec![]]);
    for log in buckets.into_logs() {
        builder.push(&log.view())?;
    }
    builder.finish()
}

fn push(buckets: &mut EventBuckets, events: &[TestEvent]) -> Result<(), EventsError> {
    buckets.push(EventBatch {
        customer: &events.iter().map(|e| e.customer).collect::<Vec<_>>(),
        time_us: &events.iter().map(|e| e.time_us).collect::<Vec<_>>(),
        amount: Some(&events.iter().map(|e| e.amount).collect::<Vec<_>>()),
        quantity: Some(&events.iter().map(|e| e.quantity).collect::<Vec<_>>()),
        categories: &[&events.iter().map(|e| e.code).collect::<Vec<_>>()],
    })
}

/// Every feature's value of one row, by name: numbers as they are, levels as their text.
pub(crate) fn row_of(rows: &EventRows, row_idx: usize) -> Vec<(&str, Cell<'_>)> {
    let features = rows.columns.iter().filter(|column| column.role.is_feature());
    features
        .map(|column| match &column.values {
            Values::Numeric(values) => (column.name.as_str(), Cell::Number(values[row_idx])),
            Values::Category(levels) => (column.name.as_str(), Cell::Level(levels.get(row_idx))),
            Values::Text(_) | Values::Time(_) => unreachable!("features are numbers or levels"),
        })
        .collect()
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Number(f32),
    Level(Option<&'a str>),
}

/// The value of a numeric column.
pub(crate) fn number(rows: &EventRows, name: &str, row_idx: usize) -> f32 {
    let column = rows.columns.iter().find(|column| column.name == name).expect("the column is there");
    let Values::Numeric(values) = &column.values else { panic!("{name} is not numeric") };
    values[row_idx]
}

/// All features and the last purchases to the bit: one list for each row of each cutoff, the customer first.
pub(crate) fn bits(rows: &EventRows) -> Vec<(u32, Vec<u64>)> {
    let bits = |cell| match cell {
        Cell::Number(value) => u64::from(value.to_bits()),
        Cell::Level(None) => u64::MAX,
        Cell::Level(Some(level)) => level.bytes().fold(1, |sum, byte| sum * 256 + u64::from(byte)),
    };
    let sequences = rows.sequences.as_ref().expect("every log of these tests has times");
    let purchases = |row_idx| sequences.row(row_idx).iter().map(|value| u64::from(value.to_bits()));
    let row = |row_idx| {
        let features = row_of(rows, row_idx).into_iter().map(|(_, cell)| bits(cell));
        features.chain(purchases(row_idx)).collect()
    };
    rows.customer.iter().enumerate().map(|(row_idx, &customer)| (customer, row(row_idx))).collect()
}
