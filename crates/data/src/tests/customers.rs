//! Customer tables as they come.

use polars::prelude::{IntoColumn, NamedFrom, Series};
use tenure_table::{Role, Values};

use super::{Files, NOW, levels, numbers, texts};
use crate::{Reason, Silent, load_at, write_table};

const PLAN: &str = r#"
[data]
source = "customers"
files = ["DIR/customers.csv"]
max_rejected = 0.5
[data.columns]
id = "id"
churn = "target"
"#;

#[test]
fn unlisted_columns_take_the_role_their_values_suggest() {
    let header = "id,churn,age,plan,spend,joined,active,note,country,empty\n";
    let row = |n: usize| {
        let (plan, active) = (["gold", "basic"][n % 2], n.is_multiple_of(3));
        format!("c{n},{},{},{plan},{}.5,2025-01-{:02},{active},note {n},DE,\n", n % 2, 20 + n, n * 7, n % 28 + 1)
    };
    let text: String = std::iter::once(header.to_string()).chain((0..40).map(row)).collect();
    let loaded = Files::text("customers.csv", &text).load_well(PLAN);
    let roles: Vec<(&str, Role)> = loaded.table.columns().iter().map(|c| (c.name.as_str(), c.role)).collect();
    let expected = [
        ("id", Role::Id),
        ("churn", Role::Target),
        ("age", Role::Numeric),
        ("plan", Role::Category),
        ("spend", Role::Numeric),
        ("active", Role::Category),
    ];
    assert_eq!(roles, expected);
    let notes = loaded.validation.notes.join("\n");
    for left_out in ["`joined`", "`note`", "`country`", "`empty`"] {
        assert!(notes.contains(left_out), "{notes}");
    }
}

#[test]
fn blanks_are_missing_and_infinities_are_counted() {
    let text = "id,churn,age,spend\na,1, ,1e60\nb,0,40,2\nc,0,NA,\n";
    let loaded = Files::text("customers.csv", text).load_well(PLAN);
    let age = numbers(&loaded.table, "age");
    assert!(age[0].is_nan() && age[1] == 40.0 && age[2].is_nan());
    assert!(numbers(&loaded.table, "spend")[0].is_nan());
    assert_eq!(loaded.validation.notes, ["column `spend`: 1 infinite values are missing"]);
    assert_eq!(loaded.validation.n_dropped(), 0);
}

#[test]
fn text_files_in_all_their_dialects_are_one_table() {
    let comma =
        Files::text("customers.csv", "id,churn,plan\na,1,\"gold, old\"\nb,0,\"say \"\"hi\"\"\"\n").load_well(PLAN);
    let dialect =
        |text: &str, csv: &str| Files::text("customers.csv", text).load_well(&format!("{PLAN}[data.csv]\n{csv}\n"));
    let semicolon =
        dialect("\u{feff}id;churn;plan\r\n\r\na;1;gold, old\r\nb;0;\"say \"\"hi\"\"\"", "delimiter = \";\"");
    assert_eq!(comma.table, semicolon.table);
    let names = "header = false\nnames = [\"id\", \"churn\", \"plan\"]";
    assert_eq!(comma.table, dialect("a,1,\"gold, old\"\nb,0,\"say \"\"hi\"\"\"\n", names).table);
    assert_eq!(levels(&comma.table, "plan")[1].as_deref(), Some("say \"hi\""));
    let blanks = dialect("\u{feff} id   churn plan\r\n  a  1\tgold\r\n\r\n b 0 basic", "delimiter = \"whitespace\"");
    assert_eq!(texts(&blanks.table, "id"), ["a", "b"]);
    assert_eq!(levels(&blanks.table, "plan"), [Some("gold".to_string()), Some("basic".to_string())]);
}

#[test]
fn parquet_gives_the_table_that_text_gives() {
    let text = Files::text(
        "customers.csv",
        "id,churn,age,plan,joined\n1,true,30.5,gold,2025-01-01\n2,false,,basic,2025-01-02\n",
    );
    let plan = format!("{PLAN}joined = \"numeric\"\n");
    let expected = text.load_well(&plan);
    let files = Files::new(&[]);
    files.add_parquet(
        "customers.parquet",
        vec![
            Series::new("id".into(), [1.0, 2.0]).into_column(),
            Series::new("churn".into(), [true, false]).into_column(),
            Series::new("age".into(), [Some(30.5), None]).into_column(),
            Series::new("plan".into(), ["gold", "basic"]).into_column(),
            Series::new("joined".into(), ["2025-01-01", "2025-01-02"]).into_column(),
        ],
    );
    let found = files.load_well(&plan.replace("csv", "parquet"));
    assert_eq!(format!("{:?}", found.table), format!("{:?}", expected.table));
    assert_eq!(found.files[0].n_rows, 2);
}

#[test]
fn a_written_table_reads_back() {
    let files = Files::text("customers.csv", "id,churn,age,plan\na,1,30,gold\nb,0,,\nc,0,4,gold\nd,0,5,basic\n");
    let loaded = files.load_well(PLAN);
    write_table(&files.path("again.parquet"), &loaded.table).expect("room on disk");
    let again = files.load_well(&PLAN.replace("customers.csv", "again.parquet"));
    assert_eq!(format!("{:?}", again.table), format!("{:?}", loaded.table));
}

#[test]
fn files_of_a_pattern_are_read_in_order_of_their_names() {
    let files =
        Files::new(&[("customers-2.csv", b"churn,id,age\n0,b,40\n"), ("customers-1.csv", b"id,churn,age\na,1,30\n")]);
    let loaded = files.load_well(&PLAN.replace("customers.csv", "customers-*.csv"));
    assert_eq!(texts(&loaded.table, "id"), ["a", "b"]);
    assert_eq!(numbers(&loaded.table, "age"), [30.0, 40.0]);
    let names: Vec<_> = loaded.files.iter().map(|file| file.path.file_name().expect("a name").to_owned()).collect();
    assert_eq!(names, ["customers-1.csv", "customers-2.csv"]);
    assert_eq!(loaded.files[0].blake3, blake3::hash(b"id,churn,age\na,1,30\n").to_hex().to_string());
}

#[test]
fn every_dropped_row_is_counted_and_written() {
    let text = "id,churn,age\na,1,30\n,1,20\nb,0\na,0,50\nc,,60\nd,0,70\n";
    let files = Files::text("customers.csv", text);
    let mut loaded = files.load_well(&PLAN.replace("0.5", "0.9"));
    assert_eq!(texts(&loaded.table, "id"), ["a", "d"]);
    let dropped: Vec<(Reason, u64)> = loaded.validation.dropped.clone().into_iter().collect();
    let reasons = [Reason::Ragged, Reason::MissingId, Reason::MissingTarget, Reason::DuplicateId];
    assert_eq!(dropped, reasons.map(|reason| (reason, 1)));
    assert_eq!((loaded.validation.n_read, loaded.validation.n_kept, loaded.rejected.n_rows()), (6, 2, 4));
    insta::assert_snapshot!(files.rejected(&mut loaded));
    assert_eq!(files.rejected(&mut loaded), files.rejected(&mut loaded), "writing twice gives the same file");
}

#[test]
fn rows_without_consent_leave_no_trace() {
    let text = "id,churn,age,agreed\na,1,30,yes\nb,0,41,no\nc,0,42,\nd,0,43,TRUE\nb,1,44,maybe\n";
    let files = Files::text("customers.csv", text);
    let mut loaded = files.load_well(&format!("{PLAN}agreed = \"consent\"\n").replace("0.5", "0"));
    assert_eq!(texts(&loaded.table, "id"), ["a", "d"]);
    assert_eq!(loaded.validation.dropped[&Reason::NoConsent], 3);
    assert_eq!(loaded.validation.n_defective(), 0);
    let rejected = files.rejected(&mut loaded);
    assert!(!rejected.contains("41") && !rejected.contains("42") && !rejected.contains("44"), "{rejected}");
}

#[test]
fn no_raw_id_leaves_with_a_key() {
    let text = "id,churn,age,mail,tag\nanna,1,30,anna@x.org,x\nanna,0,31,anna@x.org,y\nberta,0,40,berta@x.org,x\nclara,,50,clara@x.org,y\ndora,1\n";
    let files = Files::new(&[("customers.csv", text.as_bytes()), ("key", &[7; 32])]);
    let plan = PLAN.replace("files =", "id_key_file = \"DIR/key\"\nfiles =").replace("0.5", "0.9");
    let mut loaded = files.load_well(&format!("{plan}mail = \"ignore\"\n"));
    let ids = texts(&loaded.table, "id");
    assert!(ids.len() == 2 && ids.iter().all(|id| id.len() == 32));
    let rejected = files.rejected(&mut loaded);
    let everything = format!("{:?}{:?}{rejected}", loaded.table, loaded.validation);
    for name in ["anna", "berta", "clara", "dora"] {
        assert!(!everything.contains(name), "{name} in {everything}");
    }
    assert!(everything.contains(&ids[0]), "the hash tells which customer was rejected");
}

#[test]
fn sensitive_ignored_and_split_columns_are_kept_only_where_they_are_needed() {
    let row = |n: usize| {
        format!("c{n},{},{n},{},{},{},x{}\n", n % 2, ["f", "m"][n % 2], ["train", "test"][n % 2], n % 5, n % 3)
    };
    let text = format!("id,churn,age,gender,part,household,region\n{}", (0..30).map(row).collect::<String>());
    let plan = format!(
        "{PLAN}gender = \"sensitive\"\nregion = \"ignore\"\nhousehold = \"ignore\"\n[split]\nkind = \"column\"\ncolumn = \"part\"\n\
         [evaluate]\nslices = [\"region\", \"gender\"]\n"
    );
    let loaded = Files::text("customers.csv", &text).load_well(&plan);
    let roles: Vec<(&str, Role)> = loaded.table.columns().iter().map(|c| (c.name.as_str(), c.role)).collect();
    let expected = [
        ("id", Role::Id),
        ("churn", Role::Target),
        ("age", Role::Numeric),
        ("gender", Role::Sensitive),
        ("part", Role::Ignore),
        ("region", Role::Ignore),
    ];
    assert_eq!(roles, expected);
    assert_eq!(loaded.table.features().count(), 1);
}

#[test]
fn listed_types_win_over_suggested_ones() {
    let text = "id,churn,zip,joined\na,1,10115,2025-01-01\nb,0,80331,2025-01-03\nc,0,10115,\n";
    let plan = format!("{PLAN}joined = \"numeric\"\n[data.types]\nzip = \"category\"\n");
    let loaded = Files::text("customers.csv", text).load_well(&plan);
    assert_eq!(levels(&loaded.table, "zip")[2].as_deref(), Some("10115"));
    let joined = numbers(&loaded.table, "joined");
    assert_eq!(joined[1] - joined[0], 2.0);
    assert!(joined[2].is_nan());
}

#[test]
fn an_as_of_time_tells_rows_of_one_customer_apart() {
    let text = "id,churn,age,asof\na,1,30,2025-01-01\na,0,31,2025-02-01\na,0,32,2025-02-01\nb,0,30,\n";
    let files = Files::text("customers.csv", text);
    let mut plan = files.plan(PLAN);
    plan.data.columns.push(("asof".into(), Role::Time));
    let loaded = load_at(&plan, NOW, &mut Silent).expect("two good rows");
    assert_eq!(loaded.table.n_rows(), 2);
    assert_eq!(loaded.validation.dropped[&Reason::DuplicateId], 1);
    assert_eq!(loaded.validation.dropped[&Reason::MissingTime], 1);
    assert!(matches!(loaded.table.with_role(Role::Time).map(|c| &c.values), Some(Values::Time(_))));
}

#[test]
fn weights_are_kept_as_they_are() {
    let text = "id,churn,age,w\na,1,30,0\nb,0,40,2.5\nc,0,50,\n";
    let loaded = Files::text("customers.csv", text).load_well(&format!("{PLAN}w = \"weight\"\n"));
    assert_eq!(numbers(&loaded.table, "w"), [0.0, 2.5]);
    assert_eq!(loaded.validation.dropped[&Reason::MissingWeight], 1);
}

#[test]
fn a_table_larger_than_memory_is_stored_and_reads_back_the_same() {
    let row = |n: usize| {
        let spend = if n.is_multiple_of(11) { String::new() } else { format!("{}.5", n * 7) };
        let (plan, id) = (["gold", "basic", ""][n % 3], if n == 39_000 { 38_999 } else { n });
        format!("c{id},{},{},{plan},{spend},2024-{:02}-01\n", n % 2, n % 50, n % 12 + 1)
    };
    let text: String =
        std::iter::once("id,churn,age,plan,spend,joined\n".to_string()).chain((0..40_000).map(row)).collect();
    let files = Files::text("customers.csv", &text);
    // The file lies in the folder of runs; there is none, so it lies in the system's.
    let plan = format!("{PLAN}joined = \"numeric\"\n[experiment]\ntask = \"segments\"\n");
    let whole = files.load_well(&plan);
    let found = files.load_well(&format!("{plan}[segments]\nmemory = \"500kB\"\n"));
    assert!(whole.stored.is_none());
    let stored = found.stored.expect("more than half a megabyte");
    assert_eq!((stored.n_rows(), found.validation), (39_999, whole.validation));
    let names: Vec<&str> = stored.columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["age", "plan", "spend", "joined"]);
    let in_table: Vec<&str> = found.table.columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(in_table, ["id", "churn"], "what is small stays");
    for column in whole.table.columns() {
        let same = stored.column(&column.name).expect("readable");
        let same = same.as_ref().or_else(|| found.table.column(&column.name)).expect("stored or not");
        assert_eq!((same.role, format!("{:?}", same.values)), (column.role, format!("{:?}", column.values)));
    }
    let n_missing = stored.columns()[2].n_missing;
    assert_eq!(n_missing, numbers(&whole.table, "spend").iter().filter(|spend| spend.is_nan()).count() as u64);
    // Enough memory is enough.
    assert!(files.load_well(&format!("{plan}[segments]\nmemory = \"1GB\"\n")).stored.is_none());
}

/// Numbers, levels, instants and flags, with gaps in each.
fn columns_of_every_kind(n_rows: u32) -> Vec<polars::prelude::Column> {
    let some = |row: u32, every: u32| (!row.is_multiple_of(every)).then_some(row);
    let names = ["gold", "basic", "a name that is longer than a view"];
    let id: Vec<String> = (0..n_rows).map(|row| format!("c{row}")).collect();
    let churn: Vec<u32> = (0..n_rows).map(|row| row % 2).collect();
    let spend: Vec<Option<f64>> = (0..n_rows).map(|row| some(row, 11).map(|row| f64::from(row) / 7.0)).collect();
    let visits: Vec<Option<i64>> = (0..n_rows).map(|row| some(row, 13).map(i64::from)).collect();
    let plan: Vec<Option<&str>> = (0..n_rows).map(|row| some(row, 9).map(|row| names[row as usize % 3])).collect();
    let active: Vec<Option<bool>> = (0..n_rows).map(|row| some(row, 5).map(|row| row % 4 == 0)).collect();
    vec![
        Series::new("id".into(), id).into_column(),
        Series::new("churn".into(), churn).into_column(),
        Series::new("spend".into(), spend).into_column(),
        Series::new("visits".into(), visits).into_column(),
        Series::new("plan".into(), plan).into_column(),
        Series::new("active".into(), active).into_column(),
    ]
}

#[test]
fn row_groups_read_in_little_memory_are_the_same_table() {
    let files = Files::new(&[]);
    // Groups of many slices, of one, and a last one that is short.
    for (name, group_rows) in [("large.parquet", 40_000), ("small.parquet", 700)] {
        let file = std::fs::File::create(files.path(name)).expect("room on disk");
        let mut frame =
            polars::prelude::DataFrame::new_infer_height(columns_of_every_kind(50_001)).expect("one length");
        let writer = polars::prelude::ParquetWriter::new(file).with_row_group_size(Some(group_rows));
        writer.finish(&mut frame).expect("room on disk");
        let plan = format!("{}[experiment]\ntask = \"segments\"\n", PLAN.replace("customers.csv", name));
        let whole = files.load_well(&plan);
        let found = files.load_well(&format!("{plan}[segments]\nmemory = \"100kB\"\n"));
        assert_eq!(found.validation, whole.validation, "{name}");
        let stored = found.stored.expect("more than a tenth of a megabyte");
        assert_eq!(stored.columns().len(), 4, "{name}");
        for column in whole.table.columns() {
            let same = stored.column(&column.name).expect("readable");
            let same = same.as_ref().or_else(|| found.table.column(&column.name)).expect("stored or not");
            assert_eq!((same.role, format!("{:?}", same.values)), (column.role, format!("{:?}", column.values)));
        }
    }
}

#[test]
fn a_damaged_page_is_told_in_little_memory_too() {
    let files = Files::new(&[]);
    files.add_parquet("damaged.parquet", columns_of_every_kind(30_000));
    let mut bytes = std::fs::read(files.path("damaged.parquet")).expect("just written");
    bytes[8..60_000].fill(0xff);
    std::fs::write(files.path("damaged.parquet"), bytes).expect("room on disk");
    let plan = format!("{}[experiment]\ntask = \"segments\"\n", PLAN.replace("customers.csv", "damaged.parquet"));
    for memory in ["", "[segments]\nmemory = \"100kB\"\n"] {
        let error = files.load(&format!("{plan}{memory}")).expect_err("no pages");
        assert!(matches!(error, crate::DataError::DamagedParquet { .. }), "{error}");
    }
}
