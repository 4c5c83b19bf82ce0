//! Whole runs of the tasks that predict value: made data with known truth, CDNOW, resumed, repeated, compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::tenure::{arguments, check_resuming, into, json, only_run, reading, run, shared_data, succeed};

/// Made customers and a network too small to be good: seconds, not minutes.
const SMALL: &[&str] = &[
    "run",
    "configs/clv-first-run.toml",
    "--quiet",
    "--set",
    "device.kind=cpu",
    "--set",
    "synthetic.n_customers=700",
    "--set",
    "train.epochs=4",
    "--set",
    "evaluate.bootstrap=40",
];

fn small(runs: &Path, more: &[&str]) -> Vec<String> {
    arguments(SMALL, more, runs)
}

fn metric(evaluation: &Value, name: &str) -> f64 {
    evaluation["metrics"][name]["value"].as_f64().unwrap_or_else(|| panic!("no {name} in {evaluation}"))
}

fn model(run: &Path, name: &str) -> f64 {
    metric(&json(&run.join("metrics.json"))["model"], name)
}

fn baseline(run: &Path, wanted: &str, name: &str) -> f64 {
    let metrics = json(&run.join("metrics.json"));
    let all = metrics["baselines"].as_array().expect("baselines");
    let found = all.iter().find(|one| one["name"] == wanted).unwrap_or_else(|| panic!("no baseline {wanted}"));
    metric(&found["evaluation"], name)
}

#[test]
fn the_first_run_of_value_sets_every_baseline_beside_the_network_and_repeats_to_the_bit() {
    let runs = tempfile::tempdir().unwrap();
    let printed = succeed(small(runs.path(), &["--set", "train.epochs=12"]));
    for name in ["naive rate", "last period", "zero", "BG/NBD + Gamma-Gamma", "Pareto/NBD + Gamma-Gamma"] {
        assert!(printed.contains(name), "{name} is missing:\n{printed}");
    }
    let run = only_run(runs.path());
    for file in [
        "DONE",
        "run.json",
        "metrics.json",
        "report.html",
        "report.json",
        "model_card.md",
        "predictions.parquet",
        "features.json",
        "lifetime.json",
    ] {
        assert!(run.join(file).is_file(), "the run has no {file}");
    }
    assert!(model(&run, "normalized_gini") > 0.3, "the network learned nothing: {}", model(&run, "normalized_gini"));
    let lineage = fs::read_to_string(run.join("features.json")).unwrap();
    assert!(lineage.contains("lifetime_p_alive") && lineage.contains("fitted to the events before the row's cutoff"));
    let again = succeed(["rerun".as_ref(), run.as_os_str()]);
    assert!(again.contains("to the bit"), "{again}");
}

#[test]
fn a_killed_run_of_value_resumes_to_the_same_metrics() {
    let long = ["--set", "train.epochs=60", "--set", "train.patience=60", "--set", "train.batch_size=64"];
    check_resuming(|runs| small(runs, &long));
}

#[test]
fn churn_and_value_come_from_one_network() {
    let runs = tempfile::tempdir().unwrap();
    let printed = succeed(small(runs.path(), &["--set", "experiment.task=churn+clv"]));
    assert!(printed.contains("churn: AUC"), "{printed}");
    let metrics = json(&only_run(runs.path()).join("metrics.json"));
    assert!(metric(&metrics["churn"], "auc") > 0.5, "{}", metrics["churn"]["metrics"]["auc"]);
}

#[test]
fn a_gate_of_value_that_fails_is_exit_code_1() {
    let runs = tempfile::tempdir().unwrap();
    let done = run(small(runs.path(), &["--set", "gates.min_gini=0.999"]));
    assert_eq!(done.code, 1, "{}", done.stderr);
    assert!(done.stdout.contains("gates.min_gini FAILED"), "{}", done.stdout);
}

#[test]
fn runs_of_value_are_compared_row_by_row_and_never_with_runs_of_churn() {
    let (network, fitted, churn) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    succeed(small(network.path(), &[]));
    succeed(small(fitted.path(), &["--set", "model.kind=pareto_nbd"]));
    succeed(small(churn.path(), &["--set", "experiment.task=churn"]));
    let [network, fitted, churn] = [&network, &fitted, &churn].map(|dir| only_run(dir.path()));
    let page = fitted.parent().expect("runs lie in a folder").join("compared.html");
    let html = ["--html".as_ref(), page.as_os_str()];
    let printed = succeed(["compare".as_ref(), fitted.as_os_str(), network.as_os_str()].into_iter().chain(html));
    assert!(printed.contains("normalized Gini − first") && printed.contains('['), "{printed}");
    assert!(
        fs::read_to_string(page).unwrap().to_lowercase().contains("normalized gini"),
        "the page compares something else"
    );
    let refused = run(["compare".as_ref(), network.as_os_str(), churn.as_os_str()]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("different tasks"), "{}", refused.stderr);
    // Where nothing is trained, the model is its own baseline.
    assert_eq!(model(&fitted, "rmse"), baseline(&fitted, "Pareto/NBD + Gamma-Gamma", "rmse"));
}

#[test]
fn value_of_a_customer_table_is_a_column() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("customers.csv");
    let mut text = String::from("id,visits,plan,spend\n");
    for i in 0..400_u32 {
        let visits = i * 37 % 20;
        let spend = if i % 3 == 0 { 0.0 } else { f64::from(visits * 10 + i % 7 + 1) };
        text.push_str(&format!("c{i},{visits},{},{spend}\n", ["a", "b"][i as usize % 2]));
    }
    fs::write(&file, text).unwrap();
    let config = dir.path().join("table.toml");
    let columns = "id = \"id\"\nspend = \"value\"\n";
    let body = format!(
        "[experiment]\ntask = \"clv\"\n[device]\nkind = \"cpu\"\n[data]\nsource = \"customers\"\n\
         files = [\"customers.csv\"]\n[data.columns]\n{columns}[model]\npreset = \"fast\"\n[train]\nepochs = 40\n\
         batch_size = 32\n[evaluate]\nbootstrap = 40\n"
    );
    fs::write(&config, body).unwrap();
    let runs = dir.path().join("runs");
    let mut arguments = vec!["run".to_owned(), config.display().to_string(), "--quiet".into()];
    arguments.extend(into(&runs));
    let printed = succeed(arguments);
    assert!(printed.contains("zero") && !printed.contains("naive rate"), "{printed}");
    let gini = model(&only_run(&runs), "normalized_gini");
    assert!(gini > 0.4, "spend grows with visits, and the network has not seen it: {gini}");
}

/// The table of the literature (weeks, spend in the 39 weeks after 1997-09-30) by the program's own way: from the raw log
/// with the papers' customers held out. The cutoff is the midnight after, so T is a day longer than in the papers, and the
/// fit is to all 23,570 customers: figures agree to the third digit.
#[test]
fn cdnow_by_pareto_nbd_is_as_published() {
    let (Some(master), Some(sample)) = (shared_data("cdnow_master.txt"), shared_data("cdnow_sample.txt")) else {
        return;
    };
    let runs = tempfile::tempdir().unwrap();
    let mut arguments: Vec<String> =
        ["run", "configs/cdnow-clv.toml", "--quiet", "--set", "model.kind=pareto_nbd"].map(String::from).into();
    // A purchase model takes no offset, and needs no forecasts among features that nothing reads.
    let trimmed = fs::read_to_string(crate::tenure::root().join("configs/cdnow-clv.toml")).unwrap();
    let trimmed: String =
        trimmed.lines().filter(|line| !line.starts_with("offset")).map(|line| format!("{line}\n")).collect();
    let config = runs.path().join("cdnow.toml");
    fs::write(&config, trimmed).unwrap();
    arguments[1] = config.display().to_string();
    arguments.extend(reading(&master));
    arguments.extend(["--set".into(), format!("split.holdout={:?}", sample.display().to_string())]);
    arguments.extend(["--set".into(), "evaluate.bootstrap=40".into()]);
    let into_folder = runs.path().join("runs");
    arguments.extend(into(&into_folder));
    succeed(arguments);
    let run = only_run(&into_folder);
    let counts = &json(&run.join("metrics.json"))["model"]["counts"];
    assert_eq!(counts["n_rows"], 2357);
    assert_eq!(counts["n_nonzero"], 2357 - 1673);
    assert!((counts["total_actual"].as_f64().unwrap() - 70_976.39).abs() < 0.1, "{counts}");
    for (name, published, tolerance) in
        [("rmse", 72.18, 0.15), ("spearman", 0.4451, 0.002), ("normalized_gini", 0.6594, 0.002)]
    {
        let found = model(&run, name);
        assert!((found - published).abs() < tolerance, "{name}: {found}, published {published}");
    }
    assert!((baseline(&run, "naive rate", "spearman") - 0.480).abs() < 0.002);
    assert_eq!(tracked(&run), repeat_days(&master, "19971001"), "days with a purchase after each customer's first");
}

/// Repeat transactions before the cutoff, as the report tracks them.
fn tracked(run: &Path) -> u64 {
    let tracking = &json(&run.join("report.json"))["base"]["tracking"];
    let n_before = tracking["n_calibration_weeks"].as_u64().expect("weeks before the cutoff") as usize;
    let actual = tracking["actual"].as_array().expect("weeks");
    actual[..n_before].iter().map(|week| week.as_f64().expect("a count") as u64).sum()
}

/// The same, counted in the raw log: columns customer, date, units, money.
fn repeat_days(log: &Path, before: &str) -> u64 {
    let text = fs::read_to_string(log).expect("the log is there");
    let mut days = BTreeMap::<&str, BTreeSet<&str>>::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [customer, date, _, money] = cells[..] else { continue };
        if date < before && money.parse::<f64>().is_ok_and(|money| money > 0.0) {
            days.entry(customer).or_default().insert(date);
        }
    }
    days.values().map(|days| days.len() as u64 - 1).sum()
}

/// The rows are customers who bought of late; the models are fitted to all, or they would find that nobody ever leaves.
#[test]
fn the_page_is_filled_and_purchase_models_see_customers_whom_the_rows_leave_out() {
    let runs = tempfile::tempdir().unwrap();
    succeed(small(runs.path(), &["--set", "time.active_within=60d", "--set", "evaluate.slices=[\"region\"]"]));
    let run = only_run(runs.path());
    let page = json(&run.join("report.json"));
    let n_rows = page["partitions"][0]["test"]["n_rows"].as_u64().expect("test rows");
    let fits = page["fits"].as_array().expect("fits");
    let n_fitted = fits.iter().map(|fit| fit["n_customers"].as_u64().unwrap()).max().expect("a fit");
    assert!(n_fitted > n_rows + n_rows / 4, "fitted to {n_fitted} customers, {n_rows} of them active");
    let all_of = |list: &Value| list.as_array().map_or(0, Vec::len);
    let judgement = &page["judgement"];
    assert_eq!(judgement["slices"][0]["column"], "region");
    assert!(all_of(&judgement["importance"]) > 5 && all_of(&page["dependence"]) > 2, "nothing explains the network");
    assert!(all_of(&judgement["cohorts"]["slices"]) > 3, "{}", judgement["cohorts"]);
    assert_eq!(all_of(&page["base"]["tracking"]["expected"]), 2);
    assert!(all_of(&page["base"]["alive"]["p_alive"]) >= 5);
}
