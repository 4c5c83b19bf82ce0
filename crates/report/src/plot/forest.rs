//! Estimates with their intervals, one row each, over one horizontal axis.

use tenure_evaluate::Estimate;

use crate::escape::shorten;
use crate::figure::Unit;
use crate::plot::frame::WIDTH;
use crate::plot::scale::{Scale, extent};
use crate::plot::svg::{Anchor, Svg};

const TOP: f64 = 10.0;
const BOTTOM: f64 = 46.0;
const ROW: f64 = 23.0;
const RIGHT: f64 = 16.0;
/// Longest label, in characters; the pointer reveals the whole of it.
const LABEL: usize = 24;
/// Room for one character of a label; names are mostly narrow letters.
const LETTER: f64 = 7.3;

/// One row of the plot.
#[derive(Clone, Debug)]
pub(crate) struct ForestRow {
    pub(crate) label: String,
    pub(crate) estimate: Estimate,
    /// Class of the mark.
    pub(crate) class: &'static str,
    /// A second value, marked by a ring.
    pub(crate) second: Option<f64>,
    /// What the pointer reveals.
    pub(crate) tip: String,
}

/// The axis below the rows.
#[derive(Clone, Debug)]
pub(crate) struct ForestAxis {
    pub(crate) title: String,
    pub(crate) unit: Unit,
    /// A value marked by a vertical line: no effect, or the whole set's figure.
    pub(crate) reference: Option<f64>,
    /// Whether marks are bars from the reference instead of dots.
    pub(crate) bars: bool,
}

/// The drawing, named for readers who do not see it.
pub(crate) fn draw(rows: &[ForestRow], axis: &ForestAxis, name: &str) -> String {
    let longest = rows.iter().map(|row| row.label.chars().count().min(LABEL)).max().unwrap_or(1);
    let left = longest as f64 * LETTER + 14.0;
    let height = TOP + rows.len() as f64 * ROW + BOTTOM;
    let values = rows.iter().flat_map(|row| {
        let interval = row.estimate.interval.map(|interval| [interval.low, interval.high]);
        interval.into_iter().flatten().chain([row.estimate.value]).chain(row.second)
    });
    let x = domain(values.chain(axis.reference)).to(left, WIDTH - RIGHT);
    let mut svg = Svg::default();
    draw_axis(&mut svg, axis, x, height - BOTTOM);
    for (i, row) in rows.iter().enumerate() {
        draw_row(&mut svg, row, axis, x, TOP + ROW * (i as f64 + 0.5));
    }
    svg.finish((WIDTH, height), name)
}

/// A little wider than the values, so that no mark touches the edge.
fn domain(values: impl Iterator<Item = f64>) -> Scale {
    let (low, high) = extent(values).unwrap_or((0.0, 1.0));
    let room = 0.03 * (high - low);
    Scale::new(low - room, high + room)
}

fn draw_axis(svg: &mut Svg, axis: &ForestAxis, x: Scale, bottom: f64) {
    let (left, right) = (x.at(x.low()), x.at(x.high()));
    for (value, label) in x.ticks(4, axis.unit) {
        svg.line("grid", (x.at(value), TOP), (x.at(value), bottom));
        svg.text("tick", Anchor::Middle, (x.at(value), bottom + 18.0), &label);
    }
    svg.line("base", (left, bottom), (right, bottom));
    if let Some(value) = axis.reference {
        svg.line("cut", (x.at(value), TOP), (x.at(value), bottom));
    }
    svg.text("axis", Anchor::End, (right + 4.0, bottom + 38.0), &axis.title);
}

fn draw_row(svg: &mut Svg, row: &ForestRow, axis: &ForestAxis, x: Scale, y: f64) {
    let value = row.estimate.value;
    svg.label("tick", Anchor::End, (x.at(x.low()) - 8.0, y + 4.0), &shorten(&row.label, LABEL), &row.label);
    if axis.bars {
        let zero = x.at(axis.reference.unwrap_or(0.0));
        let at = (zero.min(x.at(value)), y - 6.0);
        svg.rect(&format!("bar {}", row.class), at, ((x.at(value) - zero).abs(), 12.0), &row.tip);
    }
    if let Some(interval) = row.estimate.interval {
        let class = if axis.bars { "whisker".to_owned() } else { format!("stem {}", row.class) };
        svg.line(&class, (x.at(interval.low), y), (x.at(interval.high), y));
    }
    if !axis.bars {
        svg.dot(&format!("dot {}", row.class), (x.at(value), y), 4.5, &row.tip);
    }
    if let Some(second) = row.second {
        svg.dot("ring", (x.at(second), y), 4.5, &row.tip);
    }
}
