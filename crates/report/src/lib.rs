//! Results into an HTML page with plots, its JSON twin and a model card.
mod date;
mod escape;
mod figure;
mod number;
mod plot;
mod results;

pub use results::*;
