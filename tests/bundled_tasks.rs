//! Bundles of value, of churn with value, and of segments: from a finished run to scores of the same customers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use tenure_data::read_segments;
use tenure_edge::Model;

use crate::tenure::{only_run, run, succeed};

/// Made customers with what each is worth: nothing for those who left and for every ninth, else more for a high fee and many
/// logins.
struct Made {
    dir: tempfile::TempDir,
}

impl Made {
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn customers(&self) -> PathBuf {
        self.path("customers.csv")
    }

    /// Runs this experiment over the customers and gives its folder.
    fn run(&self, name: &str, experiment: &str) -> PathBuf {
        let file = self.path(&format!("{name}.toml"));
        let data = format!("[data]\nsource = \"customers\"\nfiles = [{:?}]\n", self.customers().display().to_string());
        fs::write(&file, format!("{experiment}\n{data}")).expect("the folder can be written");
        let runs = self.path(name);
        let mut arguments = vec!["run".to_owned(), file.display().to_string(), "--quiet".into()];
        let dir = format!("run.dir={:?}", runs.display().to_string());
        let small = ["device.kind=cpu", "evaluate.bootstrap=20", "evaluate.permutations=0", dir.as_str()];
        arguments.extend(small.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]));
        succeed(arguments);
        only_run(&runs)
    }
}

const HEADER: &str = "customer_id,fee,logins,days_since_login,contract,worth,churned";

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut text = format!("{HEADER}\n");
        // A generator of Knuth's: enough disorder for a split, the same on every machine.
        let mut state = 9_u64;
        let mut draw = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        for i in 0..1_500 {
            let (fee, logins, days) = (20 + draw(80), draw(30), draw(60));
            let contract = ["monthly", "yearly", "trial"][draw(3) as usize];
            let left = days + draw(60) > 75;
            let worth = if left || i % 9 == 0 { 0 } else { fee * (1 + logins / 4) + draw(40) };
            text.push_str(&format!("C{i:04},{fee},{logins},{days},{contract},{worth},{}\n", u8::from(left)));
        }
        fs::write(dir.path().join("customers.csv"), text).expect("the folder can be written");
        Made { dir }
    })
}

const COLUMNS: &str = "[data.columns]\ncustomer_id = \"id\"\n";
const SMALL: &str = "[model]\npreset = \"fast\"\n[train]\nepochs = 12\n[split]\nkind = \"stratified\"\nfolds = 0\n";

fn value_run() -> &'static (PathBuf, PathBuf) {
    static RUNS: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    RUNS.get_or_init(|| {
        let of = |name: &str, task: &str, churned: &str| {
            let columns = format!("{COLUMNS}worth = \"value\"\nchurned = {churned:?}\n");
            made().run(name, &format!("[experiment]\ntask = {task:?}\n{SMALL}{columns}"))
        };
        (of("clv", "clv", "ignore"), of("joint", "churn+clv", "target"))
    })
}

/// Compresses a run with a small student; gives the exit code, what was measured, and what was said.
fn compress(run_dir: &Path, bundle: &Path, set: &[&str]) -> (i32, Value, String) {
    let mut arguments = vec!["compress".to_owned(), run_dir.display().to_string(), "--quiet".into(), "--json".into()];
    arguments.extend(["-o".into(), bundle.display().to_string()]);
    let fast = ["distill.epochs=10", "distill.mixed_rows=1000", "distill.network_bytes=3000"];
    arguments.extend(fast.iter().chain(set).flat_map(|set| ["--set".to_owned(), (*set).to_owned()]));
    let done = run(arguments);
    let measured = serde_json::from_str(&done.stdout).unwrap_or(Value::Null);
    (done.code, measured, format!("{}{}", done.stdout, done.stderr))
}

const LAX: [&str; 4] = [
    "quantize.max_auc_loss=1",
    "quantize.max_log_loss_rise=9",
    "quantize.max_gini_loss=1",
    "quantize.max_total_change=9",
];

/// The fields of a line; names of segments may hold commas, and are quoted then.
fn fields(line: &str) -> Vec<String> {
    let mut is_quoted = false;
    let split = |c: char| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    };
    line.split(split).map(|field| field.trim_matches('"').to_owned()).collect()
}

/// Scores all customers; the table's columns by name.
fn scores(bundle: &Path, to: &Path) -> BTreeMap<String, Vec<String>> {
    scores_with(bundle, to, &[]).0
}

/// The same with more arguments, and what was printed.
fn scores_with(bundle: &Path, to: &Path, more: &[&str]) -> (BTreeMap<String, Vec<String>>, String) {
    let customers = made().customers();
    let arguments = ["score".as_ref(), bundle.as_os_str(), customers.as_os_str(), "-o".as_ref(), to.as_os_str()];
    let printed = succeed(arguments.into_iter().chain(more.iter().map(AsRef::as_ref)));
    assert!(printed.contains("1500 rows, 1500 scored"), "{printed}");
    let text = fs::read_to_string(to).expect("scores");
    let mut lines = text.lines().map(fields);
    let header = lines.next().expect("a header");
    let rows: Vec<Vec<String>> = lines.collect();
    let column = |place: usize| rows.iter().map(|row| row[place].clone()).collect();
    (header.into_iter().enumerate().map(|(place, name)| (name, column(place))).collect(), printed)
}

/// Contributions to expected value add up to it, from the baseline that is printed.
fn explains_money(bundle: &Path, to: &Path, wanted: &str) {
    let (columns, printed) = scores_with(bundle, to, &[wanted, "--reasons", "2"]);
    let (_, baseline) = printed.split_once("from an expected value of ").expect("the baseline is told");
    let baseline: f64 = baseline.trim().parse().expect("a number");
    let [first, second, others] =
        ["contribution_1", "contribution_2", "contribution_others"].map(|name| numbers(&columns, name));
    for (row_idx, expected) in numbers(&columns, "expected_value").into_iter().enumerate() {
        let sum = baseline + first[row_idx] + second[row_idx] + others[row_idx];
        assert!((sum - expected).abs() < 1e-3, "row {row_idx}: {sum}, {expected}");
    }
    assert!(first.iter().any(|found| *found < 0.0) && first.iter().any(|found| *found > 0.0), "both ways");
}

fn numbers(columns: &BTreeMap<String, Vec<String>>, name: &str) -> Vec<f64> {
    columns[name].iter().map(|text| text.parse().expect("a number")).collect()
}

fn gate(measured: &Value, wanted: &str) -> f64 {
    let gates = measured["gates"].as_array().expect("gates");
    let found = gates.iter().find(|gate| gate["gate"] == wanted).unwrap_or_else(|| panic!("no {wanted}: {measured}"));
    found["found"].as_f64().expect("a number")
}

#[test]
fn a_value_run_becomes_a_bundle_that_tells_money() {
    let bundle = made().path("clv.tenure");
    let (code, measured, said) = compress(&value_run().0, &bundle, &LAX);
    assert_eq!(code, 0, "{said}");
    assert!(gate(&measured, "parity") <= 1e-5 && gate(&measured, "parity_value") <= 1e-4, "{measured}");
    let gini = |step: usize| measured["steps"][step]["value"]["normalized_gini"].as_f64().unwrap();
    assert!(gini(0) > 0.5, "the teacher learned nothing: {measured}");
    assert!(gini(0) - gini(2) < 0.05, "the integers forgot what the teacher taught: {measured}");
    assert!(gate(&measured, "quantize.max_total_change") < 0.2, "{measured}");

    let columns = scores(&bundle, &made().path("clv.csv"));
    let expected = numbers(&columns, "expected_value");
    assert!(numbers(&columns, "p_buys").iter().all(|p| (0.0..=1.0).contains(p)));
    let text = fs::read_to_string(made().customers()).unwrap();
    let worth: f64 = text.lines().skip(1).map(|line| line.split(',').nth(5).unwrap().parse::<f64>().unwrap()).sum();
    let ratio = expected.iter().sum::<f64>() / worth;
    assert!((0.8..1.25).contains(&ratio), "money is counted in the data's unit: {ratio}");

    explains_money(&bundle, &made().path("clv-explained.csv"), "--explain");
    let printed = succeed(["inspect".as_ref(), bundle.as_os_str()]);
    assert!(printed.starts_with("value bundle, format 2"), "{printed}");
    let printed = succeed(["verify".as_ref(), bundle.as_os_str()]);
    assert!(printed.contains("8 sample rows give the same bits"), "{printed}");
}

/// Networks that correct a forecast: the bundle multiplies with the forecast's column, so that the student learns the
/// correction alone.
#[test]
fn a_bundle_of_a_corrected_forecast_carries_the_forecast() {
    let runs = made().path("corrected");
    let dir = format!("run.dir={:?}", runs.display().to_string());
    let set = ["model.offset=\"pareto_nbd\"", "synthetic.n_customers=700", "train.epochs=6", "device.kind=cpu"];
    let mut arguments = vec!["run".to_owned(), "configs/clv-first-run.toml".into(), "--quiet".into()];
    let small = ["evaluate.bootstrap=20", dir.as_str()];
    arguments.extend(set.iter().chain(&small).flat_map(|set| ["--set".to_owned(), (*set).to_owned()]));
    succeed(arguments);
    let bundle = made().path("corrected.tenure");
    let (code, measured, said) = compress(&only_run(&runs), &bundle, &LAX);
    assert_eq!(code, 0, "{said}");
    let n_rows: u64 = measured["n_rows"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(measured["parity"]["n_rows"], n_rows, "every row of the run is held against the trainer");
    assert!(gate(&measured, "parity") <= 1e-5 && gate(&measured, "parity_value") <= 1e-4, "{measured}");
    assert!(gate(&measured, "quantize.max_total_change") < 0.1, "{measured}");

    let printed = succeed(["inspect".as_ref(), bundle.as_os_str(), "--json".as_ref()]);
    let found: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&found["format"], &found["forecast"]), (&Value::from(3), &Value::from("lifetime_value")));
    let file = fs::read(&bundle).unwrap();
    let model = Model::from_bytes(&file).unwrap();
    let forecast = model.answer().forecast().expect("a forecast");
    assert!(forecast.missing > 10.0 * forecast.least && forecast.least > 0.0, "{forecast:?}");
    succeed(["verify".as_ref(), bundle.as_os_str()]);
}

#[test]
fn a_joint_run_becomes_one_bundle_that_answers_both() {
    let bundle = made().path("joint.tenure");
    let (code, measured, said) = compress(&value_run().1, &bundle, &LAX);
    assert_eq!(code, 0, "{said}");
    assert!(gate(&measured, "parity") <= 1e-5 && gate(&measured, "parity_value") <= 1e-4, "{measured}");
    for step in measured["steps"].as_array().unwrap() {
        assert!(step["auc"].is_number() && step["value"]["normalized_gini"].is_number(), "{step}");
    }
    let columns = scores(&bundle, &made().path("joint.csv"));
    let names: Vec<&str> = columns.keys().map(String::as_str).collect();
    assert_eq!(names, ["expected_value", "id", "p_buys", "probability", "unusual"]);
    // Who leaves is worth nothing: the two answers must know of each other.
    let (leaves, buys) = (numbers(&columns, "probability"), numbers(&columns, "p_buys"));
    let mut order: Vec<usize> = (0..leaves.len()).collect();
    order.sort_by(|a, b| leaves[*a].total_cmp(&leaves[*b]));
    let mean = |rows: &[usize]| rows.iter().map(|row| buys[*row]).sum::<f64>() / rows.len() as f64;
    let (stay, leave) = (mean(&order[..375]), mean(&order[1_125..]));
    assert!(stay > leave + 0.1, "those who stay buy: {stay}, {leave}");
    explains_money(&bundle, &made().path("joint-explained.csv"), "--explain=value");
    let (_, printed) = scores_with(&bundle, &made().path("joint-explained.csv"), &["--explain"]);
    assert!(
        printed.contains("contributions add up from log-odds "),
        "churn, where nothing else is asked for: {printed}"
    );
}

#[test]
fn a_bundle_that_lost_too_much_value_is_not_written() {
    let bundle = made().path("poor.tenure");
    let set = ["distill.epochs=1", "distill.learning_rate=1e-7", "quantize.max_gini_loss=0"];
    let (code, measured, said) = compress(&value_run().0, &bundle, &set);
    assert_eq!(code, 1, "{said}");
    assert!(!bundle.exists() && measured["bundle"].is_null(), "{measured}");
}

#[test]
fn a_run_of_segments_becomes_a_bundle_that_finds_every_customer_again() {
    for metric in ["euclidean", "cosine"] {
        let experiment = format!(
            "[experiment]\ntask = \"segments\"\n[segments]\nk = 4\nmetric = {metric:?}\nvalue = \"fee\"\n\
             features = [\"fee\", \"logins\", \"contract\"]\n{COLUMNS}worth = \"ignore\"\nchurned = \"ignore\"\n"
        );
        let run_dir = made().run(metric, &experiment);
        let bundle = made().path(&format!("{metric}.tenure"));
        let (code, measured, said) = compress(&run_dir, &bundle, &[]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(measured["n_customers"], 1_500);
        assert!(measured["n_ties"].as_u64().unwrap() <= 2, "{measured}");

        let columns = scores(&bundle, &made().path(&format!("{metric}.csv")));
        let told = read_segments(&run_dir.join("segments.parquet")).unwrap();
        let of_run: BTreeMap<&str, u32> =
            told.id.iter().map(String::as_str).zip(told.segment.iter().copied()).collect();
        let segments: Vec<u32> = columns["segment"].iter().map(|text| text.parse().unwrap()).collect();
        let n_same =
            columns["id"].iter().zip(&segments).filter(|(id, segment)| of_run[id.as_str()] == **segment).count();
        assert!(n_same >= 1_498, "{metric}: {n_same} of 1,500");
        assert!(columns["name"].iter().all(|name| !name.is_empty()));
        assert!(numbers(&columns, "distance").iter().all(|distance| *distance >= 0.0));
        succeed(["verify".as_ref(), bundle.as_os_str()]);
        let (to, customers) = (made().path("unexplained.csv"), made().customers());
        let words = ["score".as_ref(), bundle.as_os_str(), customers.as_os_str(), "-o".as_ref(), to.as_os_str()];
        let done = run(words.into_iter().chain(["--explain".as_ref()]));
        assert!(done.code == 2 && done.stderr.contains("a bundle of task `segment`"), "{}", done.stderr);
        assert!(!to.exists());
    }
}

#[test]
fn what_has_no_network_is_refused_with_the_way_out() {
    let runs = made().path("forecast");
    let dir = format!("run.dir={:?}", runs.display().to_string());
    let set = ["model.kind=\"pareto_nbd\"", "synthetic.n_customers=700", "evaluate.bootstrap=20", dir.as_str()];
    let mut arguments = vec!["run".to_owned(), "configs/clv-first-run.toml".into(), "--quiet".into()];
    arguments.extend(set.iter().flat_map(|set| ["--set".to_owned(), (*set).to_owned()]));
    succeed(arguments);
    let (code, _, said) = compress(&only_run(&runs), &made().path("none.tenure"), &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no network to make small") && said.contains("lifetime.json"), "{said}");
}
