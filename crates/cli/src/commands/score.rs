//! `tenure score`: raw rows of any number through a bundle.

use std::io::{self, BufRead, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Map, Value, json};
use tenure_artifact::RawValue;
use tenure_config::{Data, Overrides, parse};
use tenure_data::{BadRow, DataError, RawBatch, RawColumn, RawFiles, RawWanted, RejectWriter, ScoreWriter, Scores};
use tenure_edge::{Flags, Model, Score, Workspace};
use tenure_table::TextColumn;

use super::bundle::read;
use super::compress::{ID, READ};
use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::stages::score::{Scored, columns, score};

/// Scores files into a file, or lines of JSON from standard input onto standard output.
pub fn run(args: &args::Score, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    let file = read(&args.bundle)?;
    let model = Model::from_bytes(&file)?;
    if model.task() != "churn" {
        let message = format!("{}: a bundle of task `{}`", args.bundle.display(), model.task());
        return Err(Failure::usage(message, "`tenure score` writes probabilities: give a bundle of task `churn`"));
    }
    if args.files == ["-"] {
        return Ok(lines(&model, io::stdin().lock(), BufWriter::new(io::stdout().lock())));
    }
    let Some(target) = &args.output else {
        return Err(Failure::usage("no file to write to", "add `-o scores.parquet` or `-o scores.csv`"));
    };
    files(&model, args, target, output, progress)
}

fn files(
    model: &Model<'_>,
    args: &args::Score,
    target: &Path,
    output: Output,
    progress: &mut Progress,
) -> Result<Exit, Failure> {
    let clock = Instant::now();
    let source = RawFiles::open(&args.files, &reading(model)?)?;
    if source.paths().iter().any(|path| is_same(path, target)) {
        return Err(Failure::usage("the file to write to is among those to read", "name another with `-o`"));
    }
    let id = match &args.id {
        Some(id) => Some(id.as_str()),
        None => metadata(model, ID).filter(|id| source.has_column(id)),
    };
    let rejected = args.rejected.clone().unwrap_or_else(|| beside(target));
    let mut sink = Sink {
        writer: ScoreWriter::create(target, id.is_some())?,
        rejects: RejectWriter::new(rejected),
        next_row: 1,
        n_scored: 0,
        n_unusual: 0,
    };
    let wanted = columns(model);
    let n_workers = std::thread::available_parallelism().map_or(1, usize::from);
    let wanted = RawWanted { columns: &wanted, id, n_workers };
    let found = source.read(wanted, progress, &|batch| Part::of(model, batch), &mut |part| sink.add(&part));
    let n_rows = found.map_err(|error| explain_absent(model, error))?;
    progress.end();
    let Sink { writer, rejects, n_scored, n_unusual, .. } = sink;
    writer.finish()?;
    let n_rejected = rejects.n_rows();
    let rejected = rejects.finish()?;
    let seconds = clock.elapsed().as_secs_f64();
    output.result(
        || text(target, rejected.as_deref(), [n_rows, n_scored, n_rejected, n_unusual], seconds),
        || {
            json!({
                "scores": target, "rejected_file": rejected, "rows": n_rows, "scored": n_scored,
                "rejected": n_rejected, "unusual": n_unusual, "seconds": seconds,
            })
        },
    );
    Ok(if n_scored == 0 { Exit::Data } else { Exit::Done })
}

fn text(target: &Path, rejected: Option<&Path>, [rows, scored, n_rejected, unusual]: [u64; 4], seconds: f64) -> String {
    let rate = rows as f64 / seconds.max(1e-9);
    let mut text =
        format!("{rows} rows, {scored} scored ({unusual} with unusual values) in {seconds:.1} s, {rate:.0} a second\n");
    if let Some(file) = rejected {
        text.push_str(&format!("{n_rejected} rejected: {}\n", file.display()));
    }
    text + &format!("scores: {}\n", target.display())
}

/// `scores.parquet` → `scores.rejected.csv`
fn beside(target: &Path) -> PathBuf {
    target.with_extension("rejected.csv")
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn metadata<'m>(model: &'m Model<'_>, name: &str) -> Option<&'m str> {
    model.metadata().iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// How text is read: as in the bundle's run.
fn reading(model: &Model<'_>) -> Result<Data, Failure> {
    let set = metadata(model, READ).unwrap_or_default().lines().map(str::to_owned).collect();
    Ok(parse("[data]\nsource = \"synthetic\"\n", "the bundle's metadata", &Overrides { set })?.data)
}

/// A log of events is what people have; a bundle of a run on events reads what was computed from it.
fn explain_absent(model: &Model<'_>, error: DataError) -> Failure {
    let is_absent = matches!(error, DataError::MissingColumn { .. });
    if is_absent && metadata(model, "source") != Some("customers") {
        return Failure::usage(
            error.to_string(),
            "this bundle reads one row of computed features for each customer, not the log itself; \
             `tenure inspect BUNDLE` lists them",
        );
    }
    error.into()
}

/// What a worker made of a batch.
struct Part {
    file: PathBuf,
    first_row: u64,
    n_rows: usize,
    /// Places of the scored rows, and what follows for each of them.
    kept: Vec<usize>,
    ids: Option<TextColumn>,
    probability: Vec<f64>,
    unusual: Vec<u8>,
    bad: Vec<BadRow>,
}

impl Part {
    fn of(model: &Model<'_>, batch: RawBatch<'_>) -> Self {
        let mut scored = score(model, &batch);
        let (mut ids, mut kept) = (batch.ids, (0..batch.n_rows).collect::<Vec<usize>>());
        if !scored.bad.is_empty() {
            let mut bad = scored.bad.iter().map(|row| row.row_idx).peekable();
            kept.retain(|row_idx| bad.next_if_eq(row_idx).is_none());
            scored.probability = kept.iter().map(|&row_idx| scored.probability[row_idx]).collect();
            scored.unusual = kept.iter().map(|&row_idx| scored.unusual[row_idx]).collect();
            ids = ids.map(|ids| kept.iter().map(|&row_idx| ids.get(row_idx)).collect());
        }
        let Scored { probability, unusual, bad } = scored;
        let (file, first_row, n_rows) = (batch.file.to_path_buf(), batch.first_row, batch.n_rows);
        Self { file, first_row, n_rows, kept, ids, probability, unusual, bad }
    }
}

/// Where scores go.
struct Sink {
    writer: ScoreWriter,
    rejects: RejectWriter,
    next_row: u64,
    n_scored: u64,
    n_unusual: u64,
}

impl Sink {
    fn add(&mut self, part: &Part) -> Result<(), DataError> {
        for bad in &part.bad {
            self.rejects.push(&part.file, part.first_row + bad.row_idx as u64, bad)?;
        }
        let rows: Vec<u64> = part.kept.iter().map(|&row_idx| self.next_row + row_idx as u64).collect();
        self.next_row += part.n_rows as u64;
        self.n_scored += part.kept.len() as u64;
        self.n_unusual += part.unusual.iter().filter(|bits| **bits != 0).count() as u64;
        let (probability, unusual) = (&part.probability, &part.unusual);
        self.writer.write(&Scores { ids: part.ids.as_ref(), rows: &rows, probability, unusual })
    }
}

/// One JSON object a line in, one a line out, at once: other programs may wait for each answer.
fn lines(model: &Model<'_>, input: impl BufRead, mut output: impl Write) -> Exit {
    let columns = columns(model);
    let mut workspace = Workspace::new(model);
    for line in input.lines() {
        let answer = match line.as_deref().map(str::trim) {
            Ok("") => continue,
            Ok(line) => answer(model, &columns, line, &mut workspace).unwrap_or_else(|error| json!({ "error": error })),
            Err(error) => json!({ "error": error.to_string() }),
        };
        // A closed pipe is the reader's choice, not an error.
        if writeln!(output, "{answer}").and_then(|()| output.flush()).is_err() {
            break;
        }
    }
    Exit::Done
}

fn answer(model: &Model<'_>, columns: &[RawColumn], line: &str, workspace: &mut Workspace) -> Result<Value, String> {
    let object: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("not a JSON object: {error}"))?;
    let texts: Vec<Option<String>> = columns.iter().map(|column| level(column, object.get(&column.name))).collect();
    let row = columns.iter().zip(&texts).map(|(column, text)| match (column.is_number, object.get(&column.name)) {
        (_, None) => Err(format!("`{}` is not given; null stands for a missing value", column.name)),
        (_, Some(Value::Null)) => Ok(RawValue::Missing),
        (true, Some(Value::Number(number))) => Ok(RawValue::Number(number.as_f64().unwrap_or(f64::NAN) as f32)),
        (true, Some(other)) => Err(format!("`{}`: expected a number, found {other}", column.name)),
        (false, Some(other)) => {
            text.as_deref().map(RawValue::Level).ok_or(format!("`{}`: expected a text, found {other}", column.name))
        }
    });
    let row = row.collect::<Result<Vec<_>, _>>()?;
    let prediction = model.predict(&row, workspace).map_err(|error| error.to_string())?;
    let Score::Churn { probability } = prediction.score else { return Err("not a churn bundle".into()) };
    let mut answer = json!({ "probability": probability, "unusual": Flags::from(prediction.unusual).0 });
    if let Some(id) = metadata(model, ID).and_then(|id| object.get(id)) {
        answer["id"] = id.clone();
    }
    Ok(answer)
}

/// A level, spelled as in files.
fn level(column: &RawColumn, value: Option<&Value>) -> Option<String> {
    match value? {
        _ if column.is_number => None,
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => {
            Some(number.as_f64().filter(|x| x.fract() == 0.0).map_or(number.to_string(), |x| x.to_string()))
        }
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
