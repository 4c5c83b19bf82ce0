//! Reports of customer value: results into a page, its JSON twin, a model card, and runs side by side.
//!
//! Made like the churn report, from [`ValueResults`] instead of [`crate::RunResults`]; `churn+clv` runs put the churn head's
//! sections on the same page.

mod card;
pub mod compare;
mod page;
mod plot;
mod results;
mod words;

pub use card::render_card;
pub use results::*;

use crate::error::ReportError;
use crate::render::{page_markup, read_twin};

/// One self-contained HTML page: no script, no network, every text of the data escaped.
pub fn render_html(results: &ValueResults) -> Result<String, ReportError> {
    page_markup(&page::document(results))
}

/// The results as `report.json`, from which [`read_json`] makes the same page again.
pub fn render_json(results: &ValueResults) -> Result<String, ReportError> {
    serde_json::to_string_pretty(results).map_err(ReportError::Write)
}

/// The results in a `report.json` of a value run.
pub fn read_json(text: &str) -> Result<ValueResults, ReportError> {
    read_twin(text)
}
