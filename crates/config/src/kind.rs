//! The kinds of value that a knob can have: each reads one, writes it back, and says what it accepts.

mod list;
mod memory;
mod number;
mod path;
mod segments;
mod task;
mod text;
mod time;

use schemars::JsonSchema;
use serde_json::{Value as Json, json};
use tenure_table::Role;

use crate::code::Code;
use crate::error::ConfigError;
use crate::nearest::nearest;
use crate::tree::{Item, Value, quote};

pub(crate) use list::{List, list};
pub(crate) use memory::Memory;
pub(crate) use number::{count, float};
pub(crate) use path::{Bases, PathKind};
pub(crate) use segments::SegmentCount;
pub(crate) use task::TaskKind;
pub(crate) use text::{CutoffsKind, DelimiterKind, ProductKind, Text, folder_name, text, text_like};
pub(crate) use time::{Instant, duration, duration_or_zero, instant, write_instant, write_span};

/// What a knob accepts.
pub(crate) trait Kind {
    /// The checked value.
    type Value;

    /// Reads a value; `key` is its full name, for messages.
    fn read(&self, key: &str, item: &Item) -> Result<Self::Value, Vec<ConfigError>>;

    /// Writes a value as TOML; reading it again gives the same value.
    fn write(&self, value: &Self::Value) -> String;

    /// The kind as a JSON schema.
    fn schema(&self) -> Json;

    /// What is accepted, in words: "a number from 0 to 1".
    fn expected(&self) -> String;

    /// The error of a value of another type.
    fn wrong_type(&self, key: &str, item: &Item) -> ConfigError {
        ConfigError::new(Code::WrongType, item.site.clone(), format!("`{key}` has the wrong type"))
            .with_expected(self.expected())
            .with_found(item.value.describe())
    }
}

/// `true` or `false`.
pub(crate) struct Flag;

impl Kind for Flag {
    type Value = bool;

    fn read(&self, key: &str, item: &Item) -> Result<bool, Vec<ConfigError>> {
        match &item.value {
            Value::Flag(flag) => Ok(*flag),
            _ => Err(vec![self.wrong_type(key, item)]),
        }
    }

    fn write(&self, value: &bool) -> String {
        value.to_string()
    }

    fn schema(&self) -> Json {
        json!({"type": "boolean"})
    }

    fn expected(&self) -> String {
        "true or false".into()
    }
}

/// A type whose values have names.
pub(crate) trait Choice: Copy + 'static {
    /// Every value.
    const ALL: &[Self];

    /// The value's name in an experiment file.
    fn name(self) -> &'static str;

    /// The names with their meaning, as a JSON schema.
    fn schema() -> Json;
}

impl Choice for Role {
    const ALL: &[Self] = &Role::ALL;

    fn name(self) -> &'static str {
        Role::name(self)
    }

    fn schema() -> Json {
        json!({"enum": Role::ALL.map(Role::name)})
    }
}

/// The schema of a [`Choice`] that documents its values.
pub(crate) fn choice_schema<T: JsonSchema>() -> Json {
    let mut generator = schemars::SchemaGenerator::default();
    let mut schema = T::json_schema(&mut generator).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.remove("description");
    }
    schema
}

/// One of the names of `T`.
pub(crate) struct OneOf<T>(std::marker::PhantomData<T>);

/// One of the names of `T`.
pub(crate) const fn choice<T: Choice>() -> OneOf<T> {
    OneOf(std::marker::PhantomData)
}

impl<T: Choice> Kind for OneOf<T> {
    type Value = T;

    fn read(&self, key: &str, item: &Item) -> Result<T, Vec<ConfigError>> {
        let Value::Text(name) = &item.value else {
            return Err(vec![self.wrong_type(key, item)]);
        };
        T::ALL.iter().copied().find(|value| value.name() == name).ok_or_else(|| {
            let names = T::ALL.iter().map(|value| value.name());
            let hint = nearest(name, names).map(|near| format!("did you mean \"{near}\"?"));
            vec![
                ConfigError::new(Code::UnknownChoice, item.site.clone(), format!("`{key}` cannot be {}", quote(name)))
                    .with_expected(self.expected())
                    .with_found(quote(name))
                    .with_hint_if(hint),
            ]
        })
    }

    fn write(&self, value: &T) -> String {
        quote(value.name())
    }

    fn schema(&self) -> Json {
        T::schema()
    }

    fn expected(&self) -> String {
        let names: Vec<String> = T::ALL.iter().map(|value| quote(value.name())).collect();
        if names.len() == 1 { names.concat() } else { format!("one of {}", names.join(", ")) }
    }
}
