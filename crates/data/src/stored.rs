//! Columns of a table in a scratch file, for tables larger than memory: written stripe after stripe while files are read,
//! looked at afterwards column by column, or some rows of all columns at a time.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use tenure_table::{Categories, Column, MISSING_CODE, Role, Values};

use crate::DataError;
use crate::builder::Builder;

/// Rows of a stripe. Within one the values of a column lie together, so that a column is read in pieces of 64 KiB.
const STRIPE_ROWS: usize = 1 << 14;

/// Bytes of a value: a number in single precision, or the code of a level.
const VALUE_BYTES: u64 = 4;

/// A column that is not in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredColumn {
    /// Its name.
    pub name: String,
    /// What it means.
    pub role: Role,
    /// Rows without a value.
    pub n_missing: u64,
    /// The names of levels; none for numbers.
    pub levels: Option<Vec<String>>,
}

/// Columns of numbers and levels in a file without a name, which is gone when the program is, however it ends.
#[derive(Debug)]
pub struct StoredColumns {
    file: File,
    /// The folder that the file lies in, for messages.
    folder: PathBuf,
    n_rows: usize,
    columns: Vec<StoredColumn>,
}

impl StoredColumns {
    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[StoredColumn] {
        &self.columns
    }

    /// The column of this name, all its rows; none where there is no such column.
    ///
    /// # Errors
    /// [`DataError::Read`]
    pub fn column(&self, name: &str) -> Result<Option<Column>, DataError> {
        self.rows_of(name, 0..self.n_rows)
    }

    /// Some rows of the column of this name; none where there is no such column.
    ///
    /// # Errors
    /// [`DataError::Read`]
    ///
    /// # Panics
    /// Where there are not so many rows.
    pub fn rows_of(&self, name: &str, rows: Range<usize>) -> Result<Option<Column>, DataError> {
        assert!(rows.end <= self.n_rows, "rows that there are");
        let Some(place) = self.columns.iter().position(|column| column.name == name) else { return Ok(None) };
        let column = &self.columns[place];
        let bits = self.bits(place, rows).map_err(|source| DataError::Read { file: self.folder.clone(), source })?;
        let values = match &column.levels {
            None => Values::Numeric(bits.into_iter().map(f32::from_bits).collect()),
            Some(levels) => Values::Category(Categories { codes: bits, levels: levels.clone() }),
        };
        Ok(Some(Column::new(&column.name, column.role, values)))
    }

    /// The four bytes of each value.
    fn bits(&self, place: usize, rows: Range<usize>) -> io::Result<Vec<u32>> {
        let mut bits = Vec::with_capacity(rows.len());
        let mut bytes = Vec::new();
        let mut row = rows.start;
        while row < rows.end {
            let stripe = row / STRIPE_ROWS;
            let stripe_rows = STRIPE_ROWS.min(self.n_rows - stripe * STRIPE_ROWS);
            let end = rows.end.min(stripe * STRIPE_ROWS + stripe_rows);
            let before = stripe * STRIPE_ROWS * self.columns.len() + place * stripe_rows + row % STRIPE_ROWS;
            bytes.resize((end - row) * VALUE_BYTES as usize, 0);
            read_at(&self.file, VALUE_BYTES * before as u64, &mut bytes)?;
            bits.extend(bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)));
            row = end;
        }
        Ok(bits)
    }
}

/// Columns on their way into the file.
#[derive(Debug)]
pub(crate) struct ColumnWriter {
    out: BufWriter<File>,
    folder: PathBuf,
    n_rows: usize,
    n_missing: Vec<u64>,
}

impl ColumnWriter {
    /// A new scratch file in a folder, or in the system's where there is no such folder.
    pub(crate) fn new(folder: &Path, n_columns: usize) -> Result<Self, DataError> {
        let folder = if folder.is_dir() { folder.to_path_buf() } else { std::env::temp_dir() };
        match tempfile::tempfile_in(&folder) {
            Ok(file) => Ok(Self::onto(file, folder, n_columns)),
            Err(source) => Err(DataError::Write { file: folder, source }),
        }
    }

    fn onto(file: File, folder: PathBuf, n_columns: usize) -> Self {
        Self { out: BufWriter::with_capacity(1 << 20, file), folder, n_rows: 0, n_missing: vec![0; n_columns] }
    }

    /// Rows of a full stripe.
    pub(crate) const STRIPE_ROWS: usize = STRIPE_ROWS;

    /// Whether a stripe is full once so many rows were read.
    pub(crate) fn is_full(n_rows: u64) -> bool {
        n_rows.is_multiple_of(STRIPE_ROWS as u64)
    }

    /// Of so many rows those in no full stripe.
    pub(crate) fn rest(n_rows: u64) -> usize {
        (n_rows % STRIPE_ROWS as u64) as usize
    }

    /// Takes what these columns hold, a stripe of `n_rows`, and leaves them empty.
    pub(crate) fn take<'b>(
        &mut self,
        n_rows: usize,
        builders: impl Iterator<Item = &'b mut Builder>,
    ) -> Result<(), DataError> {
        self.n_rows += n_rows;
        for (builder, n_missing) in builders.zip(&mut self.n_missing) {
            *n_missing += builder
                .spill(&mut self.out)
                .map_err(|source| DataError::Write { file: self.folder.clone(), source })?;
        }
        Ok(())
    }

    /// The columns that were written, of these names, roles and levels.
    pub(crate) fn finish(self, columns: Vec<(String, Role, Option<Vec<String>>)>) -> Result<StoredColumns, DataError> {
        let Self { out, folder, n_rows, n_missing } = self;
        let file =
            out.into_inner().map_err(|error| DataError::Write { file: folder.clone(), source: error.into_error() })?;
        let column = |((name, role, levels), n_missing)| StoredColumn { name, role, n_missing, levels };
        let columns = columns.into_iter().zip(n_missing).map(column).collect();
        Ok(StoredColumns { file, folder, n_rows, columns })
    }
}

/// Writes the bits of values, little-endian; how many are missing.
pub(crate) fn write_values<T: Copy>(
    out: &mut impl Write,
    values: &[T],
    bits: impl Fn(T) -> u32,
    is_missing: impl Fn(T) -> bool,
) -> io::Result<u64> {
    let mut bytes = Vec::with_capacity(values.len() * VALUE_BYTES as usize);
    for &value in values {
        bytes.extend_from_slice(&bits(value).to_le_bytes());
    }
    out.write_all(&bytes)?;
    Ok(values.iter().filter(|&&value| is_missing(value)).count() as u64)
}

/// Whether a code is that of no level.
pub(crate) fn is_missing_code(code: u32) -> bool {
    code == MISSING_CODE
}

#[cfg(unix)]
fn read_at(file: &File, at: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, at: u64, bytes: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    fn builders() -> [Builder; 2] {
        let numbers = Builder::Numbers { values: Vec::new(), n_infinite: 0 };
        [numbers, Builder::Levels { codes: Vec::new(), levels: Box::new(Dictionary::default()) }]
    }

    fn push(builders: &mut [Builder; 2], row: usize) {
        builders[0].push_number(if row.is_multiple_of(5) { f64::NAN } else { row as f64 });
        let code = if row.is_multiple_of(7) { MISSING_CODE } else { row as u32 % 3 };
        if let Builder::Levels { codes, .. } = &mut builders[1] {
            codes.push(code);
        }
    }

    #[test]
    fn columns_come_back_whole_and_in_parts() {
        let n_rows = 2 * STRIPE_ROWS + 100;
        let mut writer = ColumnWriter::new(Path::new("no such folder"), 2).expect("room on disk");
        let (mut stored, mut expected) = (builders(), builders());
        for row in 0..n_rows {
            push(&mut stored, row);
            push(&mut expected, row);
            if ColumnWriter::is_full(row as u64 + 1) {
                writer.take(STRIPE_ROWS, stored.iter_mut()).expect("room on disk");
            }
        }
        writer.take(100, stored.iter_mut()).expect("room on disk");
        let levels = ["a", "b", "c"].map(String::from).to_vec();
        let names = vec![("x".into(), Role::Numeric, None), ("y".into(), Role::Category, Some(levels.clone()))];
        let columns = writer.finish(names).expect("room on disk");
        let [Builder::Numbers { values, .. }, Builder::Levels { codes, .. }] = &expected else { panic!("as made") };
        assert_eq!(columns.columns()[0].n_missing, values.iter().filter(|x| x.is_nan()).count() as u64);
        assert_eq!(columns.columns()[1].n_missing, codes.iter().filter(|&&code| code == MISSING_CODE).count() as u64);
        for rows in [0..n_rows, 5..9, STRIPE_ROWS - 3..2 * STRIPE_ROWS + 50, n_rows - 1..n_rows, 4..4] {
            let Some(Values::Numeric(found)) = columns.rows_of("x", rows.clone()).expect("readable").map(|c| c.values)
            else {
                panic!("numbers")
            };
            let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&found), bits(&values[rows.clone()]));
            let Some(Values::Category(found)) = columns.rows_of("y", rows.clone()).expect("readable").map(|c| c.values)
            else {
                panic!("levels")
            };
            assert_eq!((found.codes.as_slice(), &found.levels), (&codes[rows], &levels));
        }
        assert!(columns.column("z").expect("readable").is_none());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told() {
        let full = File::options().read(true).write(true).open("/dev/full").expect("Linux has one");
        let mut writer = ColumnWriter::onto(full, "here".into(), 2);
        let mut columns = builders();
        for row in 0..STRIPE_ROWS {
            push(&mut columns, row);
        }
        let error = writer.take(STRIPE_ROWS, columns.iter_mut()).and_then(|()| writer.finish(Vec::new()));
        assert!(matches!(error, Err(DataError::Write { .. })), "{error:?}");
    }
}
