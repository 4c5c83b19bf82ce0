//! Files that are whole or absent.

use std::io::{self, Write};
use std::path::Path;

use crate::DataError;

/// Writes `path` through a temporary file beside it, which takes the name only when every byte is on disk.
pub(crate) fn write_atomically(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), DataError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let attempt = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        {
            let mut out = io::BufWriter::with_capacity(1 << 16, file.as_file_mut());
            fill(&mut out)?;
            out.flush()?;
        }
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failure| failure.error)?;
        Ok(())
    };
    attempt().map_err(|source| DataError::Write { file: path.to_path_buf(), source })
}
