//! The card of a segmentation: what it is for, how sound it is, and how to make it again.

use askama::Template;

use super::page::segment_table;
use super::results::SegmentResults;
use super::words;
use crate::date;
use crate::error::ReportError;
use crate::number::count;

#[derive(Template)]
#[template(path = "segments_card.md")]
struct Card<'a> {
    results: &'a SegmentResults,
    headline: String,
    n_customers: String,
    at: String,
    segments: Vec<Vec<String>>,
    soundness: Vec<String>,
    columns: String,
}

/// The card in Markdown; every text of the data is escaped.
pub fn render_card(results: &SegmentResults) -> Result<String, ReportError> {
    let soundness =
        words::soundness(results).into_iter().chain(words::alternatives(results)).chain(words::later(results));
    let card = Card {
        results,
        headline: words::headline(results),
        n_customers: count(results.n_customers as u64),
        at: results.at.map_or(String::new(), |at| format!(" as of {}", date::day(at))),
        segments: segment_table(results).rows,
        soundness: soundness.collect(),
        columns: results.columns.join(", "),
    };
    Ok(card.render()?)
}
