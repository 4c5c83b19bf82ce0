//! The task `segments`: its results, its page, its card.

mod card;
mod page;
mod plot;
mod results;
mod words;

use crate::error::ReportError;
use crate::render::page_markup;
use crate::results::FORMAT;

pub use card::render_card;
pub use results::{
    Later, MigrationFacts, Projected, Projection, RfmFacts, SegmentMean, SegmentResults, SilhouetteStrip,
};

/// What [`crate::RunFacts::task`] says of such a run.
pub const TASK: &str = "segments";

/// One self-contained HTML page: no script, no network, every text of the data escaped.
pub fn render_html(results: &SegmentResults) -> Result<String, ReportError> {
    page_markup(&page::document(results))
}

/// The results as `report.json`, from which [`read_json`] makes the same page again.
pub fn render_json(results: &SegmentResults) -> Result<String, ReportError> {
    serde_json::to_string_pretty(results).map_err(ReportError::Write)
}

/// The results in a `report.json` of this task.
pub fn read_json(text: &str) -> Result<SegmentResults, ReportError> {
    #[derive(serde::Deserialize)]
    struct Header {
        format: u32,
    }
    let Header { format } = serde_json::from_str(text).map_err(ReportError::Read)?;
    if format != FORMAT {
        return Err(ReportError::Format { expected: FORMAT, found: format });
    }
    serde_json::from_str(text).map_err(ReportError::Read)
}
