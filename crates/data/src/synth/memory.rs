//! Made data in memory, for those who want no files.

use rayon::prelude::*;
use tenure_config::SyntheticKind;
use tenure_table::{Categories, Column, Role, TextColumn, Values};

use super::chunk::{Chunk, Maker};
use super::columns::{Cells, MISSING_ID, MadeColumn, id_text};
use super::{SynthError, SynthOptions, roles};
use crate::events::{EventBatch, EventBuckets, EventsError, LogSchema, TimeRange};

/// A clean log, its customers' attributes, and the truth.
#[derive(Debug)]
pub struct MadeEvents {
    /// The log; customer `i` is row `i` of the other tables.
    pub log: EventBuckets,
    /// The columns of the log.
    pub schema: LogSchema,
    /// First and last event.
    pub range: TimeRange,
    /// One row for each customer, the id first.
    pub attributes: Vec<Column>,
    /// One row for each customer, the id first.
    pub truth: Vec<Column>,
}

/// A customer table and the truth.
#[derive(Debug)]
pub struct MadeCustomers {
    /// One row for each customer.
    pub table: Vec<Column>,
    /// One row for each customer, the id first.
    pub truth: Vec<Column>,
}

/// The log that [`super::generate`] would write with `dirty = 0`.
///
/// # Errors
/// [`SynthError::Option`].
pub fn make_events(options: &SynthOptions) -> Result<MadeEvents, SynthError> {
    let tables = clean_tables(options, SyntheticKind::Events)?;
    let [log, attributes, truth] = <[_; 3]>::try_from(tables).expect("a log has three tables");
    let schema = LogSchema {
        time: "time".into(),
        amount: Some("amount".into()),
        quantity: Some("quantity".into()),
        categories: vec!["category".into(), "channel".into()],
    };
    let mut buckets = EventBuckets::new(schema.clone());
    let range = push(&mut buckets, &log).expect("the made log has the columns of its schema");
    let [attributes, truth] = [attributes, truth].map(columns);
    Ok(MadeEvents { log: buckets, schema, range, attributes, truth })
}

/// The customer table that [`super::generate`] would write with `dirty = 0`.
///
/// # Errors
/// [`SynthError::Option`].
pub fn make_customers(options: &SynthOptions) -> Result<MadeCustomers, SynthError> {
    let tables = clean_tables(options, SyntheticKind::Customers)?;
    let [table, truth] = <[_; 2]>::try_from(tables).expect("a customer table comes with its truth");
    let [table, truth] = [table, truth].map(columns);
    Ok(MadeCustomers { table, truth })
}

fn clean_tables(options: &SynthOptions, kind: SyntheticKind) -> Result<Vec<Vec<MadeColumn>>, SynthError> {
    let options = SynthOptions { kind, dirty: 0.0, ..options.clone() };
    options.check()?;
    let maker = Maker::new(&options);
    let chunks: Vec<Chunk> = maker.ranges().into_par_iter().map(|numbers| maker.chunk(numbers)).collect();
    let mut chunks = chunks.into_iter().map(|chunk| chunk.tables);
    let mut tables = chunks.next().expect("there is at least one customer");
    for chunk in chunks {
        for (table, more) in tables.iter_mut().zip(chunk) {
            for (column, more) in table.iter_mut().zip(more) {
                column.append(more);
            }
        }
    }
    Ok(tables)
}

fn push(buckets: &mut EventBuckets, log: &[MadeColumn]) -> Result<TimeRange, EventsError> {
    let [Cells::Id(ids), Cells::Time(time_us), Cells::Number(amount), Cells::Number(quantity), categories @ ..] =
        &log.iter().map(|column| column.cells.clone()).collect::<Vec<_>>()[..]
    else {
        return Err(EventsError::Empty);
    };
    let customer: Vec<u32> = ids.iter().map(|&number| number as u32).collect();
    let quantity: Vec<f32> = quantity.iter().map(|&units| units as f32).collect();
    let codes: Vec<&[u32]> = categories
        .iter()
        .filter_map(|cells| if let Cells::Level(codes, _) = cells { Some(codes.as_slice()) } else { None })
        .collect();
    buckets.push(EventBatch {
        customer: &customer,
        time_us,
        amount: Some(amount),
        quantity: Some(&quantity),
        categories: &codes,
    })?;
    TimeRange::scan(time_us).ok_or(EventsError::Empty)
}

fn columns(table: Vec<MadeColumn>) -> Vec<Column> {
    let known: Vec<_> = [SyntheticKind::Events, SyntheticKind::Customers].into_iter().flat_map(roles).collect();
    let role = |name: &str| known.iter().find(|(known, _)| *known == name).map_or(Role::Ignore, |(_, role)| *role);
    table.into_iter().map(|made| Column::new(made.name.as_ref(), role(&made.name), values(made.cells))).collect()
}

fn values(cells: Cells) -> Values {
    match cells {
        Cells::Id(numbers) => {
            let texts = numbers.iter().map(|&n| if n == MISSING_ID { String::new() } else { id_text(n) });
            Values::Text(texts.collect::<Vec<_>>().iter().map(String::as_str).collect::<TextColumn>())
        }
        Cells::Time(times) | Cells::TimeText(times) => Values::Time(times),
        Cells::Number(values) => Values::Numeric(values.into_iter().map(|value| value as f32).collect()),
        Cells::Level(codes, levels) => Values::Category(Categories { codes, levels }),
    }
}
