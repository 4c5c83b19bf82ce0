//! What the names of columns, and of levels, usually mean.

use tenure_config::ColumnType;
use tenure_table::Role;

use crate::profile::Profile;
use crate::source::SourceColumn;

/// Levels beyond which a category column of a log is too fine to be suggested.
const MAX_CATEGORY_LEVELS: u64 = 100_000;

/// A guess at the role of each column; none where there is none.
pub(crate) fn roles(columns: &[SourceColumn], profiles: &[Profile], kinds: &[ColumnType]) -> Vec<Option<Role>> {
    let names: Vec<String> = columns.iter().map(|column| normal(&column.name)).collect();
    let id = id(&names, profiles, kinds);
    let time = (0..names.len()).filter(|&at| kinds[at] == ColumnType::Time);
    let time = time.max_by_key(|&at| (sounds_like_time(&columns[at].name), std::cmp::Reverse(at)));
    // A customer whose id repeats beside times has events.
    let is_log = id.is_some_and(|id| !profiles[id].is_key() && !profiles[id].is_unique()) && time.is_some();
    let mut roles: Vec<Option<Role>> = (0..names.len())
        .map(|at| if is_log { in_log(&names[at], &profiles[at], kinds[at]) } else { in_customers(&names[at]) })
        .collect();
    if let Some(id) = id {
        roles[id] = Some(Role::Id);
    }
    if let (true, Some(time)) = (is_log, time) {
        roles[time] = Some(Role::Time);
    }
    keep_first(&mut roles);
    roles
}

/// The column that names the customer: by its name, or because it is called an id and differs in every row.
fn id(names: &[String], profiles: &[Profile], kinds: &[ColumnType]) -> Option<usize> {
    const WHO: [&str; 9] =
        ["customer", "cust", "client", "user", "account", "member", "subscriber", "person", "household"];
    let is_id = |name: &str| matches!(name.strip_suffix("s").unwrap_or(name), "id" | "uid" | "key") || ends_in_id(name);
    let names_somebody = |at: &usize| {
        let name = names[*at].as_str();
        WHO.iter().any(|who| name == *who || (name.contains(who) && is_id(name)))
    };
    let fits = |at: &usize| kinds[*at] != ColumnType::Time && profiles[*at].n_distinct() > 2;
    (0..names.len())
        .filter(fits)
        .find(names_somebody)
        .or_else(|| (0..names.len()).filter(fits).find(|&at| is_id(&names[at]) && profiles[at].is_key()))
}

fn ends_in_id(name: &str) -> bool {
    ["id", "no", "number", "code", "key"].iter().any(|end| name.ends_with(end))
}

fn in_log(name: &str, profile: &Profile, kind: ColumnType) -> Option<Role> {
    const MONEY: [&str; 9] = ["amount", "revenue", "spend", "sales", "value", "total", "dollar", "turnover", "paid"];
    const UNITS: [&str; 5] = ["quantity", "qty", "units", "numberof", "pieces"];
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match kind {
        ColumnType::Numeric if has(&UNITS) => Some(Role::Quantity),
        ColumnType::Numeric if has(&MONEY) && !name.contains("unit") => Some(Role::Amount),
        ColumnType::Category if is_consent(name) => Some(Role::Consent),
        ColumnType::Category if !profile.is_unique() && profile.n_distinct() <= MAX_CATEGORY_LEVELS => {
            Some(Role::Category)
        }
        _ => None,
    }
}

fn in_customers(name: &str) -> Option<Role> {
    const PROTECTED: [&str; 8] =
        ["gender", "sex", "race", "ethnicity", "ethnic", "religion", "nationality", "disability"];
    const TARGET: [&str; 8] =
        ["exited", "attrition", "attritionflag", "target", "label", "left", "isleft", "cancelled"];
    if name.contains("churn") || TARGET.contains(&name) {
        Some(Role::Target)
    } else if PROTECTED.contains(&name) {
        Some(Role::Sensitive)
    } else if is_consent(name) {
        Some(Role::Consent)
    } else if matches!(name, "weight" | "sampleweight") {
        Some(Role::Weight)
    } else if matches!(name, "treatment" | "treated") {
        Some(Role::Treatment)
    } else {
        None
    }
}

fn is_consent(name: &str) -> bool {
    name.contains("consent") || name.contains("optin")
}

/// Roles that are given once go to the first column that seems to have them.
fn keep_first(roles: &mut [Option<Role>]) {
    for role in [Role::Amount, Role::Quantity, Role::Target, Role::Weight, Role::Treatment, Role::Consent] {
        roles.iter_mut().filter(|of| **of == Some(role)).skip(1).for_each(|of| *of = None);
    }
}

/// Whether a column is called after a time.
pub(crate) fn sounds_like_time(name: &str) -> bool {
    let name = normal(name);
    ["date", "time", "timestamp", "day", "datetime"].iter().any(|word| name.starts_with(word) || name.ends_with(word))
}

/// Whether a level of a target means that the customer left.
pub(crate) fn means_left(level: &str) -> bool {
    const WORDS: [&str; 12] =
        ["yes", "y", "1", "true", "t", "churn", "churned", "left", "exited", "gone", "attritedcustomer", "cancelled"];
    WORDS.contains(&normal(level).as_str())
}

/// Letters and digits in lower case: `Customer ID`, `customer_id` and `CustomerID` are one name.
fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
