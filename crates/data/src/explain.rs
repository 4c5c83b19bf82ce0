//! Error codes, what to do about each, and what each means at length.

use crate::DataError;
use crate::events::EventsError;

impl DataError {
    /// The error's code, for `tenure explain`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingFile { .. } => "DAT0001",
            Self::NoMatch { .. } => "DAT0002",
            Self::BadPattern { .. } => "DAT0003",
            Self::Read { .. } => "DAT0004",
            Self::Write { .. } => "DAT0005",
            Self::EmptyFile { .. } => "DAT0006",
            Self::NoRows { .. } => "DAT0007",
            Self::NotParquet { .. } => "DAT0008",
            Self::DamagedParquet { .. } => "DAT0009",
            Self::NotText { .. } => "DAT0010",
            Self::NotUtf8 { .. } => "DAT0011",
            Self::OpenQuote { .. } => "DAT0012",
            Self::NameCount { .. } => "DAT0013",
            Self::DuplicateColumn { .. } => "DAT0014",
            Self::MissingColumn { .. } => "DAT0015",
            Self::SchemaMismatch { .. } => "DAT0016",
            Self::WrongType { .. } => "DAT0017",
            Self::ColumnType { .. } => "DAT0018",
            Self::TooManyRejected { .. } => "DAT0019",
            Self::NothingKept { .. } => "DAT0020",
            Self::MissingRole { .. } => "DAT0021",
            Self::RepeatedRole { .. } => "DAT0022",
            Self::RoleNotPossible { .. } => "DAT0023",
            Self::TargetLevels { .. } => "DAT0024",
            Self::UnknownPositive { .. } => "DAT0025",
            Self::TargetConstant { .. } => "DAT0026",
            Self::TargetMissing { .. } => "DAT0027",
            Self::BadWeight { .. } => "DAT0028",
            Self::NoFeatures { .. } => "DAT0029",
            Self::TimeZone { .. } => "DAT0030",
            Self::TimeFormat { .. } => "DAT0031",
            Self::ShortKey { .. } => "DAT0032",
            Self::Library { .. } => "DAT0033",
            Self::Events(_) => "DAT0034",
            Self::Synth(_) => "DAT0035",
            Self::BadValue { .. } => "DAT0036",
            Self::NobodyHeldOut { .. } => "DAT0037",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::MissingFile { .. } => "paths in an experiment file are taken from the folder of that file",
            Self::NoMatch { .. } => "`*` stands for any part of a name, `**` for any folders",
            Self::BadPattern { .. } => "brackets in a file's name are written `[[]` and `[]]`",
            Self::Read { .. } => "check the permissions of the file and of its folders",
            Self::Write { .. } => "check the permissions of the folder and the space on its disk",
            Self::EmptyFile { .. } | Self::NoRows { .. } => "check the export that wrote the file",
            Self::NotParquet { .. } => "give text files another ending, such as `.csv`",
            Self::DamagedParquet { .. } => "copy the file again, or write it again",
            Self::NotText { .. } => "unpack or export it as CSV (UTF-8) or Parquet",
            Self::NotUtf8 { .. } => "write the file as UTF-8, for instance: iconv -f LATIN1 -t UTF-8 FILE > NEW",
            Self::OpenQuote { .. } => "close the quote, or double it where it is part of the text: \"5\"\" disk\"",
            Self::NameCount { .. } => "give one name for each field, or use the header",
            Self::DuplicateColumn { .. } => "rename one of them, or name all columns in `data.csv.names`",
            Self::MissingColumn { column, found, .. } => return Some(missing_column(column, found)),
            Self::SchemaMismatch { .. } => {
                "files read together need the same columns: write them alike, or name fewer files"
            }
            Self::WrongType { column, found, expected, .. } => return Some(wrong_type(column, found, expected)),
            Self::ColumnType { .. } => "write the column as text, whole numbers, doubles, true/false or timestamps",
            Self::TooManyRejected { reasons, .. } => return Some(rejected(reasons)),
            Self::NothingKept { reasons, .. } => misread(reasons).unwrap_or("look at the first rows named above"),
            Self::MissingRole { role, .. } => {
                return Some(format!("name it under `[data.columns]`: some_column = \"{role}\""));
            }
            Self::RepeatedRole { .. } => "give the role to one of them, and another role (or `ignore`) to the other",
            Self::RoleNotPossible { role, place, .. } => return Some(role_not_possible(*role, place)),
            Self::TargetLevels { found, .. } => return Some(target_levels(found)),
            Self::UnknownPositive { positive, found, .. } => return Some(unknown_positive(positive, found)),
            Self::TargetConstant { .. } => "check the column and the filter that chose the rows",
            Self::TargetMissing { .. } => "check `data.missing` and the export that wrote the column",
            Self::BadWeight { .. } => "a weight says how many times a row counts; 0 leaves it out",
            Self::BadValue { .. } => "what returns take off a customer's value ends at 0; a loss is no lifetime value",
            Self::NobodyHeldOut { .. } => {
                "ids must be written as in the log, leading zeros included; so must the delimiter"
            }
            Self::NoFeatures { .. } => "give a column the role `numeric` or `category` under `[data.columns]`",
            Self::TimeZone { .. } => "the names are those of the IANA database, such as `Europe/Berlin`",
            Self::TimeFormat { .. } => "for instance `%d.%m.%Y %H:%M`, or `%s` for seconds since 1970",
            Self::ShortKey { .. } => "make one: head -c 32 /dev/urandom > FILE",
            Self::Library { .. } => "this should not happen: please report it with the file's first rows",
            Self::Events(error) => events(error),
            Self::Synth(_) => "see `[synthetic]` in configs/default.toml",
        };
        Some(hint.to_string())
    }
}

const fn events(error: &EventsError) -> &'static str {
    match error {
        EventsError::LabelPastEnd { .. } => "choose an earlier cutoff or a shorter `time.horizon`",
        EventsError::TooShort { .. } => "choose a shorter `time.horizon` or `time.gap`, or fewer training cutoffs",
        EventsError::NoHistory { .. } => "choose later cutoffs, or fewer of them",
        EventsError::OverlapsTest { .. } => {
            "choose earlier training cutoffs: what they learn must be known before the test begins"
        }
        EventsError::AfterEnd { .. } => "leave `segments.at` out to take the end of the data, or give an earlier date",
        EventsError::CutoffOrder => "write `time.cutoffs` in ascending order, each once",
        EventsError::NoRows { .. } => "lengthen `time.active_within` or `time.lookback`, or leave the cutoff out",
        EventsError::TooManyRows { .. } => "use fewer cutoffs, or a part of the customers",
        _ => "check the log around the times named above",
    }
}

fn missing_column(column: &str, found: &[String]) -> String {
    if let [only] = found
        && let Some(delimiter) = [';', '\t', '|', ','].into_iter().find(|delimiter| only.contains(*delimiter))
    {
        return format!(
            "the file seems to be delimited otherwise: data.csv.delimiter = \"{}\"",
            delimiter.escape_default()
        );
    }
    let similar = |name: &&String| strsim::jaro_winkler(&name.to_lowercase(), &column.to_lowercase());
    match found.iter().max_by(|a, b| similar(a).total_cmp(&similar(b))) {
        Some(nearest) if similar(&nearest) > 0.8 => format!("did you mean `{nearest}`?"),
        _ => "check the spelling; capitals and blanks count".into(),
    }
}

fn wrong_type(column: &str, found: &str, expected: &str) -> String {
    if expected == "a time" {
        return "say how times are written, for instance: data.time_format = \"%d.%m.%Y\"".into();
    }
    format!(
        "if `{found}` means that the value is missing, add it to `data.missing`; if the column holds levels, name it under \
         [data.types]: {column} = \"category\""
    )
}

fn rejected(reasons: &str) -> String {
    let other = "mend the rows named above, or raise `data.max_rejected` if they may be dropped";
    misread(reasons).unwrap_or(other).into()
}

/// What to say where rows were dropped because the file is probably read in the wrong way.
fn misread(reasons: &str) -> Option<&'static str> {
    if reasons.contains(crate::Reason::UnreadableTime.text()) {
        Some("say how times are written, for instance: data.time_format = \"%d.%m.%Y %H:%M\"")
    } else if reasons.contains(crate::Reason::Ragged.text()) {
        Some("check `data.csv.delimiter` and the quotes in the rows named above")
    } else {
        None
    }
}

fn role_not_possible(role: tenure_table::Role, place: &str) -> String {
    use tenure_table::Role;
    match role {
        Role::Target => "the label of an event log is made from the events: no purchase within `time.horizon`".into(),
        Role::Amount | Role::Quantity => {
            format!("in {place} give money and units the role `numeric`, or set data.source = \"events\"")
        }
        _ => "put it into a table with one row per customer and name that in `data.attributes`".into(),
    }
}

fn target_levels(found: &[String]) -> String {
    const LIKELY: [&str; 8] = ["yes", "y", "churn", "churned", "left", "exited", "gone", "cancelled"];
    let likely = found.iter().find(|level| LIKELY.contains(&level.to_lowercase().as_str())).or(found.last());
    let example = likely.map_or("Yes", String::as_str);
    format!("say which value means that the customer left: data.positive = \"{example}\"")
}

fn unknown_positive(positive: &str, found: &[String]) -> String {
    match found.iter().find(|level| level.eq_ignore_ascii_case(positive)) {
        Some(level) => format!("capitals count: data.positive = \"{level}\""),
        None => "set `data.positive` to one of them".into(),
    }
}

/// Every code of this crate with its explanation, in order.
pub const CODES: &[(&str, &str)] = &[
    (
        "DAT0001",
        "A file named in `data.files`, `data.attributes` or `data.id_key_file` is not there. Relative paths start at the \
         folder of the experiment file, not at the folder where the program was started.",
    ),
    ("DAT0002", "A pattern with `*`, `?` or `[...]` was searched and no file has such a name."),
    ("DAT0003", "A pattern is not well formed: `**` must stand alone between slashes, and every `[` needs its `]`."),
    ("DAT0004", "The operating system refused to read a file; its own words are given."),
    (
        "DAT0005",
        "The operating system refused to write a file, for instance because the disk is full. Files are written under \
         another name first, so that nothing half-written is left and an older file of the name stays as it was.",
    ),
    ("DAT0006", "A file has no bytes, or nothing but blank lines."),
    ("DAT0007", "A file has columns, and not one row below them."),
    ("DAT0008", "A file whose name ends in `.parquet` does not start with the four bytes `PAR1` of a Parquet file."),
    (
        "DAT0009",
        "A Parquet file starts well, but its footer or one of its pages cannot be read: it was cut off while it was \
         copied, or damaged.",
    ),
    ("DAT0010", "A file is of a kind that is recognised and not read, such as a zip archive or UTF-16 text."),
    (
        "DAT0011",
        "Text files are read as UTF-8. A byte that no UTF-8 text has usually means that the file was written in Latin-1 or \
         Windows-1252.",
    ),
    (
        "DAT0012",
        "A field that starts with a quote ends at the next single quote. The file ended before there was one, so that \
         every row after it would have been swallowed by one field.",
    ),
    ("DAT0013", "With `data.csv.names` every field of the first row needs a name."),
    ("DAT0014", "Columns are found by their names, so no two of one file may share one."),
    ("DAT0015", "The plan names a column that the data do not have."),
    (
        "DAT0016",
        "Files that are read together are one table: each needs the same columns, stored alike. Their order may differ.",
    ),
    (
        "DAT0017",
        "A column is read as numbers (by its role, its type in `data.types`, or because more than nine in ten of its values \
         are numbers), and one value is none. Nothing is guessed: the value may mean \"missing\", or the column may hold \
         levels.",
    ),
    (
        "DAT0018",
        "A column of a Parquet file is stored in a type that has no place in an experiment, such as lists or decimals.",
    ),
    (
        "DAT0019",
        "Rows that cannot be used are dropped, counted by reason, and written to the run's `rejected.csv`. When their share \
         exceeds `data.max_rejected`, the data are more likely misread than dirty, and the load stops. Rows without consent \
         and repeated events are dropped by the plan's own wish and do not count.",
    ),
    ("DAT0020", "Every row was dropped."),
    ("DAT0021", "An event log needs a column of role `id` and one of role `time`; a customer table needs a `target`."),
    (
        "DAT0022",
        "The roles `id`, `time`, `amount`, `quantity`, `target`, `weight`, `treatment` and `consent` are given once.",
    ),
    (
        "DAT0023",
        "A role says something about customers or about events, and the table holds the other. An event may be described by \
         `id`, `time`, `amount`, `quantity`, `category` and `consent`; what does not change over time belongs to \
         `data.attributes`.",
    ),
    ("DAT0024", "The target is neither 0/1 nor true/false, so `data.positive` must say which value means \"left\"."),
    (
        "DAT0025",
        "Not one row has the value that `data.positive` names. Values are compared exactly, without blanks around them.",
    ),
    ("DAT0026", "A model tells two classes apart; all rows have the same one."),
    ("DAT0027", "The target column is empty in every row."),
    ("DAT0028", "A weight is a finite number that is not negative."),
    ("DAT0029", "Every column is an id, a target, constant, free text, or ignored: nothing is left to learn from."),
    (
        "DAT0030",
        "`data.time_zone` places timestamps that carry no offset. It is an offset or a name of the IANA database.",
    ),
    ("DAT0031", "`data.time_format` is written in the letters of strftime, such as `%Y-%m-%d %H:%M:%S`."),
    (
        "DAT0032",
        "Ids are hashed with a key so that nobody can find them by hashing all possible ids; a key of few bytes could be \
         found in the same way.",
    ),
    ("DAT0033", "A library failed in a way that was not foreseen."),
    ("DAT0034", "The events do not fit the cutoffs: there is too little time before, between or after them."),
    ("DAT0035", "Data could not be made from `[synthetic]`."),
    ("DAT0036", "A column of role `value` holds amounts that are never below 0: what a customer was worth."),
    ("DAT0037", "No line of `split.holdout` begins with the id of a customer of the log, so nobody would test."),
];

/// The explanation of a code of this crate, or none for a code that it does not have.
pub fn explain(code: &str) -> Option<&'static str> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}
