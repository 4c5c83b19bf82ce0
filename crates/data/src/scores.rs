//! Scores on their way to a file, batch after batch; the file has its name only when it is whole.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

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
    /// What was answered, in the order of the columns that the file was begun with.
    pub answers: &'a [Answers<'a>],
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

/// One column of answers, a value for each row.
#[derive(Clone, Copy, Debug)]
pub enum Answers<'a> {
    /// Probabilities, money, distances; NaN where there is no answer.
    Numbers(&'a [f64]),
    /// Numbers of segments; 0 where there is no answer.
    Counts(&'a [u32]),
    /// Names of segments.
    Names(&'a [&'a str]),
}

/// What a column of answers holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// [`Answers::Numbers`]
    Number,
    /// [`Answers::Counts`]
    Count,
    /// [`Answers::Names`]
    Name,
}

impl AnswerKind {
    const fn none(self) -> Answers<'static> {
        match self {
            Self::Number => Answers::Numbers(&[]),
            Self::Count => Answers::Counts(&[]),
            Self::Name => Answers::Names(&[]),
        }
    }
}

/// Which columns a file of scores has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScoreColumns {
    /// `id` in place of `row`.
    pub has_ids: bool,
    /// `reason_1`, `contribution_1` and so on, then `contribution_others`; none where it is 0.
    pub n_reasons: usize,
    /// What is answered, between the two: names and kinds.
    pub answers: &'static [(&'static str, AnswerKind)],
}

/// Writes scores as Parquet where the name ends in `.parquet` or `.pq`, else as CSV: columns `id` or `row`,
/// what is answered, `unusual`, and reasons where there are any.
pub struct ScoreWriter {
    path: PathBuf,
    temporary: NamedTempFile,
    columns: ScoreColumns,
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
            let schema = frame_of_none(columns, None).map_err(|error| library(path, &error))?.schema().clone();
            let writer = ParquetWriter::new(out).batched(&schema).map_err(|error| library(path, &error))?;
            To::Parquet(Box::new(writer))
        } else {
            let key = if columns.has_ids { "id" } else { "row" };
            let reasons = (1..=columns.n_reasons).map(|i| format!(",reason_{i},contribution_{i}")).collect::<String>();
            let others = if columns.n_reasons > 0 { ",contribution_others" } else { "" };
            let answers: String = columns.answers.iter().map(|(name, _)| format!(",{name}")).collect();
            writeln!(out, "{key}{answers},unusual{reasons}{others}").map_err(failed)?;
            To::Csv(out)
        };
        Ok(Self { path: path.into(), temporary, columns, to })
    }

    /// Appends scores.
    pub fn write(&mut self, scores: &Scores<'_>) -> Result<(), DataError> {
        match &mut self.to {
            To::Csv(out) => {
                write_csv(out, scores).map_err(|source| DataError::Write { file: self.path.clone(), source })
            }
            To::Parquet(writer) => {
                let written = frame(scores, self.columns, None).and_then(|frame| writer.write_batch(&frame));
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
    for (i, unusual) in scores.unusual.iter().enumerate() {
        match scores.ids {
            Some(ids) => write!(out, "{}", field(ids.get(i)))?,
            None => write!(out, "{}", scores.rows[i])?,
        }
        for answers in scores.answers {
            match answers {
                Answers::Numbers(values) => write!(out, ",{}", values[i])?,
                Answers::Counts(values) => write!(out, ",{}", values[i])?,
                Answers::Names(values) => write!(out, ",{}", field(values[i]))?,
            }
        }
        write!(out, ",{unusual}")?;
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
fn frame_of_none(columns: ScoreColumns, errors: Option<&[Option<String>]>) -> Result<DataFrame, PolarsError> {
    let no_ids = TextColumn::with_capacity(0);
    let answers: Vec<Answers<'_>> = columns.answers.iter().map(|(_, kind)| kind.none()).collect();
    let reasons = Reasons { n: columns.n_reasons, columns: &[], contributions: &[], others: &[] };
    let none = Scores {
        ids: columns.has_ids.then_some(&no_ids),
        rows: &[],
        answers: &answers,
        unusual: &[],
        reasons: (columns.n_reasons > 0).then_some(reasons),
    };
    frame(&none, columns, errors)
}

/// Scores as a frame; with `errors`, a column that says why a row has none.
fn frame(scores: &Scores<'_>, of: ScoreColumns, errors: Option<&[Option<String>]>) -> Result<DataFrame, PolarsError> {
    let key: Column = match scores.ids {
        Some(ids) => Series::new("id".into(), ids.iter().collect::<Vec<_>>()).into_column(),
        None => Series::new("row".into(), scores.rows).into_column(),
    };
    let unusual: Vec<u32> = scores.unusual.iter().map(|bits| u32::from(*bits)).collect();
    let number = |name: &str, values: &[f64]| match errors {
        None => Series::new(name.into(), values).into_column(),
        Some(_) => known(name, values.iter().map(|value| (!value.is_nan()).then_some(*value))),
    };
    // Segments are counted from 1, and their names are not empty.
    let count = |name: &str, values: &[u32]| match errors {
        None => Series::new(name.into(), values).into_column(),
        Some(_) => known(name, values.iter().map(|value| (*value != 0).then_some(*value))),
    };
    let text = |name: &str, values: &[&str]| match errors {
        None => Series::new(name.into(), values).into_column(),
        Some(_) => known(name, values.iter().map(|value| (!value.is_empty()).then_some(*value))),
    };
    let mut columns = vec![key];
    columns.extend(scores.answers.iter().zip(of.answers).map(|(answers, (name, _))| match answers {
        Answers::Numbers(values) => number(name, values),
        Answers::Counts(values) => count(name, values),
        Answers::Names(values) => text(name, values),
    }));
    columns.push(Series::new("unusual".into(), unusual).into_column());
    if let Some(reasons) = scores.reasons {
        for reason_idx in 0..reasons.n {
            let (names, contributions) = reasons.column(reason_idx);
            let place = reason_idx + 1;
            columns.push(text(&format!("reason_{place}"), &names));
            columns.push(number(&format!("contribution_{place}"), &contributions));
        }
        columns.push(number("contribution_others", reasons.others));
    }
    columns.extend(errors.map(|errors| Series::new("error".into(), errors).into_column()));
    DataFrame::new_infer_height(columns)
}

/// A column with nulls where nothing is known.
fn known<T>(name: &str, values: impl Iterator<Item = Option<T>>) -> Column
where
    Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
{
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

/// Writes scores as an Arrow IPC stream: a batch of answers for each batch of questions, sent at once. A row that cannot be
/// scored keeps its place: its answers and reasons are null and the column `error` says why.
pub struct ScoreStream<W: Write> {
    columns: ScoreColumns,
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
        let frame = frame_of_none(columns, Some(&[])).map_err(|error| stream(&error))?;
        let batch = frame.iter_chunks(CompatLevel::oldest(), false).next().expect("a frame has a chunk");
        let out = Rc::new(RefCell::new(BufWriter::new(out)));
        let mut writer = StreamWriter::new(Shared(Rc::clone(&out)), WriteOptions { compression: None });
        writer.start(batch.schema(), None).map_err(|error| stream(&error))?;
        Self { columns, writer, out: Shared(out) }.flushed()
    }

    fn flushed(mut self) -> Result<Self, DataError> {
        self.out.flush().map_err(unsent)?;
        Ok(self)
    }

    /// Sends the scores of a batch, NaN for rows that have none, and why they have none.
    pub fn write(&mut self, scores: &Scores<'_>, errors: &[Option<String>]) -> Result<(), DataError> {
        let frame = frame(scores, self.columns, Some(errors)).map_err(|error| stream(&error))?;
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
        let columns = ScoreColumns { has_ids: true, n_reasons: 1, answers: &COLUMNS };
        let mut writer = ScoreWriter::create(path, columns).expect("a folder");
        for (id, probability) in [("a,b", 0.25), ("c", 0.1)] {
            let ids = [id].into_iter().collect();
            let reasons = Reasons { n: 1, columns: &["plan, old"], contributions: &[-0.5], others: &[0.125] };
            let probability = [probability];
            let answers = [Answers::Numbers(&probability), Answers::Counts(&[2]), Answers::Names(&["few, big"])];
            let scores =
                Scores { ids: Some(&ids), rows: &[1], answers: &answers, unusual: &[5], reasons: Some(reasons) };
            writer.write(&scores).expect("room on disk");
        }
        assert!(!path.exists(), "a file that is not whole has no name");
        writer.finish().expect("room on disk");
    }

    const COLUMNS: [(&str, AnswerKind); 3] =
        [("probability", AnswerKind::Number), ("segment", AnswerKind::Count), ("name", AnswerKind::Name)];
    const HEADER: &str = "id,probability,segment,name,unusual,reason_1,contribution_1,contribution_others\n";

    /// Two batches, a row of which has no score, as another program reads them.
    #[test]
    fn a_stream_of_scores_is_read_back_batch_by_batch() {
        let mut out = Vec::new();
        let columns = ScoreColumns { answers: &COLUMNS[..1], ..ScoreColumns::default() };
        let mut stream = ScoreStream::begin(&mut out, columns).expect("room");
        for (rows, probability) in [([1, 2], [0.5, f64::NAN]), ([3, 4], [0.25, 1.0])] {
            let answers = [Answers::Numbers(&probability)];
            let scores = Scores { ids: None, rows: &rows, answers: &answers, unusual: &[0, 1], reasons: None };
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
    fn a_streamed_row_without_a_score_has_neither_answers_nor_reasons() {
        let numbers = [0.5, f64::NAN];
        let answers = [Answers::Numbers(&numbers), Answers::Counts(&[2, 0]), Answers::Names(&["few", ""])];
        let reasons = Reasons { n: 1, columns: &["plan", ""], contributions: &numbers, others: &numbers };
        let scores = Scores { ids: None, rows: &[1, 2], answers: &answers, unusual: &[0, 1], reasons: Some(reasons) };
        let columns = ScoreColumns { answers: &COLUMNS, n_reasons: 1, ..ScoreColumns::default() };
        let frame = frame(&scores, columns, Some(&[None, Some("no".to_owned())])).expect("two rows");
        for name in ["probability", "segment", "name", "reason_1", "contribution_1", "contribution_others"] {
            let is_null: Vec<bool> = frame.column(name).expect("a column").is_null().iter().flatten().collect();
            assert_eq!(is_null, [false, true], "{name}");
        }
        assert_eq!(frame.column("error").expect("a column").null_count(), 1);
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
            HEADER.to_owned()
                + "\"a,b\",0.25,2,\"few, big\",5,\"plan, old\",-0.5,0.125\nc,0.1,2,\"few, big\",5,\"plan, old\",-0.5,0.125\n"
        );
    }
}
