//! Results into an HTML page with plots, its JSON twin and a model card.
//!
//! The program fills one [`RunResults`] (churn) or one [`value::ValueResults`] (customer value); everything here is a pure
//! function of it. The page is one file without script
//! that asks for nothing from the network, and every text that comes from data is escaped. The same results give the
//! same bytes: no clock, no environment, no hash map is read. `report.json` is the serialized results, so a page
//! can be made again from it at any time.
//!
//! # Example
//! ```
//! use tenure_report::{ReportError, RunResults, read_json, render_card, render_html, render_json};
//!
//! /// The page, its twin and the card of one run.
//! fn papers(results: &RunResults) -> Result<[String; 3], ReportError> {
//!     let twin = render_json(results)?;
//!     assert_eq!(render_html(&read_json(&twin)?)?, render_html(results)?);
//!     Ok([render_html(results)?, twin, render_card(results)?])
//! }
//! # assert!(matches!(read_json("{\"format\": 2}"), Err(ReportError::Format { expected: 1, found: 2 })));
//! ```

mod card;
pub mod compare;
mod compression;
mod date;
mod document;
mod error;
mod escape;
mod figure;
mod number;
mod page;
mod plot;
mod render;
mod results;
pub mod segments;
pub mod value;
mod words;

pub use card::render_card;
pub use compression::{Compression, CompressionGate, CompressionStep, StepQuality, render_compression};
pub use error::ReportError;
pub use render::{read_json, render_html, render_json, task_of};
pub use results::*;
