//! What the program says and returns when something is wrong.

use crate::tenure::{command, finished, into, run, succeed};

#[test]
fn each_kind_of_trouble_has_its_exit_code() {
    let missing = run(["run", "no-such-file.toml"]);
    assert_eq!(missing.code, 2, "{}", missing.stderr);
    assert!(missing.stderr.contains("no-such-file.toml") && missing.stderr.contains("CFG0001"), "{}", missing.stderr);

    let no_data = run(["plan", "configs/telco.toml", "--set", "data.files=[\"no-such.csv\"]"]);
    assert_eq!(no_data.code, 3, "{}", no_data.stderr);
    assert!(no_data.stderr.contains("no-such.csv") && no_data.stderr.contains("hint:"), "{}", no_data.stderr);

    let not_a_run = run(["report", "configs"]);
    assert_eq!(not_a_run.code, 5, "{}", not_a_run.stderr);
    assert!(not_a_run.stderr.contains("expected the folder of a run"), "{}", not_a_run.stderr);

    assert_eq!(run(["run"]).code, 2);
    assert_eq!(run(["explain", "XYZ9999"]).code, 2);
}

#[test]
fn a_gpu_that_is_not_there_is_exit_code_4() {
    let runs = tempfile::tempdir().unwrap();
    let mut command = command(["run", "configs/tiny-gpu.toml", "--set", "device.adapter=\"no such card\""]);
    command.args(into(runs.path()));
    let done = finished(&command.output().unwrap());
    assert_eq!(done.code, 4, "{}", done.stderr);
    assert!(!crate::tenure::only_run(runs.path()).join("DONE").exists());
}

#[test]
fn errors_are_json_when_asked_for() {
    let done = run(["plan", "configs/telco.toml", "--json", "--set", "train.epoch=3"]);
    assert_eq!(done.code, 2);
    let told: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(told["exit"], 2);
    assert!(told["errors"][0]["hint"].as_str().is_some_and(|hint| hint.contains("epochs")), "{told}");
}

#[test]
fn every_code_that_is_listed_is_explained() {
    let listed = succeed(["explain", "--json"]);
    let codes: Vec<(String, String)> = serde_json::from_str(&listed).unwrap();
    assert!(codes.len() > 60, "{} codes", codes.len());
    for family in ["CFG", "DAT", "ENC", "DEV", "TRN", "EVA"] {
        assert!(codes.iter().any(|(code, _)| code.starts_with(family)), "no {family} codes");
    }
}

#[test]
fn the_committed_schema_is_the_one_the_program_prints() {
    let committed = std::fs::read_to_string(crate::tenure::root().join("configs/experiment.schema.json")).unwrap();
    let committed: serde_json::Value = serde_json::from_str(&committed).unwrap();
    let printed: serde_json::Value = serde_json::from_str(&succeed(["schema"])).unwrap();
    assert_eq!(committed, printed);
}

#[test]
fn manual_and_completions_cover_every_verb() {
    let dir = tempfile::tempdir().unwrap();
    succeed(["man".as_ref(), dir.path().as_os_str()]);
    let completions = succeed(["completions", "bash"]);
    for verb in ["init", "plan", "run", "rerun", "report", "compare", "doctor", "synth", "explain", "schema"] {
        assert!(dir.path().join(format!("tenure-{verb}.1")).is_file(), "no page for {verb}");
        assert!(completions.contains(verb), "no completion for {verb}");
    }
}

#[test]
fn doctor_finds_the_cpu_healthy() {
    let done = run(["doctor", "--json"]);
    let findings: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    let checks = findings["checks"].as_array().unwrap();
    let cpu = checks.iter().find(|check| check["device"].as_str().unwrap().starts_with("flex")).unwrap();
    assert!(cpu["result"]["max_relative_error"].as_f64().unwrap() < 1e-4, "{findings}");
    assert_eq!(done.code, 0, "{findings}");
}
