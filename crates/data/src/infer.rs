//! A first look at a data file: its columns, what they hold, and what they seem to mean.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use tenure_config::init::{InitColumn, InitInput};
use tenure_config::{ColumnType, Data, Delimiter, Overrides};
use tenure_table::Role;

use crate::cell::MissingWords;
use crate::instant::Clock;
use crate::profile::Profile;
use crate::source::{SourceColumn, SourceFile};
use crate::{DataError, words};

/// Rows that are looked at.
const N_ROWS: u64 = 200_000;
/// Lines that tell the delimiter.
const N_LINES: usize = 20;
/// Values shown of each column.
const N_SHOWN: usize = 5;
/// Patterns that are tried where times are not in ISO 8601.
const PATTERNS: [&str; 8] = [
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%b %d, %Y",
];

/// What the first 200,000 rows of a file suggest, as `tenure init` writes it down.
///
/// Roles are guessed from names and values: an id that repeats beside times is an event log, anything else a table of
/// customers. A text file is taken to have a header.
pub fn infer(path: &Path) -> Result<InitInput, DataError> {
    let mut data = plain()?;
    let delimiter = delimiter(path)?;
    data.csv.delimiter = delimiter.unwrap_or(data.csv.delimiter);
    let file = SourceFile::open(path, &data)?;
    let profiles = profile(&file, &data)?;
    data.time_format = time_format(&profiles);
    let kinds = kinds(&file.columns, &profiles, &data)?;
    let roles = words::roles(&file.columns, &profiles, &kinds);
    let positive = roles.iter().position(|role| *role == Some(Role::Target)).and_then(|at| positive(&profiles[at]));
    let columns = file.columns.iter().zip(&profiles).zip(kinds).zip(roles);
    let columns = columns.map(|(((column, profile), kind), role)| InitColumn {
        name: column.name.clone(),
        role,
        kind,
        examples: profile.examples.iter().take(N_SHOWN).cloned().collect(),
        n_distinct: profile.n_distinct(),
        missing: profile.n_missing as f64 / profile.n_rows.max(1) as f64,
    });
    let columns = columns.collect();
    Ok(InitInput { file: path.to_string_lossy().into(), delimiter, time_format: data.time_format, positive, columns })
}

/// How a file is read of which nothing is known.
fn plain() -> Result<Data, DataError> {
    let text = "[data]\nsource = \"synthetic\"\n";
    let plan = tenure_config::parse(text, "init", &Overrides::default())
        .map_err(|errors| DataError::Library { doing: "reading the defaults".into(), reason: errors.to_string() })?;
    Ok(plan.data)
}

fn profile(file: &SourceFile, data: &Data) -> Result<Vec<Profile>, DataError> {
    let places: Vec<usize> = (0..file.columns.len()).filter(|&at| file.columns[at].is_readable()).collect();
    let names: Vec<&str> = places.iter().map(|&at| file.columns[at].name.as_str()).collect();
    let missing = MissingWords::new(&data.missing);
    let mut clock = Clock::new(data)?;
    let mut profiles: Vec<Profile> = file.columns.iter().map(|_| Profile::new()).collect();
    file.read(&names, data, N_ROWS, &mut |batch| {
        for (cells, &at) in batch.columns.iter().zip(&places) {
            profiles[at].add_all(cells, batch, 0, &missing, &mut clock);
        }
        Ok(())
    })?;
    Ok(profiles)
}

/// The first pattern that reads every example of some text column that is neither numbers nor ISO times.
fn time_format(profiles: &[Profile]) -> Option<String> {
    let texts = profiles.iter().filter(|profile| profile.first_text.is_some() && profile.n_times < profile.n_values());
    texts.filter(|profile| !profile.examples.is_empty()).find_map(|profile| {
        let reads_all = |pattern: &&&str| Clock::of_pattern(pattern).is_some_and(|clock| all_read(profile, clock));
        PATTERNS.iter().find(reads_all).map(|pattern| (*pattern).to_string())
    })
}

fn all_read(profile: &Profile, mut clock: Clock) -> bool {
    profile.examples.iter().all(|example| clock.read(example).is_some())
}

fn kinds(columns: &[SourceColumn], profiles: &[Profile], data: &Data) -> Result<Vec<ColumnType>, DataError> {
    let clock = Clock::new(data)?;
    let kind = |(column, profile): (&SourceColumn, &Profile)| {
        let suggested = profile.suggested(&column.storage);
        let is_text = matches!(suggested, ColumnType::Category | ColumnType::Text) && !profile.examples.is_empty();
        let is_named_time = suggested == ColumnType::Numeric && words::sounds_like_time(&column.name);
        if (is_text && data.time_format.is_some() || is_named_time) && all_read(profile, clock.clone()) {
            ColumnType::Time
        } else {
            suggested
        }
    };
    Ok(columns.iter().zip(profiles).map(kind).collect())
}

/// The value of the target that seems to mean "left"; none where it is 0/1 or true/false.
fn positive(profile: &Profile) -> Option<String> {
    let is_flag = |level: &String| matches!(level.to_lowercase().as_str(), "0" | "1" | "true" | "false");
    match profile.examples.iter().all(is_flag) {
        true => None,
        false => profile.examples.iter().find(|level| words::means_left(level)).cloned(),
    }
}

/// What stands between the fields of a text file: the byte that is there most often, and as often in every line.
fn delimiter(path: &Path) -> Result<Option<Delimiter>, DataError> {
    let read = |source| DataError::Read { file: path.into(), source };
    let file = std::fs::File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => DataError::MissingFile { file: path.into() },
        _ => DataError::Read { file: path.into(), source },
    })?;
    let mut lines = Vec::new();
    let mut reader = BufReader::new(file.take(1 << 20));
    let mut line = Vec::new();
    while lines.len() < N_LINES && reader.read_until(b'\n', &mut line).map_err(read)? > 0 {
        if !line.trim_ascii().is_empty() {
            lines.push(line.trim_ascii().to_vec());
        }
        line.clear();
    }
    if lines.first().is_none_or(|line| line.starts_with(b"PAR1")) {
        return Ok(None);
    }
    let by_bytes = |count: &dyn Fn(&[u8]) -> usize| {
        let expected = count(&lines[0]);
        (expected > 0 && lines.iter().all(|line| count(line) == expected)).then_some(expected)
    };
    let candidates = [b',', b';', b'\t', b'|'].into_iter().filter_map(|byte| {
        let count = |line: &[u8]| outside_quotes(line).filter(|found| *found == byte).count();
        by_bytes(&count).map(|n_found| (n_found, byte))
    });
    if let Some((_, byte)) = candidates.max_by_key(|(n_found, _)| *n_found) {
        return Ok(Some(Delimiter::Byte(byte)));
    }
    let blanks = by_bytes(&|line| line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).count() - 1);
    Ok(Some(if blanks.is_some() { Delimiter::Whitespace } else { Delimiter::Byte(b',') }))
}

fn outside_quotes(line: &[u8]) -> impl Iterator<Item = u8> {
    line.iter().copied().scan(false, |quoted, byte| {
        *quoted ^= byte == b'"';
        Some(if *quoted { 0 } else { byte })
    })
}
