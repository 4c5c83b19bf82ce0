//! Delimited text: fields by row, with the row number of everything that is wrong.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use tenure_config::{Data, Delimiter};
use tenure_table::TextColumn;

use super::{SourceColumn, Storage};
use crate::DataError;
use crate::cell::{Batch, Cells, RaggedRow};

/// Rows in one batch.
const BATCH_ROWS: usize = 1 << 14;

/// The columns by the header, by `data.csv.names`, or numbered.
pub(super) fn columns(path: &Path, data: &Data) -> Result<Vec<SourceColumn>, DataError> {
    let mut lines = Records::open(path, data.csv.delimiter)?;
    let mut record = ByteRecord::new();
    if !lines.next(&mut record)? {
        return Err(DataError::EmptyFile { file: path.into() });
    }
    let header = lines.texts(&record)?;
    if data.csv.header && !lines.next(&mut record)? {
        return Err(DataError::NoRows { file: path.into() });
    }
    let names = names(path, data, &header)?;
    Ok(names.into_iter().map(|name| SourceColumn { name, storage: Storage::Text }).collect())
}

fn names(path: &Path, data: &Data, first: &[String]) -> Result<Vec<String>, DataError> {
    let given = &data.csv.names;
    if !given.is_empty() && given.len() != first.len() {
        return Err(DataError::NameCount { file: path.into(), expected: given.len(), found: first.len() });
    }
    let numbered = |at: usize| format!("column_{}", at + 1);
    Ok(match (given.is_empty(), data.csv.header) {
        (false, _) => given.clone(),
        (true, false) => (0..first.len()).map(numbered).collect(),
        (true, true) => {
            let named = |(at, name): (usize, &String)| if name.is_empty() { numbered(at) } else { name.clone() };
            first.iter().enumerate().map(named).collect()
        }
    })
}

/// Reads the columns at these places, batch after batch, until `limit` rows were read; returns the number of rows.
pub(super) fn read(
    path: &Path,
    data: &Data,
    n_columns: usize,
    places: &[usize],
    limit: u64,
    visit: &mut dyn FnMut(&Batch) -> Result<(), DataError>,
) -> Result<u64, DataError> {
    let mut lines = Records::open(path, data.csv.delimiter)?;
    let mut record = ByteRecord::new();
    if data.csv.header {
        lines.next(&mut record)?;
    }
    let mut n_rows = 0;
    loop {
        let batch = next_batch(&mut lines, &mut record, n_rows + 1, n_columns, places)?;
        n_rows += batch.n_rows as u64;
        if batch.n_rows > 0 {
            visit(&batch)?;
        }
        if batch.n_rows == 0 || n_rows >= limit {
            return Ok(n_rows);
        }
    }
}

fn next_batch(
    lines: &mut Records,
    record: &mut ByteRecord,
    first_row: u64,
    n_columns: usize,
    places: &[usize],
) -> Result<Batch, DataError> {
    let mut columns = vec![TextColumn::with_capacity(BATCH_ROWS); places.len()];
    let mut ragged = Vec::new();
    let mut n_rows = 0;
    while n_rows < BATCH_ROWS && lines.next(record)? {
        let is_whole = record.len() == n_columns;
        for (column, &place) in columns.iter_mut().zip(places) {
            column.push(if is_whole { lines.text(record, place)? } else { "" });
        }
        if !is_whole {
            let text = lines.texts(record)?.join(&lines.delimiter());
            ragged.push(RaggedRow { row_idx: n_rows, n_fields: record.len(), text });
        }
        n_rows += 1;
    }
    Ok(Batch { first_row, n_rows, columns: columns.into_iter().map(Cells::Fields).collect(), ragged })
}

/// The records of a file, blank lines left out.
struct Records<'a> {
    path: &'a Path,
    kind: Kind,
    /// The line of the current record, counted from 1.
    line: u64,
    /// How many lines it has.
    line_span: u64,
}

enum Kind {
    Delimited { reader: Box<csv::Reader<QuoteCounter>>, delimiter: u8 },
    Blanks { reader: BufReader<File>, line: Vec<u8> },
}

impl<'a> Records<'a> {
    fn open(path: &'a Path, delimiter: Delimiter) -> Result<Self, DataError> {
        let mut file = File::open(path).map_err(|source| DataError::Read { file: path.into(), source })?;
        let kind = match delimiter {
            Delimiter::Byte(delimiter) => {
                let mut builder = ReaderBuilder::new();
                builder.delimiter(delimiter).has_headers(false).flexible(true).buffer_capacity(1 << 18);
                Kind::Delimited { reader: Box::new(builder.from_reader(QuoteCounter { file, n_quotes: 0 })), delimiter }
            }
            Delimiter::Whitespace => {
                skip_byte_order_mark(&mut file).map_err(|source| DataError::Read { file: path.into(), source })?;
                Kind::Blanks { reader: BufReader::with_capacity(1 << 18, file), line: Vec::new() }
            }
        };
        Ok(Self { path, kind, line: 0, line_span: 0 })
    }

    /// Reads the next record; false at the end.
    fn next(&mut self, record: &mut ByteRecord) -> Result<bool, DataError> {
        match &mut self.kind {
            Kind::Delimited { reader, .. } => {
                let more = reader.read_byte_record(record).map_err(|error| failure(self.path, error))?;
                // Only the last record can be the one that swallowed the rest of the file.
                if !more && self.line_span > 1 && reader.get_ref().n_quotes % 2 == 1 {
                    return Err(DataError::OpenQuote { file: self.path.into(), line: self.line });
                }
                self.line = record.position().map_or(0, csv::Position::line);
                self.line_span = reader.position().line().saturating_sub(self.line);
                Ok(more)
            }
            Kind::Blanks { reader, line } => loop {
                line.clear();
                self.line += 1;
                let source = |source| DataError::Read { file: self.path.into(), source };
                if reader.read_until(b'\n', line).map_err(source)? == 0 {
                    return Ok(false);
                }
                let fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
                *record = fields.collect::<Vec<_>>().into();
                if !record.is_empty() {
                    return Ok(true);
                }
            },
        }
    }

    fn text<'r>(&self, record: &'r ByteRecord, place: usize) -> Result<&'r str, DataError> {
        let field = &record[place];
        std::str::from_utf8(field).map_err(|error| DataError::NotUtf8 {
            file: self.path.into(),
            line: self.line,
            field: place + 1,
            byte: field[error.valid_up_to()],
        })
    }

    fn texts(&self, record: &ByteRecord) -> Result<Vec<String>, DataError> {
        (0..record.len()).map(|place| Ok(self.text(record, place)?.trim().to_string())).collect()
    }

    fn delimiter(&self) -> String {
        match self.kind {
            Kind::Delimited { delimiter, .. } => char::from(delimiter).to_string(),
            Kind::Blanks { .. } => " ".to_string(),
        }
    }
}

/// A file whose quotes are counted while it is read: an odd number of them and a last record of many lines is a quote
/// that was never closed.
struct QuoteCounter {
    file: File,
    n_quotes: u64,
}

impl Read for QuoteCounter {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n_read = self.file.read(buffer)?;
        self.n_quotes += buffer[..n_read].iter().map(|&byte| u64::from(byte == b'"')).sum::<u64>();
        Ok(n_read)
    }
}

fn failure(path: &Path, error: csv::Error) -> DataError {
    match error.into_kind() {
        csv::ErrorKind::Io(source) => DataError::Read { file: path.into(), source },
        kind => DataError::Library { doing: format!("reading {}", path.display()), reason: format!("{kind:?}") },
    }
}

/// The csv crate skips a byte order mark of its own accord.
fn skip_byte_order_mark(file: &mut File) -> std::io::Result<()> {
    use std::io::Seek;
    let mut start = [0; 3];
    let mark_there = file.read(&mut start)? == 3 && start == *b"\xef\xbb\xbf";
    file.seek(std::io::SeekFrom::Start(if mark_there { 3 } else { 0 }))?;
    Ok(())
}
