//! The page of one run: its results put into sections.

pub(crate) mod configuration;
pub(crate) mod data;
pub(crate) mod headline;
pub(crate) mod performance;

use crate::document::{Document, Section};
use crate::results::{Environment, RunFacts, RunResults};
use crate::words;

/// The whole page of one run.
pub(crate) fn document(results: &RunResults) -> Document {
    let evaluation = &results.evaluation;
    let sections = [
        performance::comparison(evaluation),
        performance::ranking(evaluation),
        performance::calibration(evaluation),
        performance::decisions(evaluation),
        performance::learning(results),
        performance::features(results),
        performance::slices(evaluation),
        data::time(results),
        data::data(results),
        configuration::configuration(&results.config),
        configuration::environment(&results.run, &results.environment),
    ];
    Document {
        title: format!("{}: {}", results.run.name, words::headline(&results.evaluation)),
        eyebrow: headline::eyebrow(&results.run),
        headline: words::headline(&results.evaluation),
        facts: headline::facts(results),
        alerts: headline::alerts(&results.gates, &results.suspects),
        notices: headline::notices(&results.caveats),
        tiles: headline::tiles(results),
        tiles_note: headline::tiles_note(results),
        sections: sections.into_iter().filter(|section: &Section| !section.is_empty()).collect(),
        footer: footer(&results.run, &results.environment),
    }
}

/// The last line.
pub(crate) fn footer(run: &RunFacts, environment: &Environment) -> String {
    format!(
        "Tenure {}, run {}. This page needs no network; report.json beside it holds the same figures.",
        environment.tenure_version, run.id
    )
}
