//! From a finished run to a score: compress, inspect, verify, score.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value;
use tenure_artifact::RawValue;
use tenure_edge::{Model, Score, Workspace};

use crate::tenure::{command, finished, only_run, run, succeed};

/// A finished run on made customers, kept for all tests of this file.
struct Made {
    dir: tempfile::TempDir,
    run: PathBuf,
}

impl Made {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn customers(&self) -> PathBuf {
        self.path("made/customers.csv")
    }

    /// Compresses into a file of this name and gives what was printed.
    fn compress(&self, name: &str, set: &[&str]) -> crate::tenure::Done {
        // Every compression of a run writes its `compress.json`: one at a time.
        static TURN: Mutex<()> = Mutex::new(());
        let mut arguments = vec!["compress".to_owned(), self.run.display().to_string()];
        arguments.extend(["--quiet".into(), "--json".into(), "-o".into(), self.path(name).display().to_string()]);
        // Small rows and a short training: quality is judged elsewhere.
        let fast = ["distill.epochs=6", "distill.mixed_rows=500", "distill.network_bytes=3000"];
        for set in fast.iter().chain(set) {
            arguments.extend(["--set".into(), (*set).into()]);
        }
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        run(arguments)
    }

    /// A bundle that passes whatever it lost.
    fn bundle(&self, name: &str, set: &[&str]) -> (PathBuf, Value) {
        let lax = ["quantize.max_auc_loss=1", "quantize.max_log_loss_rise=9"];
        let done = self.compress(name, &[set, &lax].concat());
        assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
        (self.path(name), serde_json::from_str(&done.stdout).expect("one JSON value"))
    }
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| dir.path().join(name).display().to_string();
        let synth = ["synth", &path("made"), "--kind", "customers", "--format", "csv", "--customers", "2000"];
        succeed(synth);
        succeed(["init", &path("made/customers.csv"), "-o", &path("mine.toml")]);
        let mut arguments = vec!["run".to_owned(), path("mine.toml"), "--quiet".into()];
        let runs = format!("run.dir={:?}", path("runs"));
        let small = ["model.preset=fast", "train.epochs=16", "device.kind=cpu", "evaluate.bootstrap=20"];
        for set in small.into_iter().chain([runs.as_str(), "evaluate.permutations=0"]) {
            arguments.extend(["--set".into(), set.into()]);
        }
        succeed(arguments);
        let run = only_run(&dir.path().join("runs"));
        Made { dir, run }
    })
}

/// Header and rows of a file without quotes.
fn table(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<String>>());
    (lines.next().expect("a header"), lines.collect())
}

/// The edge's probability of each row of a customer file, asked one row at a time.
fn predicted(bundle: &Path, customers: &Path) -> Vec<f64> {
    let file = fs::read(bundle).expect("a bundle");
    let model = Model::from_bytes(&file).expect("a whole bundle");
    let mut workspace = Workspace::new(&model);
    let (header, rows) = table(customers);
    let inputs = model.encoder().inputs();
    let places: Vec<usize> =
        inputs.iter().map(|input| header.iter().position(|name| *name == input.name).expect("a column")).collect();
    let mut probability = |row: &Vec<String>| {
        let value = |(input, &place): (&tenure_artifact::InputColumn, &usize)| match row[place].as_str() {
            "" => RawValue::Missing,
            text if input.encoder.reads_numbers() => RawValue::Number(text.parse::<f64>().expect("a number") as f32),
            text => RawValue::Level(text),
        };
        let raw: Vec<RawValue<'_>> = inputs.iter().zip(&places).map(value).collect();
        match model.predict(&raw, &mut workspace).expect("a row").score {
            Score::Churn { probability } => probability,
            other => panic!("{other:?}"),
        }
    };
    rows.iter().map(&mut probability).collect()
}

fn found(compressed: &Value, gate: &str) -> f64 {
    let gates = compressed["gates"].as_array().expect("gates");
    let found = gates.iter().find(|found| found["gate"] == gate).expect("the gate");
    found["found"].as_f64().expect("a number")
}

#[test]
fn a_run_becomes_a_bundle_that_proves_itself() {
    let (bundle, compressed) = made().bundle("whole.tenure", &[]);
    let steps: Vec<&str> =
        compressed["steps"].as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(steps, ["teacher", "student, f32", "student, int8"]);
    assert_eq!(compressed["candidates"].as_array().unwrap().len(), 8);
    let auc = |step: usize| compressed["steps"][step]["auc"].as_f64().unwrap();
    assert!((auc(2) - auc(1)).abs() < 0.02, "integers rank like the student: {compressed}");
    assert!(made().run.join("compress.json").is_file());

    let printed = succeed(["verify".as_ref(), bundle.as_os_str()]);
    assert!(printed.contains("8 sample rows give the same bits on portable"), "{printed}");
    let printed = succeed(["inspect".as_ref(), bundle.as_os_str(), "--json".as_ref()]);
    let found: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(found["layers"][0]["precision"], "int8");
    assert_eq!(found["metadata"]["run"], made().run.file_name().unwrap().to_str().unwrap());
    assert!(found["size_bytes"].as_u64().unwrap() < 32_768, "{printed}");
}

/// Weights of four bits move the answers; training while they are rounded brings them back towards the teacher.
#[test]
fn four_bits_are_trained_for() {
    let set = ["quantize.precision=int4", "quantize.aware=always", "quantize.aware_epochs=4"];
    let (bundle, compressed) = made().bundle("four.tenure", &set);
    let steps = compressed["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["teacher", "student, f32", "student, int8", "student, int4", "int4, trained"]);
    let awareness = &compressed["awareness"];
    let nats = |key: &str| awareness[key].as_f64().unwrap();
    assert!(nats("aware") < nats("post_training") && awareness["is_kept"] == true, "{awareness}");
    let shipped: Vec<bool> = steps.iter().map(|s| s["is_shipped"].as_bool().unwrap()).collect();
    assert_eq!(shipped, [false, false, false, false, true]);
    assert!(steps[4]["size_bytes"].as_u64() < steps[2]["size_bytes"].as_u64(), "{compressed}");
    let printed = succeed(["inspect".as_ref(), bundle.as_os_str(), "--json".as_ref()]);
    let found: Value = serde_json::from_str(&printed).unwrap();
    let precisions: Vec<&str> =
        found["layers"].as_array().unwrap().iter().map(|layer| layer["precision"].as_str().unwrap()).collect();
    assert_eq!(precisions, ["int4", "int4", "int8"]);
    succeed(["verify".as_ref(), bundle.as_os_str()]);
    let page = fs::read_to_string(made().run.join("compress.html")).unwrap();
    assert!(page.contains("What each step costs"), "a page of the last compression, whichever test made it");
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (one, _) = made().bundle("one.tenure", &[]);
    let (two, _) = made().bundle("two.tenure", &[]);
    assert_eq!(fs::read(one).unwrap(), fs::read(two).unwrap());
}

#[test]
fn the_trainer_and_the_edge_give_the_same_probability() {
    let (bundle, compressed) = made().bundle("single.tenure", &["quantize.precision=f32"]);
    let gap = found(&compressed, "parity");
    assert!((0.0..=1e-5).contains(&gap), "{gap}");
    let printed = succeed(["inspect".as_ref(), bundle.as_os_str()]);
    assert!(printed.contains("f32") && !printed.contains("int8"), "{printed}");
}

#[test]
fn a_bundle_that_lost_too_much_is_not_written() {
    // A student that has hardly been trained.
    let set =
        ["distill.epochs=1", "distill.learning_rate=1e-7", "quantize.max_auc_loss=0", "quantize.max_log_loss_rise=0"];
    let done = made().compress("poor.tenure", &set);
    assert_eq!(done.code, 1, "{}\n{}", done.stdout, done.stderr);
    assert!(!made().path("poor.tenure").exists());
}

#[test]
fn a_damaged_bundle_is_refused() {
    let (bundle, _) = made().bundle("damaged.tenure", &[]);
    let mut bytes = fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&bundle, bytes).unwrap();
    for verb in ["verify", "inspect"] {
        let done = run([verb.as_ref(), bundle.as_os_str()]);
        assert_eq!(done.code, 5, "{}", done.stderr);
    }
}

#[test]
fn scores_of_a_file_are_the_edge_s_in_the_file_s_order() {
    let (bundle, _) = made().bundle("scoring.tenure", &[]);
    let scores = made().path("scores.csv");
    let customers = made().customers();
    let arguments = ["score".as_ref(), bundle.as_os_str(), customers.as_os_str(), "-o".as_ref(), scores.as_os_str()];
    let printed = succeed(arguments);
    assert!(printed.contains("2000 rows, 2000 scored"), "{printed}");
    let (header, rows) = table(&scores);
    let (customers_header, customers) = table(&made().customers());
    let id = customers_header.iter().position(|name| name == "customer_id").expect("an id");
    assert_eq!(header, ["id", "probability", "unusual"]);
    let expected = predicted(&bundle, &made().customers());
    for ((row, customer), expected) in rows.iter().zip(&customers).zip(expected) {
        assert_eq!(row[0], customer[id]);
        assert_eq!(row[1].parse::<f64>().unwrap().to_bits(), expected.to_bits());
    }
}

#[test]
fn a_bad_row_is_rejected_with_its_reason_and_the_others_keep_their_order() {
    let (bundle, _) = made().bundle("rejecting.tenure", &[]);
    let (header, mut rows) = table(&made().customers());
    rows.truncate(5);
    let numeric = predicted_columns(&bundle, true);
    let place = header.iter().position(|name| *name == numeric).unwrap();
    rows[1][place] = "many".into();
    rows[3].pop();
    let bad = made().path("bad.csv");
    let lines = std::iter::once(&header).chain(&rows).map(|row| row.join(","));
    fs::write(&bad, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let scores = made().path("some.csv");
    let printed = succeed(["score".as_ref(), bundle.as_os_str(), bad.as_os_str(), "-o".as_ref(), scores.as_os_str()]);
    assert!(printed.contains("5 rows, 3 scored") && printed.contains("2 rejected"), "{printed}");
    let (_, kept) = table(&scores);
    assert_eq!(kept.len(), 3);
    let rejected = fs::read_to_string(made().path("some.rejected.csv")).unwrap();
    assert!(rejected.contains(&format!(",2,{numeric},expected a number,many")), "{rejected}");
    assert!(rejected.lines().nth(2).unwrap().contains(",4,,"), "{rejected}");
}

/// The first column that the bundle reads as numbers, or as levels.
fn predicted_columns(bundle: &Path, numbers: bool) -> String {
    let file = fs::read(bundle).expect("a bundle");
    let model = Model::from_bytes(&file).expect("a whole bundle");
    let input = model.encoder().inputs().iter().find(|input| input.encoder.reads_numbers() == numbers);
    input.expect("such a column").name.clone()
}

#[test]
fn lines_of_json_are_answered_one_by_one() {
    let (bundle, _) = made().bundle("lines.tenure", &[]);
    let (header, rows) = table(&made().customers());
    let number = |text: &str| text.parse::<f64>().map_or(Value::String(text.into()), Value::from);
    let cell = |text: &str| if text.is_empty() { Value::Null } else { number(text) };
    let object: serde_json::Map<String, Value> =
        header.iter().cloned().zip(rows[0].iter().map(|text| cell(text))).collect();
    let mut child = command(["score".as_ref(), bundle.as_os_str(), "-".as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{}\nnonsense\n{{}}", Value::Object(object)).unwrap();
    let done = finished(&child.wait_with_output().unwrap());
    let answers: Vec<Value> = done.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((done.code, answers.len()), (0, 3), "{}", done.stderr);
    let expected = predicted(&bundle, &made().customers())[0];
    // Readers of JSON may be one unit off in the last place.
    assert!((answers[0]["probability"].as_f64().unwrap() - expected).abs() < 1e-15, "{answers:?}");
    assert!(answers[1]["error"].as_str().unwrap().contains("not a JSON object"));
    assert!(answers[2]["error"].as_str().unwrap().contains("is not given"));
}

/// Every reason's contribution, and the rest, add up to the score's log-odds less the baseline.
#[test]
fn reasons_add_up_to_the_score() {
    let (bundle, _) = made().bundle("explained.tenure", &[]);
    let scores = made().path("explained.csv");
    let some = made().path("some-customers.csv");
    let text = fs::read_to_string(made().customers()).unwrap();
    fs::write(&some, text.lines().take(301).collect::<Vec<_>>().join("\n")).unwrap();
    let explain = |target: &Path| {
        let words = ["score".as_ref(), bundle.as_os_str(), some.as_os_str(), "-o".as_ref(), target.as_os_str()];
        succeed(words.into_iter().chain(["--explain", "--reasons", "4", "--json"].map(AsRef::as_ref)))
    };
    let printed: Value = serde_json::from_str(&explain(&scores)).unwrap();
    let baseline = printed["baseline_log_odds"].as_f64().unwrap();
    let (header, rows) = table(&scores);
    assert_eq!(header[..5], ["id", "probability", "unusual", "reason_1", "contribution_1"]);
    assert_eq!((header.len(), header.last().map(String::as_str)), (12, Some("contribution_others")));
    assert_eq!(rows.len(), 300);
    let mut strongest = std::collections::BTreeSet::new();
    for row in &rows {
        let number = |place: usize| row[place].parse::<f64>().unwrap();
        let logit = (number(1) / (1.0 - number(1))).ln();
        let contributions: Vec<f64> = [4, 6, 8, 10].map(number).to_vec();
        let sum = contributions.iter().sum::<f64>() + number(11);
        assert!((sum - (logit - baseline)).abs() < 1e-9, "{row:?}");
        assert!(contributions.is_sorted_by(|a, b| a.abs() >= b.abs()), "{row:?}");
        strongest.insert(row[3].clone());
    }
    assert!(strongest.len() > 1, "customers differ in their reasons: {strongest:?}");
    let again = made().path("explained-again.csv");
    explain(&again);
    assert_eq!(fs::read(scores).unwrap(), fs::read(again).unwrap());
}

#[test]
fn what_is_not_an_arrow_stream_is_told() {
    let (bundle, _) = made().bundle("stream.tenure", &[]);
    let mut child = command(["score".as_ref(), bundle.as_os_str(), "-".as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"\xff\xff\xff\xff\x08\0\0\0nonsense").unwrap();
    let done = finished(&child.wait_with_output().unwrap());
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(done.stderr.contains("the Arrow stream"), "{}", done.stderr);
}
