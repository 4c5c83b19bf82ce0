//! What can go wrong when results become a page.

use thiserror::Error;

/// A report that could not be made.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The page's template could not be filled.
    #[error("the page could not be filled in")]
    Template(#[from] askama::Error),
    /// The results could not be written as JSON.
    #[error("the results could not be written as JSON")]
    Write(#[source] serde_json::Error),
    /// The text is no `report.json`.
    #[error("the text is no report.json of this program")]
    Read(#[source] serde_json::Error),
    /// Another version wrote the text.
    #[error("expected a report.json of format {expected}, found format {found}")]
    Format {
        /// What this version reads.
        expected: u32,
        /// What the text says.
        found: u32,
    },
    /// Nothing to set side by side.
    #[error("expected at least two runs to compare, found {n_runs}")]
    TooFewRuns {
        /// How many were given.
        n_runs: usize,
    },
}

impl ReportError {
    /// The error's code, for `tenure explain`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Template(_) => "RPT0001",
            Self::Write(_) => "RPT0002",
            Self::Read(_) => "RPT0003",
            Self::Format { .. } => "RPT0004",
            Self::TooFewRuns { .. } => "RPT0005",
        }
    }
}
