//! The task `segments`, from a log or a table to named segments, and what it says of bad input.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tenure_data::read_segments;

use crate::tenure::{gpu_or_skip, into, json, only_run, reading, run, shared_data, succeed};

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("the folder can be written");
    path
}

/// One customer of a shop: purchases as `(day, amount)`, days before 2024-01-01.
struct Customer {
    id: String,
    purchases: Vec<(u32, f64)>,
}

/// Ninety customers: a third buys every week, a third bought twice half a year ago, a third bought once last week.
fn shop() -> Vec<Customer> {
    let customer = |i: u32| {
        let purchases = match i % 3 {
            0 => (0..20 + i % 7).map(|w| (1 + i % 5 + 7 * w, 100.0 + f64::from(i))).collect(),
            1 => vec![(180 + i, 20.0 + f64::from(i % 11)), (200 + i, 30.0)],
            _ => vec![(1 + i % 6, 10.0 + f64::from(i % 9))],
        };
        Customer { id: format!("c{i:02}"), purchases }
    };
    (0..90).map(customer).collect()
}

/// 2024-01-01 less so many days.
fn date(days_before: u32) -> String {
    let months = [31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 28, 31];
    let (mut left, mut month) = (days_before, 12);
    for length in months {
        if left <= length {
            return format!("2023-{month:02}-{:02}", length + 1 - left);
        }
        left -= length;
        month -= 1;
    }
    panic!("{days_before} days before 2024 is not in 2023");
}

const EXPERIMENT: &str = "\
[experiment]
task = \"segments\"

[data]
source = \"events\"
files = [\"log.csv\"]

[data.columns]
customer = \"id\"
day = \"time\"
money = \"amount\"

[segments]
at = \"2024-01-01\"
k = 3
";

/// Writes the shop's log and its experiment.
fn made(folder: &Path) -> PathBuf {
    let mut log = String::from("customer,day,money\n");
    // One event on the last day of the year, so that the data end there.
    for customer in shop() {
        for (days, money) in customer.purchases {
            log.push_str(&format!("{},{},{money}\n", customer.id, date(days)));
        }
    }
    write(folder, "log.csv", &log);
    write(folder, "shop.toml", EXPERIMENT)
}

fn experiment(file: &Path, runs: &Path, more: &[&str]) -> Vec<String> {
    let fixed = ["run".to_owned(), file.display().to_string(), "--quiet".into()];
    fixed.into_iter().chain(more.iter().map(ToString::to_string)).chain(into(runs)).collect()
}

/// The middle value, or the mean of the middle two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// A number as the sentences write it, for numbers below 100,000 that end in .0 or .5.
fn told(value: f64) -> String {
    let text = if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    let text = text.strip_suffix(".0").map_or(text.clone(), ToOwned::to_owned);
    if text.len() > 3 && !text.contains('.') {
        let (thousands, rest) = text.split_at(text.len() - 3);
        return format!("{thousands},{rest}");
    }
    text
}

#[test]
fn every_figure_of_a_sentence_is_recomputed_from_the_raw_log() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let printed = succeed(experiment(&made(folder.path()), &runs, &[]));
    let run = only_run(&runs);
    let found = read_segments(&run.join("segments.parquet")).unwrap();
    let segment_of: BTreeMap<&str, u32> =
        found.id.iter().map(String::as_str).zip(found.segment.iter().copied()).collect();
    let customers = shop();
    assert_eq!(segment_of.len(), customers.len());
    let total: f64 = customers.iter().flat_map(|c| &c.purchases).map(|(_, money)| money).sum();
    let report = json(&run.join("report.json"));
    for segment in report["segments"].as_array().unwrap() {
        let id = segment["id"].as_u64().unwrap() as u32;
        let members: Vec<&Customer> = customers.iter().filter(|c| segment_of[c.id.as_str()] == id).collect();
        let of = |figure: fn(&Customer) -> f64| median(members.iter().map(|c| figure(c)).collect());
        let recency = of(|c| c.purchases.iter().map(|(days, _)| f64::from(*days)).fold(f64::INFINITY, f64::min));
        let tenure = of(|c| c.purchases.iter().map(|(days, _)| f64::from(*days)).fold(0.0, f64::max));
        let spend = of(|c| c.purchases.iter().map(|(_, money)| money).sum());
        let n = of(|c| c.purchases.len() as f64);
        let value: f64 = members.iter().flat_map(|c| &c.purchases).map(|(_, money)| money).sum();
        let share = 100.0 * value / total;
        let rounded = |share: f64| if share >= 9.95 { format!("{share:.0}") } else { format!("{share:.1}") };
        let share = rounded(share);
        let times = if n == 1.0 { "has bought once".to_owned() } else { format!("has bought {} times", told(n)) };
        let day = |days: f64| {
            let text = if days >= 10.0 { format!("{days:.0}") } else { told(days) };
            format!("{text} {}", if days == 1.0 { "day" } else { "days" })
        };
        let sentence = segment["sentence"].as_str().unwrap();
        let size = 100.0 * members.len() as f64 / customers.len() as f64;
        let size = format!("{} customers ({}% of all)", members.len(), rounded(size));
        assert!(sentence.starts_with(&size), "`{size}` does not begin: {sentence}");
        for part in [
            format!("bring {share}% of all value"),
            format!("last bought {} ago", day(recency)),
            times,
            format!("has spent {} in all", told(spend)),
            format!("first bought {} ago", day(tenure)),
        ] {
            assert!(sentence.contains(&part), "`{part}` is not in: {sentence}");
        }
        assert!(printed.contains(sentence), "{printed}");
    }
    // The three kinds of customers are far apart, so k-means must find them.
    let kinds: Vec<u32> = customers.iter().map(|c| segment_of[c.id.as_str()]).collect();
    assert!((0..90).all(|i| kinds[i] == kinds[i % 3]), "{kinds:?}");
}

#[test]
fn a_gpu_finds_the_segments_of_the_cpu_and_the_run_says_so() {
    if !gpu_or_skip() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = made(folder.path());
    let found = ["cpu", "gpu"].map(|kind| {
        let runs = folder.path().join(kind);
        let device = format!("device.kind={kind:?}");
        let arguments = ["--set", &device, "--set", "device.allow_software=true", "--set", "segments.n_refits=1"];
        succeed(experiment(&file, &runs, &arguments));
        let run = only_run(&runs);
        let record = json(&run.join("run.json"));
        assert_eq!(record["device"]["kind"], kind, "{record}");
        let adapter = record["device"]["adapter"].as_str().unwrap();
        let report = json(&run.join("report.json"));
        assert!(report["environment"]["device"].as_str().unwrap().starts_with(adapter), "{report}");
        let told = read_segments(&run.join("segments.parquet")).unwrap();
        (told.id, told.segment)
    });
    assert_eq!(found[0], found[1]);
}

#[test]
fn a_run_of_segments_leaves_everything_and_repeats_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let file = made(folder.path());
    let auto = ["--set", "segments.k=\"auto\"", "--set", "segments.k_max=5", "--set", "segments.compare_back=\"60d\""];
    let (first, second) = (folder.path().join("a"), folder.path().join("b"));
    succeed(experiment(&file, &first, &auto));
    succeed(experiment(&file, &second, &auto));
    let (a, b) = (only_run(&first), only_run(&second));
    for name in [
        "DONE",
        "run.json",
        "config.lock.toml",
        "data.lock.json",
        "features.json",
        "metrics.json",
        "segments.parquet",
        "report.html",
        "report.json",
        "model_card.md",
        "model/centroids.json",
        "model/preprocessor.json",
    ] {
        assert!(a.join(name).is_file(), "the run has no {name}");
    }
    let bytes = |run: &Path, name: &str| fs::read(run.join(name)).unwrap();
    assert_eq!(bytes(&a, "metrics.json"), bytes(&b, "metrics.json"));
    assert_eq!(bytes(&a, "model/centroids.json"), bytes(&b, "model/centroids.json"));
    let page = fs::read_to_string(a.join("report.html")).unwrap();
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    for outside in ["src=\"http", "href=\"http", "@import", "url(http", "<script"] {
        assert!(!page.contains(outside), "the page reaches outside: {outside}");
    }
    let report = json(&a.join("report.json"));
    let moved: u64 = report["migration"]["migration"]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(moved, 90, "every customer of today comes from somewhere");
    assert_eq!(report["later"]["explained"].as_array().unwrap().len(), 3);

    let text = |path: &Path| path.display().to_string();
    let compared: Value = serde_json::from_str(&succeed(["compare", &text(&a), &text(&b), "--json"])).unwrap();
    assert_eq!(compared[1]["against_first"]["adjusted_rand"], 1.0);
    assert_eq!(compared[1]["against_first"]["n_customers"], 90);
    succeed(["report", &text(&a)]);
    assert_eq!(fs::read_to_string(a.join("report.html")).unwrap(), page);
    let again = crate::tenure::command(["rerun", &text(&a), "--json"]).output().unwrap();
    let again = crate::tenure::finished(&again);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(
        again.stdout.contains("\"identical\":true") || again.stdout.contains("\"identical\": true"),
        "{}",
        again.stdout
    );
}

/// A run that says what it does.
fn loud(file: &Path, runs: &Path, more: &[&str]) -> Vec<String> {
    experiment(file, runs, more).into_iter().filter(|word| word != "--quiet").collect()
}

/// Made customers, more than fit the least memory that a run can do with.
fn many_customers(folder: &Path) -> PathBuf {
    let made = folder.join("made");
    let place = made.display().to_string();
    succeed(["synth", &place, "--kind", "customers", "--customers", "120000", "--measures", "60", "--quiet"]);
    let text = format!(
        "[experiment]\ntask = \"segments\"\n[data]\nsource = \"customers\"\nfiles = [\"{place}/customers*\"]\n[data.columns]\n\
         customer_id = \"id\"\nchurned = \"target\"\n[segments]\nk = 4\nn_init = 3\nn_refits = 1\nmax_sample = 300\nmax_iter = 10\n\
         value = \"measure_01\"\n"
    );
    write(folder, "many.toml", &text)
}

#[test]
fn a_run_in_little_memory_tells_the_same_to_the_bit_and_leaves_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = many_customers(folder.path());
    for metric in ["euclidean", "cosine"] {
        let metric = format!("segments.metric={metric:?}");
        let (whole, little) = (folder.path().join("whole"), folder.path().join("little"));
        succeed(experiment(&file, &whole, &["--set", &metric]));
        let done = run(loud(&file, &little, &["--set", &metric, "--set", "segments.memory=\"30MB\""]));
        assert!(done.code == 0 && done.stderr.contains("in a scratch file"), "{}", done.stderr);
        let (a, b) = (only_run(&whole), only_run(&little));
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(&b).unwrap() {
            names.push(entry.unwrap().file_name().into_string().unwrap());
        }
        for name in ["metrics.json", "model/centroids.json", "model/preprocessor.json"] {
            let text = |run: &Path| fs::read_to_string(run.join(name)).unwrap();
            assert!(text(&a) == text(&b), "{name} differs");
        }
        let told = |run: &Path| {
            let read = read_segments(&run.join("segments.parquet")).unwrap();
            (read.id, read.segment)
        };
        assert!(told(&a) == told(&b), "segments.parquet differs");
        let columns = |run: &Path| json(&run.join("report.json"))["data"].clone();
        assert_eq!(columns(&a)["n_examples"], columns(&b)["n_examples"]);
        assert_eq!(columns(&a)["columns"].as_array().unwrap().len(), columns(&b)["columns"].as_array().unwrap().len());
        let mut expected: Vec<String> =
            fs::read_dir(&a).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        expected.sort();
        names.sort();
        assert_eq!(names, expected, "the scratch file has no name");
        fs::remove_dir_all(&whole).unwrap();
        fs::remove_dir_all(&little).unwrap();
    }
    let done = run(experiment(&file, &folder.path().join("refused"), &["--set", "segments.memory=\"2MB\""]));
    assert_eq!(done.code, 3, "{}", done.stderr);
    assert!(
        done.stderr.contains("error[SEG0010]: `segments.memory` is too small for 120000 customers of "),
        "{}",
        done.stderr
    );
    assert!(done.stderr.contains("found \"2MB\""), "{}", done.stderr);
}

#[test]
fn encoded_events_in_little_memory_tell_the_same_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made").display().to_string();
    succeed(["synth", &made, "--customers", "200000", "--mean-events", "3", "--quiet"]);
    let windows =
        ["30d", "90d", "180d"].map(|w| format!("\"n_purchases_{w}\", \"n_active_days_{w}\", \"spend_sum_{w}\""));
    let lags = [1, 2, 3, 4, 5, 6].map(|i| format!("\"n_purchases_30d_lag{i}\", \"spend_sum_30d_lag{i}\""));
    let text = format!(
        "[experiment]\ntask = \"segments\"\n[data]\nsource = \"events\"\nfiles = [\"{made}/events*\"]\n[data.columns]\n\
         customer_id = \"id\"\ntime = \"time\"\namount = \"amount\"\n[segments]\nk = 3\nn_init = 1\nn_refits = 0\nmax_sample = 300\n\
         max_iter = 5\nfeatures = [\"recency_days\", \"tenure_days\", \"n_purchases\", \"n_active_days\", \"spend_sum\", \
         \"spend_mean\", \"spend_std\", \"spend_max\", \"spend_last\", \"gap_mean_days\", \"gap_std_days\", \"gap_max_days\", {}, {}, \
         \"n_purchases_decay_30d\", \"spend_decay_30d\", \"n_purchases_decay_90d\", \"spend_decay_90d\"]\n",
        windows.join(", "),
        lags.join(", ")
    );
    let file = write(folder.path(), "log.toml", &text);
    let found = ["1GB", "28MB"].map(|memory| {
        let runs = folder.path().join(memory);
        let done = run(loud(&file, &runs, &["--set", &format!("segments.memory={memory:?}")]));
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert_eq!(done.stderr.contains("in a scratch file"), memory == "28MB", "{}", done.stderr);
        let run = only_run(&runs);
        ["metrics.json", "model/centroids.json"].map(|name| fs::read_to_string(run.join(name)).unwrap())
    });
    assert!(found[0] == found[1], "the metrics or centroids differ");
}

#[test]
fn a_plan_of_segments_says_what_will_be_clustered() {
    let folder = tempfile::tempdir().unwrap();
    let file = made(folder.path()).display().to_string();
    let told = succeed(["plan", &file, "--quiet"]);
    for part in [
        "customers: 90",
        "clustered: recency_days, tenure_days, n_purchases, spend_sum",
        "value: spend_sum",
        "segments: 3",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("train.epochs") && !told.contains("time.horizon"), "{told}");
    let told: Value = serde_json::from_str(&succeed(["plan", &file, "--quiet", "--json"])).unwrap();
    assert_eq!((&told["n_customers"], &told["k_max"]), (&Value::from(90), &Value::from(3)));
}

#[test]
fn bad_input_is_told_with_code_and_hint() {
    let folder = tempfile::tempdir().unwrap();
    let file = made(folder.path());
    let refused = |more: &[&str]| {
        let runs = folder.path().join("refused");
        let done = run(experiment(&file, &runs, more));
        assert_eq!(done.code, 3, "{}", done.stderr);
        assert!(fs::read_dir(&runs).unwrap().all(|run| !run.unwrap().path().join("DONE").exists()));
        fs::remove_dir_all(&runs).unwrap();
        done.stderr
    };
    let cases: [(&[&str], &str); 6] = [
        (
            &["--set", "segments.k=91"],
            "error[SEG0002]: 91 segments were asked for, but only 90 of 90 customers differ in the features `recency_days`, \
          `tenure_days`, `n_purchases`, `spend_sum`\n  hint: set `segments.k` (or `segments.k_max`) to 90 or less, or add features\n",
        ),
        (
            &["--set", "segments.features=[\"n_returns\"]"],
            "error[SEG0005]: feature `n_returns` is 0 for all 90 customers, so it cannot tell segments apart\n  hint: leave \
          `n_returns` out of `segments.features`\n",
        ),
        (
            &["--set", "segments.value=\"spent\""],
            "error[SEG0004]: `segments.value` names `spent`, which the data lack; they have ",
        ),
        (
            &["--set", "segments.at=\"2024-06-01\""],
            "error[DAT0034]: the date 2024-06-01 lies after the end of the data (2024-01-01)\n  hint: leave `segments.at` out to take \
          the end of the data, or give an earlier date\n",
        ),
        (
            &["--set", "data.columns.money=\"ignore\"", "--set", "segments.value=\"spend_sum\""],
            "error[SEG0006]: `segments.value` needs the money of each purchase, but no column has the role `amount`\n  hint: give the \
          column of money the role `amount`, or leave the setting out\n",
        ),
        (
            &["--set", "segments.k=\"auto\"", "--set", "segments.min_share=0.5"],
            "error[SEG0003]: no number of segments from 3 to 10 keeps every segment at 45 customers or more; the smallest segment had ",
        ),
    ];
    for (more, expected) in cases {
        let found = refused(more);
        assert!(found.contains(expected), "expected {expected}\nfound {found}");
    }
}

#[test]
fn segments_and_predictions_are_not_compared() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("a");
    succeed(experiment(&made(folder.path()), &runs, &[]));
    let segments = only_run(&runs);
    // A run of another task, as far as its report tells.
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    for name in ["config.lock.toml", "DONE"] {
        fs::copy(segments.join(name), other.join(name)).unwrap();
    }
    write(&other, "run.json", "{\"task\": \"churn\"}");
    let done = run(["compare", &segments.display().to_string(), &other.display().to_string()]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    assert!(done.stderr.contains("runs of different tasks cannot be compared"), "{}", done.stderr);
}

#[test]
fn the_retail_log_becomes_segments_of_all_its_customers() {
    let Some(file) = shared_data("online_retail.parquet") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["run".to_owned(), "configs/segments-online-retail.toml".into(), "--quiet".into()];
    arguments.extend(reading(&file));
    arguments.extend(into(folder.path()));
    succeed(arguments);
    let run = only_run(folder.path());
    let report = json(&run.join("report.json"));
    let segments = report["segments"].as_array().unwrap();
    let sum = |key: &str| segments.iter().map(|segment| segment[key].as_f64().unwrap()).sum::<f64>();
    // Customers with a line of positive quantity: 4,339 of the 4,372 with an id.
    assert_eq!(sum("n_customers"), 4_339.0);
    assert!((sum("value_share") - 1.0).abs() < 1e-9 && (sum("share") - 1.0).abs() < 1e-9);
    assert_eq!(read_segments(&run.join("segments.parquet")).unwrap().id.len(), 4_339);
}

#[test]
fn a_customer_table_becomes_segments_with_their_churn() {
    let Some(file) = shared_data("telco.csv") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["run".to_owned(), "configs/segments-telco.toml".into(), "--quiet".into()];
    arguments.extend(reading(&file));
    arguments.extend(into(folder.path()));
    succeed(arguments);
    let report = json(&only_run(folder.path()).join("report.json"));
    let segments = report["segments"].as_array().unwrap();
    let left: f64 = segments
        .iter()
        .map(|segment| segment["n_customers"].as_f64().unwrap() * segment["outcome"]["share"].as_f64().unwrap())
        .sum();
    assert!((left - 1_869.0).abs() < 1e-6, "{left} of the 7,043 left");
    assert!(report["rfm"].is_null() && report["migration"].is_null());
}
