//! What can be wrong with a log and its cutoffs.

use tenure_table::Timestamp;

use super::calendar::iso;

/// What can be wrong with a log and its cutoffs.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventsError {
    /// The log has no event.
    #[error("the log holds no event")]
    Empty,
    /// The label's window reaches past the end of the data.
    #[error(
        "the label of cutoff {} needs data up to {}, but the last event is at {} (data end {})",
        iso(*cutoff), iso(*needed), iso(*last_event), iso(*available)
    )]
    LabelPastEnd {
        /// The cutoff.
        cutoff: Timestamp,
        /// Where its label window ends (exclusive).
        needed: Timestamp,
        /// Where the data end (exclusive): the last event plus one step of the log's time resolution.
        available: Timestamp,
        /// The last event.
        last_event: Timestamp,
    },
    /// No cutoff leaves room for a label.
    #[error(
        "gap and horizon need {needed_days} days after a cutoff, but the log spans {available_days} days ({} to {})",
        iso(*first_event), iso(*last_event)
    )]
    TooShort {
        /// Whole days (rounded up) of gap and horizon, and of training windows where several cutoffs are asked for.
        needed_days: i64,
        /// Whole days (rounded up) that the log spans.
        available_days: i64,
        /// The first event.
        first_event: Timestamp,
        /// The last event.
        last_event: Timestamp,
    },
    /// A cutoff lies at or before the first event.
    #[error(
        "cutoff {} lies at or before the first event ({}), so nobody can be described; \
         {n_fit} of the training cutoffs lie behind it",
        iso(*cutoff), iso(*first_event)
    )]
    NoHistory {
        /// The cutoff.
        cutoff: Timestamp,
        /// The first event.
        first_event: Timestamp,
        /// Training cutoffs that do lie behind the first event.
        n_fit: usize,
    },
    /// A training label would look into the test period.
    #[error(
        "the label of training cutoff {} ends at {}, after the test cutoff {}",
        iso(*cutoff), iso(*label_end), iso(*test)
    )]
    OverlapsTest {
        /// The training cutoff.
        cutoff: Timestamp,
        /// Where its label's window ends (exclusive).
        label_end: Timestamp,
        /// The test cutoff.
        test: Timestamp,
    },
    /// A date without a label lies after the end of the data.
    #[error("the date {} lies after the end of the data ({})", iso(*at), iso(*end))]
    AfterEnd {
        /// The date.
        at: Timestamp,
        /// Where the data end (exclusive).
        end: Timestamp,
    },
    /// Cutoffs are not strictly ascending, or there is none.
    #[error("cutoffs must be strictly ascending and at least one")]
    CutoffOrder,
    /// Nobody was active before a cutoff.
    #[error("cutoff {} has no customer with an event inside lookback and active_within", iso(*cutoff))]
    NoRows {
        /// The cutoff.
        cutoff: Timestamp,
    },
    /// A batch or a bucket does not fit the log's schema.
    #[error("column `{column}` of the log: expected {expected} values, found {found}")]
    Ragged {
        /// The column.
        column: String,
        /// Values expected.
        expected: usize,
        /// Values found.
        found: usize,
    },
    /// More rows than a 32-bit index can tell apart.
    #[error("{n_rows} rows (customers x cutoffs) are more than 4294967294; use fewer cutoffs")]
    TooManyRows {
        /// Rows.
        n_rows: u64,
    },
}
