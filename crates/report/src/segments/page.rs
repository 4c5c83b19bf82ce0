//! The page of a segmentation: who the segments are, how sound they are, what they are worth.

use super::plot;
use super::results::SegmentResults;
use super::words;
use crate::document::{Block, Document, Section, Tile};
use crate::figure::DataTable;
use crate::number::{count, fixed, percent, percent1};
use crate::page::{configuration, data, footer, headline};
use crate::{date, plot as shared};

/// The whole page of one run.
pub(crate) fn document(results: &SegmentResults) -> Document {
    let sections = [
        segments(results),
        number(results),
        soundness(results),
        classical(results),
        value(results),
        time(results),
        data_section(results),
        configuration::configuration(&results.config),
        configuration::environment(&results.run, &results.environment),
    ];
    Document {
        title: format!("{}: {}", results.run.name, words::headline(results)),
        eyebrow: eyebrow(results),
        headline: words::headline(results),
        facts: vec![facts(results)],
        notices: headline::notices(&results.caveats),
        tiles: tiles(results),
        tiles_note:
            "↓: less is better. Silhouette: 1 is well inside its segment, 0 on a border. Stability: the mean adjusted \
                     Rand index over bootstraps, 1 for the same segments each time."
                .into(),
        sections: sections.into_iter().filter(|section| !section.is_empty()).collect(),
        footer: footer(&results.run, &results.environment),
        ..Document::default()
    }
}

fn eyebrow(results: &SegmentResults) -> Vec<String> {
    let started = results.run.started_at.replace('T', " ").replace('Z', " UTC");
    let at = results.at.map_or(String::new(), |at| format!("customers as of {}", date::day(at)));
    [results.run.name.clone(), "segments".into(), at, started].into_iter().filter(|text| !text.is_empty()).collect()
}

fn facts(results: &SegmentResults) -> String {
    let how = if results.metric == "cosine" { "spherical k-means" } else { "k-means" };
    format!(
        "{} customers, put into segments by {how} on {}. {}",
        count(results.n_customers as u64),
        results.columns.join(", "),
        results.choice.reason
    )
}

fn tiles(results: &SegmentResults) -> Vec<Tile> {
    let candidate = results.choice.candidate();
    let optional = |value: Option<f64>, digits: usize| value.map_or("–".to_owned(), |value| fixed(value, digits));
    let tile = |name: &str, value: String, below: String| Tile {
        name: name.into(),
        value,
        interval: below,
        rival: String::new(),
    };
    let tried = &results.choice.candidates;
    let range = match tried.as_slice() {
        [first, .., last] => format!("of {} to {} tried", first.k, last.k),
        _ => "as asked for".into(),
    };
    let lowest = candidate.stability.as_ref().map_or(String::new(), |s| format!("lowest {}", fixed(s.lowest(), 2)));
    let mut tiles = vec![
        tile("Segments", results.choice.k.to_string(), range),
        tile("Silhouette", optional(candidate.silhouette, 3), String::new()),
        tile("Stability", optional(candidate.stability.as_ref().map(|s| s.mean), 2), lowest),
        tile("Davies-Bouldin ↓", optional(candidate.davies_bouldin, 2), String::new()),
        tile("Smallest segment", percent1(candidate.smallest as f64 / results.n_customers.max(1) as f64), {
            format!("{} customers", count(candidate.smallest as u64))
        }),
    ];
    tiles.push(
        top_fifth(results).unwrap_or_else(|| tile("Customers", count(results.n_customers as u64), String::new())),
    );
    tiles
}

/// How much of the value the tiers up to a fifth of the customers bring; none where no tier ends near there.
fn top_fifth(results: &SegmentResults) -> Option<Tile> {
    let mut sums = results.tiers.iter().scan((0.0, 0.0), |sum, tier| {
        *sum = (sum.0 + tier.share, sum.1 + tier.value_share);
        Some(*sum)
    });
    let (share, value) = sums.find(|(share, _)| (0.15..0.25).contains(share))?;
    Some(Tile {
        name: format!("Value of the top {}", percent(share)),
        value: percent(value),
        interval: "of all value".into(),
        rival: String::new(),
    })
}

fn segments(results: &SegmentResults) -> Section {
    let mut section = Section::new("segments", "The segments");
    section.figures.push(plot::told::figure(results));
    section.figures.push(plot::sizes::figure(results));
    section.figures.extend(plot::projection::figure(results));
    section.figures.push(plot::profile::figure(results));
    section
}

fn number(results: &SegmentResults) -> Section {
    let mut section = Section::new("number", "How many segments");
    section.lead.push(results.choice.reason.clone());
    section.lead.extend(words::alternatives(results));
    section.figures.extend(plot::choice::figures(results));
    if results.choice.candidates.len() > 1 {
        section.blocks.push(Block {
            title: "Every number tried".into(),
            note: "More is better but for inertia and Davies-Bouldin. A number is in question when every segment is large \
                   enough and the segments come back from bootstraps."
                .into(),
            table: plot::choice::table(results),
            folded: true,
        });
    }
    section
}

fn soundness(results: &SegmentResults) -> Section {
    let mut section = Section::new("soundness", "How sound they are");
    section.lead = words::soundness(results).split_off(1);
    section.figures.extend(plot::silhouette::figure(results));
    section.figures.extend(plot::later::figures(results));
    section.lead.extend(words::later(results));
    section
}

fn classical(results: &SegmentResults) -> Section {
    let mut section = Section::new("rfm", "The classical RFM segments");
    let Some(rfm) = &results.rfm else { return section };
    let scored = if rfm.has_money { "recency, frequency and money" } else { "recency and frequency" };
    section.lead.push(format!("Customers scored from 1 to 5 by fifths of {scored}, and named by the usual table."));
    if let Some(agreement) = rfm.agreement {
        section.lead.push(format!(
            "The adjusted Rand index between these and the segments above is {}: 1 would be the same, 0 chance.",
            fixed(agreement, 2)
        ));
    }
    section.figures.push(plot::rfm::grid(rfm));
    section.figures.push(plot::rfm::sizes(rfm));
    section
}

fn value(results: &SegmentResults) -> Section {
    let mut section = Section::new("value", "Where the value lies");
    if results.tiers.is_empty() {
        return section;
    }
    let column = results.value_column.as_deref().unwrap_or_default();
    section.lead.push(format!("Customers in descending order of {column}, cut into tiers."));
    section.figures.push(plot::tiers::figure(results));
    section
}

fn time(results: &SegmentResults) -> Section {
    let mut section = Section::new("moves", "Over time");
    section.figures.extend(plot::migration::figure(results));
    section.figures.extend(results.retention.as_ref().and_then(shared::retention::figure));
    section
}

fn data_section(results: &SegmentResults) -> Section {
    let mut section = Section::new("data", "Data");
    let data = &results.data;
    section.lead.push(format!("{} rows read, {} kept.", count(data.n_rows_read), count(data.n_rows_kept)));
    if let Some((first, last)) = data.time_range {
        section.lead.push(format!("Events from {} to {}.", date::day(first), date::day(last)));
    }
    section.lead.extend(data.notes.iter().cloned());
    section.blocks = data::blocks(data);
    section
}

/// Segments by size and value, for the page and the card.
pub(crate) fn segment_table(results: &SegmentResults) -> DataTable {
    let mut table = DataTable::new(2, &["", "segment", "customers", "share", "value share"]);
    for segment in &results.segments {
        table.push(vec![
            segment.id.to_string(),
            segment.name.clone(),
            count(segment.n_customers as u64),
            percent1(segment.share),
            segment.value_share.map_or("–".to_owned(), percent1),
        ]);
    }
    table
}
