//! Texts and numbers into exact instants: ISO 8601 in any of its forms, or a pattern; offsets honoured, local times
//! placed in the plan's zone.

use std::str::FromStr;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike};
use tenure_config::Data;
use tenure_table::Span;

use crate::DataError;

const MINUTE_US: i64 = 60 * Span::SECOND.0;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = Span::DAY.0;

/// Reads instants, and counts local times that a clock change makes doubtful.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    pattern: Pattern,
    zone: Zone,
    /// Local times that a clock change skipped; read with the offset before the change.
    pub n_skipped: u64,
    /// Local times that a clock change repeated; the earlier instant is taken.
    pub n_repeated: u64,
}

#[derive(Clone, Debug)]
enum Pattern {
    Iso,
    /// `%Y%m%d`: common, and worth a shortcut.
    Digits,
    /// `%s`: seconds since the epoch.
    UnixSeconds,
    Strftime(Vec<Item<'static>>),
}

#[derive(Clone, Copy, Debug)]
enum Zone {
    Fixed { offset_us: i64 },
    Named(chrono_tz::Tz),
}

impl Clock {
    /// A clock for the plan's pattern and zone.
    pub(crate) fn new(data: &Data) -> Result<Self, DataError> {
        let pattern = match data.time_format.as_deref() {
            None => Pattern::Iso,
            Some(format) => Pattern::new(format)?,
        };
        Ok(Self { pattern, zone: Zone::new(&data.time_zone)?, n_skipped: 0, n_repeated: 0 })
    }

    /// A clock in UTC for a pattern; none where it is not one.
    pub(crate) fn of_pattern(format: &str) -> Option<Self> {
        let pattern = Pattern::new(format).ok()?;
        Some(Self { pattern, zone: Zone::Fixed { offset_us: 0 }, n_skipped: 0, n_repeated: 0 })
    }

    /// The instant that `text` names, in microseconds since the epoch.
    pub(crate) fn read(&mut self, text: &str) -> Option<i64> {
        match &self.pattern {
            Pattern::Iso => {
                let (local_us, offset_us) = iso(text)?;
                self.place(local_us, offset_us)
            }
            Pattern::Digits => self.place(basic_date(text.as_bytes())? * DAY_US, None),
            Pattern::UnixSeconds => unix_seconds(text),
            Pattern::Strftime(items) => {
                let (local_us, offset_us) = strftime(text, items)?;
                self.place(local_us, offset_us)
            }
        }
    }

    /// The instant that a whole number names: in the plan's pattern, or as the ISO date `yyyymmdd`.
    pub(crate) fn read_integer(&mut self, number: i64) -> Option<i64> {
        match self.pattern {
            Pattern::UnixSeconds => number.checked_mul(Span::SECOND.0),
            _ => self.read(&number.to_string()),
        }
    }

    /// The instant of a local time, given in microseconds as if the clock on the wall showed UTC.
    pub(crate) fn place_local(&mut self, local_us: i64) -> Option<i64> {
        self.place(local_us, None)
    }

    fn place(&mut self, local_us: i64, offset_us: Option<i64>) -> Option<i64> {
        match (offset_us, self.zone) {
            (Some(offset_us), _) | (None, Zone::Fixed { offset_us }) => local_us.checked_sub(offset_us),
            (None, Zone::Named(zone)) => self.place_in(zone, local_us),
        }
    }

    fn place_in(&mut self, zone: chrono_tz::Tz, local_us: i64) -> Option<i64> {
        let local = chrono::DateTime::from_timestamp_micros(local_us)?.naive_utc();
        let offset_us = |offset: chrono_tz::TzOffset| i64::from(offset.fix().local_minus_utc()) * Span::SECOND.0;
        match zone.offset_from_local_datetime(&local) {
            chrono::MappedLocalTime::Single(offset) => local_us.checked_sub(offset_us(offset)),
            chrono::MappedLocalTime::Ambiguous(earlier, _) => {
                self.n_repeated += 1;
                local_us.checked_sub(offset_us(earlier))
            }
            chrono::MappedLocalTime::None => {
                self.n_skipped += 1;
                // No clock change on record is longer than a day; the day before has the offset from before it.
                let before = zone.offset_from_local_datetime(&(local - TimeDelta::days(1))).earliest()?;
                local_us.checked_sub(offset_us(before))
            }
        }
    }
}

impl Pattern {
    fn new(format: &str) -> Result<Self, DataError> {
        match format {
            "%Y%m%d" => return Ok(Self::Digits),
            "%s" => return Ok(Self::UnixSeconds),
            _ => {}
        }
        StrftimeItems::new(format)
            .parse_to_owned()
            .map(Self::Strftime)
            .map_err(|_error| DataError::TimeFormat { found: format.to_string() })
    }
}

impl Zone {
    fn new(name: &str) -> Result<Self, DataError> {
        if name.is_empty() || name.eq_ignore_ascii_case("utc") {
            return Ok(Self::Fixed { offset_us: 0 });
        }
        if let Some((offset_us, "")) = offset(name) {
            return Ok(Self::Fixed { offset_us });
        }
        chrono_tz::Tz::from_str(name).map(Self::Named).map_err(|_error| DataError::TimeZone { found: name.to_string() })
    }
}

/// Local microseconds and, where the text carries one, the offset: `2026-03-29`, `20260329`, `2026-03-29T01:30`,
/// `2026-03-29 01:30:00.250 +02:00`, `20260329T013000Z`, `2026/03/29 01:30`.
fn iso(text: &str) -> Option<(i64, Option<i64>)> {
    let bytes = text.as_bytes();
    let dashed = matches!(bytes.get(4), Some(b'-' | b'/'));
    let length = if dashed { 10 } else { 8 };
    let days = if dashed { dashed_date(bytes.get(..10)?)? } else { basic_date(bytes.get(..8)?)? };
    let day_us = days * DAY_US;
    let rest = text.get(length..)?;
    if rest.is_empty() {
        return Some((day_us, None));
    }
    if let Some((offset_us, "")) = offset(rest) {
        return Some((day_us, Some(offset_us)));
    }
    let (time_us, rest) = time_of_day(rest.strip_prefix(['T', 't', ' '])?)?;
    match rest.trim_start() {
        "" => Some((day_us + time_us, None)),
        rest => match offset(rest)? {
            (offset_us, "") => Some((day_us + time_us, Some(offset_us))),
            _ => None,
        },
    }
}

/// Days since the epoch of `yyyy-mm-dd` or `yyyy/mm/dd`.
fn dashed_date(bytes: &[u8]) -> Option<i64> {
    let same_separator = bytes[4] == bytes[7];
    same_separator.then(|| days(digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..])?))?
}

/// Days since the epoch of `yyyymmdd`.
fn basic_date(bytes: &[u8]) -> Option<i64> {
    (bytes.len() == 8).then(|| days(digits(&bytes[..4])?, digits(&bytes[4..6])?, digits(&bytes[6..])?))?
}

fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const EPOCH_FROM_CE: i64 = 719_163;
    let date = NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32)?;
    Some(i64::from(chrono::Datelike::num_days_from_ce(&date)) - EPOCH_FROM_CE)
}

/// Microseconds since midnight of `hh`, `hh:mm`, `hh:mm:ss`, `hh:mm:ss.ffffff` or the same without colons, and the rest.
fn time_of_day(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(text.len());
    let (clock, rest) = text.split_at(end);
    let compact: Vec<u8> = match clock.len() {
        2 | 4 | 6 if !clock.contains(':') => clock.bytes().collect(),
        5 | 8 if clock.bytes().enumerate().all(|(at, byte)| (byte == b':') == (at % 3 == 2)) => {
            clock.bytes().filter(|&byte| byte != b':').collect()
        }
        _ => return None,
    };
    let part = |at: usize| compact.get(at..at + 2).map_or(Some(0), digits);
    let (hours, minutes, seconds) = (part(0)?, part(2)?, part(4)?);
    let whole_us = hours * HOUR_US + minutes * MINUTE_US + seconds * Span::SECOND.0;
    // 24:00 ends a day and :60 is a leap second: both are the instant after.
    if hours > 24 || minutes > 59 || seconds > 60 || (hours == 24 && whole_us > DAY_US) {
        return None;
    }
    match rest.strip_prefix(['.', ',']) {
        Some(fraction) if compact.len() == 6 => {
            let (fraction_us, rest) = fraction_us(fraction)?;
            Some((whole_us + fraction_us, rest))
        }
        Some(_) => None,
        None => Some((whole_us, rest)),
    }
}

/// Microseconds of a decimal fraction of a second (digits beyond the sixth are cut off), and the rest.
fn fraction_us(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 {
        return None;
    }
    let fraction_us = (0..6).fold(0, |us, at| {
        let digit = if at < end { i64::from(text.as_bytes()[at] - b'0') } else { 0 };
        us * 10 + digit
    });
    Some((fraction_us, &text[end..]))
}

/// The microseconds of `Z`, `UTC`, `+hh`, `+hhmm` or `+hh:mm`, and the rest.
fn offset(text: &str) -> Option<(i64, &str)> {
    for zulu in ["Z", "z", "UTC", "GMT"] {
        if let Some(rest) = text.strip_prefix(zulu) {
            return Some((0, rest));
        }
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = (digits(text.as_bytes().get(1..3)?)?, text.get(3..)?);
    let colonless = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = match colonless.as_bytes().get(..2).map(digits) {
        Some(minutes) => (minutes?, colonless.get(2..)?),
        None if rest.is_empty() => (0, rest),
        None => return None,
    };
    (hours < 24 && minutes < 60).then_some((sign * (hours * HOUR_US + minutes * MINUTE_US), rest))
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

fn unix_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole_us = whole.parse::<i64>().ok()?.checked_mul(Span::SECOND.0)?;
    let (fraction_us, "") = fraction_us(fraction)? else { return None };
    whole_us.checked_add(if whole.starts_with('-') { -fraction_us } else { fraction_us })
}

/// Local microseconds and, where the pattern has one, the offset.
fn strftime(text: &str, items: &[Item<'static>]) -> Option<(i64, Option<i64>)> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, items.iter()).ok()?;
    if let Some(seconds) = parsed.timestamp() {
        return Some((seconds.checked_mul(Span::SECOND.0)?, Some(0)));
    }
    let date = match parsed.to_naive_date() {
        Ok(date) => date,
        // A pattern of year and month means the month's first day.
        Err(_) => {
            parsed.set_day(1).ok()?;
            parsed.to_naive_date().ok()?
        }
    };
    let has_time = parsed.hour_mod_12().is_some();
    let time = if has_time { parsed.to_naive_time().ok()? } else { NaiveTime::MIN };
    let days = i64::from(chrono::Datelike::num_days_from_ce(&date)) - 719_163;
    let time_us = i64::from(time.num_seconds_from_midnight()) * Span::SECOND.0 + i64::from(time.nanosecond() / 1_000);
    Some((days * DAY_US + time_us, parsed.offset().map(|seconds| i64::from(seconds) * Span::SECOND.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(format: Option<&str>, zone: &str) -> Clock {
        let pattern = format.map_or(Pattern::Iso, |format| Pattern::new(format).expect("a pattern"));
        Clock { pattern, zone: Zone::new(zone).expect("a zone"), n_skipped: 0, n_repeated: 0 }
    }

    /// 2026-03-29T00:00:00Z
    const DAY: i64 = 20_541 * DAY_US;

    #[test]
    fn iso_in_all_its_forms() {
        let same = DAY + HOUR_US + 30 * MINUTE_US;
        for text in [
            "2026-03-29T01:30:00Z",
            "2026-03-29 01:30",
            "2026/03/29 01:30:00",
            "20260329T0130",
            "20260329T013000Z",
            "2026-03-29T01:30:00.000000",
            "2026-03-29T03:30:00+02:00",
            "2026-03-29 03:30:00 +0200",
            "2026-03-28T20:30-05",
            "2026-03-29T01:30:00 UTC",
        ] {
            assert_eq!(clock(None, "UTC").read(text), Some(same), "{text}");
        }
        assert_eq!(clock(None, "UTC").read("2026-03-29"), Some(DAY));
        assert_eq!(clock(None, "UTC").read_integer(20_260_329), Some(DAY));
        assert_eq!(clock(None, "UTC").read("2026-03-28T24:00"), Some(DAY));
        assert_eq!(clock(None, "UTC").read("2026-03-29T00:00:00,123456789"), Some(DAY + 123_456));
        assert_eq!(clock(None, "UTC").read("1969-12-31"), Some(-DAY_US));
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-03/29",
            "29.03.2026",
            "2026-03-29T",
            "2026-03-29T25:00",
            "2026-03-29T01:60",
            "2026-03-29T1:30",
            "2026-03-29T01:30+2",
            "2026-03-29 noon",
            "2026-03-29T01:30Zulu",
            "né26-03-29",
            "2026-03-29T01:30:00.",
            "-2026-03-29",
        ] {
            assert_eq!(clock(None, "UTC").read(text), None, "{text}");
        }
    }

    #[test]
    fn patterns_read_what_they_say() {
        assert_eq!(clock(Some("%Y%m%d"), "UTC").read("20260329"), Some(DAY));
        assert_eq!(clock(Some("%d.%m.%Y %H:%M"), "UTC").read("29.03.2026 02:00"), Some(DAY + 2 * HOUR_US));
        assert_eq!(clock(Some("%d.%m.%Y"), "+02:00").read("29.03.2026"), Some(DAY - 2 * HOUR_US));
        assert_eq!(clock(Some("%Y-%m"), "UTC").read("2026-03"), Some(DAY - 28 * DAY_US));
        assert_eq!(clock(Some("%m/%d/%Y %I:%M %p %z"), "UTC").read("03/29/2026 02:00 AM +0200"), Some(DAY));
        assert_eq!(clock(Some("%s"), "Europe/Berlin").read("1.5"), Some(1_500_000));
        assert_eq!(clock(Some("%s"), "UTC").read_integer(-1), Some(-1_000_000));
        assert_eq!(clock(Some("%d.%m.%Y"), "UTC").read("2026-03-29"), None);
        assert!(matches!(Pattern::new("%Q"), Err(DataError::TimeFormat { .. })));
    }

    #[test]
    fn clock_changes_are_counted() {
        let mut berlin = clock(None, "Europe/Berlin");
        // 02:30 does not exist on 2026-03-29: with the offset from before, +01:00, it is 01:30Z, which clocks show as 03:30.
        assert_eq!(berlin.read("2026-03-29T02:30"), Some(DAY + HOUR_US + 30 * MINUTE_US));
        assert_eq!(berlin.read("2026-03-29T03:30"), Some(DAY + HOUR_US + 30 * MINUTE_US));
        // 02:30 is shown twice on 2026-10-25; the first time is 00:30Z.
        assert_eq!(berlin.read("2026-10-25T02:30"), clock(None, "UTC").read("2026-10-25T00:30"));
        assert_eq!((berlin.n_skipped, berlin.n_repeated), (1, 1));
        assert!(matches!(Zone::new("Mars/Olympus"), Err(DataError::TimeZone { .. })));
    }
}
