//! Partial dependence of single features, each above a histogram of its values.

use tenure_evaluate::DependencePoint;

use crate::escape::shorten;
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{count, fixed, percent, percent1, significant};
use crate::plot::frame::{Axis, CHARACTER, Frame, WIDTH};
use crate::plot::scale::{Scale, extent};
use crate::plot::svg::{Anchor, Svg};
use crate::results::{DependenceShape, PartialDependence};

const SIZE: (f64, f64) = (WIDTH, 230.0);
/// Height kept free above the x axis for the histogram, as a share of the y range.
const RUG: f64 = 0.22;
/// Levels drawn of a category, most frequent first.
const MAX_LEVELS: usize = 8;
const LABEL: usize = 16;

/// One figure for each feature, all on the same scale of prediction, which counts in `unit`.
pub(crate) fn figures(features: &[PartialDependence], unit: Unit) -> Vec<Figure> {
    let means = features.iter().flat_map(|feature| match &feature.shape {
        DependenceShape::Numeric { points, .. } | DependenceShape::Category { points, .. } => {
            points.iter().map(|point| point.mean)
        }
    });
    let Some((low, high)) = extent(means) else { return Vec::new() };
    let scale = Means { low, high, unit };
    features.iter().enumerate().map(|(i, feature)| figure(i, feature, scale)).collect()
}

/// The mean predictions of all features.
#[derive(Clone, Copy)]
struct Means {
    low: f64,
    high: f64,
    unit: Unit,
}

impl Means {
    fn say(self, mean: f64) -> String {
        if self.unit == Unit::Share { percent(mean) } else { significant(mean) }
    }
}

fn figure(idx: usize, feature: &PartialDependence, means: Means) -> Figure {
    let name = &feature.feature;
    let figure = Figure { id: format!("dependence-{}", idx + 1), title: name.clone(), ..Figure::default() };
    match &feature.shape {
        DependenceShape::Numeric { values, points, edges, counts } => Figure {
            reading:
                "Mean prediction if every customer had this value and kept all others; where the grey bars show few \
                      customers, the line means little."
                    .to_owned(),
            finding: from_to(values, points, means),
            drawing: draw_numeric(name, (values, points), (edges, counts), means),
            table: numeric_table(values, points),
            ..figure
        },
        DependenceShape::Category { levels, points, counts } => {
            let levels = in_order(levels, points, counts);
            Figure {
                reading:
                    "Mean prediction if every customer had this level and kept all other features; levels with the \
                          most customers come first."
                        .to_owned(),
                finding: highest_lowest(&levels, means),
                drawing: draw_levels(&levels, means),
                table: level_table(&levels),
                ..figure
            }
        }
    }
}

fn from_to(values: &[f64], points: &[DependencePoint], means: Means) -> String {
    let ends = (values.first().zip(points.first()), values.last().zip(points.last()));
    let (Some((low, at_low)), Some((high, at_high))) = ends else { return String::new() };
    let [at_low, at_high] = [at_low, at_high].map(|point| means.say(point.mean));
    format!("{at_low} at {}, {at_high} at {}.", significant(*low), significant(*high))
}

fn highest_lowest(levels: &[Level<'_>], means: Means) -> String {
    let by_mean = |a: &&Level<'_>, b: &&Level<'_>| a.point.mean.total_cmp(&b.point.mean);
    let (Some(low), Some(high)) = (levels.iter().min_by(by_mean), levels.iter().max_by(by_mean)) else {
        return String::new();
    };
    let [at_low, at_high] = [low, high].map(|level| means.say(level.point.mean));
    format!("{at_low} for {}, {at_high} for {}.", shorten(low.name, 30), shorten(high.name, 30))
}

/// The mean prediction over the middle of the feature; bars below show where its values lie.
fn draw_numeric(name: &str, line: (&[f64], &[DependencePoint]), histogram: (&[f64], &[u64]), means: Means) -> String {
    let (values, points) = line;
    let (edges, counts) = histogram;
    let (low, high) = extent(values.iter().copied()).unwrap_or((0.0, 1.0));
    let floor = means.low - (means.high - means.low).max(0.01) * RUG;
    let y = Axis::new(Scale::nice(floor.max(0.0), means.high, 4), "Mean prediction", means.unit).ticks(4);
    let x = Axis::new(Scale::new(low, high), shorten(name, 30), Unit::Amount).ticks(4);
    let mut frame = Frame::sized(SIZE, &x, &y);
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
    frame.curve("line one", values.iter().copied().zip(points.iter().map(|point| point.mean)));
    frame.finish(&format!("Mean prediction over {name}"))
}

/// One level of a category.
struct Level<'a> {
    name: &'a str,
    point: &'a DependencePoint,
    n_rows: u64,
}

/// The levels, most rows first; ties in the order given.
fn in_order<'a>(names: &'a [String], points: &'a [DependencePoint], counts: &[u64]) -> Vec<Level<'a>> {
    let levels = names.iter().zip(points).zip(counts);
    let mut levels: Vec<_> = levels.map(|((name, point), &n_rows)| Level { name, point, n_rows }).collect();
    levels.sort_by_key(|level| std::cmp::Reverse(level.n_rows));
    levels
}

fn draw_levels(levels: &[Level<'_>], means: Means) -> String {
    let shown = &levels[..levels.len().min(MAX_LEVELS)];
    let longest = shown.iter().map(|level| level.name.chars().count().min(LABEL)).max().unwrap_or(1);
    let left = longest as f64 * CHARACTER + 14.0;
    let (top, bottom) = (12.0, SIZE.1 - 46.0);
    let x = level_scale((means.low, means.high)).to(left, SIZE.0 - 16.0);
    let mut svg = Svg::default();
    for (value, label) in x.ticks(4, means.unit) {
        svg.line("grid", (x.at(value), top), (x.at(value), bottom));
        svg.text("tick", Anchor::Middle, (x.at(value), bottom + 18.0), &label);
    }
    svg.line("base", (left, bottom), (SIZE.0 - 16.0, bottom));
    let row = ((bottom - top) / shown.len().max(1) as f64).min(34.0);
    for (place, level) in shown.iter().enumerate() {
        let (y, at) = (top + row * (place as f64 + 0.5), x.at(level.point.mean));
        svg.label("tick", Anchor::End, (left - 8.0, y + 4.0), &shorten(level.name, LABEL), level.name);
        svg.line("grid", (left, y), (SIZE.0 - 16.0, y));
        let mean = if means.unit == Unit::Share { percent1(level.point.mean) } else { significant(level.point.mean) };
        let tip = format!("{}: {mean} over {} rows", level.name, count(level.n_rows));
        svg.dot("dot one", (at, y), 4.5, &tip);
    }
    svg.text("axis", Anchor::End, (SIZE.0 - 12.0, SIZE.1 - 8.0), "Mean prediction");
    svg.finish(SIZE, "Mean prediction by level")
}

/// The same for every category of a page: a little wider than all mean predictions.
fn level_scale(range: (f64, f64)) -> Scale {
    let room = (range.1 - range.0).max(0.01) * 0.1;
    Scale::nice((range.0 - room).max(0.0), range.1 + room, 4)
}

fn numeric_table(values: &[f64], points: &[DependencePoint]) -> DataTable {
    let mut table = DataTable::new(0, &["value", "mean prediction", "lower tenth", "upper tenth"]);
    for (&value, point) in values.iter().zip(points) {
        let figures = [point.mean, point.low, point.high].map(|value| fixed(value, 3));
        table.push([significant(value)].into_iter().chain(figures).collect());
    }
    table
}

fn level_table(levels: &[Level<'_>]) -> DataTable {
    let mut table = DataTable::new(1, &["level", "rows", "mean prediction", "lower tenth", "upper tenth"]);
    for level in levels {
        let figures = [level.point.mean, level.point.low, level.point.high].map(|value| fixed(value, 3));
        table.push([level.name.to_owned(), count(level.n_rows)].into_iter().chain(figures).collect());
    }
    table
}
