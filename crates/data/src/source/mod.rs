//! Files as batches of columns: which files, in which format, with which columns, row by row.

mod digest;
mod parquet;
mod row_groups;
pub(crate) mod stream;
mod text;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tenure_config::Data;

pub(crate) use digest::digest;

use crate::cell::Batch;
use crate::{DataError, Observer};

/// How many bytes tell a format.
const MAGIC: &[u8; 4] = b"PAR1";

/// A file whose columns are known.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    /// Its path.
    pub path: PathBuf,
    /// Its columns in order.
    pub columns: Vec<SourceColumn>,
    /// Its rows, where its format tells without reading them.
    pub n_rows: Option<u64>,
    format: Format,
    /// About how many bytes of its rows may be in memory while it is read; none where the engine decides.
    at_once: Option<u64>,
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceColumn {
    pub name: String,
    pub storage: Storage,
}

impl SourceColumn {
    /// Whether its values can be read at all.
    pub(crate) fn is_readable(&self) -> bool {
        !matches!(self.storage, Storage::Other(_))
    }
}

/// How a column is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    Text,
    Integer,
    Float,
    Boolean,
    /// An instant, with or without a zone.
    Time,
    /// Nothing but missing values.
    Empty,
    /// Something that no column of an experiment can be, such as a list.
    Other(String),
}

impl std::fmt::Display for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Integer => "whole numbers",
            Self::Float => "numbers",
            Self::Boolean => "true/false",
            Self::Time => "times",
            Self::Empty => "no values",
            Self::Other(kind) => kind,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Parquet,
}

impl SourceFile {
    /// Opens one file and learns its columns.
    pub(crate) fn open(path: &Path, data: &Data) -> Result<Self, DataError> {
        let format = format_of(path)?;
        let (columns, n_rows) = match format {
            Format::Text => (text::columns(path, data)?, None),
            Format::Parquet => parquet::columns(path).map(|(columns, n_rows)| (columns, Some(n_rows)))?,
        };
        let mut names = BTreeSet::new();
        match columns.iter().find(|column| !names.insert(column.name.as_str())) {
            Some(twice) => Err(DataError::DuplicateColumn { file: path.into(), column: twice.name.clone() }),
            None => Ok(Self { path: path.into(), columns, n_rows, format, at_once: None }),
        }
    }

    /// The same, read with about so many bytes of its rows in memory. Text is read a few rows at a time anyway.
    pub(crate) fn within(self, n_bytes: u64) -> Self {
        Self { at_once: Some(n_bytes), ..self }
    }

    /// Reads the columns of these names, in this order, batch after batch, until `limit` rows were read or the file
    /// ends; returns the number of rows.
    ///
    /// # Panics
    /// When the file has no column of a name.
    pub(crate) fn read(
        &self,
        names: &[&str],
        data: &Data,
        limit: u64,
        visit: &mut dyn FnMut(&Batch) -> Result<(), DataError>,
    ) -> Result<u64, DataError> {
        let places: Vec<usize> = names.iter().map(|name| self.place(name).expect("a column of the file")).collect();
        match (self.format, self.at_once) {
            (Format::Text, _) => text::read(&self.path, data, self.columns.len(), &places, limit, visit),
            (Format::Parquet, None) => parquet::read(&self.path, names, limit, visit),
            (Format::Parquet, Some(n_bytes)) => row_groups::read_within(&self.path, names, limit, n_bytes, visit),
        }
    }

    /// Slices that can be read in any order, by several threads; none where the format must be read from the front.
    pub(crate) fn slices(&self) -> Result<Option<Vec<(usize, usize)>>, DataError> {
        match self.format {
            Format::Text => Ok(None),
            Format::Parquet => row_groups::slices(&self.path).map(Some),
        }
    }

    /// Reads the columns of these names in one of [`SourceFile::slices`].
    pub(crate) fn read_slice(&self, names: &[&str], slice: (usize, usize)) -> Result<Batch, DataError> {
        row_groups::read_slice(&self.path, names, slice)
    }

    /// The place of the column of this name.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The columns' names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }
}

/// The files of these patterns in order of their paths, all with the same columns.
pub(crate) fn open_all(patterns: &[String], data: &Data) -> Result<Vec<SourceFile>, DataError> {
    let mut paths = BTreeSet::new();
    for pattern in patterns {
        paths.extend(resolve(pattern)?);
    }
    let files: Vec<SourceFile> = paths.iter().map(|path| SourceFile::open(path, data)).collect::<Result<_, _>>()?;
    if let Some((first, rest)) = files.split_first() {
        rest.iter().try_for_each(|file| same_columns(first, file))?;
    }
    Ok(files)
}

/// The files that a path or a pattern names.
fn resolve(pattern: &str) -> Result<Vec<PathBuf>, DataError> {
    let literal = Path::new(pattern);
    if literal.is_file() {
        return Ok(vec![literal.into()]);
    }
    if !pattern.contains(['*', '?', '[']) {
        return Err(DataError::MissingFile { file: literal.into() });
    }
    let matches = glob::glob(pattern)
        .map_err(|error| DataError::BadPattern { pattern: pattern.into(), reason: error.msg.to_string() })?;
    let paths = matches
        .map(|path| path.map_err(|error| DataError::Read { file: error.path().into(), source: error.into() }))
        .filter(|path| path.as_ref().map_or(true, |path| path.is_file()))
        .collect::<Result<Vec<_>, _>>()?;
    if paths.is_empty() { Err(DataError::NoMatch { pattern: pattern.into() }) } else { Ok(paths) }
}

/// Whether `file` has the columns of `first`; order does not matter, for columns are found by name.
fn same_columns(first: &SourceFile, file: &SourceFile) -> Result<(), DataError> {
    let differs = |column: &str, expected: String, found: String| {
        let (file, first) = (file.path.clone(), first.path.clone());
        Err(DataError::SchemaMismatch { file, first, column: column.into(), expected, found })
    };
    for column in &first.columns {
        match file.columns.iter().find(|other| other.name == column.name) {
            None => return differs(&column.name, column.storage.to_string(), "no such column".into()),
            Some(other) if other.storage != column.storage && !is_empty(other) && !is_empty(column) => {
                return differs(&column.name, column.storage.to_string(), other.storage.to_string());
            }
            Some(_) => {}
        }
    }
    match file.columns.iter().find(|column| first.place(&column.name).is_none()) {
        Some(extra) => differs(&extra.name, "no such column".into(), extra.storage.to_string()),
        None => Ok(()),
    }
}

fn is_empty(column: &SourceColumn) -> bool {
    column.storage == Storage::Empty
}

/// The format by the first bytes; the name decides only what to say about a file that is neither.
fn format_of(path: &Path) -> Result<Format, DataError> {
    use std::io::Read;
    let read = |source| DataError::Read { file: path.into(), source };
    let mut start = Vec::with_capacity(64);
    std::fs::File::open(path).map_err(read)?.take(64).read_to_end(&mut start).map_err(read)?;
    let named_parquet = path.extension().is_some_and(|name| name == "parquet" || name == "pq");
    if start.starts_with(MAGIC) {
        Ok(Format::Parquet)
    } else if start.is_empty() {
        Err(DataError::EmptyFile { file: path.into() })
    } else if named_parquet {
        Err(DataError::NotParquet { file: path.into(), found: look_of(&start).into() })
    } else if let Some(kind) = known_binary(&start) {
        Err(DataError::NotText { file: path.into(), found: kind })
    } else {
        Ok(Format::Text)
    }
}

fn look_of(start: &[u8]) -> &'static str {
    match known_binary(start) {
        Some(kind) => kind,
        None if std::str::from_utf8(start).is_ok() => "text",
        None => "other bytes",
    }
}

/// Formats that people hand over in the hope that they are read.
fn known_binary(start: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "a zip archive (or a spreadsheet)"),
        (b"\x1f\x8b", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"ARROW1", "an Arrow file"),
        (b"SQLite format 3", "an SQLite database"),
        (b"\xff\xfe", "UTF-16 text"),
    ];
    kinds.into_iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, kind)| kind)
}

/// Rows of all files where every format tells.
pub(crate) fn known_rows(files: &[SourceFile]) -> Option<u64> {
    files.iter().map(|file| file.n_rows).sum()
}

/// Reads all files one after the other, tells the observer, and returns each file's rows.
pub(crate) fn read_all(
    files: &[SourceFile],
    names: &[&str],
    data: &Data,
    observer: &mut dyn Observer,
    visit: &mut dyn FnMut(&SourceFile, &Batch) -> Result<(), DataError>,
) -> Result<Vec<u64>, DataError> {
    let mut done = 0;
    files
        .iter()
        .map(|file| {
            file.read(names, data, u64::MAX, &mut |batch| {
                visit(file, batch)?;
                done += batch.n_rows as u64;
                observer.progress(done);
                Ok(())
            })
        })
        .collect()
}
