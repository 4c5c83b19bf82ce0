//! Whole runs of networks that read a customer's last purchases one by one.

use std::fs;
use std::path::Path;

use crate::tenure::{arguments, only_run, run, succeed};

/// Made customers and a network too small to be good: seconds, not minutes.
const SMALL: &[&str] = &[
    "run",
    "configs/clv-first-run.toml",
    "--quiet",
    "--set",
    "device.kind=cpu",
    "--set",
    "synthetic.n_customers=500",
    "--set",
    "train.epochs=3",
    "--set",
    "evaluate.bootstrap=40",
    "--set",
    "evaluate.permutations=1",
    "--set",
    "model.sequence.kind=gru",
    "--set",
    "model.sequence.length=12",
    "--set",
    r#"model.sequence.inputs=["amount", "gap", "age", "category"]"#,
];

fn small(runs: &Path, more: &[&str]) -> Vec<String> {
    arguments(SMALL, more, runs)
}

#[test]
fn a_run_reads_purchases_one_by_one_says_so_and_repeats_to_the_bit() {
    let runs = tempfile::tempdir().unwrap();
    succeed(small(runs.path(), &[]));
    let run = only_run(runs.path());
    let read = |name: &str| fs::read_to_string(run.join(name)).unwrap();
    assert!(read("run.json").contains("no fused kernels for sequences"), "{}", read("run.json"));
    assert!(read("features.json").contains("of each of the last 12 purchases before c"), "no lineage of the sequences");
    assert!(read("features.json").contains("the channel of most of a"), "no lineage of the levels");
    assert!(read("report.json").contains("GRU of width 32"), "the report does not describe the encoder");
    let again = succeed(["rerun".as_ref(), run.as_os_str()]);
    assert!(again.contains("to the bit"), "{again}");
}

#[test]
fn churn_with_sequences_is_compressed_into_a_student_of_the_features() {
    let runs = tempfile::tempdir().unwrap();
    let gates =
        ["quantize.max_auc_loss=0.5", "quantize.max_log_loss_rise=9", "distill.epochs=2", "distill.mixed_rows=200"];
    let churn = ["experiment.task=churn", "features.lifetime=false"];
    let set: Vec<&str> = churn.iter().chain(&gates).flat_map(|one| ["--set", *one]).collect();
    succeed(small(runs.path(), &set));
    let run = only_run(runs.path());
    succeed(["compress".as_ref(), run.as_os_str()]);
    let told = succeed(["verify".as_ref(), run.join("bundle.tenure").as_os_str()]);
    assert!(!told.is_empty());
}

#[test]
fn the_plan_shows_sequences_and_a_customer_table_has_none() {
    let mut arguments: Vec<String> = SMALL[..2].iter().chain(&SMALL[3..]).map(ToString::to_string).collect();
    arguments[0] = "plan".into();
    let shown = succeed(arguments);
    assert!(
        shown.contains("purchases before") && shown.contains("amount, gap_days, age_days, category, channel"),
        "{shown}"
    );
    let refused = run([
        "plan",
        "configs/first-run.toml",
        "--set",
        "synthetic.kind=customers",
        "--set",
        "model.sequence.kind=gru",
    ]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("needs the events of each customer"), "{}", refused.stderr);
}
