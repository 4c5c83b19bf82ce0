//! Silhouettes of customers, segment by segment.

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{count, fixed, percent1};
use crate::plot::frame::WIDTH;
use crate::plot::scale::Scale;
use crate::plot::svg::{Anchor, Svg};
use crate::segments::plot::colour;
use crate::segments::results::{SegmentResults, SilhouetteStrip};

const HEIGHT: f64 = 330.0;
const TOP: f64 = 6.0;
const BOTTOM: f64 = 44.0;
const LEFT: f64 = 24.0;
const GAP: f64 = 6.0;

/// Bars of silhouettes in descending order, one block for each segment.
pub(crate) fn figure(results: &SegmentResults) -> Option<Figure> {
    let strips = results.silhouette.as_ref()?;
    let n: usize = strips.iter().map(|strip| strip.n_customers).sum();
    let negative = strips.iter().map(|strip| strip.share_negative * strip.n_customers as f64).sum::<f64>();
    Some(Figure {
        id: "silhouette".to_owned(),
        title: "Silhouettes".to_owned(),
        reading: format!(
            "Every customer of the {} looked at is a line: long to the right where it is well inside its segment, to the left \
             of zero where another segment is nearer on average.",
            count(n as u64)
        ),
        finding: format!("{} of customers are nearer to another segment.", percent1(negative / n.max(1) as f64)),
        legend: vec![Key::new("cut", "mean of all")],
        drawing: draw(results, strips, n),
        table: table(results, strips),
        span: "tall",
    })
}

fn draw(results: &SegmentResults, strips: &[SilhouetteStrip], n: usize) -> String {
    let lowest = strips.iter().flat_map(|strip| strip.widths.iter().copied()).fold(0.0, f64::min);
    let highest = strips.iter().flat_map(|strip| strip.widths.iter().copied()).fold(0.0, f64::max);
    let x = Scale::nice(lowest, highest, 5).to(LEFT, WIDTH - 12.0);
    let mut svg = Svg::default();
    for (value, label) in x.ticks(5, Unit::Plain) {
        svg.line("grid", (x.at(value), TOP), (x.at(value), HEIGHT - BOTTOM));
        svg.text("tick", Anchor::Middle, (x.at(value), HEIGHT - BOTTOM + 17.0), &label);
    }
    let room = HEIGHT - TOP - BOTTOM - GAP * strips.len() as f64;
    let mut top = TOP;
    for (place, strip) in strips.iter().enumerate() {
        let height = room * strip.n_customers as f64 / n.max(1) as f64;
        let step = height / strip.widths.len().max(1) as f64;
        let mut outline = vec![(x.at(0.0), top)];
        for (i, &width) in strip.widths.iter().enumerate() {
            outline.push((x.at(width), top + (i as f64 + 0.5) * step));
        }
        outline.push((x.at(0.0), top + height));
        svg.path(&format!("area {}", colour(place)), &outline);
        svg.text("axis", Anchor::Start, (2.0, top + height / 2.0 + 4.0), &(place + 1).to_string());
        top += height + GAP;
    }
    svg.line("base", (x.at(0.0), TOP), (x.at(0.0), HEIGHT - BOTTOM));
    if let Some(mean) = results.choice.candidate().silhouette {
        svg.line("cut", (x.at(mean), TOP), (x.at(mean), HEIGHT - BOTTOM));
    }
    svg.text("axis", Anchor::End, (WIDTH - 8.0, HEIGHT - 8.0), "silhouette");
    svg.finish((WIDTH, HEIGHT), "Silhouettes by segment")
}

fn table(results: &SegmentResults, strips: &[SilhouetteStrip]) -> DataTable {
    let mut table = DataTable::new(2, &["", "segment", "customers looked at", "mean silhouette", "nearer to another"]);
    for (segment, strip) in results.segments.iter().zip(strips) {
        table.push(vec![
            segment.id.to_string(),
            segment.name.clone(),
            count(strip.n_customers as u64),
            fixed(strip.mean, 3),
            percent1(strip.share_negative),
        ]);
    }
    table
}
