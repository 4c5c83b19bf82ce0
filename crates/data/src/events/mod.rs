//! Event logs into point-in-time rows: one per (customer, cutoff), with features before the cutoff and the label after.
//!
//! The way: [`EventBuckets`] takes rows in any order as the loader reads them, [`TimeRange`] has seen every time,
//! [`resolve_cutoffs`] turns the plan's cutoffs into instants, and a [`RowBuilder`] turns one sorted [`Log`] (one
//! bucket of customers) after another into [`EventRows`].
//!
//! # Time
//! Exact, in whole microseconds, and half-open. With cutoff `c`: features read events with `c - lookback <= t < c`, the
//! label reads `c + gap <= t < c + gap + horizon`. What a feature really read is measured row by row and reported as its
//! [`crate::FeatureLineage`].
//!
//! # Words
//! * A **line** is one row of the log.
//! * A line is a **return** where its quantity or its amount is negative.
//! * Any other line is a **purchase line** where its quantity or its amount is positive, or where neither is known.
//!   A line that is neither (all zero) only shows that the customer was there.
//! * A **purchase** is all purchase lines of one customer at one instant: an invoice of twelve lines is one purchase.
//! * A customer **churns** at a cutoff when no purchase lies in the label's window; returns do not count.

mod attributes;
mod calendar;
mod cutoffs;
mod error;
mod family;
mod lineage;
mod log;
mod purchases;
mod retention;
mod rows;

#[cfg(test)]
mod cdnow_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod leakage_tests;
#[cfg(test)]
mod test_log;

pub use attributes::join_attributes;
pub(crate) use calendar::{iso, parts};
pub use cutoffs::{ResolvedCutoff, ResolvedCutoffs, TimeRange, resolve_cutoffs};
pub use error::EventsError;
pub use log::{EventBatch, EventBuckets, Log, LogSchema, LogView};
pub use rows::{CUTOFF_COLUMN, EventRows, RowBuilder, TARGET_COLUMN};
