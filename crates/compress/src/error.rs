//! Why there is no bundle.

use tenure_artifact::ApplyError;
use tenure_artifact::bundle::{BundleError, QuantizeError};
use tenure_edge::{BatchError, ScoreError};
use tenure_evaluate::EvaluateError;

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
    /// The table lacks a column that the encoders read.
    #[error("the table has no column `{column}`, which the encoders read")]
    AbsentColumn {
        /// The column.
        column: String,
    },
    /// A column holds something else than its encoder reads.
    #[error("column `{column}`: expected {expected}")]
    WrongType {
        /// The column.
        column: String,
        /// What its encoder reads.
        expected: &'static str,
    },
    /// The network cannot be quantized.
    #[error("the student cannot be quantized: {reason}")]
    Network {
        /// Why.
        reason: &'static str,
    },
    /// The student's training as integers has failed.
    #[error("the student cannot be trained as integers: {0}")]
    Retraining(Box<dyn std::error::Error + Send + Sync>),
    /// A layer's numbers do not fit the integer arithmetic.
    #[error("the student cannot be quantized: {0}")]
    Quantize(QuantizeError),
    /// The file that was written is refused.
    #[error("the bundle that was made is refused: {0}")]
    Bundle(BundleError),
    /// A row is not scored.
    #[error("a row of the run is not scored: {0}")]
    Score(ScoreError),
    /// A quality is undefined on these rows.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
}

/// Codes and pages of this crate's errors, for `tenure explain`.
pub const CODES: &[(&str, &str)] = &[
    (
        "CMP0001",
        "The table that the run loads now lacks a column that its encoders were fitted on. The data have changed since; \
         `tenure rerun RUN` tells more.",
    ),
    (
        "CMP0002",
        "A column is numbers where the run's encoders read levels, or the other way round. The data have changed since \
         the run; fix them, or give the column its type under data.types and run again.",
    ),
    (
        "CMP0003",
        "Only a plain network of one member, in single precision and with hidden layers, is quantized. `tenure compress` \
         always distils one first; with quantize.precision = \"f32\" nothing is quantized.",
    ),
    (
        "CMP0004",
        "A layer's scales are too far apart for 8-bit integers. Retrain with a larger train.weight_decay, look for \
         extreme magnitudes in the data, or ship single precision: quantize.precision = \"f32\".",
    ),
    ("CMP0005", "A bundle that was just made cannot be read back. That is a defect of Tenure: please report it."),
    ("CMP0006", "A row that the run scored cannot be scored from its raw values. The data have changed since the run."),
    (
        "CMP0007",
        "The student was to go on learning while it is rounded to integers, and its training failed: the cause follows. \
         With quantize.aware = \"never\" it is rounded after its training alone.",
    ),
];

impl CompressError {
    /// The code under which `tenure explain` tells more.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AbsentColumn { .. } => "CMP0001",
            Self::WrongType { .. } => "CMP0002",
            Self::Network { .. } => "CMP0003",
            Self::Quantize(_) => "CMP0004",
            Self::Bundle(_) => "CMP0005",
            Self::Score(_) => "CMP0006",
            Self::Retraining(_) => "CMP0007",
            Self::Evaluate(error) => error.code(),
        }
    }
}

impl From<QuantizeError> for CompressError {
    fn from(error: QuantizeError) -> Self {
        Self::Quantize(error)
    }
}

impl From<BundleError> for CompressError {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}

impl From<ScoreError> for CompressError {
    fn from(error: ScoreError) -> Self {
        Self::Score(error)
    }
}

impl From<ApplyError> for CompressError {
    fn from(error: ApplyError) -> Self {
        Self::Score(ScoreError::Row(error))
    }
}

impl From<BatchError> for CompressError {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Row { error, .. } => Self::Score(error),
            BatchError::Length { .. } => Self::Score(ScoreError::Workspace),
        }
    }
}
