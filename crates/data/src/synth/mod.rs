//! Made customers with known truth, streamed to disk.

use std::path::{Path, PathBuf};

use tenure_config::{ColumnType, Synthetic};
use tenure_table::Role;

use crate::{DataError, Observer};

/// The files that were made, and what their columns mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The event log or the customer table.
    pub file: PathBuf,
    /// For events: the table of attributes.
    pub attributes: Option<PathBuf>,
    /// The truth.
    pub truth: PathBuf,
    /// Roles of the columns, as in `data.columns`.
    pub columns: Vec<(String, Role)>,
    /// Types of the columns, as in `data.types`.
    pub types: Vec<(String, ColumnType)>,
    /// As in `data.positive`.
    pub positive: Option<String>,
}

/// Makes the data into `folder`.
pub fn make(_synthetic: &Synthetic, _seed: u64, _folder: &Path, _observer: &mut dyn Observer) -> Result<Made, DataError> {
    Err(DataError::Library { doing: "making data".into(), reason: "under construction".into() })
}
