//! Made tables onto disk, chunk by chunk; a file takes its name only when it is whole.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::columns::MadeColumn;
use super::parquet::{self, ParquetChunk, ParquetFile};
use super::{SynthError, SynthFormat, text};

/// A chunk in its file format.
pub(crate) enum Encoded {
    Csv { header: String, rows: String },
    Parquet(ParquetChunk),
}

/// One file being written.
pub(crate) struct TableFile {
    path: PathBuf,
    temporary: tempfile::NamedTempFile,
    writer: Option<Writer>,
}

enum Writer {
    Csv(BufWriter<File>),
    Parquet(Box<ParquetFile>),
}

/// A chunk in this format.
pub(crate) fn encode(columns: &[MadeColumn], format: SynthFormat, path: &Path) -> Result<Encoded, SynthError> {
    match format {
        SynthFormat::Csv => Ok(Encoded::Csv { header: text::header(columns), rows: text::rows(columns) }),
        SynthFormat::Parquet => parquet::encode(columns).map(Encoded::Parquet).map_err(|e| parquet_error(path, &e)),
    }
}

fn parquet_error(path: &Path, reason: &dyn std::fmt::Display) -> SynthError {
    SynthError::Parquet { file: path.to_path_buf(), reason: reason.to_string() }
}

impl TableFile {
    /// A file that will be named `path`.
    pub(crate) fn create(path: PathBuf) -> Result<Self, SynthError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        match temporary_in(folder) {
            Ok(temporary) => Ok(Self { path, temporary, writer: None }),
            Err(source) => Err(SynthError::Write { file: path, source }),
        }
    }

    /// Appends a chunk.
    pub(crate) fn push(&mut self, chunk: &Encoded) -> Result<(), SynthError> {
        if self.writer.is_none() {
            self.writer = Some(self.begin(chunk)?);
        }
        match (self.writer.as_mut(), chunk) {
            (Some(Writer::Csv(out)), Encoded::Csv { rows, .. }) => {
                out.write_all(rows.as_bytes()).map_err(|source| SynthError::Write { file: self.path.clone(), source })
            }
            (Some(Writer::Parquet(out)), Encoded::Parquet(chunk)) => {
                out.push(chunk).map_err(|e| parquet_error(&self.path, &e))
            }
            _ => unreachable!("every chunk of a file has the format of the first"),
        }
    }

    fn begin(&self, first: &Encoded) -> Result<Writer, SynthError> {
        let write_error = |source| SynthError::Write { file: self.path.clone(), source };
        let file = self.temporary.reopen().map_err(write_error)?;
        match first {
            Encoded::Csv { header, .. } => {
                let mut out = BufWriter::with_capacity(1 << 18, file);
                out.write_all(header.as_bytes()).map_err(write_error)?;
                Ok(Writer::Csv(out))
            }
            Encoded::Parquet(chunk) => ParquetFile::begin(file, chunk)
                .map(Box::new)
                .map(Writer::Parquet)
                .map_err(|e| parquet_error(&self.path, &e)),
        }
    }

    /// Gives the whole file its name.
    pub(crate) fn finish(self) -> Result<PathBuf, SynthError> {
        let Self { path, temporary, writer } = self;
        match writer {
            Some(Writer::Parquet(out)) => out.finish().map_err(|e| parquet_error(&path, &e))?,
            Some(Writer::Csv(mut out)) => {
                out.flush().map_err(|source| SynthError::Write { file: path.clone(), source })?;
            }
            None => {}
        }
        match persist(temporary, &path) {
            Ok(()) => Ok(path),
            Err(source) => Err(SynthError::Write { file: path, source }),
        }
    }
}

/// A temporary file that others may read once it has its name, as far as the umask lets them.
fn temporary_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn persist(temporary: tempfile::NamedTempFile, path: &Path) -> io::Result<()> {
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|failure| failure.error)?;
    Ok(())
}
