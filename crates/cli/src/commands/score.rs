//! `tenure score`: raw rows of any number through a bundle.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Map, Value, json};
use tenure_artifact::RawValue;
use tenure_artifact::bundle::{Action, Answer, Bundle};
use tenure_config::{Data, Overrides, parse};
use tenure_data::{
    BadRow, DataError, RawBatch, RawCells, RawColumn, RawFiles, RawStream, RawWanted, RejectWriter, ScoreColumns,
    ScoreStream, ScoreWriter, Scores, Silent,
};
use tenure_edge::{Flags, Model, Workspace};
use tenure_table::{Categories, MISSING_CODE, TextColumn};

use super::bundle::read;
use crate::args::{self, InputFormat};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::stages::answers::Telling;
use crate::stages::compress::{ID, READ};
use crate::stages::explain::{Explained, Explainer, Explaining, Explicable};
use crate::stages::score::{Scored, columns, score};

/// Scores files into a file, or standard input onto standard output: lines of JSON, or an Arrow IPC stream.
pub fn run(args: &args::Score, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    let file = read(&args.bundle)?;
    let model = Model::from_bytes(&file)?;
    let explainer = args.explain.map(|wanted| explainer(&file, &model, wanted, args)).transpose()?;
    let scorer = Scorer { model: &model, telling: Telling::of(&model), explainer };
    if args.files == ["-"] {
        return standard_input(&scorer, args);
    }
    let Some(target) = &args.output else {
        return Err(Failure::usage("no file to write to", "add `-o scores.parquet` or `-o scores.csv`"));
    };
    files(&scorer, args, target, output, progress)
}

/// A model, and what explains its scores where that was asked for.
struct Scorer<'m> {
    model: &'m Model<'m>,
    telling: Telling,
    explainer: Option<Explainer<'m>>,
}

impl Scorer<'_> {
    fn columns(&self, has_ids: bool) -> ScoreColumns {
        let n_reasons = self.explainer.as_ref().map_or(0, Explainer::n_reasons);
        ScoreColumns { has_ids, n_reasons, answers: self.telling.columns() }
    }
}

fn explainer<'m>(
    file: &[u8],
    model: &'m Model<'m>,
    wanted: args::Explained,
    args: &args::Score,
) -> Result<Explainer<'m>, Failure> {
    let answer = match (wanted, model.answer()) {
        (args::Explained::Any | args::Explained::Churn, Answer::Churn { .. } | Answer::ChurnValue { .. }) => {
            Explicable::LogOdds
        }
        (args::Explained::Any, Answer::Value(_))
        | (args::Explained::Value, Answer::Value(_) | Answer::ChurnValue { .. }) => Explicable::Money,
        _ => {
            let message = format!("a bundle of task `{}`", model.task());
            let hint = "`--explain` tells what moved a probability of churn (`--explain=churn`) or an expected value \
                        (`--explain=value`): give a bundle that answers it";
            return Err(Failure::usage(message, hint));
        }
    };
    let policy = Bundle::describe(file)?.policy;
    if [policy.missing, policy.unseen, policy.out_of_range].contains(&Action::Refuse) {
        let hint =
            "rows are explained by mixing them with others, which such a policy may refuse: leave `--explain` out";
        return Err(Failure::usage("the bundle's policy refuses rows", hint));
    }
    let explaining = Explaining { answer, n_reasons: args.reasons, n_orders: args.orders, seed: args.seed };
    Explainer::new(model, explaining).ok_or_else(|| {
        let hint = "scores are explained against the bundle's sample rows: make it again with `tenure compress`";
        Failure::usage("the bundle has no sample rows", hint)
    })
}

fn files(
    scorer: &Scorer<'_>,
    args: &args::Score,
    target: &Path,
    output: Output,
    progress: &mut Progress,
) -> Result<Exit, Failure> {
    let model = scorer.model;
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
        telling: &scorer.telling,
        writer: ScoreWriter::create(target, scorer.columns(id.is_some()))?,
        rejects: RejectWriter::new(rejected),
        next_row: 1,
        n_scored: 0,
        n_unusual: 0,
    };
    let wanted = columns(model);
    let wanted = RawWanted { columns: &wanted, id, n_workers: n_workers() };
    let found = source.read(wanted, progress, &|batch| Part::of(scorer, batch), &mut |part| sink.add(&part));
    let n_rows = found.map_err(|error| explain_absent(model, error))?;
    progress.end();
    let Sink { writer, rejects, n_scored, n_unusual, .. } = sink;
    writer.finish()?;
    let n_rejected = rejects.n_rows();
    let rejected = rejects.finish()?;
    let seconds = clock.elapsed().as_secs_f64();
    output.result(
        || {
            let text = text(target, rejected.as_deref(), [n_rows, n_scored, n_rejected, n_unusual], seconds);
            match &scorer.explainer {
                Some(explainer) => {
                    let unit = match explainer.answer() {
                        Explicable::LogOdds => "log-odds",
                        Explicable::Money => "an expected value of",
                    };
                    format!("{text}contributions add up from {unit} {:.4}\n", explainer.baseline())
                }
                None => text,
            }
        },
        || {
            let mut told = json!({
                "scores": target, "rejected_file": rejected, "rows": n_rows, "scored": n_scored,
                "rejected": n_rejected, "unusual": n_unusual, "seconds": seconds,
            });
            if let Some(explainer) = &scorer.explainer {
                told[baseline_name(explainer)] = json!(explainer.baseline());
            }
            told
        },
    );
    Ok(if n_scored == 0 { Exit::Data } else { Exit::Done })
}

fn n_workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn text(target: &Path, rejected: Option<&Path>, [rows, scored, n_rejected, unusual]: [u64; 4], seconds: f64) -> String {
    let took = took(rows, seconds);
    let mut text = format!("{rows} rows, {scored} scored ({unusual} with unusual values) in {took}\n");
    if let Some(file) = rejected {
        text.push_str(&format!("{n_rejected} rejected: {}\n", file.display()));
    }
    text + &format!("scores: {}\n", target.display())
}

/// A time with three digits at least, and a rate where starting and ending do not make most of it.
fn took(rows: u64, seconds: f64) -> String {
    const TELLING: f64 = 0.5;
    match seconds {
        short if short < TELLING => format!("{:.0} ms", short * 1e3),
        long => format!("{long:.1} s, {:.0} a second", rows as f64 / long),
    }
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
struct Part<'m> {
    file: PathBuf,
    first_row: u64,
    n_rows: usize,
    /// Places of the scored rows, and what follows for each of them.
    kept: Vec<usize>,
    ids: Option<TextColumn>,
    answers: Vec<Vec<f64>>,
    unusual: Vec<u8>,
    reasons: Option<Explained<'m>>,
    bad: Vec<BadRow>,
}

impl<'m> Part<'m> {
    fn of(scorer: &Scorer<'m>, mut batch: RawBatch<'_>) -> Self {
        let mut scored = score(scorer.model, &batch);
        let (mut ids, mut kept) = (batch.ids.take(), (0..batch.n_rows).collect::<Vec<usize>>());
        if !scored.bad.is_empty() {
            let mut bad = scored.bad.iter().map(|row| row.row_idx).peekable();
            kept.retain(|row_idx| bad.next_if_eq(row_idx).is_none());
            for column in &mut scored.answers {
                *column = kept.iter().map(|&row_idx| column[row_idx]).collect();
            }
            scored.unusual = kept.iter().map(|&row_idx| scored.unusual[row_idx]).collect();
            ids = ids.map(|ids| kept.iter().map(|&row_idx| ids.get(row_idx)).collect());
        }
        let reasons =
            scorer.explainer.as_ref().map(|explainer| explainer.explain(&batch, kept.iter().copied().map(Some)));
        let Scored { answers, unusual, bad } = scored;
        let (file, first_row, n_rows) = (batch.file.to_path_buf(), batch.first_row, batch.n_rows);
        Self { file, first_row, n_rows, kept, ids, answers, unusual, reasons, bad }
    }
}

/// Where scores go.
struct Sink<'a> {
    telling: &'a Telling,
    writer: ScoreWriter,
    rejects: RejectWriter,
    next_row: u64,
    n_scored: u64,
    n_unusual: u64,
}

impl Sink<'_> {
    fn add(&mut self, part: &Part<'_>) -> Result<(), DataError> {
        for bad in &part.bad {
            self.rejects.push(&part.file, part.first_row + bad.row_idx as u64, bad)?;
        }
        let rows: Vec<u64> = part.kept.iter().map(|&row_idx| self.next_row + row_idx as u64).collect();
        self.next_row += part.n_rows as u64;
        self.n_scored += part.kept.len() as u64;
        self.n_unusual += part.unusual.iter().filter(|bits| **bits != 0).count() as u64;
        let reasons = part.reasons.as_ref().map(Explained::as_reasons);
        let Self { telling, writer, .. } = self;
        telling.with_columns(&part.answers, |answers| {
            writer.write(&Scores { ids: part.ids.as_ref(), rows: &rows, answers, unusual: &part.unusual, reasons })
        })
    }
}

/// Answers standard input in its own format.
fn standard_input(scorer: &Scorer<'_>, args: &args::Score) -> Result<Exit, Failure> {
    let mut input = BufReader::new(io::stdin());
    let format = match args.input_format {
        Some(format) => format,
        None => {
            let unread = |error: io::Error| Failure::data(format!("standard input: {error}"), "nothing came to score");
            let begins = RawStream::<&[u8]>::begins(input.fill_buf().map_err(unread)?);
            if begins { InputFormat::Ipc } else { InputFormat::Jsonl }
        }
    };
    match format {
        InputFormat::Jsonl => Ok(lines(scorer, input, BufWriter::new(io::stdout().lock()))),
        InputFormat::Ipc => arrow(scorer, args, input),
    }
}

/// One batch of answers for each batch of an Arrow IPC stream, in order, each sent when it is made.
fn arrow(scorer: &Scorer<'_>, args: &args::Score, input: impl BufRead + Send) -> Result<Exit, Failure> {
    let model = scorer.model;
    let source = RawStream::open(input, &reading(model)?)?;
    let id = match &args.id {
        Some(id) => Some(id.as_str()),
        None => metadata(model, ID).filter(|id| source.has_column(id)),
    };
    let wanted = columns(model);
    let wanted = RawWanted { columns: &wanted, id, n_workers: n_workers() };
    let mut stream = ScoreStream::begin(io::stdout(), scorer.columns(id.is_some()))?;
    let mut next_row = 1;
    let work = |batch: RawBatch<'_>| Answers::of(scorer, batch);
    let found = source.read(wanted, &mut Silent, &work, &mut |answers| {
        let rows: Vec<u64> = (next_row..).take(answers.scored.unusual.len()).collect();
        next_row += rows.len() as u64;
        let Answers { ids, scored: Scored { answers, unusual, .. }, reasons, errors } = &answers;
        let reasons = reasons.as_ref().map(Explained::as_reasons);
        scorer.telling.with_columns(answers, |answers| {
            stream.write(&Scores { ids: ids.as_ref(), rows: &rows, answers, unusual, reasons }, errors)
        })
    });
    found.map_err(|error| explain_absent(model, error))?;
    stream.finish()?;
    Ok(Exit::Done)
}

/// What a worker made of a batch of a stream: every row keeps its place.
struct Answers<'m> {
    ids: Option<TextColumn>,
    scored: Scored,
    reasons: Option<Explained<'m>>,
    /// Why a row has no score.
    errors: Vec<Option<String>>,
}

impl<'m> Answers<'m> {
    fn of(scorer: &Scorer<'m>, mut batch: RawBatch<'_>) -> Self {
        let scored = score(scorer.model, &batch);
        let mut errors = vec![None; batch.n_rows];
        for bad in &scored.bad {
            let value = if bad.value.is_empty() { String::new() } else { format!(", found `{}`", bad.value) };
            let column = if bad.column.is_empty() { String::new() } else { format!("`{}`: ", bad.column) };
            errors[bad.row_idx] = Some(format!("{column}{}{value}", bad.reason));
        }
        let is_scored = |row_idx: usize| errors[row_idx].is_none().then_some(row_idx);
        let explainer = scorer.explainer.as_ref();
        let reasons = explainer.map(|explainer| explainer.explain(&batch, (0..batch.n_rows).map(is_scored)));
        Self { ids: batch.ids.take(), scored, reasons, errors }
    }
}

/// One JSON object a line in, one a line out, at once: other programs may wait for each answer.
fn lines(scorer: &Scorer<'_>, input: impl BufRead, mut output: impl Write) -> Exit {
    let columns = columns(scorer.model);
    let mut workspace = Workspace::new(scorer.model);
    for line in input.lines() {
        let answer = match line.as_deref().map(str::trim) {
            Ok("") => continue,
            Ok(line) => {
                answer(scorer, &columns, line, &mut workspace).unwrap_or_else(|error| json!({ "error": error }))
            }
            Err(error) => json!({ "error": error.to_string() }),
        };
        // A closed pipe is the reader's choice, not an error.
        if writeln!(output, "{answer}").and_then(|()| output.flush()).is_err() {
            break;
        }
    }
    Exit::Done
}

fn answer(scorer: &Scorer<'_>, columns: &[RawColumn], line: &str, workspace: &mut Workspace) -> Result<Value, String> {
    let model = scorer.model;
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
    let mut answer = Value::Object(scorer.telling.json(prediction.score));
    answer["unusual"] = json!(Flags::from(prediction.unusual).0);
    if let Some(id) = metadata(model, ID).and_then(|id| object.get(id)) {
        answer["id"] = id.clone();
    }
    if let Some(explainer) = &scorer.explainer {
        let found = explainer.explain(&one_row(columns, &row), [Some(0)]);
        let reason = |(column, contribution)| json!({ "column": column, "contribution": contribution });
        answer[baseline_name(explainer)] = json!(explainer.baseline());
        answer["reasons"] = found.row(0).map(reason).collect();
        answer["contribution_others"] = json!(found.others(0));
    }
    Ok(answer)
}

/// What contributions start from, as JSON calls it.
fn baseline_name(explainer: &Explainer<'_>) -> &'static str {
    match explainer.answer() {
        Explicable::LogOdds => "baseline_log_odds",
        Explicable::Money => "baseline_value",
    }
}

/// A row as a batch.
fn one_row(columns: &[RawColumn], row: &[RawValue<'_>]) -> RawBatch<'static> {
    let cells = columns.iter().zip(row).map(|(column, value)| match (column.is_number, value) {
        (true, RawValue::Number(number)) => RawCells::Numbers(vec![*number]),
        (true, _) => RawCells::Numbers(vec![f32::NAN]),
        (false, RawValue::Level(name)) => {
            RawCells::Levels(Categories { codes: vec![0], levels: vec![(*name).to_owned()] })
        }
        (false, _) => RawCells::Levels(Categories { codes: vec![MISSING_CODE], levels: Vec::new() }),
    });
    RawBatch { file: Path::new("-"), first_row: 1, n_rows: 1, columns: cells.collect(), ids: None, bad: Vec::new() }
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
