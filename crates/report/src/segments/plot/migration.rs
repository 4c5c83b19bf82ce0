//! Who moved from which segment to which.

use crate::date;
use crate::escape::escape;
use crate::figure::{DataTable, Figure};
use crate::number::{count, percent};
use crate::segments::results::{MigrationFacts, SegmentResults};

/// Shades of the style sheet, `h0` to `h8`.
const N_SHADES: f64 = 8.0;

/// A row for each segment of the earlier date, a column for each of the later one.
pub(crate) fn figure(results: &SegmentResults) -> Option<Figure> {
    let facts = results.migration.as_ref()?;
    let (from, to) = (date::day(facts.from), date::day(facts.to));
    let stayed = facts.migration.stayed_share().map_or(String::new(), |share| {
        format!("{} of the customers of both dates are in the same segment.", percent(share))
    });
    Some(Figure {
        id: "migration".to_owned(),
        title: format!("Moves from {from} to {to}"),
        reading:
            "The segments of today, applied to both dates. Each row is where the customers of a segment went: the \
                  percentage of the row, below it the customers."
                .to_owned(),
        finding: stayed,
        drawing: draw(results, facts),
        table: table(results, facts),
        span: "wide",
        ..Figure::default()
    })
}

fn row_name(results: &SegmentResults, from: usize) -> String {
    results.segments.get(from).map_or("not a customer yet".to_owned(), |s| format!("{}  {}", s.id, s.name))
}

fn draw(results: &SegmentResults, facts: &MigrationFacts) -> String {
    let mut markup =
        String::from("<div class=\"scroll\"><table class=\"heat moves\"><thead><tr><th>from</th><th>customers</th>");
    for segment in &results.segments {
        markup.push_str(&format!("<th title=\"{}\">{}</th>", escape(&segment.name), segment.id));
    }
    markup.push_str("</tr></thead><tbody>\n");
    for (from, counts) in facts.migration.counts.iter().enumerate() {
        let all: usize = counts.iter().sum();
        let name = escape(&row_name(results, from));
        markup.push_str(&format!("<tr><th>{name}</th><td class=\"num\">{}</td>", count(all as u64)));
        for &moved in counts {
            let share = moved as f64 / all.max(1) as f64;
            let class = format!("h{:.0}", (share * N_SHADES).round());
            let (text, n) = (percent(share), count(moved as u64));
            markup.push_str(&format!("<td class=\"{class}\">{text}<br><small>{n}</small></td>"));
        }
        markup.push_str("</tr>\n");
    }
    markup.push_str("</tbody></table></div>");
    markup
}

fn table(results: &SegmentResults, facts: &MigrationFacts) -> DataTable {
    let mut table = DataTable::new(2, &["from", "to", "customers"]);
    for (from, counts) in facts.migration.counts.iter().enumerate() {
        for (segment, &moved) in results.segments.iter().zip(counts) {
            let to = format!("{}  {}", segment.id, segment.name);
            table.push(vec![row_name(results, from), to, count(moved as u64)]);
        }
    }
    table
}
