//! `tenure bench`: it measures what it says, keeps it, and compares it.

use std::fs;

use serde_json::Value;

use crate::tenure::{run, succeed};

const QUICK: &[&str] = &["bench", "--quiet", "--rounds", "1"];

#[test]
fn every_kind_of_workload_is_measured_kept_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let [result, markdown] = ["result.json", "result.md"].map(|name| folder.path().join(name).display().to_string());
    let mut arguments = [QUICK, &["--device", "cpu", "--result", &result, "--markdown", &markdown]].concat();
    for part in ["score", "kmeans/200000x16", "features", "train/mlp-32"] {
        arguments.extend(["--only", part]);
    }
    let printed = succeed(&arguments);
    let kept: Value = serde_json::from_str(&fs::read_to_string(&result).unwrap()).unwrap();
    assert!(kept["machine"]["n_threads"].as_u64().is_some_and(|n| n > 0), "{kept}");
    let measurements = kept["measurements"].as_array().expect("measurements");
    assert_eq!(measurements.len(), 6, "{kept}");
    for one in measurements {
        let id = one["id"].as_str().expect("an id");
        assert!(printed.contains(id), "{id} is not printed:\n{printed}");
        assert!(one["per_second"].as_f64().is_some_and(|rate| rate > 10.0), "{one}");
        assert!(one["check"].as_f64().is_some_and(f64::is_finite), "{one}");
    }
    // Single rows and batches of the same bundle score the same.
    let check = |id: &str| &measurements.iter().find(|one| one["id"] == id).expect("measured")["check"];
    assert_eq!(check("score/int8/single"), check("score/int8/batch"));
    assert!(fs::read_to_string(&markdown).unwrap().starts_with("| workload | device |"));

    let compared = succeed(["bench", "--compare", &result, &result]);
    assert!(compared.contains("rounds overlap") && compared.contains("1.00"), "{compared}");
}

#[test]
fn what_cannot_be_measured_or_compared_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let done = run([QUICK, &["--only", "nonsense"]].concat());
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("no workload's id contains nonsense"), "{}", done.stderr);
    let wrong = folder.path().join("wrong.json");
    fs::write(&wrong, "{}").unwrap();
    let done = run(["bench", "--compare", &wrong.display().to_string(), "missing.json"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("wrong.json") && done.stderr.contains("--result"), "{}", done.stderr);
}
