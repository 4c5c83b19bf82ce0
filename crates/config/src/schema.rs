//! The experiment file's format as a JSON schema, for editors.

use serde_json::{Map, Value as Json, json};

use crate::catalogue::{describe, knobs, sections};
use crate::reader::Knob;

/// The JSON schema of an experiment file: every section and key with description, default, bounds and choices.
pub fn schema() -> Json {
    let mut properties = Map::new();
    for section in sections() {
        if !section.contains('.') {
            properties.insert(section.into(), section_schema(section));
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tenure experiment file",
        "type": "object",
        "additionalProperties": false,
        "required": ["data"],
        "properties": properties,
    })
}

fn section_schema(section: &str) -> Json {
    let mut properties = Map::new();
    for knob in knobs().iter().filter(|knob| knob.section == section) {
        properties.insert(knob.key.into(), knob_schema(knob));
    }
    let prefix = format!("{section}.");
    for inner in sections() {
        if let Some(key) = inner.strip_prefix(&prefix) {
            properties.insert(key.into(), section_schema(inner));
        }
    }
    let mut schema = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if let Some(text) = describe(section) {
        schema["description"] = json!(text);
    }
    if section == "data" {
        schema["required"] = json!(["source"]);
    }
    schema
}

fn knob_schema(knob: &Knob) -> Json {
    let mut schema = knob.schema.clone();
    if knob.is_map {
        schema = json!({"type": "object", "additionalProperties": schema});
    }
    if let Some(text) = describe(&format!("{}.{}", knob.section, knob.key)) {
        schema["description"] = json!(text);
    }
    if let Some(value) = knob.default.as_deref().and_then(json_of) {
        schema["default"] = value;
    }
    schema
}

/// A TOML value as JSON.
fn json_of(toml: &str) -> Option<Json> {
    let value: toml::Table = toml::from_str(&format!("value = {toml}")).ok()?;
    serde_json::to_value(value.get("value")?).ok()
}
