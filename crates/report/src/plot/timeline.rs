//! Cutoffs of an event log, with what each one's features and label may see.

use tenure_evaluate::{Estimate, Interval, wilson_interval};

use crate::date;
use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{count, percent1};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::plot::frame::{CHARACTER, WIDTH};
use crate::plot::scale::Scale;
use crate::plot::svg::{Anchor, Svg};
use crate::results::{CutoffFacts, Part, Timeline};

const TOP: f64 = 26.0;
const ROW: f64 = 22.0;
const BAR: f64 = 11.0;
const RIGHT: f64 = 14.0;
/// Cutoffs drawn; of more, the first and the last ones are.
const MAX_ROWS: usize = 30;

/// One row for each cutoff.
pub(crate) fn figure(timeline: &Timeline) -> Option<Figure> {
    if timeline.cutoffs.is_empty() {
        return None;
    }
    Some(Figure {
        id: "timeline".to_owned(),
        title: "Split over time".to_owned(),
        reading:
            "Each row is one cutoff: features use only events left of it, the outcome is observed in the bar right of \
                  it, and no training bar reaches into the test bar."
                .to_owned(),
        finding: finding(timeline),
        legend: vec![
            Key::new("bar past", "events the features may use"),
            Key::new("bar one", "outcome, training"),
            Key::new("bar two", "outcome, test"),
        ],
        drawing: draw(timeline),
        table: table(timeline),
        span: "",
    })
}

/// Churn rate at each cutoff, with Wilson's interval.
pub(crate) fn rates(timeline: &Timeline, confidence: f64) -> Option<Figure> {
    let rows: Vec<ForestRow> =
        shown(&timeline.cutoffs).into_iter().filter_map(|row| rate_row(row, confidence)).collect();
    if rows.is_empty() {
        return None;
    }
    let axis = ForestAxis { title: "Share of churners".to_owned(), unit: Unit::Share, reference: None, bars: false };
    Some(Figure {
        id: "cutoff-rates".to_owned(),
        title: "Churn rate by cutoff".to_owned(),
        reading:
            "Rates that move from cutoff to cutoff mean a season or a trend: the next period may differ from the test \
                  period as much as these do from each other."
                .to_owned(),
        legend: vec![Key::new("dot one", "training"), Key::new("dot two", "test")],
        drawing: forest::draw(&rows, &axis, "Churn rate by cutoff"),
        table: table(timeline),
        ..Figure::default()
    })
}

fn rate_row(row: &CutoffFacts, confidence: f64) -> Option<ForestRow> {
    let (value, n_rows) = (row.rows.positive_share()?, row.rows.n_rows);
    let (low, high) = wilson_interval(value, n_rows as f64, confidence);
    let interval = Some(Interval { low, high, standard_error: f64::NAN, confidence, resamples: 0 });
    let label = date::day(row.cutoff);
    Some(ForestRow {
        tip: format!("{label}: {} of {} customers", percent1(value), count(n_rows)),
        label,
        estimate: Estimate { value, interval },
        class: if row.part == Part::Test { "two" } else { "one" },
        second: None,
    })
}

fn draw(timeline: &Timeline) -> String {
    let rows = shown(&timeline.cutoffs);
    let left = 10.0 * CHARACTER + 12.0;
    let height = TOP + rows.len() as f64 * ROW + 40.0;
    let end = rows.iter().map(|row| row.label_end).chain([timeline.data_end]).max().unwrap_or(timeline.data_end);
    let x = Scale::new(timeline.data_start.0 as f64, end.0 as f64).to(left, WIDTH - RIGHT);
    let mut svg = Svg::default();
    svg.text("axis", Anchor::Start, (2.0, 12.0), "Cutoff");
    draw_axis(&mut svg, timeline, x, height - 40.0);
    for (i, row) in rows.iter().enumerate() {
        draw_row(&mut svg, timeline, row, x, TOP + i as f64 * ROW);
    }
    svg.text("axis", Anchor::End, (WIDTH - RIGHT + 4.0, height - 6.0), "Time (UTC)");
    svg.finish((WIDTH, height), "Cutoffs and label windows over time")
}

/// All rows, or where they are too many the first and the last ones.
fn shown(cutoffs: &[CutoffFacts]) -> Vec<&CutoffFacts> {
    let n_skipped = cutoffs.len().saturating_sub(MAX_ROWS);
    let half = MAX_ROWS / 2;
    cutoffs.iter().enumerate().filter(|(i, _)| *i < half || *i >= half + n_skipped).map(|(_, row)| row).collect()
}

fn draw_axis(svg: &mut Svg, timeline: &Timeline, x: Scale, bottom: f64) {
    svg.line("base", (x.at(x.low()), bottom), (WIDTH - RIGHT, bottom));
    for (instant, label) in date::ticks(timeline.data_start.0, x.high() as i64, 5) {
        let at = x.at(instant as f64);
        svg.line("grid", (at, TOP - 6.0), (at, bottom));
        svg.text("tick", Anchor::Middle, (at, bottom + 17.0), &label);
    }
}

fn draw_row(svg: &mut Svg, timeline: &Timeline, row: &CutoffFacts, x: Scale, top: f64) {
    let at = |instant: tenure_table::Timestamp| x.at(instant.0 as f64);
    let start = row.lookback_start.unwrap_or(timeline.data_start).max(timeline.data_start);
    let cutoff = date::day(row.cutoff);
    svg.text("tick", Anchor::End, (x.at(x.low()) - 8.0, top + BAR - 1.0), &cutoff);
    let past = format!("features: {} to {cutoff}", date::day(start));
    svg.rect("bar past", (at(start), top), (at(row.cutoff) - at(start), BAR), &past);
    let class = if row.part == Part::Test { "bar two" } else { "bar one" };
    let label = format!("outcome: {} to {}", date::day(row.label_start), date::day(row.label_end));
    svg.rect(class, (at(row.label_start), top), (at(row.label_end) - at(row.label_start), BAR), &label);
    svg.line("cut", (at(row.cutoff), top - 3.0), (at(row.cutoff), top + BAR + 3.0));
}

fn finding(timeline: &Timeline) -> String {
    let n_train = timeline.cutoffs.iter().filter(|row| row.part != Part::Test).count();
    let n_test = timeline.cutoffs.len() - n_train;
    let plural = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    format!(
        "{} train, {} test, on events from {} to {}.",
        plural(n_train, "cutoff"),
        plural(n_test, "cutoff"),
        date::day(timeline.data_start),
        date::day(timeline.data_end)
    )
}

fn table(timeline: &Timeline) -> DataTable {
    let head = ["cutoff", "for", "features from", "outcome from", "outcome until", "customers", "positive"];
    let mut table = DataTable::new(5, &head);
    for row in &timeline.cutoffs {
        table.push(vec![
            date::day(row.cutoff),
            match row.part {
                Part::Train => "training",
                Part::Validation => "validation",
                Part::Test => "test",
            }
            .to_owned(),
            row.lookback_start.map_or("the beginning".to_owned(), date::day),
            date::day(row.label_start),
            date::day(row.label_end),
            count(row.rows.n_rows),
            row.rows.positive_share().map_or("–".to_owned(), percent1),
        ]);
    }
    table
}
