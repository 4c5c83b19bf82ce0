//! Whole runs: from an experiment file to a report, killed and resumed, repeated, gated.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::tenure::{
    arguments, check_resuming, gpu_or_skip, into, json, only_run, reading, root, run, shared_data, succeed,
};

/// A small experiment on made customers: seconds, not minutes.
const SMALL: &[&str] = &[
    "run",
    "configs/tiny-gpu.toml",
    "--quiet",
    "--set",
    "device.kind=cpu",
    "--set",
    "synthetic.n_customers=600",
    "--set",
    "train.epochs=4",
];

fn small(runs: &Path, more: &[&str]) -> Vec<String> {
    arguments(SMALL, more, runs)
}

fn auc(run: &Path) -> f64 {
    json(&run.join("metrics.json"))["model"]["metrics"]["auc"]["value"].as_f64().expect("an AUC")
}

#[test]
fn the_first_run_ends_with_a_report() {
    let runs = tempfile::tempdir().unwrap();
    let mut arguments = vec!["run".to_owned(), "configs/first-run.toml".into()];
    arguments.extend(["--set".into(), "device.kind=cpu".into()]);
    arguments.extend(into(runs.path()));
    let printed = succeed(arguments);
    let run = only_run(runs.path());
    for file in [
        "DONE",
        "run.json",
        "config.lock.toml",
        "data.lock.json",
        "features.json",
        "metrics.json",
        "history.jsonl",
        "predictions.parquet",
        "report.html",
        "report.json",
        "model_card.md",
    ] {
        assert!(run.join(file).is_file(), "the run has no {file}");
    }
    assert!(printed.contains("recency rule") && printed.contains("logistic regression"), "{printed}");
    assert!(auc(&run) > 0.6, "the network learned nothing: AUC {}", auc(&run));
    assert!(!run.join("checkpoints").exists(), "a complete run keeps no checkpoints");
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!page.contains(outside), "the page reaches outside: {outside}");
    }
}

#[test]
fn the_same_seed_gives_the_same_metrics() {
    let runs = tempfile::tempdir().unwrap();
    succeed(small(runs.path(), &[]));
    let run = only_run(runs.path());
    let printed = succeed(["rerun".as_ref(), run.as_os_str()]);
    assert!(printed.contains("to the bit"), "{printed}");
}

#[test]
fn another_seed_gives_other_metrics() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    succeed(small(one.path(), &["--set", "experiment.seed=1"]));
    succeed(small(two.path(), &["--set", "experiment.seed=2"]));
    assert_ne!(auc(&only_run(one.path())), auc(&only_run(two.path())));
}

#[test]
fn a_killed_run_is_not_complete_and_resumes_to_the_same_metrics() {
    let long = ["--set", "train.epochs=60", "--set", "train.patience=60", "--set", "train.batch_size=16"];
    check_resuming(|runs| small(runs, &long));
}

#[test]
fn a_complete_run_cannot_be_resumed() {
    let runs = tempfile::tempdir().unwrap();
    succeed(small(runs.path(), &[]));
    let done = run(["run".as_ref(), "--resume".as_ref(), only_run(runs.path()).as_os_str()]);
    assert_eq!(done.code, 5, "{}", done.stderr);
    assert!(done.stderr.contains("this run is complete"), "{}", done.stderr);
}

#[test]
fn a_gate_that_fails_is_exit_code_1_and_the_run_is_kept() {
    let runs = tempfile::tempdir().unwrap();
    let done = run(small(runs.path(), &["--set", "gates.min_auc=0.999"]));
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stdout.contains("gates.min_auc FAILED"), "{}", done.stdout);
    assert!(only_run(runs.path()).join("DONE").is_file());
}

#[test]
fn a_sweep_makes_one_run_for_each_point_and_compare_pairs_them() {
    let runs = tempfile::tempdir().unwrap();
    succeed(small(runs.path(), &["--sweep", "model.width=8,16"]));
    let mut found: Vec<_> = fs::read_dir(runs.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    assert_eq!(found.len(), 2);
    let page = runs.path().join("compare.html");
    let printed = succeed([
        "compare".as_ref(),
        found[0].as_os_str(),
        found[1].as_os_str(),
        "--json".as_ref(),
        "--html".as_ref(),
        page.as_os_str(),
    ]);
    let compared: Value = serde_json::from_str(&printed).unwrap();
    let difference = &compared[1]["against_first"][0]["difference"];
    assert!(difference["interval"]["low"].is_number(), "{printed}");
    assert!(page.is_file());
}

#[test]
fn the_report_can_be_written_again() {
    let runs = tempfile::tempdir().unwrap();
    succeed(small(runs.path(), &[]));
    let run = only_run(runs.path());
    let before = fs::read_to_string(run.join("report.html")).unwrap();
    fs::remove_file(run.join("report.html")).unwrap();
    succeed(["report".as_ref(), run.as_os_str()]);
    assert_eq!(fs::read_to_string(run.join("report.html")).unwrap(), before);
}

#[test]
fn the_tiny_config_runs_on_a_gpu() {
    if !gpu_or_skip() {
        return;
    }
    let runs = tempfile::tempdir().unwrap();
    let mut arguments = vec!["run".to_owned(), "configs/tiny-gpu.toml".into()];
    arguments.extend(into(runs.path()));
    succeed(arguments);
    let record = json(&only_run(runs.path()).join("run.json"));
    assert_eq!(record["device"]["kind"], "gpu", "{record}");
}

#[test]
fn a_column_that_is_the_label_is_named_as_leakage() {
    let Some(telco) = shared_data("telco.csv") else { return };
    let dir = tempfile::tempdir().unwrap();
    let leaking = dir.path().join("leaking.csv");
    let text = fs::read_to_string(telco).unwrap();
    let with_reason = |(i, line): (usize, &str)| match (i, line.ends_with("Yes")) {
        (0, _) => format!("{line},ReasonForLeaving"),
        (_, true) => format!("{line},moved"),
        (_, false) => format!("{line},"),
    };
    fs::write(&leaking, text.lines().enumerate().map(with_reason).collect::<Vec<_>>().join("\n")).unwrap();
    let mut arguments = vec!["plan".to_owned(), "configs/telco.toml".into()];
    arguments.extend(reading(&leaking));
    arguments.extend(["--set".into(), "data.columns.ReasonForLeaving=category".into()]);
    let printed = succeed(arguments);
    assert!(printed.contains("suspected leakage in `ReasonForLeaving`"), "{printed}");
}

#[test]
fn the_real_data_of_the_configs_load_as_their_facts_say() {
    for (config, file, expected) in [
        ("configs/telco.toml", "telco.csv", "rows: 7043 read, 7043 kept"),
        ("configs/cdnow.toml", "cdnow_master.txt", "rows: 69659 read, 69659 kept"),
        ("configs/online-retail.toml", "online_retail.parquet", "rows: 541909 read"),
    ] {
        let Some(data) = shared_data(file) else { return };
        let mut arguments = vec!["plan".to_owned(), config.into()];
        arguments.extend(reading(&data));
        let printed = succeed(arguments);
        assert!(printed.contains(expected), "{config}:\n{printed}");
    }
}

#[test]
fn plan_trains_nothing_and_writes_nothing() {
    let runs = root().join("runs-that-plan-must-not-make");
    let mut arguments = vec!["plan".to_owned(), "configs/first-run.toml".into()];
    arguments.extend(into(&runs));
    let printed = succeed(arguments);
    assert!(printed.contains("memory, about") && printed.contains("label before"), "{printed}");
    assert!(!runs.exists());
}

#[test]
fn init_writes_a_file_that_plans_and_runs() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("made");
    succeed([
        "synth".as_ref(),
        data.as_os_str(),
        "--kind".as_ref(),
        "customers".as_ref(),
        "--format".as_ref(),
        "csv".as_ref(),
        "--customers".as_ref(),
        "500".as_ref(),
    ]);
    let file = dir.path().join("mine.toml");
    succeed(["init".as_ref(), data.join("customers.csv").as_os_str(), "-o".as_ref(), file.as_os_str()]);
    let mut arguments = vec!["run".to_owned(), file.display().to_string(), "--quiet".into()];
    for set in ["model.preset=fast", "train.epochs=2", "device.kind=cpu", "evaluate.bootstrap=20"] {
        arguments.extend(["--set".into(), set.into()]);
    }
    arguments.extend(into(&dir.path().join("runs")));
    succeed(arguments);
    assert!(only_run(&dir.path().join("runs")).join("DONE").is_file());
}
