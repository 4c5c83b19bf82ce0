//! A first experiment file for somebody's own data.

use std::collections::BTreeSet;

use tenure_table::Role;

use crate::kind::{DelimiterKind, Kind, folder_name};
use crate::tree::{key, quote};
use crate::{ColumnType, Delimiter, Source, Task};

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

/// A short, commented experiment file for a task, which [`crate::parse`] accepts whatever the guesses were.
///
/// A file with an id and a time becomes a log of events, any other file a customer table. Where no column has a role that
/// the task cannot do without, the likeliest is taken and a comment asks to check it; where none is left to take, the file
/// asks for segments, which need no label.
pub fn render(input: &InitInput, task: Task) -> String {
    let source = source_of(input);
    let Some((roles, guessed)) = settled(input, source, task) else { return render(input, Task::Segments) };
    let name = folder_name(&stem(&input.file));
    let mut out = header(input);
    out.extend(["\n[experiment]\nname = ", &quote(if name.is_empty() { "experiment" } else { &name }), "\n"]);
    if task != Task::Churn {
        out.push_str(&format!("task = \"{task}\"\n"));
    }
    out.push_str(&data(input, source, task));
    out.push_str(&columns(input, source, &roles, &guessed));
    out.push_str(match (source, task) {
        (_, Task::Segments) => SEGMENTS,
        (Source::Events, Task::Churn) => CHURN,
        (Source::Events, Task::Clv | Task::ChurnClv) => VALUE,
        (Source::Customers | Source::Synthetic, _) => CUSTOMERS,
    });
    if task != Task::Segments {
        out.push_str("\n[model]\npreset = \"default\"              # fast: a first look; best: several times slower\n");
    }
    out
}

const CHURN: &str = "
[time]
horizon = \"90d\"                 # CHECK: no purchase for this long is churn; a few times the usual gap between two
active_within = \"180d\"          # CHECK: judge customers who bought this recently
";

const VALUE: &str = "
[time]
horizon = \"90d\"                 # CHECK: value is the money spent in so many days after each cutoff

[features]
lifetime = true                 # what Pareto/NBD and Gamma-Gamma forecast is a feature
";

const SEGMENTS: &str = "
[segments]
k = \"auto\"                      # or a number; from k_min to k_max, by `criterion`
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

/// The role of each column that is written out, none for one that is only mentioned; and which of them are guesses.
type Settled = (Vec<Option<Role>>, BTreeSet<usize>);

/// Roles without a conflict. None where a role that the task needs finds no column.
fn settled(input: &InitInput, source: Source, task: Task) -> Option<Settled> {
    let mut taken = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut roles: Vec<Option<Role>> = Vec::new();
    for column in &input.columns {
        if !names.insert(column.name.as_str()) {
            roles.push(None);
            continue;
        }
        let role = allowed(column, source, task);
        let is_taken = role.is_some_and(|role| !repeats(role) && !taken.insert(role));
        roles.push(if is_taken { Some(Role::Ignore) } else { role });
    }
    let mut guessed = BTreeSet::new();
    for role in needed(source, task).iter().filter(|&role| !taken.contains(role)) {
        let index = likeliest(input, &roles, *role)?;
        roles[index] = Some(*role);
        guessed.insert(index);
    }
    Some((roles, guessed))
}

/// What the labels come from.
const fn needed(source: Source, task: Task) -> &'static [Role] {
    match (source, task) {
        (Source::Customers, Task::Churn) => &[Role::Target],
        (Source::Customers, Task::Clv) => &[Role::Value],
        (Source::Customers, Task::ChurnClv) => &[Role::Target, Role::Value],
        (Source::Events, Task::Clv | Task::ChurnClv) => &[Role::Amount],
        _ => &[],
    }
}

const fn repeats(role: Role) -> bool {
    matches!(role, Role::Category | Role::Numeric | Role::Sensitive | Role::Ignore)
}

/// The suggested role where this kind of data can have it, else the one that the type suggests.
fn allowed(column: &InitColumn, source: Source, task: Task) -> Option<Role> {
    let by_type = match column.kind {
        ColumnType::Numeric => Role::Numeric,
        ColumnType::Category => Role::Category,
        ColumnType::Time | ColumnType::Text => Role::Ignore,
    };
    match (source, column.role) {
        (Source::Customers, None | Some(Role::Amount | Role::Quantity | Role::Time)) => Some(by_type),
        (Source::Customers, Some(Role::Value)) if !task.predicts_value() => Some(by_type),
        (Source::Customers, Some(Role::Target)) if task == Task::Clv => Some(Role::Ignore),
        (Source::Events, Some(Role::Target | Role::Value)) => None,
        (_, role) => role,
    }
}

/// For a target the last column with two values, for money the last number; else the last column that has a part to spare.
fn likeliest(input: &InitInput, roles: &[Option<Role>], role: Role) -> Option<usize> {
    let is_spare =
        |index: usize| roles[index].is_some_and(repeats) || (roles[index].is_none() && is_first(input, index));
    let last = |fits: &dyn Fn(usize) -> bool| (0..roles.len()).rev().find(|&index| is_spare(index) && fits(index));
    let column = |index: usize| &input.columns[index];
    let first_choice = match role {
        Role::Target => last(&|index| column(index).n_distinct == 2),
        _ => last(&|index| column(index).kind == ColumnType::Numeric && column(index).n_distinct != 2),
    };
    first_choice.or_else(|| last(&|_| true))
}

/// Whether no earlier column has this one's name.
fn is_first(input: &InitInput, index: usize) -> bool {
    input.columns[..index].iter().all(|other| other.name != input.columns[index].name)
}

fn data(input: &InitInput, source: Source, task: Task) -> String {
    let mut out = format!("\n[data]\nsource = \"{source}\"\n");
    if source == Source::Synthetic {
        return out;
    }
    let file = if input.file.trim().is_empty() { "data.csv" } else { &input.file };
    out.extend(["files = [", &quote(file), "]\n"]);
    if let (Source::Customers, Some(positive), true) = (source, &input.positive, task != Task::Clv) {
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

fn columns(input: &InitInput, source: Source, roles: &[Option<Role>], guessed: &BTreeSet<usize>) -> String {
    if source == Source::Synthetic {
        return String::new();
    }
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
    let mut out = format!("\n# Roles: {}.\n[data.columns]\n", names.join(", "));
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
        let check = match role {
            _ if !guessed.contains(&index) => "",
            Role::Amount => "CHECK: is this the money of a line? ",
            _ => "CHECK: is this what is predicted? ",
        };
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
            task in proptest::sample::select(vec![Task::Churn, Task::Clv, Task::ChurnClv, Task::Segments]),
        ) {
            let delimiter = Some(Delimiter::Byte(b';'));
            let input = InitInput { file, delimiter, time_format: Some("%d.%m.%Y".into()), positive, columns };
            let text = render(&input, task);
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
        insta::assert_snapshot!(render(&input, Task::Churn));
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
        insta::assert_snapshot!(render(&input, Task::Churn));
    }

    #[test]
    fn a_log_for_value_names_its_money() {
        let mut input = InitInput {
            file: "sales.csv".into(),
            delimiter: Some(Delimiter::Byte(b',')),
            time_format: None,
            positive: None,
            columns: vec![
                example("id", Some(Role::Id), ColumnType::Text, &["00001"], 23_570),
                example("date", Some(Role::Time), ColumnType::Time, &["1997-01-01"], 545),
                example("dollars", None, ColumnType::Numeric, &["11.77", "12"], 8_000),
                example("gift", None, ColumnType::Numeric, &["0", "1"], 2),
            ],
        };
        insta::assert_snapshot!(render(&input, Task::Clv));
        input.columns.truncate(2);
        assert!(render(&input, Task::Clv).contains("task = \"segments\""), "without money there is no value");
    }
}
