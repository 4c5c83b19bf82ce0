//! Instants as calendar dates, and round dates for an axis.

use tenure_table::{Span, Timestamp};

/// The day of an instant, `2011-09-10`, in UTC.
pub(crate) fn day(instant: Timestamp) -> String {
    let (year, month, day) = civil(instant.0.div_euclid(Span::DAY.0));
    format!("{year:04}-{month:02}-{day:02}")
}

/// The month of an instant, `2011-09`, in UTC.
pub(crate) fn month(instant: Timestamp) -> String {
    day(instant)[..7].to_owned()
}

/// First days of months between two instants (microseconds), about `n_ticks` of them, evenly spaced in months; `2011-06`,
/// or `2011` where they are whole years. Ranges shorter than two months get days.
pub(crate) fn ticks(start: i64, end: i64, n_ticks: u32) -> Vec<(i64, String)> {
    let (first, last) = (month_of(start), month_of(end));
    let n_months = last - first;
    if n_months < 2 {
        return day_ticks(start, end, n_ticks);
    }
    let rough = n_months / i64::from(n_ticks.max(1));
    let steps = [1, 2, 3, 6, 12, 24, 60, 120];
    let step = steps.into_iter().find(|&step| step >= rough).unwrap_or(120);
    (first..=last + 1)
        .filter(|month| month.rem_euclid(step) == 0)
        .map(|month| (days_from_civil(month.div_euclid(12), month.rem_euclid(12) + 1, 1) * Span::DAY.0, month))
        .filter(|&(instant, _)| (start..=end).contains(&instant))
        .map(|(instant, month)| (instant, month_label(month, step)))
        .collect()
}

fn month_label(month: i64, step: i64) -> String {
    let year = month.div_euclid(12);
    if step >= 12 { format!("{year}") } else { format!("{year}-{:02}", month.rem_euclid(12) + 1) }
}

fn day_ticks(start: i64, end: i64, n_ticks: u32) -> Vec<(i64, String)> {
    let (first, last) = (start.div_euclid(Span::DAY.0) + 1, end.div_euclid(Span::DAY.0));
    let step = ((last - first) / i64::from(n_ticks.max(1))).max(1);
    let days = (first..=last).step_by(step as usize);
    days.map(|number| (number * Span::DAY.0, day(Timestamp(number * Span::DAY.0))[5..].to_owned())).collect()
}

/// Months since the year 0.
fn month_of(instant: i64) -> i64 {
    let (year, month, _) = civil(instant.div_euclid(Span::DAY.0));
    year * 12 + month - 1
}

/// Year, month and day of a day number since 1970-01-01, in the proleptic Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last one of its year.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day number since 1970-01-01 of a date; the inverse of [`civil`].
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * march_month + 2) / 5 + day - 1;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_day_numbers_agree_over_four_centuries() {
        assert_eq!(day(Timestamp(0)), "1970-01-01");
        assert_eq!(day(Timestamp(-1)), "1969-12-31");
        assert_eq!(day(Timestamp(951_782_400_000_000)), "2000-02-29");
        for number in (-150_000..150_000).step_by(17) {
            let (year, month, day) = civil(number);
            assert_eq!(days_from_civil(year, month, day), number);
        }
    }

    #[test]
    fn a_year_is_ticked_every_few_months() {
        let start = days_from_civil(2010, 12, 1) * Span::DAY.0;
        let end = days_from_civil(2011, 12, 9) * Span::DAY.0;
        let labels: Vec<String> = ticks(start, end, 5).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["2011-01", "2011-03", "2011-05", "2011-07", "2011-09", "2011-11"]);
    }
}
