//! Raw rows as a caller has them, and the buffers an encoded row is written to.

use core::fmt;

/// One raw value, borrowed from wherever the caller keeps it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawValue<'a> {
    /// No value.
    Missing,
    /// A magnitude. NaN and infinities are missing values.
    Number(f32),
    /// A level's name.
    Level(&'a str),
}

impl RawValue<'_> {
    /// Whether there is no usable value: missing, NaN or infinite.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Number(value) => !value.is_finite(),
            Self::Level(_) => false,
        }
    }
}

/// Where an encoded row goes. The lengths are the widths of the layout.
#[derive(Debug)]
pub struct RowBuffers<'a> {
    /// Scaled magnitudes, `[F]`.
    pub continuous: &'a mut [f32],
    /// Inputs in `[0, 1]`, `[G]`.
    pub binary: &'a mut [f32],
    /// Embedding indices, `[C]`.
    pub categorical: &'a mut [u32],
}

/// What was unusual about a row. Such a row is still encoded, by each encoder's documented policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowFlags {
    /// Values that were missing, NaN or infinite.
    pub n_missing: u32,
    /// Levels that no training row, or too few of them, had.
    pub n_unseen: u32,
    /// Magnitudes below the least or above the largest of the training rows.
    pub n_out_of_range: u32,
}

impl core::ops::AddAssign for RowFlags {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        self.n_missing += other.n_missing;
        self.n_unseen += other.n_unseen;
        self.n_out_of_range += other.n_out_of_range;
    }
}

/// A row that cannot be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyError {
    /// The row has another number of values than the preprocessor has inputs.
    RowLength {
        /// Inputs of the preprocessor.
        expected: usize,
        /// Values of the row.
        found: usize,
    },
    /// A buffer has another length than the layout says.
    BufferLength {
        /// `continuous`, `binary` or `categorical`.
        buffer: &'static str,
        /// The layout's width.
        expected: usize,
        /// The buffer's length.
        found: usize,
    },
    /// A level stands where a magnitude is expected, or the other way round.
    WrongKind {
        /// Index into the preprocessor's inputs.
        input_idx: usize,
        /// `number` or `level`.
        expected: &'static str,
    },
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowLength { expected, found } => write!(f, "expected a row of {expected} values, found {found}"),
            Self::BufferLength { buffer, expected, found } => {
                write!(f, "expected a `{buffer}` buffer of length {expected}, found {found}")
            }
            Self::WrongKind { input_idx, expected } => write!(f, "value {input_idx} of the row: expected a {expected}"),
        }
    }
}

impl core::error::Error for ApplyError {}
