//! How many segments: a number or `"auto"`.

use serde_json::{Value as Json, json};

use super::{Kind, count};
use crate::error::ConfigError;
use crate::tree::{Item, Value, quote};

/// A number of segments; none stands for `"auto"`.
pub(crate) struct SegmentCount;

impl SegmentCount {
    /// More segments than this nobody can tell apart.
    pub(crate) const MOST: u64 = 1_000;
}

impl Kind for SegmentCount {
    type Value = Option<u64>;

    fn read(&self, key: &str, item: &Item) -> Result<Self::Value, Vec<ConfigError>> {
        match &item.value {
            Value::Text(text) if text == "auto" => Ok(None),
            Value::Integer(..) => count(1..=Self::MOST).read(key, item).map(Some),
            _ => Err(vec![self.wrong_type(key, item).with_hint("k = 5, or k = \"auto\" with k_min and k_max")]),
        }
    }

    fn write(&self, value: &Self::Value) -> String {
        value.map_or_else(|| quote("auto"), |k| k.to_string())
    }

    fn schema(&self) -> Json {
        json!({"oneOf": [{"const": "auto"}, count(1..=Self::MOST).schema()]})
    }

    fn expected(&self) -> String {
        "\"auto\", or an integer from 1 to 1000".into()
    }
}
