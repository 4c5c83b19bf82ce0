//! What `tenure init` is told about a file.

use tenure_config::{ColumnType, Delimiter};
use tenure_table::Role;

use super::{Files, shared};
use crate::infer;

fn role_of(input: &tenure_config::init::InitInput, name: &str) -> Option<Role> {
    input.columns.iter().find(|column| column.name == name).expect("a column").role
}

#[test]
fn a_log_is_told_by_repeating_ids_beside_times() {
    let rows: String =
        (0..40).map(|n| format!("{};{:02}.02.2025 10:30;{}.5;{};web\n", n % 7, n % 28 + 1, n, n % 3)).collect();
    let files = Files::text("log.csv", &format!("Customer ID;Bought at;Amount;Qty;Channel\n{rows}"));
    let input = infer(&files.path("log.csv")).expect("a log");
    assert_eq!(input.delimiter, Some(Delimiter::Byte(b';')));
    assert_eq!(input.time_format.as_deref(), Some("%d.%m.%Y %H:%M"));
    let roles: Vec<Option<Role>> = input.columns.iter().map(|column| column.role).collect();
    let expected = [Role::Id, Role::Time, Role::Amount, Role::Quantity, Role::Category];
    assert_eq!(roles, expected.map(Some));
}

#[test]
fn a_customer_table_has_its_target_id_and_protected_columns_found() {
    let rows: String = (0..60)
        .map(|n| {
            format!(
                "u{n},{},{},{},{n}\n",
                ["f", "m"][n % 2],
                ["No", "Yes"][n % 3 / 2],
                if n % 4 == 0 { String::new() } else { (n * 3).to_string() }
            )
        })
        .collect();
    let files = Files::text("people.csv", &format!("user_id,Gender,Churned,age,logins\n{rows}"));
    let input = infer(&files.path("people.csv")).expect("a table");
    assert_eq!(role_of(&input, "user_id"), Some(Role::Id));
    assert_eq!(role_of(&input, "Gender"), Some(Role::Sensitive));
    assert_eq!(role_of(&input, "Churned"), Some(Role::Target));
    assert_eq!(input.positive.as_deref(), Some("Yes"));
    let age = &input.columns[3];
    assert_eq!((age.kind, age.missing), (ColumnType::Numeric, 0.25));
}

#[test]
fn what_was_inferred_can_be_loaded() {
    let rows: String = (0..60).map(|n| format!("u{n},{},{}\n", ["No", "Yes"][n % 2], n * 3)).collect();
    let files = Files::text("people.csv", &format!("user_id,Churned,age\n{rows}"));
    let input = infer(&files.path("people.csv")).expect("a table");
    let loaded = files.load_well(&tenure_config::init::render(&input, tenure_config::Task::Churn));
    assert_eq!(loaded.table.n_rows(), 60);
}

#[test]
fn a_file_that_cannot_be_looked_at_says_why() {
    let files = Files::text("empty.csv", "");
    assert_eq!(infer(&files.path("empty.csv")).expect_err("empty").code(), "DAT0006");
    assert_eq!(infer(&files.path("none.csv")).expect_err("missing").code(), "DAT0001");
}

#[test]
fn public_sets_are_understood() {
    if let Some(path) = shared("telco.csv") {
        let input = infer(&path).expect("telco");
        assert_eq!(role_of(&input, "customerID"), Some(Role::Id));
        assert_eq!(role_of(&input, "Churn"), Some(Role::Target));
        assert_eq!(input.positive.as_deref(), Some("Yes"));
    }
    if let Some(path) = shared("online_retail.parquet") {
        let input = infer(&path).expect("online retail");
        assert_eq!(role_of(&input, "CustomerID"), Some(Role::Id));
        assert_eq!(role_of(&input, "InvoiceDate"), Some(Role::Time));
    }
    if let Some(path) = shared("cdnow_master.txt") {
        let input = infer(&path).expect("cdnow");
        assert_eq!(input.delimiter, Some(Delimiter::Whitespace));
        assert_eq!(role_of(&input, "customer_id"), Some(Role::Id));
        assert_eq!(role_of(&input, "date"), Some(Role::Time));
    }
}
