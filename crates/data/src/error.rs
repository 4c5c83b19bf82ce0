//! What can be wrong with data, each with a code, a place and a way out.

use std::io;
use std::path::PathBuf;

use tenure_table::Role;

use crate::events::EventsError;
use crate::synth::SynthError;

/// What is wrong with the data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file that the plan names does not exist.
    #[error("{}: no such file", file.display())]
    MissingFile {
        /// The file.
        file: PathBuf,
    },
    /// A pattern matches no file.
    #[error("no file matches `{pattern}`")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A pattern is not a glob.
    #[error("`{pattern}` is not a pattern of files: {reason}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The system would not let the file be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system would not let the file be written; nothing is left under its name.
    #[error("{}: cannot be written: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file has no bytes, or nothing but blank lines.
    #[error("{}: expected rows, found an empty file", file.display())]
    EmptyFile {
        /// The file.
        file: PathBuf,
    },
    /// There is a header and nothing below it.
    #[error("{}: expected rows, found only a header", file.display())]
    NoRows {
        /// The file.
        file: PathBuf,
    },
    /// The name says Parquet, the bytes say otherwise.
    #[error("{}: expected a Parquet file, found {found}", file.display())]
    NotParquet {
        /// The file.
        file: PathBuf,
        /// What the first bytes look like.
        found: String,
    },
    /// A Parquet file is cut off or damaged.
    #[error("{}: expected a whole Parquet file, found one that is truncated or damaged: {reason}", file.display())]
    DamagedParquet {
        /// The file.
        file: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// The file is of a kind that is not read.
    #[error("{}: expected CSV or Parquet, found {found}", file.display())]
    NotText {
        /// The file.
        file: PathBuf,
        /// What the first bytes look like.
        found: &'static str,
    },
    /// A text file is not UTF-8.
    #[error("{}: line {line}: expected UTF-8, found byte 0x{byte:02x} in field {field}", file.display())]
    NotUtf8 {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The field, counted from 1.
        field: usize,
        /// The first byte that is no UTF-8.
        byte: u8,
    },
    /// A quoted field is never closed.
    #[error("{}: line {line}: expected a closing quote, found the end of the file", file.display())]
    OpenQuote {
        /// The file.
        file: PathBuf,
        /// The line of the record with the quote, counted from 1.
        line: u64,
    },
    /// The plan names another number of columns than the file has.
    #[error("{}: `data.csv.names` has {expected} names, but the first row has {found} fields", file.display())]
    NameCount {
        /// The file.
        file: PathBuf,
        /// How many names.
        expected: usize,
        /// How many fields.
        found: usize,
    },
    /// Two columns share a name.
    #[error("{}: two columns are named `{column}`", file.display())]
    DuplicateColumn {
        /// The file.
        file: PathBuf,
        /// The name.
        column: String,
    },
    /// A column that the plan names is not in the file.
    #[error("{}: expected a column `{column}` ({wanted_by}), found {}", file.display(), quoted(found))]
    MissingColumn {
        /// The file.
        file: PathBuf,
        /// The column.
        column: String,
        /// The part of the plan that names it.
        wanted_by: String,
        /// The file's columns.
        found: Vec<String>,
    },
    /// The files of one data set differ in their columns.
    #[error("{}: column `{column}`: expected {expected} as in {}, found {found}", file.display(), first.display())]
    SchemaMismatch {
        /// The file that differs.
        file: PathBuf,
        /// The file it is compared with.
        first: PathBuf,
        /// The first column that differs.
        column: String,
        /// What the first file has.
        expected: String,
        /// What this file has.
        found: String,
    },
    /// A value is not of the type its column was given.
    #[error("{}: row {row}: column `{column}`: expected {expected}, found `{found}`", file.display())]
    WrongType {
        /// The file.
        file: PathBuf,
        /// The row of data, counted from 1.
        row: u64,
        /// The column.
        column: String,
        /// The type.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// A column's storage type cannot serve its role.
    #[error("{}: column `{column}`: expected {expected}, found {found}", file.display())]
    ColumnType {
        /// The file.
        file: PathBuf,
        /// The column.
        column: String,
        /// What the role or type asks for.
        expected: &'static str,
        /// The storage type.
        found: String,
    },
    /// More rows were rejected than the plan allows.
    #[error("{rejected} of {total} rows were rejected, more than the {max} that `data.max_rejected` allows: {reasons}")]
    TooManyRejected {
        /// Rows rejected.
        rejected: u64,
        /// Rows read.
        total: u64,
        /// The share allowed, in words.
        max: String,
        /// Counts by reason, in words, with the first row of each.
        reasons: String,
    },
    /// No row is left.
    #[error("none of {total} rows could be kept: {reasons}")]
    NothingKept {
        /// Rows read.
        total: u64,
        /// Counts by reason, in words, with the first row of each.
        reasons: String,
    },
    /// A role that the source needs has no column.
    #[error("`data.source = \"{source_kind}\"` needs a column of role `{role}`, and `data.columns` names none")]
    MissingRole {
        /// The source.
        source_kind: &'static str,
        /// The role.
        role: Role,
    },
    /// A role that may be given once is given twice.
    #[error("column `{column}`: role `{role}` is already given to `{first}`")]
    RepeatedRole {
        /// The second column.
        column: String,
        /// The role.
        role: Role,
        /// The first column.
        first: String,
    },
    /// A role makes no sense in this source.
    #[error("column `{column}`: role `{role}` has no meaning in {place}")]
    RoleNotPossible {
        /// The column.
        column: String,
        /// The role.
        role: Role,
        /// Where.
        place: &'static str,
    },
    /// The target has other values than 0/1 or true/false, and the plan does not say which is positive.
    #[error("target `{column}`: expected 0/1 or true/false, found {}", quoted(found))]
    TargetLevels {
        /// The column.
        column: String,
        /// Its first levels.
        found: Vec<String>,
    },
    /// No row has the positive label.
    #[error("target `{column}`: expected some rows with `{positive}`, found only {}", quoted(found))]
    UnknownPositive {
        /// The column.
        column: String,
        /// The label that counts as churned.
        positive: String,
        /// Its first levels.
        found: Vec<String>,
    },
    /// Every row has the same label.
    #[error("target `{column}`: expected two classes, found {found} in all {n_rows} rows")]
    TargetConstant {
        /// The column.
        column: String,
        /// The one label, quoted.
        found: String,
        /// How many rows.
        n_rows: u64,
    },
    /// No row has a label.
    #[error("target `{column}`: expected labels, found none in {n_rows} rows")]
    TargetMissing {
        /// The column.
        column: String,
        /// How many rows.
        n_rows: u64,
    },
    /// A weight is negative or not finite.
    #[error("{}: row {row}: weight `{column}`: expected a finite number that is not negative, found {found}", file.display())]
    BadWeight {
        /// The file.
        file: PathBuf,
        /// The row of data, counted from 1.
        row: u64,
        /// The column.
        column: String,
        /// The value.
        found: f64,
    },
    /// A customer's value is negative or not finite.
    #[error("{}: row {row}: value `{column}`: expected a finite amount that is not negative, found {found}", file.display())]
    BadValue {
        /// The file.
        file: PathBuf,
        /// The row of data, counted from 1.
        row: u64,
        /// The column.
        column: String,
        /// The value.
        found: f64,
    },
    /// No line of the file of held-out customers names a customer.
    #[error("{}: expected the ids of customers of the log, one at the beginning of each line, found `{found}` first", file.display())]
    NobodyHeldOut {
        /// The file.
        file: PathBuf,
        /// The first id there.
        found: String,
    },
    /// No column is left that a model may read.
    #[error("no column is left that a model may read: {}", left_out.join("; "))]
    NoFeatures {
        /// Columns that were left out, each with the reason.
        left_out: Vec<String>,
    },
    /// The time zone is neither an offset nor an IANA name.
    #[error("`data.time_zone`: expected an offset such as `+02:00` or a name such as `Europe/Berlin`, found `{found}`")]
    TimeZone {
        /// The text.
        found: String,
    },
    /// The strftime pattern is not one.
    #[error("`data.time_format`: expected a strftime pattern, found `{found}`")]
    TimeFormat {
        /// The text.
        found: String,
    },
    /// The key that ids are hashed with is too short to protect anything.
    #[error("{}: expected at least {expected} bytes of key, found {found}", file.display())]
    ShortKey {
        /// The key's file.
        file: PathBuf,
        /// Bytes needed.
        expected: usize,
        /// Bytes there.
        found: usize,
    },
    /// Events and cutoffs do not fit each other.
    #[error(transparent)]
    Events(#[from] EventsError),
    /// Data could not be made.
    #[error(transparent)]
    Synth(#[from] SynthError),
    /// A library failed in a way that no other case names.
    #[error("{doing}: {reason}")]
    Library {
        /// What was being done.
        doing: String,
        /// What the library said.
        reason: String,
    },
}

/// Names as a list in backquotes, cut off after a dozen.
fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    if names.is_empty() { "nothing".into() } else { text }
}
