//! Numbers with bounds.

use std::ops::RangeInclusive;

use serde_json::{Value as Json, json};

use super::Kind;
use crate::code::Code;
use crate::error::ConfigError;
use crate::tree::{Item, Value};

/// An integer in a range.
#[derive(Clone)]
pub(crate) struct Count {
    range: RangeInclusive<u64>,
}

/// An integer in `range`.
pub(crate) const fn count(range: RangeInclusive<u64>) -> Count {
    Count { range }
}

impl Kind for Count {
    type Value = u64;

    fn read(&self, key: &str, item: &Item) -> Result<u64, Vec<ConfigError>> {
        match &item.value {
            Value::Integer(_, Some(number)) => match u64::try_from(*number) {
                Ok(number) if self.range.contains(&number) => Ok(number),
                _ => Err(vec![out_of_range(key, item, &self.expected())]),
            },
            Value::Integer(_, None) => Err(vec![out_of_range(key, item, &self.expected())]),
            Value::Float(_, number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                Err(vec![self.wrong_type(key, item).with_hint(format!("write {number:.0}, without the point"))])
            }
            Value::Text(text) if text.parse::<u64>().is_ok() => {
                Err(vec![self.wrong_type(key, item).with_hint(format!("write {text}, without the quotes"))])
            }
            _ => Err(vec![self.wrong_type(key, item)]),
        }
    }

    fn write(&self, value: &u64) -> String {
        value.to_string()
    }

    fn schema(&self) -> Json {
        json!({"type": "integer", "minimum": self.range.start(), "maximum": self.range.end()})
    }

    fn expected(&self) -> String {
        match (self.range.start(), self.range.end()) {
            (low, high) if *high == i64::MAX as u64 => format!("an integer of at least {low}"),
            (low, high) => format!("an integer from {low} to {high}"),
        }
    }
}

/// A finite number between bounds; whole numbers may be written without a point.
#[derive(Clone, Copy)]
pub(crate) struct Float {
    low: f64,
    low_open: bool,
    high: f64,
    high_open: bool,
}

/// Any finite number.
pub(crate) const fn float() -> Float {
    Float { low: f64::NEG_INFINITY, low_open: true, high: f64::INFINITY, high_open: true }
}

impl Float {
    /// `low` or more.
    pub(crate) const fn at_least(self, low: f64) -> Self {
        Self { low, low_open: false, ..self }
    }

    /// More than `low`.
    pub(crate) const fn above(self, low: f64) -> Self {
        Self { low, low_open: true, ..self }
    }

    /// `high` or less.
    pub(crate) const fn at_most(self, high: f64) -> Self {
        Self { high, high_open: false, ..self }
    }

    /// Less than `high`.
    pub(crate) const fn below(self, high: f64) -> Self {
        Self { high, high_open: true, ..self }
    }

    fn accepts(&self, number: f64) -> bool {
        let above = if self.low_open { number > self.low } else { number >= self.low };
        let below = if self.high_open { number < self.high } else { number <= self.high };
        number.is_finite() && above && below
    }
}

impl Kind for Float {
    type Value = f64;

    fn read(&self, key: &str, item: &Item) -> Result<f64, Vec<ConfigError>> {
        let number = match &item.value {
            Value::Float(_, number) => *number,
            Value::Integer(_, Some(number)) => *number as f64,
            Value::Integer(_, None) => f64::NAN,
            Value::Text(text) if text.parse::<f64>().is_ok() => {
                return Err(vec![self.wrong_type(key, item).with_hint(format!("write {text}, without the quotes"))]);
            }
            _ => return Err(vec![self.wrong_type(key, item)]),
        };
        if self.accepts(number) {
            return Ok(number);
        }
        let is_percent = number >= 2.0 && self.high <= 1.0 && self.accepts(number / 100.0);
        let hint = is_percent.then(|| format!("as a share, not in percent: {}", number / 100.0));
        Err(vec![out_of_range(key, item, &self.expected()).with_hint_if(hint)])
    }

    fn write(&self, value: &f64) -> String {
        format!("{value:?}")
    }

    fn schema(&self) -> Json {
        let mut schema = json!({"type": "number"});
        if self.low.is_finite() {
            schema[if self.low_open { "exclusiveMinimum" } else { "minimum" }] = json!(self.low);
        }
        if self.high.is_finite() {
            schema[if self.high_open { "exclusiveMaximum" } else { "maximum" }] = json!(self.high);
        }
        schema
    }

    fn expected(&self) -> String {
        let low = format!("{} {}", if self.low_open { "above" } else { "of at least" }, self.low);
        let high = format!("{} {}", if self.high_open { "below" } else { "at most" }, self.high);
        match (self.low.is_finite(), self.high.is_finite()) {
            (false, false) => "a finite number".into(),
            (true, false) => format!("a finite number {low}"),
            (false, true) => format!("a finite number {high}"),
            (true, true) => format!("a number {low}, {high}"),
        }
    }
}

fn out_of_range(key: &str, item: &Item, expected: &str) -> ConfigError {
    let found = match &item.value {
        Value::Integer(text, _) | Value::Float(text, _) => text.clone(),
        other => other.describe(),
    };
    ConfigError::new(Code::OutOfRange, item.site.clone(), format!("`{key}` is out of range"))
        .with_expected(expected)
        .with_found(found)
}
