//! A validated event log in compact memory: what point-in-time features are computed from.

use tenure_table::{Categories, Column, TextColumn};

/// Events grouped by customer and ascending in time; events of one customer at one instant keep the order of the files.
///
/// Customers are numbered in order of their first appearance. All event columns have the same length, `n_events`.
#[derive(Clone, Debug, PartialEq)]
pub struct EventLog {
    /// Customer ids (hashed where the plan names a key), one for each customer.
    pub ids: TextColumn,
    /// The events of customer `c` are `first_event[c]..first_event[c + 1]`; one entry more than customers.
    pub first_event: Vec<usize>,
    /// When each event happened, in microseconds since the Unix epoch.
    pub times: Vec<i64>,
    /// Money of each event, finite; none where the plan names no amount.
    pub amounts: Option<Vec<f64>>,
    /// Units of each event, NaN where missing, negative for returns; none where the plan names no quantity.
    pub quantities: Option<Vec<f32>>,
    /// Columns of role `category`.
    pub categories: Vec<EventCategory>,
    /// Columns that do not change over time, one value for each customer.
    pub attributes: Vec<Column>,
}

/// A column of role `category` in an event log.
#[derive(Clone, Debug, PartialEq)]
pub struct EventCategory {
    /// The column's name.
    pub name: String,
    /// One level for each event.
    pub values: Categories,
}

impl EventLog {
    /// The number of customers.
    pub fn n_customers(&self) -> usize {
        self.first_event.len() - 1
    }

    /// The number of events.
    pub fn n_events(&self) -> usize {
        self.times.len()
    }

    /// The earliest and the latest event time, in microseconds; none without events.
    pub fn time_range(&self) -> Option<(i64, i64)> {
        let first = self.times.iter().min()?;
        let last = self.times.iter().max()?;
        Some((*first, *last))
    }
}
