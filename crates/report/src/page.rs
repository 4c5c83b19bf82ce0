//! The page of one run: its results put into sections.

mod configuration;
mod data;
mod headline;
mod performance;

use crate::document::{Document, Section};
use crate::results::RunResults;
use crate::words;

/// The whole page of one run.
pub(crate) fn document(results: &RunResults) -> Document {
    let sections = [
        performance::comparison(results),
        performance::ranking(results),
        performance::calibration(results),
        performance::decisions(results),
        performance::learning(results),
        performance::features(results),
        performance::slices(results),
        data::time(results),
        data::data(results),
        configuration::configuration(results),
        configuration::environment(results),
    ];
    Document {
        title: format!("{}: {}", results.run.name, words::headline(&results.evaluation)),
        eyebrow: headline::eyebrow(results),
        headline: words::headline(&results.evaluation),
        facts: headline::facts(results),
        alerts: headline::alerts(results),
        notices: headline::notices(results),
        tiles: headline::tiles(results),
        tiles_note: headline::tiles_note(results),
        sections: sections.into_iter().filter(|section: &Section| !section.is_empty()).collect(),
        footer: format!(
            "Tenure {}, run {}. This page needs no network; report.json beside it holds the same figures.",
            results.environment.tenure_version, results.run.id
        ),
    }
}
