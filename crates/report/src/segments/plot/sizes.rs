//! How many customers each segment has, and how much of the value.

use crate::escape::shorten;
use crate::figure::{Figure, Key, Unit};
use crate::number::{percent, percent1};
use crate::plot::frame::WIDTH;
use crate::plot::scale::{Scale, extent};
use crate::plot::svg::{Anchor, Svg};
use crate::segments::page::segment_table;
use crate::segments::results::SegmentResults;

const TOP: f64 = 8.0;
const BOTTOM: f64 = 30.0;
const ROW: f64 = 52.0;
const BAR: f64 = 12.0;
const RIGHT: f64 = 52.0;
const LABEL: usize = 44;

/// Two bars for each segment: its share of customers and its share of value.
pub(crate) fn figure(results: &SegmentResults) -> Figure {
    let has_value = results.segments.iter().any(|segment| segment.value_share.is_some());
    let mut legend = vec![Key::new("bar one", "share of customers")];
    legend.extend(has_value.then(|| Key::new("bar two", "share of value")));
    Figure {
        id: "sizes".to_owned(),
        title: if has_value { "Sizes and value" } else { "Sizes" }.to_owned(),
        reading: "A segment whose second bar is the longer brings more than its number of customers.".to_owned(),
        finding: finding(results),
        legend,
        drawing: draw(results, has_value),
        table: segment_table(results),
        span: "tall",
    }
}

fn finding(results: &SegmentResults) -> String {
    let Some((best, share)) = results.segments.first().and_then(|best| Some((best, best.value_share?))) else {
        return String::new();
    };
    format!("{}: {} of customers, {} of value.", best.name, percent(best.share), percent(share))
}

fn draw(results: &SegmentResults, has_value: bool) -> String {
    let segments = &results.segments;
    let row = if has_value { ROW } else { ROW - BAR - 2.0 };
    let height = TOP + row * segments.len() as f64 + BOTTOM;
    let shares = segments.iter().flat_map(|segment| [Some(segment.share), segment.value_share]).flatten();
    let largest = extent(shares).map_or(1.0, |(_, high)| high);
    let x = Scale::new(0.0, largest).to(2.0, WIDTH - RIGHT);
    let mut svg = Svg::default();
    for (value, label) in x.ticks(4, Unit::Share) {
        svg.line("grid", (x.at(value), TOP), (x.at(value), height - BOTTOM));
        svg.text("tick", Anchor::Middle, (x.at(value), height - BOTTOM + 17.0), &label);
    }
    for (place, segment) in segments.iter().enumerate() {
        let top = TOP + row * place as f64;
        let name = format!("{}  {}", segment.id, segment.name);
        svg.label("axis", Anchor::Start, (2.0, top + 14.0), &shorten(&name, LABEL), &segment.name);
        let bars = [("bar one", Some(segment.share)), ("bar two", segment.value_share)];
        for (i, (class, share)) in bars.into_iter().enumerate() {
            let Some(share) = share else { continue };
            let y = top + 20.0 + i as f64 * (BAR + 2.0);
            svg.rect(class, (x.at(0.0), y), (x.at(share) - x.at(0.0), BAR), &percent1(share));
            svg.text("tick", Anchor::Start, (x.at(share) + 5.0, y + BAR - 2.0), &percent1(share));
        }
    }
    svg.finish((WIDTH, height), "Share of customers and of value by segment")
}
