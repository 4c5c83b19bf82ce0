//! Lengths of time such as `"90d"`, and instants such as `"2011-09-10"`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Timelike};
use serde_json::{Value as Json, json};
use tenure_table::{Span, Timestamp};

use super::Kind;
use crate::code::Code;
use crate::error::ConfigError;
use crate::tree::{Item, Value, quote};

/// Two hundred years: longer than any customer lives, short enough that no sum of spans overflows.
const LONGEST: Span = Span::days(73_050);

/// A length of time.
#[derive(Clone, Copy)]
pub(crate) struct Duration {
    zero: bool,
}

/// A length of time above zero.
pub(crate) const fn duration() -> Duration {
    Duration { zero: false }
}

/// A length of time, zero included.
pub(crate) const fn duration_or_zero() -> Duration {
    Duration { zero: true }
}

impl Kind for Duration {
    type Value = Span;

    fn read(&self, key: &str, item: &Item) -> Result<Span, Vec<ConfigError>> {
        let Value::Text(text) = &item.value else {
            let error = self.wrong_type(key, item);
            return Err(vec![match &item.value {
                Value::Integer(number, _) => error.with_hint(format!("say the unit: \"{number}d\" for days")),
                _ => error,
            }]);
        };
        let bad = |hint: String| {
            vec![
                ConfigError::new(Code::Duration, item.site.clone(), format!("`{key}` is not a length of time"))
                    .with_expected(self.expected())
                    .with_found(quote(text))
                    .with_hint(hint),
            ]
        };
        let span = read_span(text).map_err(bad)?;
        if span > LONGEST || (span == Span::default() && !self.zero) {
            let limit = if self.zero { "from 0d to 200 years" } else { "above zero, at most 200 years" };
            return Err(vec![
                ConfigError::new(Code::OutOfRange, item.site.clone(), format!("`{key}` is out of range"))
                    .with_expected(format!("a length of time {limit}"))
                    .with_found(quote(text)),
            ]);
        }
        Ok(span)
    }

    fn write(&self, value: &Span) -> String {
        quote(&write_span(*value))
    }

    fn schema(&self) -> Json {
        json!({"type": "string", "pattern": "^[0-9]+ *(w|d|h|m|s)$", "examples": ["90d"]})
    }

    fn expected(&self) -> String {
        "a whole number and a unit (w, d, h, m, s), such as \"90d\"".into()
    }
}

/// Reads `90d`; the error is a hint.
fn read_span(text: &str) -> Result<Span, String> {
    let text = text.trim();
    let unit_start = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = (&text[..unit_start], text[unit_start..].trim());
    if digits.is_empty() || unit.starts_with(['.', ',']) {
        return Err("whole numbers only: \"36h\" for a day and a half".into());
    }
    let number: i64 = digits.parse().ok().ok_or("a smaller number")?;
    let seconds = match unit {
        "w" => 604_800,
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => return Err(unit_hint(number, unit)),
    };
    let micros = number.checked_mul(seconds * Span::SECOND.0).ok_or("a shorter time")?;
    Ok(Span(micros))
}

fn unit_hint(number: i64, unit: &str) -> String {
    let lower = unit.to_ascii_lowercase();
    let in_days = |days_each: i64, name: &str| {
        let days = number.saturating_mul(days_each);
        format!("{name} differ in length: write days, \"{days}d\" for {number}")
    };
    match lower.as_str() {
        "mo" | "mon" | "month" | "months" => in_days(30, "months"),
        "" => format!("say the unit: \"{number}d\" for days"),
        // `M` would be read as minutes by some and as months by others.
        _ if unit == "M" => format!("\"{number}m\" for minutes, \"{}d\" for months", number.saturating_mul(30)),
        "y" | "yr" | "year" | "years" => in_days(365, "years"),
        "q" | "quarter" | "quarters" => in_days(91, "quarters"),
        "day" | "days" => format!("write \"{number}d\""),
        "week" | "weeks" => format!("write \"{number}w\""),
        "hour" | "hours" | "hr" => format!("write \"{number}h\""),
        "min" | "mins" | "minute" | "minutes" => format!("write \"{number}m\""),
        "sec" | "secs" | "second" | "seconds" => format!("write \"{number}s\""),
        "d" | "h" | "w" | "m" | "s" => format!("units are small letters: \"{number}{lower}\""),
        _ => "units are w, d, h, m (minutes) and s".into(),
    }
}

/// A span in the largest unit that holds it exactly; days rather than weeks.
pub(crate) fn write_span(span: Span) -> String {
    let seconds = span.0 / Span::SECOND.0;
    [(86_400, "d"), (3_600, "h"), (60, "m")]
        .into_iter()
        .find(|(length, _)| seconds % length == 0)
        .map_or_else(|| format!("{seconds}s"), |(length, unit)| format!("{}{unit}", seconds / length))
}

/// An instant.
#[derive(Clone, Copy)]
pub(crate) struct Instant;

/// An instant: a date (midnight) or a time of RFC 3339; without a zone it is UTC.
pub(crate) const fn instant() -> Instant {
    Instant
}

impl Kind for Instant {
    type Value = Timestamp;

    fn read(&self, key: &str, item: &Item) -> Result<Timestamp, Vec<ConfigError>> {
        let (Value::Text(text) | Value::Datetime(text)) = &item.value else {
            return Err(vec![self.wrong_type(key, item)]);
        };
        read_instant(text.trim()).ok_or_else(|| {
            vec![
                ConfigError::new(Code::Time, item.site.clone(), format!("`{key}` is not a time"))
                    .with_expected(self.expected())
                    .with_found(quote(text))
                    .with_hint(instant_hint(text)),
            ]
        })
    }

    fn write(&self, value: &Timestamp) -> String {
        quote(&write_instant(*value))
    }

    fn schema(&self) -> Json {
        json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}", "examples": ["2011-09-10"]})
    }

    fn expected(&self) -> String {
        "a date such as \"2011-09-10\" or a time such as \"2011-09-10T12:30:00+02:00\"".into()
    }
}

fn read_instant(text: &str) -> Option<Timestamp> {
    let moment = DateTime::parse_from_rfc3339(text)
        .map(|zoned| zoned.naive_utc())
        .or_else(|_| text.parse::<NaiveDate>().map(|date| date.and_time(chrono::NaiveTime::MIN)))
        .or_else(|_| NaiveDateTime::parse_from_str(&text.replacen(' ', "T", 1), "%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|_| NaiveDateTime::parse_from_str(&text.replacen(' ', "T", 1), "%Y-%m-%dT%H:%M"))
        .ok()?;
    let year = chrono::Datelike::year(&moment);
    let is_exact = moment.nanosecond() % 1_000 == 0 && moment.nanosecond() < 1_000_000_000;
    ((1700..2200).contains(&year) && is_exact).then(|| Timestamp(moment.and_utc().timestamp_micros()))
}

/// The date that was probably meant, where only its order or its dashes are unusual.
fn instant_hint(text: &str) -> String {
    ["%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"]
        .into_iter()
        .find_map(|format| NaiveDate::parse_from_str(text.trim(), format).ok())
        .map_or_else(
            || "year-month-day, between 1700 and 2200, to the microsecond at most".into(),
            |date| format!("write \"{date}\""),
        )
}

/// An instant as a date where it is midnight UTC, else in RFC 3339.
pub(crate) fn write_instant(instant: Timestamp) -> String {
    let Some(moment) = DateTime::from_timestamp_micros(instant.0) else {
        return format!("{} µs", instant.0);
    };
    if instant.0 % Span::DAY.0 == 0 {
        moment.format("%Y-%m-%d").to_string()
    } else {
        moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_back() {
        for (text, span) in [
            ("90d", Span::days(90)),
            ("12w", Span::days(84)),
            ("36h", Span(36 * 3_600_000_000)),
            ("30m", Span(1_800_000_000)),
            ("15 s", Span(15_000_000)),
        ] {
            assert_eq!(read_span(text), Ok(span), "{text}");
            assert_eq!(read_span(&write_span(span)), Ok(span), "{text}");
        }
        assert_eq!(write_span(Span::days(84)), "84d");
        assert_eq!(write_span(Span(36 * 3_600_000_000)), "36h");
    }

    #[test]
    fn months_and_years_are_told_in_days() {
        assert_eq!(read_span("3 months").unwrap_err(), "months differ in length: write days, \"90d\" for 3");
        assert_eq!(read_span("2y").unwrap_err(), "years differ in length: write days, \"730d\" for 2");
        assert!(read_span("90").unwrap_err().contains("\"90d\""));
        assert!(read_span("1.5d").is_err() && read_span("-3d").is_err() && read_span("").is_err());
        assert!(read_span("99999999999999999d").is_err());
    }

    #[test]
    fn instants_read_back() {
        let midnight = Timestamp(1_315_612_800_000_000);
        assert_eq!(read_instant("2011-09-10"), Some(midnight));
        assert_eq!(read_instant("2011-09-10T02:00:00+02:00"), Some(midnight));
        assert_eq!(read_instant("2011-09-10 00:00"), Some(midnight));
        assert_eq!(write_instant(midnight), "2011-09-10");
        let exact = Timestamp(midnight.0 + 1);
        assert_eq!(write_instant(exact), "2011-09-10T00:00:00.000001Z");
        assert_eq!(read_instant(&write_instant(exact)), Some(exact));
        assert_eq!(read_instant("2011-09-10T00:00:00.0000001Z"), None);
        assert_eq!(read_instant("2011-13-10"), None);
        assert_eq!(read_instant("10.09.2011"), None);
    }
}
