//! The experiment file and its overrides as one tree in which every key and value knows where it was written.

use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::error::ConfigError;
use crate::source::{Site, Source};
use crate::syntax;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) value: Value,
    pub(crate) site: Site,
}

/// A TOML value. Numbers keep their spelling, for messages and for values that are texts in disguise.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(String, Option<i64>),
    Float(String, f64),
    Flag(bool),
    Datetime(String),
    List(Vec<Item>),
    Table(Table),
}

/// Keys in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
}

/// One key of a table.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_site: Site,
    pub(crate) item: Item,
}

impl Value {
    /// The type's name with its article.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(..) => "an integer",
            Self::Float(..) => "a float",
            Self::Flag(_) => "a boolean",
            Self::Datetime(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// The value as a message shows it, with its type where the spelling does not tell.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Text(text) => format!("{} (a string)", quote(text)),
            Self::Integer(text, _) | Self::Float(text, _) => format!("{text} ({})", self.type_name()),
            Self::Flag(flag) => format!("{flag} (a boolean)"),
            Self::Datetime(text) => format!("{text} (a date)"),
            Self::List(items) if items.is_empty() => "an empty list".into(),
            Self::List(_) | Self::Table(_) => self.type_name().into(),
        }
    }
}

impl Table {
    /// Takes a key out.
    pub(crate) fn take(&mut self, key: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(index))
    }

    /// Lays `over` on top: tables merge, anything else is replaced where it stood.
    pub(crate) fn merge(&mut self, over: Self) {
        for entry in over.entries {
            let Some(index) = self.entries.iter().position(|own| own.key == entry.key) else {
                self.entries.push(entry);
                continue;
            };
            let own = &mut self.entries[index];
            match (&mut own.item.value, entry.item.value) {
                (Value::Table(own), Value::Table(over)) => own.merge(over),
                (own_value, value) => {
                    *own_value = value;
                    own.item.site = entry.item.site;
                    own.key_site = entry.key_site;
                }
            }
        }
    }
}

/// A TOML document as a tree, or everything that is wrong with its syntax.
pub(crate) fn parse(source: &Arc<Source>) -> Result<Table, Vec<ConfigError>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        Ok(convert_table(source, table.get_ref()))
    } else {
        Err(syntax::complaints(source, &errors))
    }
}

fn convert_table(source: &Arc<Source>, table: &DeTable<'_>) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_site: Site::new(source, key.span()),
            item: Item { value: convert(source, value.get_ref()), site: Site::new(source, value.span()) },
        })
        .collect();
    // The parser sorts by name; a file is read from top to bottom.
    entries.sort_by_key(|entry| entry.key_site.span.start);
    Table { entries }
}

fn convert(source: &Arc<Source>, value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(digits) => {
            Value::Integer(digits.to_string(), i64::from_str_radix(digits.as_str(), digits.radix()).ok())
        }
        DeValue::Float(text) => Value::Float(text.to_string(), text.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(datetime) => Value::Datetime(datetime.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| Item { value: convert(source, item.get_ref()), site: Site::new(source, item.span()) })
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(convert_table(source, table)),
    }
}

/// One `--set key=value` as a tree. A value that is no TOML is a string, so that no shell quoting is needed.
pub(crate) fn parse_override(text: &str) -> Result<Table, Vec<ConfigError>> {
    let source = Arc::new(Source { name: "--set".into(), text: text.into(), is_file: false });
    let Some((key, value)) = text.split_once('=') else {
        return Err(vec![ConfigError::bad_override(&source, "no `=`")]);
    };
    if text.contains('\n') || key.trim().is_empty() || value.trim().is_empty() {
        return Err(vec![ConfigError::bad_override(&source, "an empty key or value, or a line break")]);
    }
    let parsed = parse(&source);
    let is_bare = !value.trim_start().starts_with(['[', '{', '"', '\'']);
    if parsed.is_ok() && !value.contains('#') || !is_bare {
        return parsed;
    }
    // The key is parsed with a stand-in of the same length, so that places still point into what was typed.
    let stand_in = Arc::new(Source { name: source.name.clone(), text: format!("{key}=0"), is_file: false });
    let Ok(mut table) = parse(&stand_in) else {
        let error = ConfigError::bad_override(&source, "a key that is not of the form section.key");
        return Err(vec![
            error.with_hint("a name with blanks or dots is quoted: data.columns.\"Total Spend\"=numeric"),
        ]);
    };
    let start = key.len() + 1 + (value.len() - value.trim_start().len());
    let site = Site::new(&source, start..start + value.trim().len());
    replace_leaf(&mut table, &source, &Item { value: Value::Text(value.trim().into()), site });
    Ok(table)
}

fn replace_leaf(table: &mut Table, source: &Arc<Source>, leaf: &Item) {
    for entry in &mut table.entries {
        entry.key_site = Site::new(source, entry.key_site.span.clone());
        match &mut entry.item.value {
            Value::Table(inner) => replace_leaf(inner, source, leaf),
            _ => entry.item = leaf.clone(),
        }
    }
}

/// A text as a TOML string on one line.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => quoted.extend(["\\u", &format!("{:04X}", u32::from(c))]),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A key as TOML writes it: bare where it can be.
pub(crate) fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_bare { name.into() } else { quote(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(text: &str) -> Value {
        let mut table = parse_override(text).expect("a good override");
        loop {
            match table.entries.remove(0).item.value {
                Value::Table(inner) => table = inner,
                value => return value,
            }
        }
    }

    #[test]
    fn an_override_is_toml_where_it_can_be_and_else_a_string() {
        assert!(matches!(leaf("train.epochs=3"), Value::Integer(_, Some(3))));
        assert!(matches!(leaf("a.b=[1, 2]"), Value::List(items) if items.len() == 2));
        assert!(matches!(leaf("time.horizon=60d"), Value::Text(text) if text == "60d"));
        assert!(matches!(leaf("data.time_format= %d # %Y "), Value::Text(text) if text == "%d # %Y"));
        assert!(parse_override("train.epochs").is_err());
        assert!(parse_override("data.files=[\"a\"").is_err());
    }

    #[test]
    fn quoted_texts_read_back() {
        for text in ["", "a\"b\\c", "\u{1}\n\t\r", "né€"] {
            let source = Arc::new(Source { name: "x".into(), text: format!("a = {}", quote(text)), is_file: true });
            let table = parse(&source).expect("valid");
            assert!(matches!(&table.entries[0].item.value, Value::Text(back) if back == text));
        }
    }
}
