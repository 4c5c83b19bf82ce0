//! Dropped rows, spilled to disk as they come, so that a log of which half is broken costs no memory.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use crate::write::write_atomically;
use crate::{DataError, Reason};

/// The header of the file of rejected rows.
const HEADER: &str = "file,row,reason,column,value,content\n";

/// One dropped row.
#[derive(Clone, Debug)]
pub(crate) struct RejectedRow<'a> {
    /// Where it stands.
    pub file: &'a Path,
    /// Its number among the file's rows of data, counted from 1.
    pub row: u64,
    /// Why it was dropped.
    pub reason: Reason,
    /// The column at fault.
    pub column: &'a str,
    /// The value at fault, as far as it may be shown.
    pub value: &'a str,
    /// The row's fields as `column=value`, as far as they may be shown.
    pub content: &'a str,
}

/// The dropped rows of a load, on their way to `rejected.csv`.
#[derive(Debug)]
pub struct Rejected {
    spill: Option<BufWriter<File>>,
    n_rows: u64,
}

impl Rejected {
    /// No rows.
    pub(crate) fn new() -> Self {
        Self { spill: None, n_rows: 0 }
    }

    /// The number of rows.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Adds one row.
    pub(crate) fn push(&mut self, row: &RejectedRow<'_>) -> Result<(), DataError> {
        self.write(row).map_err(|source| DataError::Write { file: spill_path(), source })
    }

    fn write(&mut self, row: &RejectedRow<'_>) -> io::Result<()> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            empty => empty.insert(BufWriter::new(tempfile::tempfile()?)),
        };
        write!(spill, "{},{},{},", field(&row.file.to_string_lossy()), row.row, row.reason)?;
        writeln!(spill, "{},{},{}", field(row.column), field(row.value), field(row.content))?;
        self.n_rows += 1;
        Ok(())
    }

    /// Writes the rows to `path` as CSV with the columns `file,row,reason,column,value,content`, atomically.
    ///
    /// `row` counts the file's rows of data from 1. Ids are hashed here too where the plan names a key; `value` and
    /// `content` are then left out where they could hold one.
    pub fn write_rejected(&mut self, path: &Path) -> Result<(), DataError> {
        write_atomically(path, |out| {
            out.write_all(HEADER.as_bytes())?;
            let Some(spill) = &mut self.spill else { return Ok(()) };
            spill.rewind()?;
            io::copy(spill.get_mut(), out)?;
            spill.seek(io::SeekFrom::End(0))?;
            Ok(())
        })
    }
}

/// Named in errors: the spill has no name of its own.
fn spill_path() -> PathBuf {
    std::env::temp_dir()
}

/// A CSV field, quoted where it must be.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}
