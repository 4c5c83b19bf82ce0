//! Customers' ids: numbered as they appear, and hashed on the way out where the plan names a key.

use std::path::{Path, PathBuf};

use tenure_table::TextColumn;

use crate::cell::Cell;
use crate::dictionary::Dictionary;
use crate::{DataError, Reason};

/// Whole numbers up to here are exact in double precision.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Numbers customers in order of their first appearance.
#[derive(Debug, Default)]
pub(crate) struct Ids(Dictionary);

impl Ids {
    /// The number of distinct ids.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The number of this id, a new one where it was not seen before; [`Reason`] where the cell names nobody.
    pub(crate) fn number(&mut self, cell: Cell<'_>) -> Result<u32, Reason> {
        Ok(match id(cell)? {
            Id::Text(text) => self.0.number_text(text),
            Id::Number(number) => self.0.number_integer(number),
            Id::Fraction(number) => self.0.number_text(&number.to_string()),
        })
    }

    /// The number of the id that is written so; none where it was not seen.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.0.find_text(text)
    }

    /// The ids in order, as they may leave this crate.
    pub(crate) fn publish(self, key: Option<&IdKey>) -> TextColumn {
        let texts = self.0.into_texts();
        match key {
            None => texts,
            Some(key) => {
                let mut hashed = TextColumn::with_capacity(texts.len());
                texts.iter().for_each(|text| hashed.push(&key.hash(text)));
                hashed
            }
        }
    }
}

/// An id as it stands in a cell.
enum Id<'a> {
    Text(&'a str),
    Number(i64),
    Fraction(f64),
}

fn id(cell: Cell<'_>) -> Result<Id<'_>, Reason> {
    match cell {
        Cell::Missing => Err(Reason::MissingId),
        Cell::Text(text) => Ok(Id::Text(text)),
        Cell::Integer(number) | Cell::Local(number) | Cell::Instant(number) => Ok(Id::Number(number)),
        Cell::Boolean(flag) => Ok(Id::Number(i64::from(flag))),
        Cell::Float(number) if number.is_nan() => Err(Reason::MissingId),
        // pandas stores whole numbers with gaps as doubles: 17850.0 is the id 17850, but neighbours above 2^53 are one.
        Cell::Float(number) if number.abs() >= EXACT => Err(Reason::InexactId),
        Cell::Float(number) if number.fract() == 0.0 => Ok(Id::Number(number as i64)),
        Cell::Float(number) => Ok(Id::Fraction(number)),
    }
}

/// The id in a cell as text.
pub(crate) fn id_text(cell: Cell<'_>) -> Result<String, Reason> {
    Ok(match id(cell)? {
        Id::Text(text) => text.to_string(),
        Id::Number(number) => number.to_string(),
        Id::Fraction(number) => number.to_string(),
    })
}

/// The key that ids are hashed with.
pub(crate) struct IdKey([u8; blake3::KEY_LEN]);

impl std::fmt::Debug for IdKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdKey")
    }
}

impl IdKey {
    /// Fewer bytes could be tried out one after the other.
    const MIN_BYTES: usize = 16;

    /// The key made of all bytes of `file`.
    pub(crate) fn read(file: &Path) -> Result<Self, DataError> {
        let bytes = std::fs::read(file).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => DataError::MissingFile { file: PathBuf::from(file) },
            _ => DataError::Read { file: PathBuf::from(file), source },
        })?;
        if bytes.len() < Self::MIN_BYTES {
            return Err(DataError::ShortKey { file: file.into(), expected: Self::MIN_BYTES, found: bytes.len() });
        }
        Ok(Self(blake3::derive_key("tenure 2026-11-21 customer ids", &bytes)))
    }

    /// 128 bits of keyed BLAKE3 of an id, as 32 hexadecimal digits: ten million ids collide with probability 1e-25.
    pub(crate) fn hash(&self, id: &str) -> String {
        blake3::keyed_hash(&self.0, id.as_bytes()).to_hex()[..32].to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_customer_however_it_is_stored() {
        let mut ids = Ids::default();
        assert_eq!(ids.number(Cell::Float(17_850.0)), Ok(0));
        assert_eq!(ids.number(Cell::Text("b")), Ok(1));
        assert_eq!(ids.number(Cell::Integer(17_850)), Ok(0));
        assert_eq!(ids.number(Cell::Text("17850")), Ok(0));
        assert_eq!(ids.number(Cell::Text("017850")), Ok(2));
        assert_eq!(ids.len(), 3);
    }

    #[test]
    fn cells_that_name_nobody_say_why() {
        let mut ids = Ids::default();
        assert_eq!(ids.number(Cell::Missing), Err(Reason::MissingId));
        assert_eq!(ids.number(Cell::Float(f64::NAN)), Err(Reason::MissingId));
        assert_eq!(ids.number(Cell::Float(1e16)), Err(Reason::InexactId));
        assert_eq!(ids.number(Cell::Integer(10_000_000_000_000_001)), Ok(0));
    }

    #[test]
    fn published_ids_hide_the_id_and_depend_on_the_key() {
        let publish = |key: Option<&IdKey>| {
            let mut ids = Ids::default();
            ids.number(Cell::Text("anna")).expect("an id");
            ids.publish(key).get(0).to_string()
        };
        let (one, two) = (publish(Some(&IdKey([1; 32]))), publish(Some(&IdKey([2; 32]))));
        assert_eq!(publish(None), "anna");
        assert!(one.len() == 32 && !one.contains("anna") && one != two);
    }
}
