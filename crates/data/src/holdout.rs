//! The customers who test and never train: a file of ids.

use std::path::{Path, PathBuf};

use tenure_config::{Csv, Delimiter, Split};
use tenure_table::{Categories, Column, Role, Values};

use crate::ids::Ids;
use crate::ledger::Ledger;
use crate::source::digest;
use crate::{DataError, FileDigest};

/// The levels of the column that tells the two apart.
const LEVELS: [&str; 2] = ["train", "test"];

/// Who is held out.
#[derive(Debug)]
pub(crate) struct Holdout {
    /// By customer number; customers beyond the end are not held out.
    is_held_out: Vec<bool>,
    /// The file as it was read.
    pub(crate) file: FileDigest,
}

impl Holdout {
    /// Reads the first field of every line; a field that names no customer of the log is counted in a note.
    pub(crate) fn read(path: &str, csv: &Csv, ids: &Ids, ledger: &mut Ledger) -> Result<Self, DataError> {
        let file = Path::new(path);
        let text = std::fs::read_to_string(file).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => DataError::MissingFile { file: PathBuf::from(file) },
            _ => DataError::Read { file: PathBuf::from(file), source },
        })?;
        let mut is_held_out = vec![false; ids.len()];
        let mut unknown = std::collections::BTreeSet::new();
        let mut n_rows = 0;
        for id in text.lines().map(|line| first_field(line, csv.delimiter)).filter(|id| !id.is_empty()) {
            n_rows += 1;
            match ids.find(id) {
                Some(customer) => is_held_out[customer as usize] = true,
                None => drop(unknown.insert(id)),
            }
        }
        let n_found = is_held_out.iter().filter(|&&is| is).count();
        if n_found == 0 {
            let first = text.lines().map(|line| first_field(line, csv.delimiter)).find(|id| !id.is_empty());
            let found = first.unwrap_or("nothing").to_owned();
            return Err(DataError::NobodyHeldOut { file: file.into(), found });
        }
        if !unknown.is_empty() {
            let (n, path) = (unknown.len(), file.display());
            ledger.note(format!("`split.holdout`: {n} ids of {path} are no customers of the log"));
        }
        Ok(Self { is_held_out, file: digest(file, n_rows)? })
    }

    /// What each row's customer does, for the split.
    pub(crate) fn column(&self, customer: &[u32]) -> Column {
        let code = |&customer: &u32| u32::from(self.is_held_out.get(customer as usize).copied().unwrap_or(false));
        let codes = customer.iter().map(code).collect();
        let levels = LEVELS.map(String::from).into();
        Column::new(Split::HOLDOUT_COLUMN, Role::Ignore, Values::Category(Categories { codes, levels }))
    }
}

fn first_field(line: &str, delimiter: Delimiter) -> &str {
    let line = line.trim();
    let field = match delimiter {
        Delimiter::Whitespace => line.split_whitespace().next(),
        Delimiter::Byte(byte) => line.split(byte as char).next(),
    };
    field.unwrap_or_default().trim().trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_is_the_id_however_the_line_goes_on() {
        assert_eq!(first_field(" 00004 0001 19970101\r", Delimiter::Whitespace), "00004");
        assert_eq!(first_field("\"a7\",x", Delimiter::Byte(b',')), "a7");
        assert_eq!(first_field("", Delimiter::Byte(b',')), "");
    }
}
