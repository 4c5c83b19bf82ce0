//! Runs over several folds, which learn side by side where there are threads for it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::tenure::{arguments, check_resuming, command, finished, only_run, succeed};

/// Three folds of made customers: an odd number, so that one is left over on two threads.
const FOLDS: &[&str] = &[
    "run",
    "configs/tiny-gpu.toml",
    "--quiet",
    "--set",
    "device.kind=cpu",
    "--set",
    "synthetic.kind=customers",
    "--set",
    "synthetic.n_customers=900",
    "--set",
    "split.kind=stratified",
    "--set",
    "split.folds=3",
];

/// Every epoch, without its times.
fn history(run: &Path) -> Vec<Value> {
    let text = fs::read_to_string(run.join("history.jsonl")).expect("a run has a history");
    let timeless = |line: &str| {
        let mut epoch: Value = serde_json::from_str(line).expect("lines are JSON");
        let fields = epoch.as_object_mut().expect("an epoch is an object");
        assert!(fields.remove("seconds").is_some() && fields.remove("rows_per_second").is_some());
        epoch
    };
    text.lines().map(timeless).collect()
}

#[test]
fn folds_side_by_side_learn_what_they_learn_one_after_the_other() {
    let more = ["--set", "train.epochs=4", "--set", "train.seeds=2"];
    let (together, in_turn) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Where a process may use one thread alone, folds go one after the other.
    let program = command(arguments(FOLDS, &more, in_turn.path()));
    let mut alone = Command::new("taskset");
    alone.args(["--cpu-list", &a_processor()]).arg(program.get_program()).args(program.get_args());
    alone.current_dir(program.get_current_dir().unwrap()).env("NO_COLOR", "1");
    let Ok(output) = alone.output() else {
        eprintln!("skipped: there is no `taskset`");
        return;
    };
    let done = finished(&output);
    assert_eq!(done.code, 0, "{}", done.stderr);
    succeed(arguments(FOLDS, &more, together.path()));
    let (together, in_turn) = (only_run(together.path()), only_run(in_turn.path()));
    let partitions: Vec<Value> = history(&together).iter().map(|epoch| epoch["partition"].clone()).collect();
    assert!(partitions.iter().map(Value::as_u64).is_sorted() && partitions.last() == Some(&2.into()));
    assert_eq!(history(&together), history(&in_turn));
    for file in ["predictions.parquet", "metrics.json", "model/partition-2/calibration.json"] {
        assert!(fs::read(together.join(file)).unwrap() == fs::read(in_turn.join(file)).unwrap(), "{file}");
    }
}

#[test]
fn killed_folds_resume_to_the_same_metrics() {
    let long = ["--set", "train.epochs=60", "--set", "train.patience=60", "--set", "train.batch_size=16"];
    check_resuming(|runs| arguments(FOLDS, &long, runs));
}

/// A processor that this process may use.
fn a_processor() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let first = |list: &str| list.trim().split([',', '-']).next().map(str::to_owned);
    allowed.and_then(first).unwrap_or_else(|| "0".into())
}
