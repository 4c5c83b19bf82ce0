//! Raw rows of customers for scoring: columns found by name, batch after batch, in the order of the files.
//!
//! Nothing is inferred here: what is read as a number or as a level was decided when the encoders were fitted. A cell that
//! is not what its column was read as makes its row a [`BadRow`]; the others go on.

use std::path::{Path, PathBuf};

use tenure_config::Data;
use tenure_table::{Span, TextColumn};

use crate::cell::{Batch, Cell, Cells, MissingWords};
use crate::instant::Clock;
use crate::source::{SourceFile, known_rows, open_all};
use crate::{DataError, Observer};

/// A column to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawColumn {
    /// Its name in the files.
    pub name: String,
    /// Whether it holds numbers (or times, read as days since 1970-01-01); otherwise levels.
    pub is_number: bool,
}

/// The cells of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum RawCells {
    /// NaN is missing.
    Numbers(Vec<f32>),
    /// Levels; where `missing` is set there is none.
    Levels {
        /// One for each row.
        texts: TextColumn,
        /// One for each row.
        missing: Vec<bool>,
    },
}

/// Consecutive rows of one file.
#[derive(Clone, Debug)]
pub struct RawBatch<'a> {
    /// The file.
    pub file: &'a Path,
    /// The number of the first row among the file's rows of data, counted from 1.
    pub first_row: u64,
    /// How many rows.
    pub n_rows: usize,
    /// In the order asked for.
    pub columns: Vec<RawCells>,
    /// The ids, where a column of them was asked for.
    pub ids: Option<TextColumn>,
    /// Rows that cannot be scored, ascending, each once.
    pub bad: Vec<BadRow>,
}

/// A row that cannot be scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Its place in the batch.
    pub row_idx: usize,
    /// The column at fault; empty where the whole row is.
    pub column: String,
    /// What is wrong.
    pub reason: String,
    /// The value at fault.
    pub value: String,
}

/// Files of raw rows.
#[derive(Debug)]
pub struct RawFiles {
    files: Vec<SourceFile>,
    data: Data,
}

impl RawFiles {
    /// Opens the files of these paths or patterns, in order of their paths; `data` says how text is read.
    pub fn open(patterns: &[String], data: &Data) -> Result<Self, DataError> {
        let files = open_all(patterns, data)?;
        Ok(Self { files, data: data.clone() })
    }

    /// The paths, in the order of reading.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    /// Whether the files have a column of this name.
    pub fn has_column(&self, name: &str) -> bool {
        self.files.iter().all(|file| file.place(name).is_some())
    }

    /// Reads these columns, and the ids where a column of them is named, and returns the number of rows.
    pub fn read(
        &self,
        columns: &[RawColumn],
        id: Option<&str>,
        observer: &mut dyn Observer,
        visit: &mut dyn FnMut(&RawBatch<'_>) -> Result<(), DataError>,
    ) -> Result<u64, DataError> {
        for file in &self.files {
            check(file, columns, id)?;
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).chain(id).collect();
        let mut converter =
            Converter { columns, missing: MissingWords::new(&self.data.missing), clock: Clock::new(&self.data)? };
        observer.begin("scoring", known_rows(&self.files));
        let mut done = 0;
        for file in &self.files {
            file.read(&names, &self.data, u64::MAX, &mut |batch| {
                visit(&converter.convert(&file.path, batch))?;
                done += batch.n_rows as u64;
                observer.progress(done);
                Ok(())
            })?;
        }
        Ok(done)
    }
}

/// Every file must have every column.
fn check(file: &SourceFile, columns: &[RawColumn], id: Option<&str>) -> Result<(), DataError> {
    let wanted = columns.iter().map(|column| (column.name.as_str(), "an input of the bundle"));
    let absent = wanted.chain(id.map(|id| (id, "the id"))).find(|(name, _)| file.place(name).is_none());
    match absent {
        None => Ok(()),
        Some((name, wanted_by)) => Err(DataError::MissingColumn {
            file: file.path.clone(),
            column: name.into(),
            wanted_by: wanted_by.into(),
            found: file.names(),
        }),
    }
}

/// Turns batches of cells into numbers and levels.
struct Converter<'a> {
    columns: &'a [RawColumn],
    missing: MissingWords,
    clock: Clock,
}

impl Converter<'_> {
    fn convert<'f>(&mut self, file: &'f Path, batch: &Batch) -> RawBatch<'f> {
        let mut bad: Vec<BadRow> = batch
            .ragged
            .iter()
            .map(|row| BadRow {
                row_idx: row.row_idx,
                column: String::new(),
                reason: format!("{} fields, unlike the header", row.n_fields),
                value: row.text.clone(),
            })
            .collect();
        let mut columns = Vec::with_capacity(self.columns.len());
        for (column, cells) in self.columns.iter().zip(&batch.columns) {
            columns.push(if column.is_number {
                RawCells::Numbers(self.numbers(column, cells, batch.n_rows, &mut bad))
            } else {
                self.levels(cells, batch.n_rows)
            });
        }
        let ids = batch.columns.get(self.columns.len()).map(|cells| self.texts(cells, batch.n_rows));
        bad.sort_by_key(|row| row.row_idx);
        bad.dedup_by_key(|row| row.row_idx);
        RawBatch { file, first_row: batch.first_row, n_rows: batch.n_rows, columns, ids, bad }
    }

    fn numbers(&mut self, column: &RawColumn, cells: &Cells, n_rows: usize, bad: &mut Vec<BadRow>) -> Vec<f32> {
        // Floats and integers of Parquet need no look at each cell's kind.
        match cells {
            Cells::Float(values) => return values.iter().map(|value| single(value.unwrap_or(f64::NAN))).collect(),
            Cells::Integer(values) => {
                return values.iter().map(|value| value.map_or(f32::NAN, |value| value as f64 as f32)).collect();
            }
            _ => {}
        }
        let number = |row_idx: usize| {
            let cell = cells.get(row_idx, &self.missing);
            if let Ok(number) = cell.number() {
                return single(number.unwrap_or(f64::NAN));
            }
            if let Ok(Some(us)) = cell.instant(&mut self.clock) {
                return Span(us).as_days() as f32;
            }
            let reason = "expected a number".to_owned();
            bad.push(BadRow { row_idx, column: column.name.clone(), reason, value: cell.spelled() });
            f32::NAN
        };
        (0..n_rows).map(number).collect()
    }

    fn levels(&self, cells: &Cells, n_rows: usize) -> RawCells {
        let mut texts = TextColumn::with_capacity(n_rows);
        let mut missing = Vec::with_capacity(n_rows);
        let mut spelled = String::new();
        for row_idx in 0..n_rows {
            let cell = cells.get(row_idx, &self.missing);
            missing.push(cell == Cell::Missing);
            push(&mut texts, cell, &mut spelled);
        }
        RawCells::Levels { texts, missing }
    }

    fn texts(&self, cells: &Cells, n_rows: usize) -> TextColumn {
        let mut texts = TextColumn::with_capacity(n_rows);
        let mut spelled = String::new();
        for row_idx in 0..n_rows {
            push(&mut texts, cells.get(row_idx, &self.missing), &mut spelled);
        }
        texts
    }
}

fn push(texts: &mut TextColumn, cell: Cell<'_>, spelled: &mut String) {
    if let Cell::Text(text) = cell {
        texts.push(text);
    } else {
        spelled.clear();
        cell.spell(spelled);
        texts.push(spelled);
    }
}

/// In single precision; what is not finite there is missing.
fn single(number: f64) -> f32 {
    let number = number as f32;
    if number.is_finite() { number } else { f32::NAN }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tenure_config::{Overrides, parse};

    use super::*;
    use crate::Silent;

    fn settings() -> Data {
        parse("[data]\nsource = \"synthetic\"\n", "x", &Overrides::default()).expect("a small file").data
    }

    fn column(name: &str, is_number: bool) -> RawColumn {
        RawColumn { name: name.into(), is_number }
    }

    #[test]
    fn cells_that_cannot_be_read_make_their_rows_bad_and_leave_the_others() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(b"plan,id,spend\ngold,7,1.5\n NA ,8,\nb,9\nb,10,many\nb,11,2024-01-02\n").expect("written");
        let files = RawFiles::open(&[file.path().display().to_string()], &settings()).expect("opened");
        let mut seen = 0;
        let n_rows =
            files.read(&[column("spend", true), column("plan", false)], Some("id"), &mut Silent, &mut |batch| {
                seen += 1;
                let RawCells::Numbers(spend) = &batch.columns[0] else { unreachable!() };
                assert_eq!(spend[0], 1.5);
                assert!(spend[1].is_nan());
                assert_eq!(spend[4], 19_724.0);
                let RawCells::Levels { texts, missing } = &batch.columns[1] else { unreachable!() };
                assert_eq!((texts.get(0), missing.as_slice()), ("gold", [false, true, true, false, false].as_slice()));
                assert_eq!(batch.ids.as_ref().expect("asked for").get(3), "10");
                let bad: Vec<_> =
                    batch.bad.iter().map(|row| (row.row_idx, row.column.as_str(), row.value.as_str())).collect();
                assert_eq!(bad, [(2, "", "b,9"), (3, "spend", "many")]);
                Ok(())
            });
        assert_eq!((n_rows.expect("read"), seen), (5, 1));
    }

    #[test]
    fn an_absent_column_is_named() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(b"a\n1\n").expect("written");
        let files = RawFiles::open(&[file.path().display().to_string()], &settings()).expect("opened");
        let error = files.read(&[column("b", true)], None, &mut Silent, &mut |_| Ok(())).expect_err("no such column");
        assert!(error.to_string().contains("expected a column `b` (an input of the bundle), found `a`"), "{error}");
    }
}
