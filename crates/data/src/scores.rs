//! Scores on their way to a file, batch after batch; the file has its name only when it is whole.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::LazyLock;

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{Column, CompatLevel, DataFrame, IntoColumn, NamedFrom, ParquetWriter, PolarsError, Series};
use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions};
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
    /// What each score is made of, where that was asked for.
    pub reasons: Option<Reasons<'a>>,
}

/// The columns that moved each score most, and by how much.
#[derive(Clone, Copy, Debug)]
pub struct Reasons<'a> {
    /// How many each row has, R.
    pub n: usize,
    /// Their names, `[rows, R]`, the strongest first.
    pub columns: &'a [&'a str],
    /// In log-odds, `[rows, R]`.
    pub contributions: &'a [f64],
    /// The sum of all other columns' contributions, `[rows]`.
    pub others: &'a [f64],
}

impl<'a> Reasons<'a> {
    /// Reason `reason_idx` of each row.
    fn column(&self, reason_idx: usize) -> (Vec<&'a str>, Vec<f64>) {
        let pick = || (0..self.others.len()).map(|row_idx| row_idx * self.n + reason_idx);
        (pick().map(|at| self.columns[at]).collect(), pick().map(|at| self.contributions[at]).collect())
    }
}

/// Which columns a file of scores has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScoreColumns {
    /// `id` in place of `row`.
    pub has_ids: bool,
    /// `reason_1`, `contribution_1` and so on, then `contribution_others`; none where it is 0.
    pub n_reasons: usize,
}

/// Writes scores as Parquet where the name ends in `.parquet` or `.pq`, else as CSV: columns `id` or `row`,
/// `probability`, `unusual`, and reasons where there are any.
pub struct ScoreWriter {
    path: PathBuf,
    temporary: NamedTempFile,
    to: To,
}

enum To {
    Csv(BufWriter<File>),
    Parquet(Box<BatchedWriter<BufWriter<File>>>),
}

impl ScoreWriter {
    /// Begins a file.
    pub fn create(path: &Path, columns: ScoreColumns) -> Result<Self, DataError> {
        let failed = |source| DataError::Write { file: path.into(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = new_file().tempfile_in(folder).map_err(failed)?;
        let mut out = BufWriter::with_capacity(1 << 18, temporary.as_file().try_clone().map_err(failed)?);
        let is_parquet = path.extension().is_some_and(|name| name == "parquet" || name == "pq");
        let to = if is_parquet {
            let schema = frame(&empty(columns), None).map_err(|error| library(path, &error))?.schema().clone();
            let writer = ParquetWriter::new(out).batched(&schema).map_err(|error| library(path, &error))?;
            To::Parquet(Box::new(writer))
        } else {
            let key = if columns.has_ids { "id" } else { "row" };
            let reasons = (1..=columns.n_reasons).map(|i| format!(",reason_{i},contribution_{i}")).collect::<String>();
            let others = if columns.n_reasons > 0 { ",contribution_others" } else { "" };
            writeln!(out, "{key},probability,unusual{reasons}{others}").map_err(failed)?;
            To::Csv(out)
        };
        Ok(Self { path: path.into(), temporary, to })
    }

    /// Appends scores.
    pub fn write(&mut self, scores: &Scores<'_>) -> Result<(), DataError> {
        match &mut self.to {
            To::Csv(out) => {
                write_csv(out, scores).map_err(|source| DataError::Write { file: self.path.clone(), source })
            }
            To::Parquet(writer) => {
                let written = frame(scores, None).and_then(|frame| writer.write_batch(&frame));
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
        write!(out, ",{probability},{unusual}")?;
        if let Some(reasons) = scores.reasons {
            for at in i * reasons.n..(i + 1) * reasons.n {
                write!(out, ",{},{}", field(reasons.columns[at]), reasons.contributions[at])?;
            }
            write!(out, ",{}", reasons.others[i])?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Columns without rows: what a schema is made of.
fn empty(columns: ScoreColumns) -> Scores<'static> {
    static NO_IDS: LazyLock<TextColumn> = LazyLock::new(|| TextColumn::with_capacity(0));
    let reasons = Reasons { n: columns.n_reasons, columns: &[], contributions: &[], others: &[] };
    Scores {
        ids: columns.has_ids.then_some(&*NO_IDS),
        rows: &[],
        probability: &[],
        unusual: &[],
        reasons: (columns.n_reasons > 0).then_some(reasons),
    }
}

/// Scores as a frame; with `errors`, a column that says why a row has none.
fn frame(scores: &Scores<'_>, errors: Option<&[Option<String>]>) -> Result<DataFrame, PolarsError> {
    let key: Column = match scores.ids {
        Some(ids) => Series::new("id".into(), ids.iter().collect::<Vec<_>>()).into_column(),
        None => Series::new("row".into(), scores.rows).into_column(),
    };
    let unusual: Vec<u32> = scores.unusual.iter().map(|bits| u32::from(*bits)).collect();
    let number = |name: &str, values: &[f64]| match errors {
        None => Series::new(name.into(), values).into_column(),
        Some(_) => {
            let values: Vec<Option<f64>> = values.iter().map(|value| (!value.is_nan()).then_some(*value)).collect();
            Series::new(name.into(), values).into_column()
        }
    };
    let mut columns =
        vec![key, number("probability", scores.probability), Series::new("unusual".into(), unusual).into_column()];
    if let Some(reasons) = scores.reasons {
        for reason_idx in 0..reasons.n {
            let (names, contributions) = reasons.column(reason_idx);
            let place = reason_idx + 1;
            columns.push(Series::new(format!("reason_{place}").into(), names).into_column());
            columns.push(number(&format!("contribution_{place}"), &contributions));
        }
        columns.push(number("contribution_others", reasons.others));
    }
    columns.extend(errors.map(|errors| Series::new("error".into(), errors).into_column()));
    DataFrame::new_infer_height(columns)
}

/// Writes scores as an Arrow IPC stream: a batch of answers for each batch of questions, sent at once. A row that cannot be
/// scored keeps its place: its probability is null and the column `error` says why.
pub struct ScoreStream<W: Write> {
    writer: StreamWriter<Shared<W>>,
    out: Shared<W>,
}

/// What the library writes to and keeps for itself, within reach of a flush.
struct Shared<W: Write>(Rc<RefCell<BufWriter<W>>>);

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

impl<W: Write> ScoreStream<W> {
    /// Begins a stream with its schema.
    pub fn begin(out: W, columns: ScoreColumns) -> Result<Self, DataError> {
        let frame = frame(&empty(columns), Some(&[])).map_err(|error| stream(&error))?;
        let batch = frame.iter_chunks(CompatLevel::oldest(), false).next().expect("a frame has a chunk");
        let out = Rc::new(RefCell::new(BufWriter::new(out)));
        let mut writer = StreamWriter::new(Shared(Rc::clone(&out)), WriteOptions { compression: None });
        writer.start(batch.schema(), None).map_err(|error| stream(&error))?;
        Self { writer, out: Shared(out) }.flushed()
    }

    fn flushed(mut self) -> Result<Self, DataError> {
        self.out.flush().map_err(unsent)?;
        Ok(self)
    }

    /// Sends the scores of a batch, NaN for rows that have none, and why they have none.
    pub fn write(&mut self, scores: &Scores<'_>, errors: &[Option<String>]) -> Result<(), DataError> {
        let frame = frame(scores, Some(errors)).map_err(|error| stream(&error))?;
        for batch in frame.iter_chunks(CompatLevel::oldest(), false) {
            self.writer.write(&batch, None).map_err(|error| stream(&error))?;
        }
        self.out.flush().map_err(unsent)
    }

    /// Ends the stream.
    pub fn finish(mut self) -> Result<(), DataError> {
        self.writer.finish().map_err(|error| stream(&error))?;
        self.out.flush().map_err(unsent)
    }
}

fn unsent(source: io::Error) -> DataError {
    DataError::Write { file: "the Arrow stream".into(), source }
}

fn stream(error: &PolarsError) -> DataError {
    DataError::Library { doing: "writing an Arrow stream".into(), reason: error.to_string() }
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
        let columns = ScoreColumns { has_ids: true, n_reasons: 1 };
        let mut writer = ScoreWriter::create(path, columns).expect("a folder");
        for (id, probability) in [("a,b", 0.25), ("c", 0.1)] {
            let ids = [id].into_iter().collect();
            let reasons = Reasons { n: 1, columns: &["plan, old"], contributions: &[-0.5], others: &[0.125] };
            let (probability, unusual) = (&[probability], &[5]);
            let scores = Scores { ids: Some(&ids), rows: &[1], probability, unusual, reasons: Some(reasons) };
            writer.write(&scores).expect("room on disk");
        }
        assert!(!path.exists(), "a file that is not whole has no name");
        writer.finish().expect("room on disk");
    }

    const HEADER: &str = "id,probability,unusual,reason_1,contribution_1,contribution_others\n";

    /// Two batches, a row of which has no score, as another program reads them.
    #[test]
    fn a_stream_of_scores_is_read_back_batch_by_batch() {
        let mut out = Vec::new();
        let mut stream = ScoreStream::begin(&mut out, ScoreColumns::default()).expect("room");
        for (rows, probability) in [([1, 2], [0.5, f64::NAN]), ([3, 4], [0.25, 1.0])] {
            let scores = Scores { ids: None, rows: &rows, probability: &probability, unusual: &[0, 1], reasons: None };
            let errors = probability.map(|p| p.is_nan().then(|| "no".to_owned()));
            stream.write(&scores, &errors).expect("room");
        }
        stream.finish().expect("room");
        let mut read = crate::source::stream::ArrowStream::open(out.as_slice()).expect("a stream");
        let names: Vec<String> = read.columns.iter().map(|column| column.name.clone()).collect();
        assert_eq!(names, ["row", "probability", "unusual", "error"]);
        let missing = crate::cell::MissingWords::default();
        let mut found = Vec::new();
        while let Some(batch) = read.next(&["probability", "error"]).expect("a whole stream") {
            found.extend((0..batch.n_rows).map(|i| {
                let [p, error] = [0, 1].map(|column| batch.columns[column].get(i, &missing).spelled());
                (p, error)
            }));
        }
        let expected = [("0.5", ""), ("", "no"), ("0.25", ""), ("1", "")];
        assert_eq!(found, expected.map(|(p, e)| (p.to_owned(), e.to_owned())));
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
        assert_eq!(
            text,
            HEADER.to_owned() + "\"a,b\",0.25,5,\"plan, old\",-0.5,0.125\nc,0.1,5,\"plan, old\",-0.5,0.125\n"
        );
    }
}
