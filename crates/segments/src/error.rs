//! Why customers cannot be segmented.

use tenure_evaluate::ClusteringError;
use thiserror::Error;

/// Why customers cannot be segmented.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// The customers could not be clustered.
    #[error("{k} segments: {reason}")]
    Clustering {
        /// Segments asked for.
        k: usize,
        /// What the clustering said.
        reason: String,
    },
    /// The device could not compute.
    #[error("{message}")]
    Device {
        /// What it said.
        message: String,
    },
    /// A measure of the clusters is undefined.
    #[error(transparent)]
    Measure(#[from] ClusteringError),
    /// A figure of the customers, which is not in memory, could not be read.
    #[error("the figures of `{name}` could not be read: {reason}")]
    Figure {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// Fewer different customers than segments.
    #[error(
        "{k} segments were asked for, but only {n_distinct} of {n_customers} customers differ in the features {}",
        list(features)
    )]
    TooFewDistinct {
        /// Segments asked for.
        k: usize,
        /// Customers that differ.
        n_distinct: usize,
        /// Customers.
        n_customers: usize,
        /// What they could differ in.
        features: Vec<String>,
    },
    /// No number of segments keeps every segment large enough.
    #[error(
        "no number of segments from {k_min} to {k_max} keeps every segment at {min_size} customers or more; the smallest segment had {found}"
    )]
    TooSmall {
        /// Fewest segments tried.
        k_min: usize,
        /// Most segments tried.
        k_max: usize,
        /// Customers that a segment must have.
        min_size: usize,
        /// The largest of the smallest segments, over what was tried.
        found: usize,
    },
    /// A feature is not among the figures.
    #[error("`{setting}` names `{feature}`, which the data lack; they have {}", list(present))]
    UnknownFeature {
        /// The setting.
        setting: &'static str,
        /// What it names.
        feature: String,
        /// What there is.
        present: Vec<String>,
    },
    /// A feature has one value only.
    #[error("feature `{feature}` is {found} for all {n_customers} customers, so it cannot tell segments apart")]
    ConstantFeature {
        /// The feature.
        feature: String,
        /// Its only value, or `missing`.
        found: String,
        /// Customers.
        n_customers: usize,
    },
    /// What was asked for needs money, and the data have none.
    #[error("{what} needs the money of each purchase, but no column has the role `amount`")]
    NoAmounts {
        /// What was asked for.
        what: &'static str,
    },
    /// The customers cannot be segmented in the memory allowed.
    #[error(
        "`segments.memory` is too small for {n_customers} customers of {n_columns} encoded columns: expected at least {}, found {}",
        megabytes(*expected),
        megabytes(*found)
    )]
    Memory {
        /// Customers.
        n_customers: usize,
        /// Encoded columns.
        n_columns: usize,
        /// Bytes that stay in memory.
        expected: u64,
        /// Bytes allowed.
        found: u64,
    },
    /// What was asked for needs a log of events.
    #[error("{what} needs a log of events, found a table with one row per customer")]
    NoEvents {
        /// What was asked for.
        what: &'static str,
    },
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Bytes as `segments.memory` takes them, rounded up.
fn megabytes(bytes: u64) -> String {
    format!("\"{}MB\"", bytes.div_ceil(1_000_000))
}

impl SegmentError {
    /// The stable code of this error; [`crate::explain`] has a page for each.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Clustering { .. } => "SEG0001",
            Self::Device { .. } => "SEG0008",
            Self::Figure { .. } => "SEG0009",
            Self::Memory { .. } => "SEG0010",
            Self::Measure(error) => error.code(),
            Self::TooFewDistinct { .. } => "SEG0002",
            Self::TooSmall { .. } => "SEG0003",
            Self::UnknownFeature { .. } => "SEG0004",
            Self::ConstantFeature { .. } => "SEG0005",
            Self::NoAmounts { .. } => "SEG0006",
            Self::NoEvents { .. } => "SEG0007",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Device { .. } => "set `device.kind = \"cpu\"`, or free the card's memory".into(),
            Self::Clustering { .. } | Self::Measure(_) => "try fewer segments, or other `segments.features`".into(),
            Self::TooFewDistinct { n_distinct, .. } => {
                format!("set `segments.k` (or `segments.k_max`) to {n_distinct} or less, or add features")
            }
            Self::TooSmall { .. } => "lower `segments.min_share`, or `segments.k_min`".into(),
            Self::UnknownFeature { .. } => "take one of those; `tenure plan` lists them with their definitions".into(),
            Self::ConstantFeature { feature, .. } => format!("leave `{feature}` out of `segments.features`"),
            Self::Figure { .. } => "look at the disk that holds the folder of runs (`run.dir`)".into(),
            Self::Memory { .. } => "allow more, or leave the setting out and have everything in memory".into(),
            Self::NoAmounts { .. } => "give the column of money the role `amount`, or leave the setting out".into(),
            Self::NoEvents { .. } => "leave the setting out, or give a transaction log".into(),
        }
    }
}
