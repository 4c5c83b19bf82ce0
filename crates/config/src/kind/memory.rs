//! Amounts of memory such as `"1GB"`.

use serde_json::{Value as Json, json};

use super::Kind;
use crate::code::Code;
use crate::error::ConfigError;
use crate::tree::{Item, Value, quote};

/// Units and their bytes, the largest first.
const UNITS: [(&str, u64); 8] = [
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("kB", 1_000),
    ("KiB", 1 << 10),
];

/// An amount of memory in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Memory;

impl Kind for Memory {
    type Value = u64;

    fn read(&self, key: &str, item: &Item) -> Result<u64, Vec<ConfigError>> {
        let Value::Text(text) = &item.value else {
            let error = self.wrong_type(key, item);
            return Err(vec![match &item.value {
                Value::Integer(number, _) => error.with_hint(format!("say the unit: \"{number}MB\"")),
                _ => error,
            }]);
        };
        read_bytes(text).map_err(|hint| {
            vec![
                ConfigError::new(Code::Form, item.site.clone(), format!("`{key}` is not an amount of memory"))
                    .with_expected(self.expected())
                    .with_found(quote(text))
                    .with_hint(hint),
            ]
        })
    }

    fn write(&self, value: &u64) -> String {
        quote(&write_bytes(*value))
    }

    fn schema(&self) -> Json {
        json!({"type": "string", "pattern": "^[0-9]+ *(TB|TiB|GB|GiB|MB|MiB|kB|KiB|B)$", "examples": ["1GB", "512MiB"]})
    }

    fn expected(&self) -> String {
        "a whole number and a unit (kB, MB, GB, KiB, MiB, GiB), such as \"1GB\"".into()
    }
}

/// Reads `512MiB`; the error is a hint.
fn read_bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let unit_start = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = (&text[..unit_start], text[unit_start..].trim());
    if digits.is_empty() || unit.starts_with(['.', ',']) {
        return Err("whole numbers only: \"1500MB\" for a gigabyte and a half".into());
    }
    let number: u64 = digits.parse().ok().filter(|number| *number > 0).ok_or("a number above 0 that fits 64 bits")?;
    let bytes = match UNITS.iter().find(|(name, _)| *name == unit) {
        Some((_, bytes)) => *bytes,
        None if unit == "B" => 1,
        None => return Err(unit_hint(number, unit)),
    };
    number.checked_mul(bytes).ok_or_else(|| "less: that is more than any machine has".into())
}

fn unit_hint(number: u64, unit: &str) -> String {
    let known = UNITS.iter().map(|(name, _)| *name).find(|name| name.eq_ignore_ascii_case(unit));
    let short =
        UNITS.iter().map(|(name, _)| *name).find(|name| name.len() == 2 && name[..1].eq_ignore_ascii_case(unit));
    match known.or(short) {
        Some(name) => format!("write \"{number}{name}\""),
        None if unit.is_empty() => format!("say the unit: \"{number}MB\""),
        None => "units are kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (of 1024) and B".into(),
    }
}

/// Bytes in the largest unit that holds them exactly.
fn write_bytes(bytes: u64) -> String {
    UNITS
        .into_iter()
        .find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit))
        .map_or_else(|| format!("{bytes}B"), |(name, unit)| format!("{}{name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_back() {
        let known = [("1GB", 1_000_000_000), ("512 MiB", 536_870_912), ("1500MB", 1_500_000_000), ("3 B", 3)];
        for (text, bytes) in known {
            assert_eq!(read_bytes(text), Ok(bytes), "{text}");
            assert_eq!(read_bytes(&write_bytes(bytes)), Ok(bytes), "{text}");
        }
        assert_eq!(write_bytes(1_500_000_000), "1500MB");
        assert_eq!(write_bytes(1 << 30), "1GiB");
    }

    #[test]
    fn what_cannot_be_read_says_how_to_write_it() {
        assert_eq!(read_bytes("2g").unwrap_err(), "write \"2GB\"");
        assert_eq!(read_bytes("2gib").unwrap_err(), "write \"2GiB\"");
        assert_eq!(read_bytes("100").unwrap_err(), "say the unit: \"100MB\"");
        assert!(read_bytes("1.5GB").unwrap_err().contains("1500MB"));
        assert!(read_bytes("0MB").is_err() && read_bytes("").is_err() && read_bytes("99999999999TB").is_err());
        assert!(read_bytes("5 parsecs").unwrap_err().starts_with("units are"));
    }
}
