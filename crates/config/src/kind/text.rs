//! Texts, and small things written as texts.

use serde_json::{Value as Json, json};
use tenure_table::Timestamp;

use super::{Kind, List, instant, list};
use crate::code::Code;
use crate::error::ConfigError;
use crate::tree::{Item, Value, quote};
use crate::{Delimiter, Product};

/// A text, perhaps of a certain form.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    form: Form,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    NotBlank,
    Name,
    Zone,
    TimeFormat,
}

/// Any text that is not blank.
pub(crate) const fn text() -> Text {
    Text { form: Form::NotBlank }
}

impl Text {
    /// Letters, digits, `-` and `_`: fit for a folder's name.
    pub(crate) const fn name() -> Self {
        Self { form: Form::Name }
    }

    /// `UTC`, an offset or the name of a time zone.
    pub(crate) const fn zone() -> Self {
        Self { form: Form::Zone }
    }

    /// A format of strftime.
    pub(crate) const fn time_format() -> Self {
        Self { form: Form::TimeFormat }
    }

    fn accepts(self, text: &str) -> bool {
        match self.form {
            Form::NotBlank => !text.trim().is_empty(),
            Form::Name => is_folder_name(text),
            Form::Zone => is_offset(text) || text.parse::<chrono_tz::Tz>().is_ok(),
            Form::TimeFormat => {
                let parsed = || chrono::format::StrftimeItems::new(text);
                text.contains('%') && !parsed().any(|item| item == chrono::format::Item::Error)
            }
        }
    }

    fn hint(self, text: &str) -> Option<String> {
        match self.form {
            Form::NotBlank => Some("leave the entry out".into()),
            Form::Name => {
                let fixed = folder_name(text);
                (!fixed.is_empty()).then(|| format!("for example {}", quote(&fixed)))
            }
            Form::Zone => crate::nearest::nearest(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()))
                .map(|near| format!("did you mean {}?", quote(near))),
            Form::TimeFormat => Some("the 10th of September 2011 as 20110910 is \"%Y%m%d\"".into()),
        }
    }
}

fn is_folder_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// A text made fit for a folder's name; empty where nothing is left of it.
pub(crate) fn folder_name(text: &str) -> String {
    let dashed: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").chars().take(64).collect()
}

/// `+02:00`, `-0330`, `Z`.
fn is_offset(text: &str) -> bool {
    text == "Z" || text.parse::<chrono::FixedOffset>().is_ok()
}

impl Kind for Text {
    type Value = String;

    fn read(&self, key: &str, item: &Item) -> Result<String, Vec<ConfigError>> {
        let Value::Text(text) = &item.value else {
            let hint = spelling(&item.value).map(|text| format!("put it in quotes: {}", quote(&text)));
            return Err(vec![self.wrong_type(key, item).with_hint_if(hint)]);
        };
        if self.accepts(text) {
            return Ok(text.clone());
        }
        Err(vec![
            ConfigError::new(Code::Form, item.site.clone(), format!("`{key}` cannot be {}", quote(text)))
                .with_expected(self.expected())
                .with_found(quote(text))
                .with_hint_if(self.hint(text)),
        ])
    }

    fn write(&self, value: &String) -> String {
        quote(value)
    }

    fn schema(&self) -> Json {
        match self.form {
            Form::NotBlank => json!({"type": "string", "pattern": "\\S"}),
            Form::Name => json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}),
            Form::Zone => json!({"type": "string", "examples": ["UTC", "+01:00", "Europe/London"]}),
            Form::TimeFormat => json!({"type": "string", "pattern": "%", "examples": ["%Y%m%d"]}),
        }
    }

    fn expected(&self) -> String {
        match self.form {
            Form::NotBlank => "a text that is not blank",
            Form::Name => "1 to 64 letters, digits, `-` or `_`",
            Form::Zone => "an offset such as \"+01:00\" or a zone such as \"Europe/London\"",
            Form::TimeFormat => "a date format in strftime's letters",
        }
        .into()
    }
}

/// A value of the data: a text, or a number or boolean that stands for its spelling.
#[derive(Clone, Copy)]
pub(crate) struct TextLike;

/// A value of the data: a text, or a number or boolean that stands for its spelling.
pub(crate) const fn text_like() -> TextLike {
    TextLike
}

impl Kind for TextLike {
    type Value = String;

    fn read(&self, key: &str, item: &Item) -> Result<String, Vec<ConfigError>> {
        match &item.value {
            Value::Text(text) => Ok(text.clone()),
            other => spelling(other).ok_or_else(|| vec![self.wrong_type(key, item)]),
        }
    }

    fn write(&self, value: &String) -> String {
        quote(value)
    }

    fn schema(&self) -> Json {
        json!({"type": ["string", "number", "boolean"]})
    }

    fn expected(&self) -> String {
        "a value as it stands in the data".into()
    }
}

/// A scalar as it would be spelled in data.
fn spelling(value: &Value) -> Option<String> {
    match value {
        Value::Integer(text, _) | Value::Float(text, _) | Value::Datetime(text) => Some(text.clone()),
        Value::Flag(flag) => Some(flag.to_string()),
        Value::Text(_) | Value::List(_) | Value::Table(_) => None,
    }
}

/// What stands between fields.
pub(crate) struct DelimiterKind;

impl Kind for DelimiterKind {
    type Value = Delimiter;

    fn read(&self, key: &str, item: &Item) -> Result<Delimiter, Vec<ConfigError>> {
        let Value::Text(text) = &item.value else {
            return Err(vec![self.wrong_type(key, item)]);
        };
        match text.as_bytes() {
            b"whitespace" => Ok(Delimiter::Whitespace),
            [byte] if byte.is_ascii() && !b"\"\r\n\0".contains(byte) && !byte.is_ascii_alphanumeric() => {
                Ok(Delimiter::Byte(*byte))
            }
            _ => Err(vec![
                ConfigError::new(Code::Form, item.site.clone(), format!("`{key}` cannot be {}", quote(text)))
                    .with_expected(self.expected())
                    .with_found(quote(text))
                    .with_hint("a tab is \"\\t\"; runs of blanks are \"whitespace\""),
            ]),
        }
    }

    fn write(&self, value: &Delimiter) -> String {
        match value {
            Delimiter::Byte(byte) => quote(&char::from(*byte).to_string()),
            Delimiter::Whitespace => quote("whitespace"),
        }
    }

    fn schema(&self) -> Json {
        json!({"type": "string", "pattern": "^(.|\\t|whitespace)$", "examples": [",", ";", "\t", "whitespace"]})
    }

    fn expected(&self) -> String {
        "one character such as \",\" or \";\", or \"whitespace\"".into()
    }
}

/// `"Quantity * UnitPrice"`.
pub(crate) struct ProductKind;

impl Kind for ProductKind {
    type Value = Product;

    fn read(&self, key: &str, item: &Item) -> Result<Product, Vec<ConfigError>> {
        let Value::Text(text) = &item.value else {
            return Err(vec![self.wrong_type(key, item)]);
        };
        let factors: Vec<&str> = text.split('*').map(str::trim).collect();
        match factors[..] {
            [left, right] if !left.is_empty() && !right.is_empty() => {
                Ok(Product { left: left.into(), right: right.into() })
            }
            _ => Err(vec![
                ConfigError::new(Code::Form, item.site.clone(), format!("`{key}` cannot be {}", quote(text)))
                    .with_expected(self.expected())
                    .with_found(quote(text))
                    .with_hint(
                        "where one column holds the amount, give it the role: [data.columns] Total = \"amount\"",
                    ),
            ]),
        }
    }

    fn write(&self, value: &Product) -> String {
        quote(&value.to_string())
    }

    fn schema(&self) -> Json {
        json!({"type": "string", "pattern": "^[^*]+\\*[^*]+$", "examples": ["Quantity * UnitPrice"]})
    }

    fn expected(&self) -> String {
        "a product of two columns, such as \"Quantity * UnitPrice\"".into()
    }
}

/// `"auto"` or a list of instants; none stands for `"auto"`.
pub(crate) struct CutoffsKind;

impl CutoffsKind {
    fn instants() -> List<super::Instant> {
        list(instant()).ascending()
    }
}

impl Kind for CutoffsKind {
    type Value = Option<Vec<Timestamp>>;

    fn read(&self, key: &str, item: &Item) -> Result<Self::Value, Vec<ConfigError>> {
        match &item.value {
            Value::Text(text) if text == "auto" => Ok(None),
            Value::List(items) if !items.is_empty() => Self::instants().read(key, item).map(Some),
            Value::List(_) => Err(vec![
                ConfigError::new(Code::BadList, item.site.clone(), format!("`{key}` is empty"))
                    .with_expected(self.expected()),
            ]),
            _ => Err(vec![self.wrong_type(key, item)]),
        }
    }

    fn write(&self, value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| quote("auto"), |cutoffs| Self::instants().write(cutoffs))
    }

    fn schema(&self) -> Json {
        json!({"oneOf": [{"const": "auto"}, Self::instants().schema()]})
    }

    fn expected(&self) -> String {
        "\"auto\", or a list of dates such as [\"2011-06-01\", \"2011-09-01\"]".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_folder_name_or_nothing() {
        assert_eq!(folder_name("My set (v2).csv"), "My-set-v2-csv");
        assert_eq!(folder_name("..."), "");
        assert!(is_folder_name(&folder_name(&"é x".repeat(80))));
    }

    #[test]
    fn zones_are_offsets_or_names() {
        for good in ["UTC", "+01:00", "-0330", "Europe/London"] {
            assert!(Text::zone().accepts(good), "{good}");
        }
        assert!(!Text::zone().accepts("Europe/Lodnon"));
        assert_eq!(Text::zone().hint("Europe/Lodnon").as_deref(), Some("did you mean \"Europe/London\"?"));
    }
}
