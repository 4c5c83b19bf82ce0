//! What the columns mean: one id, one target where there should be one, no column that is two things.

use tenure_table::Role;

use super::Check;
use crate::code::Code;
use crate::nearest::nearest;
use crate::tree::key;
use crate::{ColumnType, Source, Task};

/// Roles that at most one column can have.
const SINGLE: [Role; 9] = [
    Role::Id,
    Role::Time,
    Role::Amount,
    Role::Quantity,
    Role::Target,
    Role::Value,
    Role::Weight,
    Role::Treatment,
    Role::Consent,
];

pub(super) fn check(check: &mut Check<'_>) {
    required(check);
    repeated(check);
    misplaced(check);
    types(check);
    product(check);
    names(check);
    references(check);
}

/// The columns of a role, in the order of the file.
fn with_role<'a>(check: &Check<'a>, role: Role) -> Vec<&'a str> {
    let columns = &check.plan.data.columns;
    columns.iter().filter(|(_, found)| *found == role).map(|(name, _)| name.as_str()).collect()
}

fn path_of(column: &str) -> String {
    format!("data.columns.{}", key(column))
}

fn required(check: &mut Check<'_>) {
    let (source, task) = (check.plan.data.source, check.plan.experiment.task);
    let target = (Role::Target, "Churn = \"target\"");
    let value = (Role::Value, "spend_next_year = \"value\"");
    let roles: &[(Role, &str)] = match (source, task) {
        (Source::Events, _) => &[(Role::Id, "customer_id = \"id\""), (Role::Time, "date = \"time\"")],
        (Source::Customers, Task::Churn) => &[target],
        (Source::Customers, Task::Clv) => &[value],
        (Source::Customers, Task::ChurnClv) => &[target, value],
        (Source::Customers, Task::Segments) | (Source::Synthetic, _) => &[],
    };
    for (role, example) in roles {
        // A refused entry may be the very column that seems to be missing.
        let is_refused = check.reader.errors.iter().any(|error| error.message().contains("`data.columns."));
        if with_role(check, *role).is_empty() && !is_refused {
            let message = format!("no column has the role `{role}`");
            check.report(Code::RoleCount, &["data.columns"], message, |error| {
                error
                    .with_expected(format!("one, because source = \"{source}\""))
                    .with_found("none")
                    .with_hint(format!("in [data.columns], name it: {example}"))
            });
        }
    }
}

fn repeated(check: &mut Check<'_>) {
    for role in SINGLE {
        let columns = with_role(check, role);
        if let [first, second, ..] = columns[..] {
            let message = format!("{} columns have the role `{role}`", columns.len());
            let found: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
            check.report(Code::RoleCount, &[&path_of(second)], message, |error| {
                error
                    .with_expected("at most one")
                    .with_found(found.join(", "))
                    .with_hint(format!("keep `{first}`, and give the others \"category\" or \"ignore\""))
            });
        }
    }
}

fn misplaced(check: &mut Check<'_>) {
    for (column, role) in &check.plan.data.columns {
        let hint = match (check.plan.data.source, role) {
            (Source::Events, Role::Target) => {
                "the label is computed from [time]: leave the column out, or use source = \"customers\""
            }
            (Source::Events, Role::Value) => "value is computed from the amounts: give the column the role \"amount\"",
            (Source::Customers, Role::Value) if !check.plan.experiment.task.predicts_value() => {
                "nothing predicts it: set task = \"clv\" in [experiment], or \"ignore\" the column"
            }
            (Source::Customers, Role::Target) if check.plan.experiment.task == Task::Clv => {
                "nothing predicts it: the amount that task = \"clv\" predicts has the role \"value\""
            }
            (Source::Customers, Role::Amount | Role::Quantity) => "a magnitude of a customer is \"numeric\"",
            (Source::Customers, Role::Time) => "\"ignore\" the column; with one row per event, source = \"events\"",
            _ => continue,
        };
        let source = check.plan.data.source;
        let message = format!("column `{column}` cannot have the role `{role}`");
        check.report(Code::RoleMisplaced, &[&path_of(column)], message, |error| {
            error
                .with_expected(format!("a role that source = \"{source}\" has"))
                .with_found(format!("\"{role}\""))
                .with_hint(hint)
        });
    }
}

/// The types that a role can be read from; none where any will do.
const fn types_of(role: Role) -> Option<&'static [ColumnType]> {
    match role {
        Role::Time => Some(&[ColumnType::Time]),
        Role::Amount | Role::Quantity | Role::Numeric | Role::Weight | Role::Value => Some(&[ColumnType::Numeric]),
        Role::Category => Some(&[ColumnType::Category, ColumnType::Text]),
        Role::Id | Role::Target | Role::Treatment | Role::Sensitive | Role::Consent | Role::Ignore => None,
    }
}

fn types(check: &mut Check<'_>) {
    for (column, found) in &check.plan.data.types {
        let Some((_, role)) = check.plan.data.columns.iter().find(|(name, _)| name == column) else { continue };
        let Some(expected) = types_of(*role) else { continue };
        if !expected.contains(found) {
            let path = format!("data.types.{}", key(column));
            let message = format!("column `{column}` cannot be of type `{found}` and have the role `{role}`");
            check.report(Code::ColumnConflict, &[&path, &path_of(column)], message, |error| {
                error
                    .with_expected(format!("type \"{}\", or another role", expected[0]))
                    .with_found(format!("type \"{found}\" with role \"{role}\""))
                    .with_hint("a role of \"numeric\" or \"category\" needs no type beside it")
            });
        }
    }
}

fn product(check: &mut Check<'_>) {
    let Some(product) = &check.plan.data.amount else { return };
    if let Some(column) = with_role(check, Role::Amount).first() {
        let message = format!("the amount is both `{product}` and the column `{column}`");
        check.report(Code::ColumnConflict, &["data.amount", &path_of(column)], message, |error| {
            error.with_expected("one of the two").with_hint(format!("leave `amount` out, or \"ignore\" `{column}`"))
        });
    }
    let roles = &check.plan.data.columns;
    for factor in [&product.left, &product.right] {
        let role = roles.iter().find(|(name, _)| name == factor).map(|(_, role)| *role);
        if let Some(role @ (Role::Sensitive | Role::Id | Role::Time | Role::Category | Role::Consent)) = role {
            let message = format!("column `{factor}` cannot be a factor of `data.amount` and have the role `{role}`");
            check.report(Code::ColumnConflict, &["data.amount", &path_of(factor)], message, |error| {
                error
                    .with_expected("two columns of numbers")
                    .with_found(format!("{factor} = \"{role}\""))
                    .with_hint("a factor may have the role \"quantity\" or \"numeric\", or none")
            });
        }
    }
}

/// Where the file lists the columns itself, every other mention must be among them.
fn names(check: &mut Check<'_>) {
    let known = &check.plan.data.csv.names;
    if known.is_empty() || !check.plan.data.attributes.is_empty() {
        return;
    }
    let data = &check.plan.data;
    let mut mentions: Vec<(String, &str)> = Vec::new();
    mentions.extend(data.columns.iter().map(|(name, _)| (path_of(name), name.as_str())));
    mentions.extend(data.types.iter().map(|(name, _)| (format!("data.types.{}", key(name)), name.as_str())));
    if let Some(product) = &data.amount {
        mentions.extend([&product.left, &product.right].map(|factor| ("data.amount".into(), factor.as_str())));
    }
    for (path, name) in mentions {
        if !known.iter().any(|known| known == name) {
            let near = nearest(name, known.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            check.report(Code::UnknownColumn, &[&path], format!("no column is named `{name}`"), |error| {
                error
                    .with_expected(format!("one of data.csv.names: {}", known.join(", ")))
                    .with_found(format!("`{name}`"))
                    .with_hint_if(near)
            });
        }
    }
}

/// Slices and splits name columns that can tell rows apart without telling the answer.
fn references(check: &mut Check<'_>) {
    let split = &check.plan.split;
    let slices = check.plan.evaluate.slices.iter().map(|name| ("evaluate.slices", name));
    let group = split.group.iter().map(|name| ("split.group", name));
    let column = split.column.iter().map(|name| ("split.column", name));
    for (path, name) in slices.chain(group).chain(column) {
        let role = check.plan.data.columns.iter().find(|(known, _)| known == name).map(|(_, role)| *role);
        let reason = match (path, role) {
            ("split.column", Some(Role::Category | Role::Numeric)) => "a feature would tell which rows test",
            (_, Some(Role::Target | Role::Value)) => "the target is what is predicted",
            ("evaluate.slices" | "split.column", Some(Role::Id)) => "every customer would be a group",
            _ => continue,
        };
        let role = role.map_or("", Role::name);
        let message = format!("`{path}` cannot use the column `{name}`, which is `{role}`");
        check.report(Code::ColumnConflict, &[path, &path_of(name)], message, |error| {
            error
                .with_expected(if path == "split.column" {
                    "a column whose role is \"ignore\""
                } else {
                    "a column that sorts customers into kinds"
                })
                .with_found(format!("{} = \"{role}\"", key(name)))
                .with_hint(reason)
        });
    }
}
