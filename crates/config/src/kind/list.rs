//! Lists of one kind.

use serde_json::{Value as Json, json};

use super::Kind;
use crate::code::Code;
use crate::error::ConfigError;
use crate::tree::{Item, Value};

/// A list whose entries are all of kind `K`.
pub(crate) struct List<K> {
    entry: K,
    ascending: bool,
    distinct: bool,
}

/// Any number of entries.
pub(crate) const fn list<K: Kind>(entry: K) -> List<K> {
    List { entry, ascending: false, distinct: false }
}

impl<K: Kind> List<K> {
    /// Each entry greater than the one before.
    pub(crate) fn ascending(self) -> Self {
        Self { ascending: true, distinct: true, ..self }
    }

    /// No entry twice.
    pub(crate) fn distinct(self) -> Self {
        Self { distinct: true, ..self }
    }
}

impl<K: Kind<Value: PartialOrd>> List<K> {
    fn check_order(&self, key: &str, items: &[Item], values: &[K::Value]) -> Result<(), Vec<ConfigError>> {
        for index in 1..values.len() {
            let site = &items[index].site;
            let write = |index: usize| self.entry.write(&values[index]);
            if self.distinct && values[..index].contains(&values[index]) {
                let message = format!("`{key}` holds {} twice", write(index));
                return Err(vec![
                    ConfigError::new(Code::BadList, site.clone(), message)
                        .with_expected("each entry once")
                        .with_found(write(index))
                        .with_hint("leave one of them out"),
                ]);
            }
            if self.ascending && values[index] < values[index - 1] {
                let mut order: Vec<usize> = (0..values.len()).collect();
                order.sort_by(|&a, &b| values[a].partial_cmp(&values[b]).unwrap_or(std::cmp::Ordering::Equal));
                let sorted: Vec<String> = order.into_iter().map(write).collect();
                return Err(vec![
                    ConfigError::new(Code::NotAscending, site.clone(), format!("`{key}` does not ascend"))
                        .with_expected(format!("a value after {}", write(index - 1)))
                        .with_found(write(index))
                        .with_hint(format!("in order: [{}]", sorted.join(", "))),
                ]);
            }
        }
        Ok(())
    }
}

impl<K: Kind<Value: PartialOrd>> Kind for List<K> {
    type Value = Vec<K::Value>;

    fn read(&self, key: &str, item: &Item) -> Result<Self::Value, Vec<ConfigError>> {
        let Value::List(items) = &item.value else {
            let hint = matches!(item.value, Value::Text(_)).then(|| format!("a list of one: [{}]", spelled(item)));
            return Err(vec![self.wrong_type(key, item).with_hint_if(hint)]);
        };
        let mut values = Vec::with_capacity(items.len());
        let mut errors = Vec::new();
        for (index, entry) in items.iter().enumerate() {
            match self.entry.read(&format!("{key}[{index}]"), entry) {
                Ok(value) => values.push(value),
                Err(found) => errors.extend(found),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        self.check_order(key, items, &values)?;
        Ok(values)
    }

    fn write(&self, value: &Self::Value) -> String {
        let entries: Vec<String> = value.iter().map(|value| self.entry.write(value)).collect();
        format!("[{}]", entries.join(", "))
    }

    fn schema(&self) -> Json {
        let mut schema = json!({"type": "array", "items": self.entry.schema()});
        if self.distinct {
            schema["uniqueItems"] = json!(true);
        }
        schema
    }

    fn expected(&self) -> String {
        format!("a list, each entry {}", self.entry.expected())
    }
}

/// The value as it was typed.
fn spelled(item: &Item) -> &str {
    &item.site.source.text[item.site.span.clone()]
}
