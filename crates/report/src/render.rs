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

/// The results in a `report.json` of a churn run; [`task_of`] tells which task it is of.
pub fn read_json(text: &str) -> Result<RunResults, ReportError> {
    read_twin(text)
}

/// The task of the run that a `report.json` tells of, by which its reader is chosen: `churn`, `clv`, `churn+clv`.
pub fn task_of(text: &str) -> Result<String, ReportError> {
    #[derive(serde::Deserialize)]
    struct Header {
        run: crate::results::RunFacts,
    }
    check_format(text)?;
    let Header { run } = serde_json::from_str(text).map_err(ReportError::Read)?;
    Ok(run.task)
}

/// Results of any task, in this version's format.
pub(crate) fn read_twin<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ReportError> {
    check_format(text)?;
    serde_json::from_str(text).map_err(ReportError::Read)
}

fn check_format(text: &str) -> Result<(), ReportError> {
    #[derive(serde::Deserialize)]
    struct Header {
        format: u32,
    }
    let Header { format } = serde_json::from_str(text).map_err(ReportError::Read)?;
    if format == FORMAT { Ok(()) } else { Err(ReportError::Format { expected: FORMAT, found: format }) }
}

/// A document as a page.
pub(crate) fn page_markup(page: &Document) -> Result<String, ReportError> {
    Ok(PageTemplate { page, style: include_str!("../templates/style.css") }.render()?)
}
