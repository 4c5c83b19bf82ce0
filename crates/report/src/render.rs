//! Documents into markup, results into JSON and back.

use askama::Template;

use crate::document::Document;
use crate::error::ReportError;
use crate::page;
use crate::results::{FORMAT, RunResults};

#[derive(Template)]
#[template(path = "page.html")]
struct PageTemplate<'a> {
    page: &'a Document,
    style: &'static str,
}

/// One self-contained HTML page: no script, no network, every text of the data escaped.
pub fn render_html(results: &RunResults) -> Result<String, ReportError> {
    page_markup(&page::document(results))
}

/// The results as `report.json`, from which [`read_json`] makes the same page again.
pub fn render_json(results: &RunResults) -> Result<String, ReportError> {
    serde_json::to_string_pretty(results).map_err(ReportError::Write)
}

/// The results in a `report.json`.
pub fn read_json(text: &str) -> Result<RunResults, ReportError> {
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

/// A document as a page.
pub(crate) fn page_markup(page: &Document) -> Result<String, ReportError> {
    Ok(PageTemplate { page, style: include_str!("../templates/style.css") }.render()?)
}
