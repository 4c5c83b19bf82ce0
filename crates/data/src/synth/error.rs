//! What can go wrong while data are made.

use std::io;
use std::path::PathBuf;

/// What can go wrong while data are made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SynthError {
    /// An option is out of range.
    #[error("{option}: expected {expected}, found {found}")]
    Option {
        /// The option.
        option: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A file could not be written; nothing is left under its name.
    #[error("{}: cannot be written: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Values could not be turned into Parquet.
    #[error("{}: cannot be written as Parquet: {reason}", file.display())]
    Parquet {
        /// The file.
        file: PathBuf,
        /// What the library said.
        reason: String,
    },
}
