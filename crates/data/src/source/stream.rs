//! Arrow IPC streams: record batches as they come, from anything that can be read forward, such as standard input.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use polars::prelude::{Column, IntoColumn, PolarsError, Series};
use polars_arrow::io::ipc::read::{StreamMetadata, StreamReader, StreamState, read_stream_metadata};

use super::{SourceColumn, parquet};
use crate::DataError;
use crate::cell::Batch;

/// How errors call the stream.
pub(crate) const NAME: &str = "the Arrow stream";

/// The first bytes of a stream's messages.
pub(crate) const CONTINUATION: [u8; 4] = [0xff; 4];

/// A stream whose columns are known.
pub(crate) struct ArrowStream<R: Read> {
    pub columns: Vec<SourceColumn>,
    reader: StreamReader<Forward<R>>,
    n_rows: u64,
}

impl<R: Read> ArrowStream<R> {
    /// Reads the schema.
    pub(crate) fn open(mut input: R) -> Result<Self, DataError> {
        let metadata = guarded(|| read_stream_metadata(&mut input))?;
        let columns = columns(&metadata)?;
        let reader = StreamReader::new(Forward { input, at: 0 }, metadata, None);
        Ok(Self { columns, reader, n_rows: 0 })
    }

    /// The next batch, with these columns in this order; none at the end.
    ///
    /// # Panics
    /// When the stream has no column of a name.
    pub(crate) fn next(&mut self, names: &[&str]) -> Result<Option<Batch>, DataError> {
        let Some(found) = guarded(|| self.reader.next().transpose())? else { return Ok(None) };
        // A stream may end without saying so; what is read has then come to its end too.
        let StreamState::Some(found) = found else { return Ok(None) };
        let place = |name: &&str| self.columns.iter().position(|column| column.name == *name);
        let column = |name: &&str| -> Result<Column, PolarsError> {
            let array = found.arrays()[place(name).expect("a column of the stream")].clone();
            Series::from_arrow((*name).into(), array).map(IntoColumn::into_column)
        };
        let cells = |name: &&str| {
            let column = guarded(|| column(name))?;
            parquet::cells(Path::new(NAME), &column)
        };
        let columns = names.iter().map(cells).collect::<Result<_, _>>()?;
        let n_rows = found.len();
        let first_row = self.n_rows + 1;
        self.n_rows += n_rows as u64;
        Ok(Some(Batch { first_row, n_rows, columns, ragged: Vec::new() }))
    }
}

fn columns(metadata: &StreamMetadata) -> Result<Vec<SourceColumn>, DataError> {
    let fields = metadata.schema.iter_values();
    let columns = fields.map(|field| parquet::column(Path::new(NAME), &field.name, field.dtype()));
    let columns: Vec<SourceColumn> = columns.collect::<Result<_, _>>()?;
    let mut names = BTreeSet::new();
    match columns.iter().find(|column| !names.insert(column.name.as_str())) {
        Some(twice) => Err(DataError::DuplicateColumn { file: NAME.into(), column: twice.name.clone() }),
        None => Ok(columns),
    }
}

/// The library panics on some bytes that are no stream.
fn guarded<T>(read: impl FnOnce() -> Result<T, PolarsError>) -> Result<T, DataError> {
    let broken = |reason: String| DataError::Library { doing: format!("reading {NAME}"), reason };
    let read = catch_unwind(AssertUnwindSafe(read));
    let read = read.map_err(|_panic| broken("its bytes are not those of an Arrow IPC stream".into()))?;
    read.map_err(|error| broken(error.to_string().lines().next().unwrap_or_default().trim_end_matches('.').into()))
}

/// A reader that tells its place and skips forward by reading.
struct Forward<R> {
    input: R,
    at: u64,
}

impl<R: Read> Read for Forward<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl<R: Read> Seek for Forward<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let backward = || io::Error::new(io::ErrorKind::Unsupported, "a stream is only read forward");
        let target = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self.at.checked_add_signed(by).ok_or_else(backward)?,
            SeekFrom::End(_) => return Err(backward()),
        };
        let n = target.checked_sub(self.at).ok_or_else(backward)?;
        let skipped = io::copy(&mut self.by_ref().take(n), &mut io::sink())?;
        if skipped < n {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends inside a batch"));
        }
        Ok(self.at)
    }
}
