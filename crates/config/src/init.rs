//! A first experiment file for somebody's own data.

use std::collections::BTreeSet;

use tenure_table::Role;

use crate::kind::{DelimiterKind, Kind, folder_name};
use crate::tree::{key, quote};
use crate::{ColumnType, Delimiter, Source};

/// More columns than a file shows.
const MOST_COLUMNS: usize = 200;

/// What was learned about a data file.
#[derive(Clone, Debug, PartialEq)]
pub struct InitInput {
    /// The path as the experiment file should name it.
    pub file: String,
    /// What stands between fields; none for Parquet.
    pub delimiter: Option<Delimiter>,
    /// How its times are written, in strftime's letters; none for ISO 8601.
    pub time_format: Option<String>,
    /// The value of the target that seems to mean churn; none where it is 0/1 or true/false.
    pub positive: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<InitColumn>,
}

/// What was learned about a column.
#[derive(Clone, Debug, PartialEq)]
pub struct InitColumn {
    /// The name.
    pub name: String,
    /// The role it seems to have; none where it is not known.
    pub role: Option<Role>,
    /// The type of its values.
    pub kind: ColumnType,
    /// A few values as they stand in the file.
    pub examples: Vec<String>,
    /// How many distinct values were seen.
    pub n_distinct: u64,
    /// The share of values that are missing, from 0 to 1.
    pub missing: f64,
}

/// A short, commented experiment file, which [`crate::parse`] accepts whatever the guesses were.
///
/// A file with an id and a time becomes a log of events, any other file a customer table. Where no column is the
/// target, the likeliest is taken and a comment asks to check it.
pub fn render(input: &InitInput) -> String {
    let source = source_of(input);
    let roles = settled(input, source);
    let name = folder_name(&stem(&input.file));
    let mut out = header(input);
    out.extend(["\n[experiment]\nname = ", &quote(if name.is_empty() { "experiment" } else { &name }), "\n"]);
    out.push_str(&data(input, source));
    out.push_str(&columns(input, source, &roles));
    out.push_str(match source {
        Source::Events => EVENTS,
        Source::Customers | Source::Synthetic => CUSTOMERS,
    });
    out.push_str("\n[model]\npreset = \"default\"              # fast: a first look; best: several times slower\n");
    out
}

const EVENTS: &str = "
[time]
horizon = \"90d\"                 # CHECK: no purchase for this long is churn; a few times the usual gap between two
active_within = \"180d\"          # CHECK: judge customers who bought this recently
";

const CUSTOMERS: &str = "
[split]
kind = \"stratified\"
test = 0.2                      # or folds = 5
";

fn header(input: &InitInput) -> String {
    format!(
        "# An experiment on {}. What `tenure init` could not know is marked CHECK.\n\
         # Look first: `tenure plan` with this file. Then: `tenure run` with it. configs/default.toml lists every knob.\n",
        comment(&input.file)
    )
}

fn source_of(input: &InitInput) -> Source {
    let has = |role| input.columns.iter().any(|column| column.role == Some(role));
    match (input.columns.is_empty(), has(Role::Id) && has(Role::Time)) {
        (true, _) => Source::Synthetic,
        (false, true) => Source::Events,
        (false, false) => Source::Customers,
    }
}

/// The role of each column that is written out; none for one that is only mentioned.
fn settled(input: &InitInput, source: Source) -> Vec<Option<Role>> {
    let mut taken = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut roles: Vec<Option<Role>> = Vec::new();
    for column in &input.columns {
        if !names.insert(column.name.as_str()) {
            roles.push(None);
            continue;
        }
        let role = allowed(column, source);
        let is_taken = role.is_some_and(|role| !repeats(role) && !taken.insert(role));
        roles.push(if is_taken { Some(Role::Ignore) } else { role });
    }
    if source == Source::Customers && !taken.contains(&Role::Target) {
        let index = likeliest_target(input, &roles);
        roles[index] = Some(Role::Target);
    }
    roles
}

const fn repeats(role: Role) -> bool {
    matches!(role, Role::Category | Role::Numeric | Role::Sensitive | Role::Ignore)
}

/// The suggested role where this kind of data can have it, else the one that the type suggests.
fn allowed(column: &InitColumn, source: Source) -> Option<Role> {
    let by_type = match column.kind {
        ColumnType::Numeric => Role::Numeric,
        ColumnType::Category => Role::Category,
        ColumnType::Time | ColumnType::Text => Role::Ignore,
    };
    match (source, column.role) {
        (Source::Customers, None | Some(Role::Amount | Role::Quantity | Role::Time)) => Some(by_type),
        (Source::Customers, Some(Role::Value)) => Some(by_type),
        (Source::Events, Some(Role::Target | Role::Value)) => None,
        (_, role) => role,
    }
}

/// The last column with two values, else the last one; never the id where there is another.
fn likeliest_target(input: &InitInput, roles: &[Option<Role>]) -> usize {
    let last =
        |fits: &dyn Fn(usize) -> bool| (0..roles.len()).rev().find(|&index| roles[index].is_some() && fits(index));
    last(&|index| input.columns[index].n_distinct == 2 && roles[index] != Some(Role::Id))
        .or_else(|| last(&|index| roles[index] != Some(Role::Id)))
        .or_else(|| last(&|_| true))
        .unwrap_or(0)
}

fn data(input: &InitInput, source: Source) -> String {
    let mut out = format!("\n[data]\nsource = \"{source}\"\n");
    if source == Source::Synthetic {
        return out;
    }
    let file = if input.file.trim().is_empty() { "data.csv" } else { &input.file };
    out.extend(["files = [", &quote(file), "]\n"]);
    if let (Source::Customers, Some(positive)) = (source, &input.positive) {
        out.extend([
            "positive = ",
            &quote(positive),
            "                # CHECK: the value of the target that is churn\n",
        ]);
    }
    if let Some(format) = input.time_format.as_ref().filter(|format| format.contains('%')) {
        out.extend(["time_format = ", &quote(format), "\n"]);
    }
    if let Some(delimiter) = input.delimiter.filter(|delimiter| *delimiter != Delimiter::Byte(b',')) {
        out.extend(["\n[data.csv]\ndelimiter = ", &DelimiterKind.write(&delimiter), "\n"]);
    }
    out
}

fn columns(input: &InitInput, source: Source, roles: &[Option<Role>]) -> String {
    if source == Source::Synthetic {
        return String::new();
    }
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    let mut out = format!("\n# Roles: {}.\n[data.columns]\n", names.join(", "));
    let is_guess = input.columns.iter().all(|column| column.role != Some(Role::Target));
    for (index, (column, role)) in input.columns.iter().zip(roles).enumerate() {
        // A column whose role the parser requires is written however many there are.
        let is_needed = role.is_some_and(|role| !repeats(role));
        let Some(role) = role.filter(|_| index < MOST_COLUMNS || is_needed) else {
            if index < MOST_COLUMNS {
                out.extend([&format!("# {:<30}# ", comment(&column.name)), facts(column).as_str(), "\n"]);
            }
            continue;
        };
        let entry = format!("{} = \"{role}\"", key(&column.name));
        let check = if role == Role::Target && is_guess { "CHECK: is this what is predicted? " } else { "" };
        out.extend([&format!("{entry:<32}# "), check, &facts(column), "\n"]);
    }
    out
}

fn facts(column: &InitColumn) -> String {
    let examples: Vec<String> = column.examples.iter().take(3).map(|value| comment(value)).collect();
    let missing =
        if column.missing > 0.0 { format!(", {:.1} % missing", 100.0 * column.missing) } else { String::new() };
    let shown = if examples.is_empty() { String::new() } else { format!(": {}", examples.join(", ")) };
    format!("{}, {} distinct{missing}{shown}", column.kind, column.n_distinct)
}

/// A text that may stand in a comment.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(40).collect()
}

fn stem(file: &str) -> String {
    let path = std::path::Path::new(file);
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Overrides, parse};

    fn column() -> impl Strategy<Value = InitColumn> {
        let role = proptest::option::of(proptest::sample::select(&Role::ALL[..]));
        let kinds = vec![ColumnType::Numeric, ColumnType::Category, ColumnType::Time, ColumnType::Text];
        (
            ".{1,12}|[a-z]{1,4}",
            role,
            proptest::sample::select(kinds),
            proptest::collection::vec("(?s).*", 0..4),
            0..9_u64,
            0.0..1.0,
        )
            .prop_map(|(name, role, kind, examples, n_distinct, missing)| InitColumn {
                name,
                role,
                kind,
                examples,
                n_distinct,
                missing,
            })
    }

    proptest! {
        #[test]
        fn whatever_was_inferred_the_file_parses(
            file in ".*",
            positive in proptest::option::of(".*"),
            columns in proptest::collection::vec(column(), 0..8),
        ) {
            let delimiter = Some(Delimiter::Byte(b';'));
            let input = InitInput { file, delimiter, time_format: Some("%d.%m.%Y".into()), positive, columns };
            let text = render(&input);
            if let Err(errors) = parse(&text, "new.toml", &Overrides::default()) {
                prop_assert!(false, "{}\n{text}", errors.render());
            }
        }
    }

    fn example(name: &str, role: Option<Role>, kind: ColumnType, examples: &[&str], n_distinct: u64) -> InitColumn {
        let examples = examples.iter().map(ToString::to_string).collect();
        InitColumn { name: name.into(), role, kind, examples, n_distinct, missing: 0.0 }
    }

    #[test]
    fn a_customer_table_reads_well() {
        let input = InitInput {
            file: "telco.csv".into(),
            delimiter: Some(Delimiter::Byte(b',')),
            time_format: None,
            positive: Some("Yes".into()),
            columns: vec![
                example("customerID", Some(Role::Id), ColumnType::Text, &["7590-VHVEG", "5575-GNVDE"], 7043),
                example("Monthly Charges", None, ColumnType::Numeric, &["29.85", "56.95"], 1585),
                example("Churn", None, ColumnType::Category, &["Yes", "No"], 2),
            ],
        };
        insta::assert_snapshot!(render(&input));
    }

    #[test]
    fn a_log_of_events_reads_well() {
        let input = InitInput {
            file: "../sales.txt".into(),
            delimiter: Some(Delimiter::Whitespace),
            time_format: Some("%Y%m%d".into()),
            positive: None,
            columns: vec![
                example("id", Some(Role::Id), ColumnType::Text, &["00001"], 23_570),
                example("date", Some(Role::Time), ColumnType::Time, &["19970101"], 545),
                example("note", None, ColumnType::Text, &["a, b"], 99),
            ],
        };
        insta::assert_snapshot!(render(&input));
    }
}
