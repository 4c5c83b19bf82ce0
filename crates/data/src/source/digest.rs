//! Digests of files, so that a run can say what it read.

use std::fs::File;
use std::path::Path;

use crate::{DataError, FileDigest};

/// The digest of a file of `n_rows` rows.
pub(crate) fn digest(path: &Path, n_rows: u64) -> Result<FileDigest, DataError> {
    let read = |source| DataError::Read { file: path.into(), source };
    let mut hasher = blake3::Hasher::new();
    let file = File::open(path).map_err(read)?;
    let size_bytes = std::io::copy(&mut std::io::BufReader::with_capacity(1 << 18, file), &mut hasher).map_err(read)?;
    Ok(FileDigest { path: path.into(), size_bytes, blake3: hasher.finalize().to_hex().to_string(), n_rows })
}
