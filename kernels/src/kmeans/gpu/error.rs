//! Why a GPU could not compute.

use std::fmt;

/// Why a GPU could not compute.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GpuError {
    /// The machine has no such adapter.
    NoAdapter {
        /// The one asked for.
        adapter: String,
    },
    /// The device allows too few units or too little shared memory for any tile.
    TooSmall {
        /// Units of one cube that the device allows.
        units: usize,
        /// Bytes of shared memory that it allows.
        shared_bytes: usize,
    },
    /// One row does not fit into one buffer of the device.
    RowTooLong {
        /// Columns of a row.
        n_columns: usize,
        /// Largest buffer, in bytes.
        max_bytes: usize,
    },
    /// The device failed while it computed, or ran out of memory.
    Compute {
        /// What the driver said.
        message: String,
    },
}

impl fmt::Display for GpuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAdapter { adapter } => write!(f, "this machine has no adapter {adapter}"),
            Self::TooSmall { units, shared_bytes } => write!(
                f,
                "k-means needs 128 units and 12 KiB of shared memory in a workgroup, the device allows {units} and \
                 {shared_bytes} bytes"
            ),
            Self::RowTooLong { n_columns, max_bytes } => {
                write!(f, "rows of {n_columns} columns do not fit into a buffer of {max_bytes} bytes")
            }
            Self::Compute { message } => write!(f, "the device failed while computing: {message}"),
        }
    }
}

impl std::error::Error for GpuError {}
