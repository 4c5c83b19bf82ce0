//! Scores on their way to a file, batch after batch; the file has its name only when it is whole.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{
    Column, DataFrame, DataType, Field, IntoColumn, NamedFrom, ParquetWriter, PolarsError, Schema, Series,
};
use tempfile::NamedTempFile;
use tenure_table::TextColumn;

use crate::DataError;
use crate::raw::BadRow;
use crate::write::new_file;

/// A batch of scores.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    /// The customers' ids; none where the row's number stands for them.
    pub ids: Option<&'a TextColumn>,
    /// The number of each row over all files, counted from 1.
    pub rows: &'a [u64],
    /// The calibrated probability.
    pub probability: &'a [f64],
    /// Bits: 1 a value was missing, 2 a level was not seen in training, 4 a number was outside of what training saw.
    pub unusual: &'a [u8],
}

/// Writes scores as Parquet where the name ends in `.parquet` or `.pq`, else as CSV: columns `id` or `row`,
/// `probability`, `unusual`.
pub struct ScoreWriter {
    path: PathBuf,
    temporary: NamedTempFile,
    has_ids: bool,
    to: To,
}

enum To {
    Csv(BufWriter<File>),
    Parquet(Box<BatchedWriter<BufWriter<File>>>),
}

impl ScoreWriter {
    /// Begins a file.
    pub fn create(path: &Path, has_ids: bool) -> Result<Self, DataError> {
        let failed = |source| DataError::Write { file: path.into(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = new_file().tempfile_in(folder).map_err(failed)?;
        let mut out = BufWriter::with_capacity(1 << 18, temporary.as_file().try_clone().map_err(failed)?);
        let is_parquet = path.extension().is_some_and(|name| name == "parquet" || name == "pq");
        let key = if has_ids { "id" } else { "row" };
        let to = if is_parquet {
            let key_type = if has_ids { DataType::String } else { DataType::UInt64 };
            let fields = [(key, key_type), ("probability", DataType::Float64), ("unusual", DataType::UInt32)];
            let schema: Schema = fields.into_iter().map(|(name, dtype)| Field::new(name.into(), dtype)).collect();
            let writer = ParquetWriter::new(out).batched(&schema).map_err(|error| library(path, &error))?;
            To::Parquet(Box::new(writer))
        } else {
            writeln!(out, "{key},probability,unusual").map_err(failed)?;
            To::Csv(out)
        };
        Ok(Self { path: path.into(), temporary, has_ids, to })
    }

    /// Appends scores.
    pub fn write(&mut self, scores: &Scores<'_>) -> Result<(), DataError> {
        match &mut self.to {
            To::Csv(out) => {
                write_csv(out, scores).map_err(|source| DataError::Write { file: self.path.clone(), source })
            }
            To::Parquet(writer) => {
                let written = frame(scores, self.has_ids).and_then(|frame| writer.write_batch(&frame));
                written.map_err(|error| library(&self.path, &error))
            }
        }
    }

    /// Gives the file its name.
    pub fn finish(self) -> Result<(), DataError> {
        let failed = |source| DataError::Write { file: self.path.clone(), source };
        match self.to {
            To::Csv(mut out) => out.flush().map_err(failed)?,
            To::Parquet(writer) => {
                writer.finish().map_err(|error| library(&self.path, &error))?;
            }
        }
        self.temporary.as_file().sync_all().map_err(failed)?;
        self.temporary.persist(&self.path).map_err(|failure| failed(failure.error))?;
        Ok(())
    }
}

fn library(path: &Path, error: &PolarsError) -> DataError {
    DataError::Library { doing: format!("writing {}", path.display()), reason: error.to_string() }
}

fn write_csv(out: &mut impl Write, scores: &Scores<'_>) -> io::Result<()> {
    for (i, (probability, unusual)) in scores.probability.iter().zip(scores.unusual).enumerate() {
        match scores.ids {
            Some(ids) => write!(out, "{}", field(ids.get(i)))?,
            None => write!(out, "{}", scores.rows[i])?,
        }
        writeln!(out, ",{probability},{unusual}")?;
    }
    Ok(())
}

fn frame(scores: &Scores<'_>, has_ids: bool) -> Result<DataFrame, PolarsError> {
    let key: Column = match scores.ids {
        Some(ids) if has_ids => Series::new("id".into(), ids.iter().collect::<Vec<_>>()).into_column(),
        _ => Series::new("row".into(), scores.rows).into_column(),
    };
    let unusual: Vec<u32> = scores.unusual.iter().map(|bits| u32::from(*bits)).collect();
    DataFrame::new_infer_height(vec![
        key,
        Series::new("probability".into(), scores.probability).into_column(),
        Series::new("unusual".into(), unusual).into_column(),
    ])
}

/// A CSV field, quoted where it must be.
fn field(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}

/// Rows that were not scored, as CSV with the columns `file,row,column,reason,value`; the file is made with the first.
pub struct RejectWriter {
    path: PathBuf,
    open: Option<(NamedTempFile, BufWriter<File>)>,
    n_rows: u64,
}

impl RejectWriter {
    /// Writes nothing yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, open: None, n_rows: 0 }
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// Appends a row, by its number among the rows of data of its file.
    pub fn push(&mut self, file: &Path, row: u64, bad: &BadRow) -> Result<(), DataError> {
        self.write(file, row, bad).map_err(|source| DataError::Write { file: self.path.clone(), source })
    }

    fn write(&mut self, file: &Path, row: u64, bad: &BadRow) -> io::Result<()> {
        if self.open.is_none() {
            let folder = self.path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let temporary = new_file().tempfile_in(folder)?;
            let mut out = BufWriter::new(temporary.as_file().try_clone()?);
            writeln!(out, "file,row,column,reason,value")?;
            self.open = Some((temporary, out));
        }
        let Some((_, out)) = &mut self.open else { return Ok(()) };
        self.n_rows += 1;
        let (column, reason, value) = (field(&bad.column), field(&bad.reason), field(&bad.value));
        writeln!(out, "{},{row},{column},{reason},{value}", field(&file.to_string_lossy()))
    }

    /// Gives the file its name, where there is one; a file of that name from before is removed otherwise.
    pub fn finish(self) -> Result<Option<PathBuf>, DataError> {
        let path = self.path;
        let failed = |source| DataError::Write { file: path.clone(), source };
        let Some((temporary, mut out)) = self.open else {
            return match std::fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed(source)),
                _ => Ok(None),
            };
        };
        out.flush().map_err(failed)?;
        temporary.persist(&path).map_err(|failure| failed(failure.error))?;
        Ok(Some(path))
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{ParquetReader, SerReader};

    use super::*;

    fn write(path: &Path) {
        let mut writer = ScoreWriter::create(path, true).expect("a folder");
        for (id, probability) in [("a,b", 0.25), ("c", 0.1)] {
            let ids = [id].into_iter().collect();
            let scores = Scores { ids: Some(&ids), rows: &[1], probability: &[probability], unusual: &[5] };
            writer.write(&scores).expect("room on disk");
        }
        assert!(!path.exists(), "a file that is not whole has no name");
        writer.finish().expect("room on disk");
    }

    #[test]
    fn scores_read_back_from_parquet_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("scores.parquet");
        write(&path);
        let frame = ParquetReader::new(File::open(&path).expect("written")).finish().expect("a whole file");
        let ids: Vec<_> = frame.column("id").expect("ids").str().expect("text").iter().collect();
        assert_eq!(ids, [Some("a,b"), Some("c")]);
        let probability: Vec<_> = frame.column("probability").expect("scores").f64().expect("doubles").iter().collect();
        assert_eq!(probability, [Some(0.25), Some(0.1)]);
    }

    #[test]
    fn scores_read_as_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("scores.csv");
        write(&path);
        let text = std::fs::read_to_string(&path).expect("written");
        assert_eq!(text, "id,probability,unusual\n\"a,b\",0.25,5\nc,0.1,5\n");
    }
}
