//! Profiles of segments as a table whose cells are shaded by how far they are from everybody's.

use tenure_segments::{ColumnProfile, FigureKind};

use crate::escape::escape;
use crate::figure::{DataTable, Figure, Key};
use crate::number::{fixed, percent, signed, significant};
use crate::segments::results::SegmentResults;

/// Columns drawn; the table has all of them.
const MAX_COLUMNS: usize = 12;
/// Standard deviations of the strongest shade.
const STRONGEST: f64 = 1.6;
/// Shades on either side.
const N_SHADES: f64 = 4.0;

/// One row for each segment, one column for each figure: the median and its shade.
pub(crate) fn figure(results: &SegmentResults) -> Figure {
    Figure {
        id: "profile".to_owned(),
        title: "Profiles".to_owned(),
        reading: "Each cell is the segment's median in its own unit (of a level: the share of customers who have it), below it \
                  the z-score: how many standard deviations the segment's mean lies from everybody's, on the scale that was \
                  clustered."
            .to_owned(),
        legend: vec![Key::new("bar above", "above everybody's"), Key::new("bar below", "below everybody's")],
        drawing: draw(results),
        table: table(results),
        span: "wide",
        ..Figure::default()
    }
}

/// Places of the columns in which segments differ most, in their own order.
fn shown(results: &SegmentResults) -> Vec<usize> {
    let n = results.segments.first().map_or(0, |segment| segment.columns.len());
    let strength =
        |column: usize| results.segments.iter().map(|segment| segment.columns[column].z.abs()).fold(0.0, f64::max);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| strength(b).total_cmp(&strength(a)));
    order.truncate(MAX_COLUMNS);
    order.sort_unstable();
    order
}

fn draw(results: &SegmentResults) -> String {
    let Some(first) = results.segments.first() else { return String::new() };
    let columns = shown(results);
    let mut markup = String::from("<div class=\"scroll\"><table class=\"heat profile\"><thead><tr><th>segment</th>");
    for &column in &columns {
        let profile = &first.columns[column];
        let unit =
            if profile.unit == "1" { String::new() } else { format!("<br><small>{}</small>", escape(&profile.unit)) };
        markup.push_str(&format!("<th>{}{unit}</th>", escape(&profile.name)));
    }
    markup.push_str("</tr></thead><tbody>\n");
    for segment in &results.segments {
        markup.push_str(&format!("<tr><th>{}  {}</th>", segment.id, escape(&segment.name)));
        for &column in &columns {
            let profile = &segment.columns[column];
            let (class, value, z) = (shade(profile.z), typical(profile), signed(profile.z, 1));
            markup.push_str(&format!("<td class=\"{class}\">{value}<br><small>{z}</small></td>"));
        }
        markup.push_str("</tr>\n");
    }
    markup.push_str("<tr><th>all customers</th>");
    for &column in &columns {
        markup.push_str(&format!("<td>{}</td>", of_all(&first.columns[column])));
    }
    markup.push_str("</tr></tbody></table></div>");
    markup
}

fn shade(z: f64) -> String {
    let strength = (z.abs() / STRONGEST * N_SHADES).round().min(N_SHADES);
    let side = if z < 0.0 { "below" } else { "above" };
    if strength < 1.0 { String::new() } else { format!("{side} by{strength}") }
}

fn typical(profile: &ColumnProfile) -> String {
    told(profile.kind, profile.typical)
}

fn of_all(profile: &ColumnProfile) -> String {
    told(profile.kind, profile.typical_of_all)
}

fn told(kind: FigureKind, value: Option<f64>) -> String {
    match (kind, value) {
        (_, None) => "–".into(),
        (FigureKind::Indicator, Some(share)) => percent(share),
        (FigureKind::Magnitude, Some(median)) => significant(median),
    }
}

fn table(results: &SegmentResults) -> DataTable {
    let mut table = DataTable::new(3, &["segment", "figure", "unit", "median or share", "of all customers", "z-score"]);
    for segment in &results.segments {
        for profile in &segment.columns {
            let (name, unit) = (profile.name.clone(), profile.unit.clone());
            let z = fixed(profile.z, 2);
            table.push(vec![segment.name.clone(), name, unit, typical(profile), of_all(profile), z]);
        }
    }
    table
}
