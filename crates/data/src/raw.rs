//! Raw rows of customers for scoring: columns found by name, batch after batch, in the order of the files.
//!
//! Nothing is inferred here: what is read as a number or as a level was decided when the encoders were fitted. A cell that
//! is not what its column was read as makes its row a [`BadRow`]; the others go on.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use tenure_config::Data;
use tenure_table::{Categories, Span, TextColumn};

use crate::cell::{Batch, Cell, Cells, MissingWords};
use crate::instant::Clock;
use crate::levels::levels;
use crate::source::stream::{ArrowStream, CONTINUATION, NAME as STREAM_NAME};
use crate::source::{SourceColumn, SourceFile, known_rows, open_all};
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
    /// Each level of the batch once, in order of appearance, and which one each row has.
    Levels(Categories),
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

/// What is read of files.
#[derive(Clone, Copy, Debug)]
pub struct RawWanted<'a> {
    /// The columns.
    pub columns: &'a [RawColumn],
    /// The column of ids, where one is named.
    pub id: Option<&'a str>,
    /// Batches that are worked on at once, at least 1.
    pub n_workers: usize,
}

impl<'a> RawWanted<'a> {
    /// Columns, then the id.
    fn names(&self) -> Vec<&'a str> {
        self.columns.iter().map(|column| column.name.as_str()).chain(self.id).collect()
    }
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

    /// Reads batch after batch, has several worked on at once, and hands what `work` made of them to `collect` in the
    /// order of the rows; returns the number of rows. Two batches a worker are in memory, and not more.
    pub fn read<T: Send>(
        &self,
        wanted: RawWanted<'_>,
        observer: &mut dyn Observer,
        work: &(dyn Fn(RawBatch<'_>) -> T + Sync),
        collect: &mut dyn FnMut(T) -> Result<(), DataError>,
    ) -> Result<u64, DataError> {
        for file in &self.files {
            check(&file.path, &file.columns, wanted)?;
        }
        observer.begin("scoring", known_rows(&self.files));
        let names = wanted.names();
        pump(wanted, &self.data, observer, |hand| self.deal(&names, hand), work, collect)
    }

    /// Deals all files out, batch by batch or slice by slice, for as long as they are taken.
    fn deal<'f>(&'f self, names: &[&str], hand: &mut dyn FnMut(Dealt<'f>) -> bool) -> Result<(), DataError> {
        for file in &self.files {
            let mut is_taken = true;
            if let Some(slices) = file.slices()? {
                is_taken = slices.into_iter().all(|slice| hand(Dealt::Slice(file, slice)));
            } else {
                let read = file.read(names, &self.data, u64::MAX, &mut |batch| {
                    is_taken = hand(Dealt::Read(&file.path, batch.clone()));
                    // The way to stop reading early; what is said is not heard.
                    let unheard = || DataError::Library { doing: String::new(), reason: String::new() };
                    if is_taken { Ok(()) } else { Err(unheard()) }
                });
                if is_taken {
                    read?;
                }
            }
            if !is_taken {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Raw rows that come as an Arrow IPC stream, such as on standard input: every batch is answered before the stream need
/// go on.
pub struct RawStream<R: Read> {
    stream: ArrowStream<R>,
    data: Data,
}

impl<R: Read + Send> RawStream<R> {
    /// Reads the stream's schema; `data` says which texts are missing values.
    pub fn open(input: R, data: &Data) -> Result<Self, DataError> {
        Ok(Self { stream: ArrowStream::open(input)?, data: data.clone() })
    }

    /// Whether the first bytes of some input are those of a stream.
    pub fn begins(bytes: &[u8]) -> bool {
        !bytes.is_empty() && bytes.iter().zip(CONTINUATION).all(|(found, expected)| *found == expected)
    }

    /// Whether the stream has a column of this name.
    pub fn has_column(&self, name: &str) -> bool {
        self.stream.columns.iter().any(|column| column.name == name)
    }

    /// As [`RawFiles::read`], batch by batch of the stream.
    pub fn read<T: Send>(
        self,
        wanted: RawWanted<'_>,
        observer: &mut dyn Observer,
        work: &(dyn Fn(RawBatch<'_>) -> T + Sync),
        collect: &mut dyn FnMut(T) -> Result<(), DataError>,
    ) -> Result<u64, DataError> {
        let Self { mut stream, data } = self;
        let path = Path::new(STREAM_NAME);
        check(path, &stream.columns, wanted)?;
        observer.begin("scoring", None);
        let names = wanted.names();
        let deal = |hand: &mut dyn FnMut(Dealt<'static>) -> bool| -> Result<(), DataError> {
            while let Some(batch) = stream.next(&names)? {
                if !hand(Dealt::Read(Path::new(STREAM_NAME), batch)) {
                    break;
                }
            }
            Ok(())
        };
        pump(wanted, &data, observer, deal, work, collect)
    }
}

/// What a worker is dealt.
enum Dealt<'f> {
    /// A batch of a file, or of a stream, that is read from the front.
    Read(&'f Path, Batch),
    /// Rows that the worker reads itself.
    Slice(&'f SourceFile, (usize, usize)),
}

/// Has workers make something of all that is dealt, and collects it in the order of dealing; returns the number of rows.
fn pump<'f, T: Send>(
    wanted: RawWanted<'_>,
    data: &Data,
    observer: &mut dyn Observer,
    deal: impl FnOnce(&mut dyn FnMut(Dealt<'f>) -> bool) -> Result<(), DataError> + Send,
    work: &(dyn Fn(RawBatch<'_>) -> T + Sync),
    collect: &mut dyn FnMut(T) -> Result<(), DataError>,
) -> Result<u64, DataError> {
    let missing = MissingWords::new(&data.missing);
    let converter = Converter { columns: wanted.columns, missing: &missing, clock: Clock::new(data)? };
    let n_workers = wanted.n_workers.max(1);
    let names = wanted.names();
    let names = names.as_slice();
    std::thread::scope(|scope| {
        let (mut to_work, mut done) = (Vec::new(), Vec::new());
        for _ in 0..n_workers {
            let (sender, dealt) = sync_channel::<Dealt<'f>>(1);
            let (results, receiver) = sync_channel::<Result<(usize, T), DataError>>(1);
            let mut converter = converter.clone();
            scope.spawn(move || {
                for dealt in dealt {
                    let (path, batch) = match dealt {
                        Dealt::Read(path, batch) => (path, Ok(batch)),
                        Dealt::Slice(file, slice) => (file.path.as_path(), file.read_slice(names, slice)),
                    };
                    let made = batch.map(|batch| (batch.n_rows, work(converter.convert(path, &batch))));
                    if results.send(made).is_err() {
                        break;
                    }
                }
            });
            to_work.push(sender);
            done.push(receiver);
        }
        let reader = scope.spawn(move || {
            let mut n_dealt = 0;
            deal(&mut |dealt| {
                let is_taken = to_work[n_dealt % n_workers].send(dealt).is_ok();
                n_dealt += 1;
                is_taken
            })
        });
        let mut n_rows = 0;
        // Batch i went to worker i modulo their number, and comes back from there.
        let collected = (0..).map(|i: usize| done[i % n_workers].recv()).map_while(Result::ok).try_for_each(|made| {
            let (n_made, made) = made?;
            n_rows += n_made as u64;
            observer.progress(n_rows);
            collect(made)
        });
        // Workers that nobody listens to stop, and the reader with them.
        drop(done);
        let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        collected.and(read).map(|()| n_rows)
    })
}

/// Every file must have every column.
fn check(path: &Path, found: &[SourceColumn], wanted: RawWanted<'_>) -> Result<(), DataError> {
    let inputs = wanted.columns.iter().map(|column| (column.name.as_str(), "an input of the bundle"));
    let mut all = inputs.chain(wanted.id.map(|id| (id, "the id")));
    match all.find(|(name, _)| !found.iter().any(|column| column.name == *name)) {
        None => Ok(()),
        Some((name, wanted_by)) => Err(DataError::MissingColumn {
            file: path.into(),
            column: name.into(),
            wanted_by: wanted_by.into(),
            found: found.iter().map(|column| column.name.clone()).collect(),
        }),
    }
}

/// Turns batches of cells into numbers and levels.
#[derive(Clone)]
struct Converter<'a> {
    columns: &'a [RawColumn],
    missing: &'a MissingWords,
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
                RawCells::Levels(levels(cells, batch.n_rows, self.missing))
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
            Cells::Float(values) if values.null_count() == 0 => {
                return values.into_no_null_iter().map(single).collect();
            }
            Cells::Float(values) => return values.iter().map(|value| single(value.unwrap_or(f64::NAN))).collect(),
            Cells::Integer(values) => {
                return values.iter().map(|value| value.map_or(f32::NAN, |value| value as f64 as f32)).collect();
            }
            _ => {}
        }
        let number = |row_idx: usize| {
            let cell = cells.get(row_idx, self.missing);
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

    fn texts(&self, cells: &Cells, n_rows: usize) -> TextColumn {
        let mut texts = TextColumn::with_capacity(n_rows);
        let mut spelled = String::new();
        for row_idx in 0..n_rows {
            push(&mut texts, cells.get(row_idx, self.missing), &mut spelled);
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
        let columns = [column("spend", true), column("plan", false)];
        let wanted = RawWanted { columns: &columns, id: Some("id"), n_workers: 2 };
        let whole = |batch: RawBatch<'_>| {
            let RawBatch { columns, ids, bad, .. } = batch;
            (columns, ids, bad)
        };
        let n_rows = files.read(wanted, &mut Silent, &whole, &mut |(columns, ids, bad)| {
            seen += 1;
            let RawCells::Numbers(spend) = &columns[0] else { unreachable!() };
            assert_eq!(spend[0], 1.5);
            assert!(spend[1].is_nan());
            assert_eq!(spend[4], 19_724.0);
            let RawCells::Levels(plans) = &columns[1] else { unreachable!() };
            let plans: Vec<_> = (0..5).map(|row_idx| plans.get(row_idx)).collect();
            assert_eq!(plans, [Some("gold"), None, None, Some("b"), Some("b")]);
            assert_eq!(ids.as_ref().expect("asked for").get(3), "10");
            let bad: Vec<_> =
                bad.iter().map(|row: &BadRow| (row.row_idx, row.column.as_str(), row.value.as_str())).collect();
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
        let columns = [column("b", true)];
        let wanted = RawWanted { columns: &columns, id: None, n_workers: 1 };
        let error = files.read(wanted, &mut Silent, &|_| (), &mut |()| Ok(())).expect_err("no such column");
        assert!(error.to_string().contains("expected a column `b` (an input of the bundle), found `a`"), "{error}");
    }

    /// Twelve batches of three rows, as another program sends them.
    fn arrow_bytes() -> Vec<u8> {
        use polars::prelude::{CompatLevel, DataFrame, IntoColumn, NamedFrom, Series};
        use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions};
        let mut writer = StreamWriter::new(Vec::new(), WriteOptions { compression: None });
        for i in 0..12 {
            let spend = Series::new("spend".into(), [Some(f64::from(i)), None, Some(0.5)]).into_column();
            let plan = Series::new("plan".into(), ["gold", " NA ", "b"]).into_column();
            let other = Series::new("other".into(), [true, false, true]).into_column();
            let frame = DataFrame::new_infer_height(vec![other, plan, spend]).expect("columns of one length");
            let batch = frame.iter_chunks(CompatLevel::oldest(), false).next().expect("a chunk");
            if i == 0 {
                writer.start(batch.schema(), None).expect("room");
            }
            writer.write(&batch, None).expect("room");
        }
        writer.finish().expect("room");
        writer.into_inner()
    }

    /// First number and level of each batch.
    type Firsts = Vec<(f32, Option<String>)>;

    /// And the number of rows.
    fn read_arrow(bytes: &[u8], n_workers: usize) -> Result<(Firsts, u64), DataError> {
        let columns = [column("spend", true), column("plan", false)];
        let wanted = RawWanted { columns: &columns, id: None, n_workers };
        let first = |batch: RawBatch<'_>| {
            let (RawCells::Numbers(spend), RawCells::Levels(plan)) = (&batch.columns[0], &batch.columns[1]) else {
                unreachable!("as asked for")
            };
            assert!(spend[1].is_nan() && plan.get(1).is_none() && batch.bad.is_empty());
            (spend[0], plan.get(0).map(str::to_owned))
        };
        let mut seen = Vec::new();
        let n_rows = RawStream::open(bytes, &settings())?.read(wanted, &mut Silent, &first, &mut |found| {
            seen.push(found);
            Ok(())
        })?;
        Ok((seen, n_rows))
    }

    #[test]
    fn a_stream_is_read_in_order_by_any_number_of_workers() {
        let bytes = arrow_bytes();
        assert!(RawStream::<&[u8]>::begins(&bytes) && !RawStream::<&[u8]>::begins(b"{\"a\":1}"));
        let expected: Vec<_> = (0..12_u8).map(|i| (f32::from(i), Some("gold".to_owned()))).collect();
        for n_workers in [1, 3] {
            assert_eq!(read_arrow(&bytes, n_workers).expect("a whole stream"), (expected.clone(), 36));
        }
    }

    /// A cut between two batches is an end; any other is an error, and none is a panic.
    #[test]
    fn a_cut_stream_gives_whole_batches_or_an_error() {
        let bytes = arrow_bytes();
        let mut n_errors = 0;
        for length in 0..bytes.len() {
            match read_arrow(&bytes[..length], 1) {
                Ok((batches, n_rows)) => assert!(n_rows == 3 * batches.len() as u64),
                Err(_) => n_errors += 1,
            }
        }
        assert!(n_errors > bytes.len() / 2, "{n_errors} of {}", bytes.len());
        let error = read_arrow(b"\xff\xff\xff\xff\x10\0\0\0nonsense nonsense", 1).expect_err("no stream");
        assert!(error.to_string().contains("the Arrow stream"), "{error}");
    }

    /// Forty files of one row, three workers: order is that of the files, and a collector that fails stops all of it.
    #[test]
    fn many_workers_keep_the_order_and_stop_when_told() {
        let folder = tempfile::tempdir().expect("a folder");
        for i in 0..40 {
            std::fs::write(folder.path().join(format!("{i:02}.csv")), format!("a\n{i}\n")).expect("written");
        }
        let files = RawFiles::open(&[format!("{}/*.csv", folder.path().display())], &settings()).expect("opened");
        let columns = [column("a", true)];
        let wanted = RawWanted { columns: &columns, id: None, n_workers: 3 };
        let first = |batch: RawBatch<'_>| match &batch.columns[0] {
            RawCells::Numbers(numbers) => numbers[0],
            RawCells::Levels(_) => f32::NAN,
        };
        let mut seen = Vec::new();
        let n_rows = files.read(wanted, &mut Silent, &first, &mut |number| {
            seen.push(number);
            Ok(())
        });
        assert_eq!(n_rows.expect("read"), 40);
        assert_eq!(seen, (0..40_u8).map(f32::from).collect::<Vec<_>>());
        let mut n_seen = 0;
        let failed = files.read(wanted, &mut Silent, &first, &mut |_| {
            n_seen += 1;
            let reason = "no room".to_owned();
            if n_seen < 5 { Ok(()) } else { Err(DataError::Library { doing: "writing".into(), reason }) }
        });
        assert!(failed.expect_err("the collector failed").to_string().contains("no room"));
        assert_eq!(n_seen, 5);
    }
}
