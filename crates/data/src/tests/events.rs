//! Event logs as they come.

use polars::prelude::{DataType, IntoColumn, NamedFrom, Series, TimeUnit};
use tenure_table::{Role, Timestamp, Values};

use super::{Files, levels, numbers, texts};
use crate::{Loaded, Reason};

const PLAN: &str = r#"
[data]
source = "events"
files = ["DIR/events.csv"]
max_rejected = 0.9
[data.columns]
id = "id"
at = "time"
amount = "amount"
[time]
cutoffs = ["2025-03-01", "2025-06-01"]
horizon = "30d"
"#;

/// Customers who buy on their own day of each month of 2025.
fn log() -> String {
    let rows = (1..=12).flat_map(|month| {
        (0..6).filter(move |customer| customer + month < 16).map(move |customer| {
            format!("c{customer},2025-{month:02}-{:02},{}.5\n", 3 * customer + 2, 10 * (customer + 1))
        })
    });
    std::iter::once("id,at,amount\n".to_string()).chain(rows).collect()
}

fn described(loaded: &Loaded) -> String {
    format!("{:?} {:?}", loaded.table, loaded.events)
}

#[test]
fn a_log_becomes_rows_by_customer_and_cutoff() {
    let loaded = Files::text("events.csv", &log()).load_well(PLAN);
    let info = loaded.events.as_ref().expect("a log");
    assert_eq!(info.first, Timestamp(1_735_776_000_000_000));
    assert_eq!((info.n_events, info.n_customers, info.cutoffs.len()), (69, 6, 2));
    assert_eq!(loaded.table.n_rows() as u64, info.cutoffs.iter().map(|cutoff| cutoff.n_rows).sum::<u64>());
    assert_eq!(texts(&loaded.table, "id")[0], "c0");
    assert!(loaded.table.with_role(Role::Target).is_some() && loaded.table.with_role(Role::Time).is_some());
    assert_eq!(info.lineage.len(), loaded.table.features().count());
}

#[test]
fn order_of_rows_format_and_repeats_change_nothing() {
    let expected = Files::text("events.csv", &log()).load_well(PLAN);
    let lines: Vec<String> = log().lines().skip(1).map(str::to_string).collect();
    let mut repeated: Vec<String> = lines.iter().cloned().chain(lines.iter().take(9).cloned()).collect();
    // The order of customers follows their first appearance; within a customer any order will do.
    repeated[6..].reverse();
    let text = format!("id,at,amount\n{}\n", repeated.join("\n"));
    let plan = PLAN.replace("files =", "deduplicate = true\nfiles =");
    let found = Files::text("events.csv", &text).load_well(&plan);
    assert_eq!(described(&found), described(&expected));
    assert_eq!(found.validation.dropped[&Reason::DuplicateEvent], 9);
    assert_eq!(found.validation.n_defective(), 0);
}

#[test]
fn without_deduplication_a_repeated_row_is_a_second_event() {
    let first = log().lines().nth(1).expect("a row").to_string();
    let loaded = Files::text("events.csv", &format!("{}{first}\n", log())).load_well(PLAN);
    assert_eq!(loaded.events.expect("a log").n_events, 70);
}

#[test]
fn parquet_times_of_every_kind_are_one_instant() {
    let expected = Files::text("events.csv", &log()).load_well(PLAN);
    let rows: Vec<Vec<String>> =
        log().lines().skip(1).map(|line| line.split(',').map(str::to_string).collect()).collect();
    let column = |at: usize| rows.iter().map(|row| row[at].clone()).collect::<Vec<_>>();
    let days: Vec<i32> = column(1)
        .iter()
        .map(|day| {
            let date: chrono::NaiveDate = day.parse().expect("a date");
            chrono::Datelike::num_days_from_ce(&date) - 719_163
        })
        .collect();
    let amounts: Vec<f64> = column(2).iter().map(|amount| amount.parse().expect("a number")).collect();
    let days = Series::new("at".into(), days).into_column().cast(&DataType::Date).expect("dates");
    for dtype in [
        DataType::Date,
        DataType::Datetime(TimeUnit::Milliseconds, None),
        DataType::Datetime(TimeUnit::Microseconds, None),
        DataType::Datetime(TimeUnit::Nanoseconds, polars::prelude::TimeZone::opt_try_new(Some("UTC")).expect("UTC")),
        DataType::String,
    ] {
        let files = Files::new(&[]);
        let at = days.cast(&dtype).expect("a time type");
        let id = Series::new("id".into(), column(0)).into_column();
        files.add_parquet("events.parquet", vec![id, at, Series::new("amount".into(), amounts.clone()).into_column()]);
        let found = files.load_well(&PLAN.replace("csv", "parquet"));
        assert_eq!(described(&found), described(&expected), "{dtype:?}");
    }
}

#[test]
fn offsets_are_honoured_and_local_times_placed() {
    let text = log().replace("2025-01-02", "2025-01-01T23:30:00-02:00").replace("2025-02-05", "2025-02-05T10:00");
    let plan = PLAN.replace("files =", "time_zone = \"Europe/Berlin\"\nfiles =");
    let info = Files::text("events.csv", &text).load_well(&plan).events.expect("a log");
    // 2025-01-02T01:30Z is the first: in Berlin everything else of that month is later.
    assert_eq!(info.first, Timestamp(1_735_781_400_000_000));
}

#[test]
fn clock_changes_are_noted() {
    let text = format!("{}c0,2025-03-30T02:30,1\nc0,2025-10-26T02:30,1\n", log());
    let plan = PLAN.replace("files =", "time_zone = \"Europe/Berlin\"\nfiles =");
    let notes = Files::text("events.csv", &text).load_well(&plan).validation.notes;
    assert!(notes.len() == 2 && notes[0].contains("skipped") && notes[1].contains("repeated"), "{notes:?}");
}

#[test]
fn defects_are_told_apart() {
    let bad = "c1,2025-13-01,1\nc1,,1\nc1,2030-01-01,1\n,2025-01-01,1\nc1,2025-01-01,\nc1,2025-01-01,inf\nc1,2025-01-01,two\nc1\n";
    let files = Files::text("events.csv", &format!("{}{bad}", log()));
    let mut loaded = files.load_well(PLAN);
    let expected = [
        (Reason::Ragged, 1),
        (Reason::MissingId, 1),
        (Reason::MissingTime, 1),
        (Reason::UnreadableTime, 1),
        (Reason::FutureTime, 1),
        (Reason::UnreadableAmount, 2),
        (Reason::NonFiniteAmount, 1),
    ];
    assert_eq!(loaded.validation.dropped.clone().into_iter().collect::<Vec<_>>(), expected);
    insta::assert_snapshot!(files.rejected(&mut loaded));
}

#[test]
fn money_may_be_a_product_and_units_may_be_missing() {
    let price = log().lines().skip(1).map(|line| format!("{line},2\n")).collect::<String>();
    let text = format!("id,at,price,units\n{price}");
    let plan = PLAN
        .replace("amount = \"amount\"", "units = \"quantity\"")
        .replace("files =", "amount = \"units * price\"\nfiles =");
    let product = Files::text("events.csv", &text).load_well(&plan);
    let doubled = Files::text("events.csv", &log()).load_well(PLAN);
    let sum = |loaded: &Loaded| {
        let name = loaded.table.features().find(|column| column.name.starts_with("spend_sum")).map(|c| c.name.clone());
        numbers(&loaded.table, &name.expect("a sum of money")).to_vec()
    };
    let (product, doubled) = (sum(&product), sum(&doubled));
    assert!(product.iter().zip(&doubled).all(|(a, b)| a == b || (a / b - 2.0).abs() < 1e-6), "{product:?} {doubled:?}");
}

#[test]
fn attributes_are_joined_and_consent_is_asked_there() {
    let people = "id,age,city,gender,agreed,amount\nc0,30,Rome,f,yes,9\nc1,40,Oslo,m,no,9\nc2,,,f,yes,9\nc3,50,Rome,m,yes,9\nc9,1,Oslo,m,yes,9\n";
    let files = Files::new(&[("events.csv", log().as_bytes()), ("people.csv", people.as_bytes())]);
    let plan = PLAN.replace("files =", "attributes = [\"DIR/people.csv\"]\nfiles =").replace(
        "[time]",
        "gender = \"sensitive\"\nagreed = \"consent\"\n[evaluate]\nslices = [\"gender\", \"city\"]\n[time]",
    );
    let loaded = files.load_well(&plan);
    let mut ids = texts(&loaded.table, "id");
    ids.dedup();
    // c1 refused; c4 and c5 were never asked.
    assert_eq!(ids, ["c0", "c2", "c3"]);
    assert_eq!(loaded.table.column("gender").map(|column| column.role), Some(Role::Sensitive));
    assert_eq!(levels(&loaded.table, "city")[0].as_deref(), Some("Rome"));
    let age = numbers(&loaded.table, "age");
    assert!(age[0] == 30.0 && age[2].is_nan());
    assert!(loaded.table.column("amount").is_none(), "a column that both files have belongs to the log");
    let info = loaded.events.expect("a log");
    assert_eq!(info.n_customers, 3, "c9 has attributes and no event");
    assert_eq!(info.lineage.len(), loaded.table.features().count());
    assert_eq!(loaded.files.len(), 2);
    let validation = loaded.validation;
    assert_eq!(validation.n_read, validation.n_kept + validation.n_dropped());
}

#[test]
fn no_raw_id_leaves_with_a_key() {
    let text = format!("{}anna,not a time,1\n", log());
    let files = Files::new(&[("events.csv", text.as_bytes()), ("key", &[7; 32])]);
    let mut loaded = files.load_well(&PLAN.replace("files =", "id_key_file = \"DIR/key\"\nfiles ="));
    let rejected = files.rejected(&mut loaded);
    let everything = format!("{}{:?}{rejected}", described(&loaded), loaded.validation);
    assert!(!everything.contains("anna") && !everything.contains("\"c1\""), "{everything}");
}

#[test]
fn whole_numbers_name_customers_whatever_their_type() {
    let text = log().replace('c', "10");
    let expected = Files::text("events.csv", &text).load_well(PLAN);
    assert!(texts(&expected.table, "id").contains(&"103".to_string()));
    let Some(Values::Time(cutoffs)) = expected.table.with_role(Role::Time).map(|column| &column.values) else {
        panic!("no cutoffs");
    };
    assert_eq!(cutoffs[0], 1_740_787_200_000_000);
}

#[test]
fn made_data_are_loaded_like_any_other() {
    for kind in ["events", "customers"] {
        let plan = format!(
            "[data]\nsource = \"synthetic\"\nmax_rejected = 0.5\n[synthetic]\nkind = \"{kind}\"\nn_customers = 400\nspan = \"360d\"\ndirty = 0.02\nmissing = 0.05\n"
        );
        let split = if kind == "events" { "" } else { "[split]\nkind = \"stratified\"\n" };
        let files = Files::new(&[]);
        let (one, two) = (files.load_well(&format!("{plan}{split}")), files.load_well(&format!("{plan}{split}")));
        assert!(one.table.n_rows() > 100 && one.table.features().count() > 5, "{kind}");
        assert_eq!(format!("{:?}", one.table), format!("{:?}", two.table));
        assert_eq!(one.files, two.files);
        assert_eq!(one.events.is_some(), kind == "events");
    }
}
