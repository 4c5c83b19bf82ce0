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
//! * The **value** of a customer at a cutoff is the money of the purchases in the label's window; with
//!   `time.returns = "subtract"` less the money of the returns in it, and never below 0.
//! * A customer **churns** at a cutoff when no purchase lies in the label's window; returns do not count.
//!
//! # Rows
//! A customer is a row of a cutoff when the log has a line of theirs in `[c - active_within, c)` that the lookback can
//! see. Where the plan sets neither, any line before the cutoff will do.
//!
//! # Features
//! `p` are the purchases before the cutoff that the lookback can see, `w` a window, `h` a half-life, `P` the lag period,
//! `X` a column of role `category`. A ratio is missing where its denominator is 0; means, deviations and gaps are missing
//! where there are too few values. The same words stand in each feature's [`crate::FeatureLineage`].
//!
//! | columns | formula |
//! |---|---|
//! | `recency_days`, `tenure_days`, `recency_share` | `c - t_last`, `c - t_first`, their ratio |
//! | `n_purchases`, `n_active_days`, `purchases_per_30d`, `lines_per_purchase` | `n`, distinct UTC dates, `30 n / max(tenure_days, 1)`, lines / `n` |
//! | `spend_sum`, `_mean`, `_std`, `_max`, `_last`, `spend_last_to_mean` | over purchases' amounts `a`; deviation with `n - 1` |
//! | `units_sum`, `units_per_purchase` | over purchases' quantities |
//! | `n_purchases_w`, `n_active_days_w`, `spend_sum_w` | the same over `[c - w, c)` |
//! | `n_purchases_decay_h`, `spend_decay_h` | `sum(2^(-(c - t) / h))`, `sum(a 2^(-(c - t) / h))` |
//! | `gap_mean_days`, `_std`, `_max`, `_last`, `gap_last_to_mean`, `recency_to_gap_mean` | over `t_i+1 - t_i` |
//! | `purchase_trend_w1_w2` | `ln((n_w1 + 1/2) / w1) - ln((n_w2 - n_w1 + 1/2) / (w2 - w1))` |
//! | `spend_share_w1_w2` | `spend_sum_w1 / spend_sum_w2` |
//! | `n_purchases_P_lagk`, `spend_sum_P_lagk` | over `[c - k P, c - (k - 1) P)` |
//! | `purchase_slope_P`, `spend_slope_P` | least-squares slope through the lags, forward in time |
//! | `n_distinct_X`, `top_share_X` | distinct levels, share of the most frequent, over purchase lines |
//! | `n_returns`, `return_share`, `return_recency_days`, `return_sum`, `return_sum_share` | over returned lines |
//! | `cutoff_month`, `_weekday`, `_season`, `last_purchase_month`, `_weekday`, `_season` | levels, UTC |
//!
//! # Sequences
//! With `model.sequence` a row also has its last purchases before the cutoff that the lookback can see, one by one: amount,
//! days since the purchase before it, days to the cutoff, and of each column of role `category` the level on which most of
//! the money went.

mod attributes;
mod base;
mod calendar;
mod cutoffs;
mod error;
mod family;
mod history;
mod lineage;
mod log;
mod purchases;
mod retention;
mod rows;
mod sequence;
mod values;

#[cfg(test)]
mod cdnow_tests;
#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod leakage_tests;
#[cfg(test)]
mod test_log;

pub use attributes::join_attributes;
pub use base::{CustomerBase, PurchaseWeeks};
pub(crate) use calendar::{iso, parts};
pub use cutoffs::{ResolvedCutoff, ResolvedCutoffs, TimeRange, resolve_cutoffs, resolve_snapshots};
pub use error::EventsError;
pub use history::RowHistory;
pub use log::{EventBatch, EventBuckets, Log, LogSchema, LogView};
pub use rows::{CUTOFF_COLUMN, EventRows, RowBuilder, TARGET_COLUMN, VALUE_COLUMN};
