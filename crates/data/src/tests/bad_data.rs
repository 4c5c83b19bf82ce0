//! What a user reads when the data are wrong: the whole text, case by case.

use insta::assert_snapshot;
use polars::prelude::{IntoColumn, NamedFrom, Series};

use super::Files;
use crate::{DataError, Silent, load_at};

const CUSTOMERS: &str = r#"
[data]
source = "customers"
files = ["DIR/customers.csv"]
[data.columns]
id = "id"
churn = "target"
"#;

const EVENTS: &str = r#"
[data]
source = "events"
files = ["DIR/events.csv"]
[data.columns]
id = "id"
at = "time"
amount = "amount"
[time]
horizon = "30d"
"#;

fn told(files: &Files, plan: &str) -> String {
    match files.load(plan) {
        Ok(loaded) => panic!("expected an error, found {} rows", loaded.table.n_rows()),
        Err(error) => files.told(&error),
    }
}

fn customers(text: &str) -> String {
    told(&Files::text("customers.csv", text), CUSTOMERS)
}

fn events(text: &str) -> String {
    told(&Files::text("events.csv", text), EVENTS)
}

/// Good customers, so that one bad one is one of many.
fn rows(n_rows: usize) -> String {
    (0..n_rows).map(|row| format!("c{row},{},{}\n", row % 2, row * 3 % 17)).collect()
}

#[test]
fn a_missing_file() {
    assert_snapshot!(told(&Files::new(&[]), CUSTOMERS));
}

#[test]
fn a_pattern_without_a_match() {
    let plan = CUSTOMERS.replace("customers.csv", "20*/part-?.csv");
    assert_snapshot!(told(&Files::new(&[]), &plan));
}

#[test]
fn a_pattern_that_is_none() {
    let plan = CUSTOMERS.replace("customers.csv", "a**.csv");
    assert_snapshot!(told(&Files::new(&[]), &plan));
}

#[test]
fn an_empty_file() {
    assert_snapshot!(customers(""));
}

#[test]
fn a_header_only() {
    assert_snapshot!(customers("id,churn,age\n"));
}

#[test]
fn one_column_missing() {
    assert_snapshot!(customers("id,Churn,age\na,1,30\nb,0,40\n"));
}

#[test]
fn the_wrong_delimiter() {
    assert_snapshot!(customers("id;churn;age\na;1;30\nb;0;40\n"));
}

#[test]
fn two_columns_of_one_name() {
    assert_snapshot!(customers("id,churn,age,age\na,1,30,30\n"));
}

#[test]
fn names_that_do_not_fit() {
    let plan = format!("{CUSTOMERS}[data.csv]\nheader = false\nnames = [\"id\", \"churn\"]\n");
    assert_snapshot!(told(&Files::text("customers.csv", "a,1,30\nb,0,40\n"), &plan));
}

#[test]
fn text_where_numbers_were_asked_for() {
    let plan = format!("{CUSTOMERS}age = \"numeric\"\n");
    assert_snapshot!(told(&Files::text("customers.csv", "id,churn,age\na,1,30\nb,0,old\nc,0,\n"), &plan));
}

#[test]
fn numbers_spoilt_by_a_word() {
    assert_snapshot!(customers(&format!(
        "id,churn,age\n{}x,1,unknown\n",
        (0..60).map(|row| format!("c{row},{},{row}\n", row % 2)).collect::<String>()
    )));
}

#[test]
fn a_truncated_parquet() {
    let files = Files::new(&[]);
    files.add_parquet("whole.parquet", vec![Series::new("id".into(), (0..1000).collect::<Vec<i64>>()).into_column()]);
    let bytes = std::fs::read(files.path("whole.parquet")).expect("just written");
    std::fs::write(files.path("customers.parquet"), &bytes[..bytes.len() / 2]).expect("room on disk");
    assert_snapshot!(told(&files, &CUSTOMERS.replace("csv", "parquet")).replace(&(bytes.len() / 2).to_string(), "N"));
}

#[test]
fn a_parquet_with_a_damaged_footer() {
    let files = Files::new(&[]);
    files.add_parquet(
        "customers.parquet",
        vec![Series::new("id".into(), (0..1000).collect::<Vec<i64>>()).into_column()],
    );
    let mut bytes = std::fs::read(files.path("customers.parquet")).expect("just written");
    let end = bytes.len() - 8;
    bytes[end..end + 4].fill(0xff);
    std::fs::write(files.path("customers.parquet"), &bytes).expect("room on disk");
    let text = told(&files, &CUSTOMERS.replace("csv", "parquet"));
    assert!(text.starts_with("error[DAT0009]: customers.parquet: expected a whole Parquet file"), "{text}");
}

#[test]
fn text_called_parquet() {
    let files = Files::text("customers.parquet", "id,churn\na,1\n");
    assert_snapshot!(told(&files, &CUSTOMERS.replace("csv", "parquet")));
}

#[test]
fn a_spreadsheet_called_csv() {
    assert_snapshot!(told(&Files::new(&[("customers.csv", b"PK\x03\x04\x14\x00")]), CUSTOMERS));
}

#[test]
fn ragged_rows() {
    assert_snapshot!(customers("id,churn,age\na,1,30\nb,0\nc,0,50,60\nd,1,70\n"));
}

#[test]
fn a_byte_that_is_no_utf8() {
    let files = Files::new(&[("customers.csv", b"id,churn,city\na,1,Rome\nb,0,M\xfcnchen\n")]);
    assert_snapshot!(told(&files, CUSTOMERS));
}

#[test]
fn a_quote_that_never_closes() {
    assert_snapshot!(customers("id,churn,city\na,1,\"Rome\nb,0,Paris\nc,1,Oslo\n"));
}

#[test]
fn amounts_that_are_not_finite() {
    assert_snapshot!(events(
        "id,at,amount\na,2025-01-01,1.5\na,2025-01-02,inf\nb,2025-01-03,-Infinity\nb,2025-01-04,\n"
    ));
}

#[test]
fn times_that_cannot_be_read() {
    assert_snapshot!(events("id,at,amount\na,01.02.2025,1\nb,13.02.2025,2\n"));
}

#[test]
fn times_of_all_kinds() {
    assert_snapshot!(events(
        "id,at,amount\na,2025-01-01T10:00+25:00,1\nb,,2\nc,2999-01-01,3\nd,2025-02-30,4\ne,2025-01-01,5\n"
    ));
}

#[test]
fn ids_that_are_missing() {
    assert_snapshot!(events("id,at,amount\n,2025-01-01,1\nNA,2025-01-01,1\nb,2025-01-02,2\n"));
}

#[test]
fn ids_beyond_exact_numbers() {
    let files = Files::new(&[]);
    let ids = Series::new("id".into(), [1e16, 2e16, 3.0]).into_column();
    let at = Series::new("at".into(), ["2025-01-01"; 3]).into_column();
    files.add_parquet("events.parquet", vec![ids, at, Series::new("amount".into(), [1.0, 2.0, 3.0]).into_column()]);
    assert_snapshot!(told(&files, &EVENTS.replace("csv", "parquet")));
}

#[test]
fn ids_that_repeat() {
    assert_snapshot!(customers("id,churn,age\na,1,30\nb,0,40\na,0,50\n"));
}

#[test]
fn a_constant_target() {
    assert_snapshot!(customers("id,churn,age\na,1,30\nb,1,40\nc,1,50\n"));
}

#[test]
fn a_target_without_values() {
    assert_snapshot!(customers("id,churn,age\na,,30\nb,NA,40\nc, ,50\n"));
}

#[test]
fn a_target_in_words() {
    assert_snapshot!(customers("id,churn,age\na,No,30\nb,Yes,40\n"));
}

#[test]
fn a_positive_label_that_nobody_has() {
    let plan = CUSTOMERS.replace("files =", "positive = \"gone\"\nfiles =");
    assert_snapshot!(told(&Files::text("customers.csv", "id,churn,age\na,stays,30\nb,left,40\n"), &plan));
}

#[test]
fn a_positive_label_in_other_letters() {
    let plan = CUSTOMERS.replace("files =", "positive = \"yes\"\nfiles =");
    assert_snapshot!(told(&Files::text("customers.csv", "id,churn,age\na,No,30\nb,Yes,40\n"), &plan));
}

#[test]
fn a_target_that_is_sometimes_missing_too_often() {
    assert_snapshot!(customers("id,churn,age\na,1,30\nb,0,40\nc,,50\n"));
}

#[test]
fn files_that_differ_in_a_column() {
    let files =
        Files::new(&[("customers-1.csv", b"id,churn,age\na,1,30\n"), ("customers-2.csv", b"id,churn,years\nb,0,40\n")]);
    assert_snapshot!(told(&files, &CUSTOMERS.replace("customers.csv", "customers-*.csv")));
}

#[test]
fn files_that_differ_in_a_type() {
    let files = Files::new(&[]);
    let part = |name: &str, age: Series| {
        let churn = Series::new("churn".into(), [0_i64, 1]).into_column();
        let id = Series::new("id".into(), ["a", "b"]).into_column();
        files.add_parquet(name, vec![id, churn, age.into_column()]);
    };
    part("customers-1.parquet", Series::new("age".into(), [30_i64, 40]));
    part("customers-2.parquet", Series::new("age".into(), ["30", "40"]));
    assert_snapshot!(told(&files, &CUSTOMERS.replace("customers.csv", "customers-*.parquet")));
}

#[test]
fn a_negative_weight() {
    let plan = format!("{CUSTOMERS}w = \"weight\"\n");
    assert_snapshot!(told(&Files::text("customers.csv", "id,churn,age,w\na,1,30,1\nb,0,40,-2\n"), &plan));
}

#[test]
fn nothing_to_learn_from() {
    assert_snapshot!(customers("id,churn,country,note\na,1,DE,\nb,0,DE,\n"));
}

#[test]
fn nobody_who_agreed() {
    let plan = format!("{CUSTOMERS}agreed = \"consent\"\n");
    assert_snapshot!(told(&Files::text("customers.csv", "id,churn,age,agreed\na,1,30,no\nb,0,40,\n"), &plan));
}

#[test]
fn a_slice_that_is_no_column() {
    let plan = format!("{CUSTOMERS}[evaluate]\nslices = [\"region\"]\n");
    let text = format!("id,churn,age\n{}", rows(30));
    assert_snapshot!(told(&Files::text("customers.csv", &text), &plan));
}

#[test]
fn attributes_without_an_id() {
    let plan = EVENTS.replace("files =", "attributes = [\"DIR/people.csv\"]\nfiles =");
    let log = "id,at,amount\na,2025-01-01,1\n";
    let files = Files::new(&[("events.csv", log.as_bytes()), ("people.csv", b"name,age\na,30\n")]);
    assert_snapshot!(told(&files, &plan));
}

#[test]
fn a_protected_attribute_in_a_log() {
    let plan = EVENTS.replace("[time]", "gender = \"sensitive\"\n[time]");
    assert_snapshot!(told(&Files::text("events.csv", "id,at,amount,gender\na,2025-01-01,1,f\n"), &plan));
}

#[test]
fn a_key_that_is_too_short() {
    let plan = CUSTOMERS.replace("files =", "id_key_file = \"DIR/key\"\nfiles =");
    let files = Files::new(&[("customers.csv", b"id,churn,age\na,1,30\nb,0,40\n"), ("key", b"secret")]);
    assert_snapshot!(told(&files, &plan));
}

#[test]
fn a_log_that_is_too_short_for_a_label() {
    assert_snapshot!(events("id,at,amount\na,2025-01-01,1\nb,2025-01-20,2\n"));
}

#[test]
fn a_time_zone_and_a_pattern_that_are_none() {
    let files = Files::text("events.csv", "id,at,amount\na,2025-01-01,1\n");
    let mut plan = files.plan(EVENTS);
    plan.data.time_zone = "Europe/Atlantis".into();
    let error = load_at(&plan, super::NOW, &mut Silent).expect_err("no such zone");
    assert_snapshot!("a_time_zone", files.told(&error));
    plan.data.time_format = Some("%Y-%Q".into());
    let error = load_at(&plan, super::NOW, &mut Silent).expect_err("no such pattern");
    assert_snapshot!("a_pattern", files.told(&error));
}

#[test]
fn codes_are_consecutive_and_explained() {
    for (at, (code, text)) in crate::CODES.iter().enumerate() {
        assert_eq!(*code, format!("DAT{:04}", at + 1));
        assert!(text.ends_with('.') && crate::explain(code) == Some(text));
    }
    let error = DataError::NoMatch { pattern: "x".into() };
    assert!(crate::explain(error.code()).is_some() && crate::explain("DAT9999").is_none());
}
