//! What can be wrong with a table that is to be split or encoded.

use thiserror::Error;

/// Why a table cannot be split or encoded.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// No column has the role `target`.
    #[error("no column has the role `target`")]
    NoTarget,
    /// The target has a value other than 0 and 1.
    #[error("row {row_idx} of target column `{column}`: expected 0 or 1, found {found}")]
    TargetValue {
        /// The target column.
        column: String,
        /// Row of the table, counted from 0.
        row_idx: usize,
        /// The value; `no value` where it is missing.
        found: String,
    },
    /// The value of a customer is missing, negative or not finite.
    #[error("row {row_idx} of value column `{column}`: expected a finite amount from 0, found {found}")]
    ValueTarget {
        /// The column of values.
        column: String,
        /// Row of the table, counted from 0.
        row_idx: usize,
        /// The value; `no value` where it is missing.
        found: String,
    },
    /// Nobody is held out, or everybody is.
    #[error("`split.holdout` leaves no row to {part}: {reason}")]
    Holdout {
        /// `test` or `train`.
        part: &'static str,
        /// What was looked for.
        reason: &'static str,
    },
    /// A part has customers of one class only.
    #[error("the {part} of {n_rows} rows: expected both classes, found only {column} = {class}")]
    OneClass {
        /// The part.
        part: PartName,
        /// The target column.
        column: String,
        /// The only class, 0 or 1.
        class: u8,
        /// Rows of the part.
        n_rows: usize,
    },
    /// A part has no rows.
    #[error("the {part} is empty: {reason}")]
    EmptyPart {
        /// The part.
        part: PartName,
        /// How that came about.
        reason: String,
    },
    /// A class is too rare to be in every fold.
    #[error("{folds} folds: expected at least {folds} {units} with {column} = {class}, found {found}")]
    TooFewForFolds {
        /// Folds asked for.
        folds: usize,
        /// What is dealt out: rows, customers or groups.
        units: UnitName,
        /// The target column.
        column: String,
        /// The rare class, 0 or 1.
        class: u8,
        /// Units that have it.
        found: usize,
    },
    /// The split names a column that the table lacks.
    #[error("`split.{setting}` names column `{column}`, which the table lacks; it has {}", list(present))]
    SplitColumn {
        /// `group` or `column`.
        setting: &'static str,
        /// The name.
        column: String,
        /// The columns that there are.
        present: Vec<String>,
    },
    /// The split needs a column to be named.
    #[error("`split.kind = \"{kind}\"`: expected a column name in `split.{setting}`, found none")]
    NoSplitColumn {
        /// The kind of split.
        kind: &'static str,
        /// `group` or `column`.
        setting: &'static str,
    },
    /// The split column has a word that names no part.
    #[error("row {row_idx} of split column `{column}`: expected `train`, `validation` or `test`, found {found}")]
    SplitWord {
        /// The split column.
        column: String,
        /// Row of the table, counted from 0.
        row_idx: usize,
        /// The word in backticks, or `no value`.
        found: String,
    },
    /// The group column has no value in a row.
    #[error("row {row_idx} of group column `{column}`: expected a value, found none")]
    NoGroup {
        /// The group column.
        column: String,
        /// Row of the table, counted from 0.
        row_idx: usize,
    },
    /// A temporal split of a table without cutoffs.
    #[error("`split.kind = \"temporal\"`: expected a column of role `time`, found none")]
    NoTime,
    /// A temporal split of a table with one cutoff.
    #[error("`split.kind = \"temporal\"`: expected at least two distinct times in `{column}`, found {found}")]
    OneCutoff {
        /// The column of cutoffs.
        column: String,
        /// Distinct cutoffs.
        found: usize,
    },
    /// Folds where the split has no choice of rows.
    #[error("`split.folds = {folds}`: expected 0 or 2 and more, and 0 with `split.kind = \"{kind}\"`")]
    Folds {
        /// Folds asked for.
        folds: usize,
        /// The kind of split.
        kind: &'static str,
    },
    /// A column's values do not fit its role.
    #[error("column `{column}` of role `{role}`: expected {expected}, found {found}")]
    WrongType {
        /// The column.
        column: String,
        /// Its role.
        role: tenure_table::Role,
        /// Types that fit.
        expected: &'static str,
        /// The type it has.
        found: &'static str,
    },
    /// Nothing is left to learn from.
    #[error("no feature column is left: {}", if dropped.is_empty() { "the table has none".to_string() } else { dropped.join("; ") })]
    NoFeatures {
        /// Each feature column and why it was dropped.
        dropped: Vec<String>,
    },
    /// A weight is missing, negative, zero or infinite.
    #[error("row {row_idx} of weight column `{column}`: expected a positive number, found {found}")]
    Weight {
        /// The weight column.
        column: String,
        /// Row of the table, counted from 0.
        row_idx: usize,
        /// The value.
        found: f32,
    },
    /// The encoders were fitted on a column that this table lacks.
    #[error("the model was fitted on column `{column}`, which the table lacks; it has {}", list(present))]
    AbsentColumn {
        /// The column.
        column: String,
        /// The columns that there are.
        present: Vec<String>,
    },
    /// The encoders were fitted to events before each row that this table lacks.
    #[error("the model was fitted to events with {}; the table has {}", list(expected), if found.is_empty() { "none".into() } else { list(found) })]
    AbsentSequences {
        /// What each event holds.
        expected: Vec<String>,
        /// What each event of the table holds; empty without events.
        found: Vec<String>,
    },
    /// A row index beyond the table.
    #[error("row {row_idx} of a table of {n_rows} rows")]
    RowIndex {
        /// The index, counted from 0.
        row_idx: u32,
        /// Rows of the table.
        n_rows: usize,
    },
}

/// A part of a partition, or all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartName {
    /// All rows.
    Table,
    /// What encoders and networks are fitted on.
    Train,
    /// What early stopping and calibration look at.
    Validation,
    /// What is judged.
    Test,
}

impl std::fmt::Display for PartName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::Train => "training part",
            Self::Validation => "validation part",
            Self::Test => "test part",
        })
    }
}

/// What a split deals out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitName {
    /// Single rows.
    Rows,
    /// All rows of a customer.
    Customers,
    /// All rows of a group.
    Groups,
}

impl std::fmt::Display for UnitName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Rows => "rows",
            Self::Customers => "customers",
            Self::Groups => "groups",
        })
    }
}

/// The first names of a list, for a message.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let text = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => text,
        n_more => format!("{text} and {n_more} more"),
    }
}

/// What a column holds, for a message.
pub(crate) const fn type_name(values: &tenure_table::Values) -> &'static str {
    match values {
        tenure_table::Values::Numeric(_) => "numbers",
        tenure_table::Values::Category(_) => "levels",
        tenure_table::Values::Text(_) => "free text",
        tenure_table::Values::Time(_) => "times",
    }
}
