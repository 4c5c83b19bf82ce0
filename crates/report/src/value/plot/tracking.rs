//! Transactions by week, expected and actual, through the cutoff and beyond.

use crate::date;
use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::significant;
use crate::plot::frame::{Axis, Frame};
use crate::plot::scale::Scale;
use crate::value::results::Tracking;
use crate::value::words;

/// Lines that tell models apart; more models are in the table only.
const CLASSES: [&str; 2] = ["line one", "line three"];
const MAX_TABLE_ROWS: usize = 60;

/// Cumulative and weekly transactions.
pub(crate) fn figures(tracking: &Tracking) -> Vec<Figure> {
    if tracking.actual.is_empty() {
        return Vec::new();
    }
    let cumulative = Sheet {
        id: "tracking",
        title: "Cumulative transactions",
        reading: "Transactions of these customers since the first week. The models saw what lies left of the line; a curve \
                  that stays with the actual one right of it forecasts the whole base well.",
        series: cumulate,
        finding: total_after,
    };
    let weekly = Sheet {
        id: "tracking-weekly",
        title: "Weekly transactions",
        reading: "The same week by week: the models know no seasons, so peaks before holidays stay above their lines.",
        series: <[f64]>::to_vec,
        finding: highest_after,
    };
    vec![cumulative.figure(tracking), weekly.figure(tracking)]
}

/// What tells the two figures apart.
struct Sheet {
    id: &'static str,
    title: &'static str,
    reading: &'static str,
    series: fn(&[f64]) -> Vec<f64>,
    finding: fn(&Tracking) -> String,
}

impl Sheet {
    fn figure(&self, tracking: &Tracking) -> Figure {
        let actual = (self.series)(&tracking.actual);
        let expected: Vec<(&str, Vec<f64>)> = tracking
            .expected
            .iter()
            .map(|expected| (expected.model.as_str(), (self.series)(&expected.weekly)))
            .collect();
        let values = actual.iter().chain(expected.iter().flat_map(|(_, series)| series)).copied();
        let since = format!("Weeks since {}", date::day(tracking.start));
        let mut frame = Frame::new(
            &Axis::new(Scale::new(0.0, actual.len() as f64), since, Unit::Plain),
            &Axis::new(Scale::around(values.chain([0.0]), 5), "Transactions", Unit::Amount),
        );
        frame.rule_x("cut", tracking.n_calibration_weeks as f64);
        for ((_, series), class) in expected.iter().zip(CLASSES).rev() {
            frame.curve(class, by_week(series));
        }
        frame.curve("line two", by_week(&actual));
        let mut legend = vec![Key::new("line two", "actual")];
        legend.extend(
            expected.iter().zip(CLASSES).map(|((name, _), class)| Key::new(class, format!("{name}, expected"))),
        );
        legend.push(Key::new("cut", "cutoff"));
        Figure {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            reading: self.reading.to_owned(),
            finding: (self.finding)(tracking),
            legend,
            drawing: frame.finish(self.title),
            table: table(&actual, &expected),
            span: "",
        }
    }
}

/// A point at the end of each week.
fn by_week(series: &[f64]) -> impl Iterator<Item = (f64, f64)> + '_ {
    series.iter().enumerate().map(|(week, &value)| (week as f64 + 1.0, value))
}

fn cumulate(weekly: &[f64]) -> Vec<f64> {
    weekly
        .iter()
        .scan(0.0, |sum, week| {
            *sum += week;
            Some(*sum)
        })
        .collect()
}

/// The total after the cutoff, beside what the first model expected of it.
fn total_after(tracking: &Tracking) -> String {
    let after = |weekly: &[f64]| weekly.iter().skip(tracking.n_calibration_weeks).sum::<f64>();
    let actual = after(&tracking.actual);
    let Some(expected) = tracking.expected.first().filter(|_| actual > 0.0) else { return String::new() };
    let ratio = after(&expected.weekly) / actual;
    let way = if ratio < 1.0 { "fewer" } else { "more" };
    format!(
        "After the cutoff there were {}; {} expected {} {way}.",
        significant(actual),
        expected.model,
        words::off(ratio)
    )
}

/// The busiest week after the cutoff, beside what the first model expected of it.
fn highest_after(tracking: &Tracking) -> String {
    let after = tracking.actual.iter().enumerate().skip(tracking.n_calibration_weeks);
    let highest = after.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    let Some((week, actual)) = highest else { return String::new() };
    let expected = tracking.expected.first().and_then(|expected| Some((&expected.model, *expected.weekly.get(week)?)));
    let beside = expected
        .map_or(String::new(), |(model, expected)| format!(", of which {model} expected {}", significant(expected)));
    format!("The busiest week after the cutoff is week {}, with {}{beside}.", week + 1, significant(*actual))
}

fn table(actual: &[f64], expected: &[(&str, Vec<f64>)]) -> DataTable {
    let head: Vec<&str> = ["week", "actual"].into_iter().chain(expected.iter().map(|(name, _)| *name)).collect();
    let mut table = DataTable::new(0, &head);
    let step = actual.len().div_ceil(MAX_TABLE_ROWS).max(1);
    for week in (0..actual.len()).filter(|week| (week + 1) % step == 0 || week + 1 == actual.len()) {
        let cells = expected.iter().map(|(_, series)| series.get(week).copied().map_or("–".to_owned(), significant));
        table.push([(week + 1).to_string(), significant(actual[week])].into_iter().chain(cells).collect());
    }
    table
}
