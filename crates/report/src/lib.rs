//! Results into an HTML page with plots, its JSON twin and a model card.
mod card;
pub mod compare;
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
mod words;

pub use card::render_card;
pub use error::ReportError;
pub use render::{read_json, render_html, render_json};
pub use results::*;
