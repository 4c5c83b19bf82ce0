//! What becomes of each column of a customer table: its role, and the form its values are kept in.

use std::path::Path;

use tenure_config::{ColumnType, Data, Plan};
use tenure_table::Role;

use crate::DataError;
use crate::profile::Profile;
use crate::source::{SourceColumn, SourceFile, Storage};

/// Numbers with more distinct values than this are judged by magnitude, not by level.
const MAX_LEVELS: u64 = 20;

/// The form in which a column of a customer table is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Names the customer.
    Id,
    /// When the row was true.
    Time,
    /// Read to drop rows; not kept.
    Consent,
    /// 0 or 1.
    Target,
    /// An amount that is never negative.
    Value,
    /// A magnitude that is never negative.
    Weight,
    /// A magnitude.
    Number,
    /// An instant as a magnitude: days since the epoch.
    Days,
    /// A level.
    Level,
}

/// A column of a customer table that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub name: String,
    pub role: Role,
    pub form: Form,
    /// Whether the plan names the role; a column that nobody listed is vouched for by nobody.
    pub is_listed: bool,
}

/// A column that becomes nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub name: String,
    pub why: String,
}

/// The role that `data.columns` gives a column.
pub(crate) fn listed_role(data: &Data, name: &str) -> Option<Role> {
    data.columns.iter().find(|(column, _)| column == name).map(|(_, role)| *role)
}

/// The columns of a role in `data.columns`.
pub(crate) fn columns_of(data: &Data, role: Role) -> impl Iterator<Item = &str> {
    data.columns.iter().filter(move |(_, of)| *of == role).map(|(name, _)| name.as_str())
}

/// The column of a role that may be given once.
pub(crate) fn single(data: &Data, role: Role) -> Result<Option<&str>, DataError> {
    let mut columns = columns_of(data, role);
    match (columns.next(), columns.next()) {
        (Some(first), Some(second)) => {
            Err(DataError::RepeatedRole { column: second.into(), role, first: first.into() })
        }
        (first, _) => Ok(first),
    }
}

/// Fails where the plan names a column that no file has.
pub(crate) fn check_named(plan: &Plan, files: &[&SourceFile]) -> Result<(), DataError> {
    let Some(first) = files.first() else { return Ok(()) };
    let check = |column: &str, wanted_by: String| match files.iter().any(|file| file.place(column).is_some()) {
        true => Ok(()),
        false => Err(missing(&first.path, column, wanted_by, first.names())),
    };
    for (column, role) in &plan.data.columns {
        check(column, format!("role `{role}` in `data.columns`"))?;
    }
    for (column, _) in &plan.data.types {
        check(column, "named in `data.types`".into())?;
    }
    if let Some(product) = &plan.data.amount {
        check(&product.left, "a factor of `data.amount`".into())?;
        check(&product.right, "a factor of `data.amount`".into())?;
    }
    Ok(())
}

/// A column that is wanted and not there.
pub(crate) fn missing(file: &Path, column: &str, wanted_by: String, found: Vec<String>) -> DataError {
    DataError::MissingColumn { file: file.into(), column: column.into(), wanted_by, found }
}

/// What the plan names a column for, besides its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// `split.group` or `split.column`.
    Split,
    /// `evaluate.slices`.
    Slice,
    No,
}

fn named(plan: &Plan, name: &str) -> Named {
    let is = |column: &Option<String>| column.as_deref() == Some(name);
    if is(&plan.split.group) || is(&plan.split.column) {
        Named::Split
    } else if plan.evaluate.slices.iter().any(|slice| slice == name) {
        Named::Slice
    } else {
        Named::No
    }
}

/// What becomes of a column, by its listed role, its listed type and its profile.
pub(crate) fn decide(plan: &Plan, column: &SourceColumn, profile: &Profile) -> Result<Reading, LeftOut> {
    let name = &column.name;
    let listed = listed_role(&plan.data, name);
    let typed = plan.data.types.iter().find(|(of, _)| of == name).map(|(_, kind)| *kind);
    let kind = typed.unwrap_or_else(|| profile.suggested(&column.storage));
    let reading = |role, form| Ok(Reading { name: name.clone(), role, form, is_listed: listed.is_some() });
    let left_out = |why: &str| Err(LeftOut { name: name.clone(), why: why.into() });
    match (listed, named(plan, name)) {
        (Some(Role::Ignore), Named::No) => left_out("its role is `ignore`"),
        // A column that says who tests would be a feature that knows the split.
        (Some(Role::Ignore) | None, Named::Split) | (Some(Role::Ignore), Named::Slice) => {
            reading(Role::Ignore, by_levels(kind, profile))
        }
        (Some(Role::Sensitive), _) => reading(Role::Sensitive, by_levels(kind, profile)),
        (Some(Role::Treatment), _) => reading(Role::Treatment, by_levels(kind, profile)),
        (Some(Role::Numeric), _) => {
            reading(Role::Numeric, if kind == ColumnType::Time { Form::Days } else { Form::Number })
        }
        (Some(Role::Category), _) => reading(Role::Category, Form::Level),
        (Some(Role::Id), _) => reading(Role::Id, Form::Id),
        (Some(Role::Time), _) => reading(Role::Time, Form::Time),
        (Some(Role::Consent), _) => reading(Role::Consent, Form::Consent),
        (Some(Role::Target), _) => reading(Role::Target, Form::Target),
        (Some(Role::Value), _) => reading(Role::Value, Form::Value),
        (Some(Role::Weight), _) => reading(Role::Weight, Form::Weight),
        // Refused before any file is read.
        (Some(Role::Amount | Role::Quantity), _) => left_out("money and units belong to events"),
        (None, Named::No | Named::Slice) => suggest(name, typed, kind, column, profile),
    }
}

/// What becomes of a column that nobody listed.
fn suggest(
    name: &str,
    typed: Option<ColumnType>,
    kind: ColumnType,
    column: &SourceColumn,
    profile: &Profile,
) -> Result<Reading, LeftOut> {
    let reading = |role, form| Ok(Reading { name: name.into(), role, form, is_listed: false });
    let left_out = |why: String| Err(LeftOut { name: name.into(), why });
    if let Storage::Other(kind) = &column.storage {
        return left_out(format!("its type is {kind}"));
    }
    if profile.n_values() == 0 {
        return left_out("it has no values".into());
    }
    if profile.is_constant() {
        return left_out(format!("it is `{}` in every row", profile.examples[0]));
    }
    match kind {
        ColumnType::Numeric => reading(Role::Numeric, Form::Number),
        ColumnType::Category => reading(Role::Category, Form::Level),
        ColumnType::Time if typed.is_some() => reading(Role::Numeric, Form::Days),
        ColumnType::Time => left_out("it holds times; with the role `numeric` it becomes days since 1970-01-01".into()),
        ColumnType::Text => left_out(format!(
            "its text differs in {} of {} rows; with the role `category` it becomes levels",
            profile.n_distinct(),
            profile.n_values()
        )),
    }
}

/// Levels, unless there are so many numbers that only their magnitude tells anything.
fn by_levels(kind: ColumnType, profile: &Profile) -> Form {
    match kind {
        ColumnType::Numeric if profile.n_distinct() > MAX_LEVELS => Form::Number,
        ColumnType::Time => Form::Days,
        _ => Form::Level,
    }
}
