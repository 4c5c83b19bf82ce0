//! What a load kept, what it dropped, and why.

use std::collections::BTreeMap;

use serde::Serialize;

/// Why a row was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The number of fields differs from the number of columns.
    Ragged,
    /// The customer's id is missing.
    MissingId,
    /// The id is a floating-point number above 2^53, so that neighbours cannot be told apart.
    InexactId,
    /// The time is missing.
    MissingTime,
    /// The time cannot be read.
    UnreadableTime,
    /// The time lies after the day of the load.
    FutureTime,
    /// The amount is missing or cannot be read.
    UnreadableAmount,
    /// The amount is NaN or infinite.
    NonFiniteAmount,
    /// The quantity cannot be read.
    UnreadableQuantity,
    /// The target is missing.
    MissingTarget,
    /// The weight is missing or cannot be read.
    MissingWeight,
    /// Consent is missing or refused.
    NoConsent,
    /// An earlier row of the customer table has the same id (and the same as-of time, where there is one).
    DuplicateId,
    /// An earlier event has the same value in every column of the file, and `data.deduplicate` is set.
    DuplicateEvent,
}

impl Reason {
    /// Every reason, in order.
    pub const ALL: [Self; 14] = [
        Self::Ragged,
        Self::MissingId,
        Self::InexactId,
        Self::MissingTime,
        Self::UnreadableTime,
        Self::FutureTime,
        Self::UnreadableAmount,
        Self::NonFiniteAmount,
        Self::UnreadableQuantity,
        Self::MissingTarget,
        Self::MissingWeight,
        Self::NoConsent,
        Self::DuplicateId,
        Self::DuplicateEvent,
    ];

    /// The reason in words, such as `missing id`.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Ragged => "wrong number of fields",
            Self::MissingId => "missing id",
            Self::InexactId => "id beyond exact range",
            Self::MissingTime => "missing time",
            Self::UnreadableTime => "unreadable time",
            Self::FutureTime => "time in the future",
            Self::UnreadableAmount => "missing or unreadable amount",
            Self::NonFiniteAmount => "non-finite amount",
            Self::UnreadableQuantity => "unreadable quantity",
            Self::MissingTarget => "missing target",
            Self::MissingWeight => "missing or unreadable weight",
            Self::NoConsent => "no consent",
            Self::DuplicateId => "repeated id",
            Self::DuplicateEvent => "repeated event",
        }
    }

    /// Whether the row counts against `data.max_rejected`: rows left out by the plan's own wish (no consent, repeated
    /// events) are dropped and counted, yet say nothing about the health of the data.
    pub const fn is_defect(self) -> bool {
        !matches!(self, Self::NoConsent | Self::DuplicateEvent)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

/// What a load kept, what it dropped, and why.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Validation {
    /// Rows in the files.
    pub n_read: u64,
    /// Rows that were kept.
    pub n_kept: u64,
    /// Rows dropped, by reason.
    pub dropped: BTreeMap<Reason, u64>,
    /// What was changed or left out without dropping a row, in words, each with its column and count.
    pub notes: Vec<String>,
}

impl Validation {
    /// Rows dropped for any reason.
    pub fn n_dropped(&self) -> u64 {
        self.dropped.values().sum()
    }

    /// Rows dropped because something was wrong with them: what `data.max_rejected` bounds.
    pub fn n_defective(&self) -> u64 {
        self.dropped.iter().filter(|(reason, _)| reason.is_defect()).map(|(_, count)| count).sum()
    }
}
