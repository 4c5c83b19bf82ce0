//! Why a row is not scored.

use core::fmt;

use tenure_artifact::{ApplyError, RowFlags};

/// A row that is not scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreError {
    /// It does not fit the model's inputs.
    Row(ApplyError),
    /// It holds something unusual that the model's policy refuses.
    Refused {
        /// What it holds.
        flags: RowFlags,
    },
    /// The workspace was made for another model.
    Workspace,
}

impl fmt::Display for ScoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(error) => error.fmt(f),
            Self::Refused { flags } => write!(
                f,
                "the model's policy refuses the row: {} missing values, {} unseen levels, {} values out of range",
                flags.n_missing, flags.n_unseen, flags.n_out_of_range
            ),
            Self::Workspace => f.write_str("the workspace was made for another model: make one with `Workspace::new`"),
        }
    }
}

impl core::error::Error for ScoreError {}

/// A batch that is not scored to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchError {
    /// There are other than rows × columns values.
    Length {
        /// Values that the predictions asked for need.
        expected: usize,
        /// Values that are there.
        found: usize,
    },
    /// A row is not scored; those before it are, those behind it need not be.
    Row {
        /// Which.
        row_idx: usize,
        /// Why.
        error: ScoreError,
    },
}

impl BatchError {
    /// The same in a batch that has so many more rows before these.
    #[cfg(any(feature = "capi", feature = "wasm"))]
    pub(crate) fn behind(self, n_rows: usize) -> Self {
        match self {
            Self::Row { row_idx, error } => Self::Row { row_idx: n_rows + row_idx, error },
            length @ Self::Length { .. } => length,
        }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, found } => write!(f, "expected {expected} values for the batch, found {found}"),
            Self::Row { row_idx, error } => write!(f, "row {row_idx}: {error}"),
        }
    }
}

impl core::error::Error for BatchError {}

/// A bundle that does not reproduce its own samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VerifyError {
    /// A sample is not scored.
    Unscored {
        /// Which.
        sample_idx: usize,
        /// Why.
        error: ScoreError,
    },
    /// A sample has another number of scores than the task gives.
    Scores {
        /// Which.
        sample_idx: usize,
        /// Of the task.
        expected: usize,
        /// Of the sample.
        found: usize,
    },
    /// A score differs.
    Differs {
        /// Which sample.
        sample_idx: usize,
        /// As the bundle has it.
        expected: f64,
        /// As it is here.
        found: f64,
    },
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unscored { sample_idx, error } => write!(f, "sample {sample_idx}: {error}"),
            Self::Scores { sample_idx, expected, found } => {
                write!(f, "sample {sample_idx}: expected {expected} scores, found {found}")
            }
            // As bits: that is what differs, and decimals would be a tenth of the wasm build.
            Self::Differs { sample_idx, expected, found } => write!(
                f,
                "sample {sample_idx}: expected the score with the bits {:016x}, found {:016x}",
                expected.to_bits(),
                found.to_bits()
            ),
        }
    }
}

impl core::error::Error for VerifyError {}
