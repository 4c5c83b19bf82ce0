//! Partial dependence of single features, each above a histogram of its values.

use crate::escape::shorten;
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{count, fixed, percent1, significant};
use crate::plot::frame::{Axis, CHARACTER, Frame};
use crate::plot::scale::{Scale, extent};
use crate::plot::svg::{Anchor, Svg};
use crate::results::{DependenceShape, PartialDependence};

const SIZE: (f64, f64) = (330.0, 240.0);
/// Height kept free above the x axis for the histogram, as a share of the y range.
const RUG: f64 = 0.22;
/// Levels drawn of a category, most frequent first.
const MAX_LEVELS: usize = 8;
const LABEL: usize = 16;

/// One small figure for each feature, all on the same scale of prediction.
pub(crate) fn figures(features: &[PartialDependence]) -> Vec<Figure> {
    let means = features.iter().flat_map(|feature| match &feature.shape {
        DependenceShape::Numeric { mean, .. } | DependenceShape::Category { mean, .. } => mean.iter().copied(),
    });
    let Some((low, high)) = extent(means) else { return Vec::new() };
    features.iter().enumerate().map(|(i, feature)| figure(i, feature, (low, high))).collect()
}

fn figure(idx: usize, feature: &PartialDependence, range: (f64, f64)) -> Figure {
    let (drawing, table) = match &feature.shape {
        DependenceShape::Numeric { values, mean, edges, counts } => {
            (draw_numeric(&feature.feature, (values, mean), (edges, counts), range), numeric_table(values, mean))
        }
        DependenceShape::Category { levels, mean, counts } => {
            let order = by_frequency(counts);
            (draw_levels((levels, mean, counts), &order, range), level_table((levels, mean, counts), &order))
        }
    };
    Figure {
        id: format!("dependence-{}", idx + 1),
        title: feature.feature.clone(),
        drawing,
        table,
        ..Figure::default()
    }
}

/// The mean prediction over the middle of the feature; bars below show where its values lie.
fn draw_numeric(name: &str, line: (&[f64], &[f64]), histogram: (&[f64], &[u64]), range: (f64, f64)) -> String {
    let (values, mean) = line;
    let (edges, counts) = histogram;
    let (low, high) = extent(values.iter().copied()).unwrap_or((0.0, 1.0));
    let floor = range.0 - (range.1 - range.0).max(0.01) * RUG;
    let y = Axis::new(Scale::nice(floor.max(0.0), range.1, 4), "Mean prediction", Unit::Share).ticks(4);
    let x = Axis::new(Scale::new(low, high), shorten(name, 30), Unit::Amount).ticks(4);
    let mut frame = Frame::sized(SIZE, x, y);
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let foot = frame.y.low();
    let room = (frame.y.high() - foot) * RUG;
    for (bin, &n_rows) in edges.windows(2).zip(counts) {
        let (from, to) = (bin[0].clamp(low, high), bin[1].clamp(low, high));
        if to > from && n_rows > 0 {
            let ((left, top), (right, bottom)) =
                (frame.at((from, foot + room * n_rows as f64 / most)), frame.at((to, foot)));
            let tip = format!("{} to {}: {} rows", significant(bin[0]), significant(bin[1]), count(n_rows));
            frame.svg.rect("bar faint", (left + 0.4, top), (right - left - 0.8, bottom - top), &tip);
        }
    }
    frame.curve("line one", values.iter().copied().zip(mean.iter().copied()));
    frame.finish(&format!("Mean prediction over {name}"))
}

/// Indices of levels, most rows first; ties in the order given.
fn by_frequency(counts: &[u64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(counts[i]));
    order
}

fn draw_levels(levels: (&[String], &[f64], &[u64]), order: &[usize], range: (f64, f64)) -> String {
    let (names, mean, counts) = levels;
    let longest = order.iter().take(MAX_LEVELS).map(|&i| names[i].chars().count().min(LABEL)).max().unwrap_or(1);
    let left = longest as f64 * CHARACTER + 14.0;
    let (top, bottom) = (26.0, SIZE.1 - 46.0);
    let span = (range.1 - range.0).max(0.01);
    let x = Scale::nice((range.0 - span * 0.1).max(0.0), range.1 + span * 0.1, 4).to(left, SIZE.0 - 16.0);
    let mut svg = Svg::default();
    for (value, label) in x.ticks(4, Unit::Share) {
        svg.line("grid", (x.at(value), top), (x.at(value), bottom));
        svg.text("tick", Anchor::Middle, (x.at(value), bottom + 18.0), &label);
    }
    svg.line("base", (left, bottom), (SIZE.0 - 16.0, bottom));
    let n_shown = order.len().min(MAX_LEVELS);
    let row = ((bottom - top) / n_shown.max(1) as f64).min(34.0);
    for (place, &i) in order.iter().take(MAX_LEVELS).enumerate() {
        let y = top + row * (place as f64 + 0.5);
        svg.label("tick", Anchor::End, (left - 8.0, y + 4.0), &shorten(&names[i], LABEL), &names[i]);
        svg.line("stem one", (left, y), (x.at(mean[i]), y));
        let tip = format!("{}: {} over {} rows", names[i], percent1(mean[i]), count(counts[i]));
        svg.dot("dot one", (x.at(mean[i]), y), 4.5, &tip);
    }
    svg.text("axis", Anchor::End, (SIZE.0 - 12.0, SIZE.1 - 8.0), "Mean prediction");
    svg.finish(SIZE, "Mean prediction by level")
}

fn numeric_table(values: &[f64], mean: &[f64]) -> DataTable {
    let mut table = DataTable::new(0, &["value", "mean prediction"]);
    for (&value, &mean) in values.iter().zip(mean) {
        table.push(vec![significant(value), fixed(mean, 3)]);
    }
    table
}

fn level_table(levels: (&[String], &[f64], &[u64]), order: &[usize]) -> DataTable {
    let mut table = DataTable::new(1, &["level", "rows", "mean prediction"]);
    for &i in order {
        table.push(vec![levels.0[i].clone(), count(levels.2[i]), fixed(levels.1[i], 3)]);
    }
    table
}
