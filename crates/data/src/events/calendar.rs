//! Civil dates of instants, in UTC.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use tenure_table::{Span, Timestamp};

/// Names of the months, January first.
pub(crate) const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Names of the weekdays, Monday first.
pub(crate) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Meteorological seasons of the northern hemisphere; winter is December to February.
pub(crate) const SEASONS: [&str; 4] = ["winter", "spring", "summer", "autumn"];

/// The day number since 1970-01-01, UTC.
pub(crate) fn day_index(time_us: i64) -> i64 {
    time_us.div_euclid(Span::DAY.0)
}

/// The month number since 1970-01, UTC.
pub(crate) fn month_index(time_us: i64) -> i64 {
    let date = civil(time_us);
    (i64::from(date.year()) - 1970) * 12 + i64::from(date.month0())
}

/// Month (0 is January), weekday (0 is Monday) and season (index into [`SEASONS`]).
pub(crate) fn parts(time_us: i64) -> [u32; 3] {
    let date = civil(time_us);
    [date.month0(), date.weekday().num_days_from_monday(), (date.month0() + 1) % 12 / 3]
}

/// The first instant of a month number, UTC.
pub(crate) fn month_start(month_idx: i64) -> i64 {
    let (year, month) = (1970 + month_idx.div_euclid(12), month_idx.rem_euclid(12) as u32 + 1);
    let date = i32::try_from(year).ok().and_then(|year| chrono::NaiveDate::from_ymd_opt(year, month, 1));
    date.map_or(i64::MAX, |date| date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros())
}

/// ISO 8601: a date where the instant is midnight. Instants beyond chrono's calendar read as its limits.
pub(crate) fn iso(time: Timestamp) -> String {
    let date = civil(time.0);
    if time.0.rem_euclid(Span::DAY.0) == 0 {
        date.format("%Y-%m-%d").to_string()
    } else {
        date.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

fn civil(time_us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time_us).unwrap_or(if time_us < 0 {
        DateTime::<Utc>::MIN_UTC
    } else {
        DateTime::<Utc>::MAX_UTC
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = Span::DAY.0;

    #[test]
    fn the_epoch_was_a_thursday_in_winter() {
        assert_eq!(parts(0), [0, 3, 0]);
        assert_eq!(parts(-1), [11, 2, 0], "a microsecond earlier it was Wednesday, December");
    }

    #[test]
    fn seasons_turn_with_march_june_september_december() {
        let season = |month: i64| parts((month * 30 + 20) * DAY)[2];
        let found: Vec<_> = (0..12).map(|month| SEASONS[season(month) as usize]).collect();
        assert_eq!(found[1..4], ["winter", "spring", "spring"]);
        assert_eq!(found[5..8], ["summer", "summer", "summer"]);
        assert_eq!(found[8..12], ["autumn", "autumn", "autumn", "winter"]);
    }

    #[test]
    fn months_and_days_count_on_both_sides_of_the_epoch() {
        assert_eq!((day_index(-1), day_index(0), day_index(DAY - 1), day_index(DAY)), (-1, 0, 0, 1));
        assert_eq!((month_index(-1), month_index(31 * DAY)), (-1, 1));
        assert_eq!((month_start(-1), month_start(1)), (-31 * DAY, 31 * DAY));
    }

    #[test]
    fn instants_read_as_dates_where_they_are_midnight() {
        assert_eq!(iso(Timestamp(0)), "1970-01-01");
        assert_eq!(iso(Timestamp(1)), "1970-01-01T00:00:00.000001Z");
    }
}
