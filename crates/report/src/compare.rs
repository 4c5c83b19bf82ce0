//! Runs side by side on one page.

mod sections;

pub(crate) use sections::{Circumstances, Sheet, circumstances, settings};

use tenure_evaluate::{Comparison, Metric};

use crate::document::{Document, Section};
use crate::error::ReportError;
use crate::number::fixed;
use crate::render::page_markup;
use crate::results::{RunFacts, RunResults};
use crate::words::{self, DIGITS, Verdict};

/// One run of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its results.
    pub results: &'a RunResults,
    /// This run against the first one, on the same test rows; or, in words, why there is no such comparison.
    pub against_first: Result<&'a [Comparison], &'a str>,
}

impl Side<'_> {
    fn comparison(&self, metric: Metric) -> Option<&Comparison> {
        self.against_first.ok()?.iter().find(|comparison| comparison.metric == metric)
    }
}

/// One self-contained HTML page; the first run is what the others are compared with.
pub fn render(sides: &[Side<'_>]) -> Result<String, ReportError> {
    if sides.len() < 2 {
        return Err(ReportError::TooFewRuns { n_runs: sides.len() });
    }
    page_markup(&document(sides))
}

fn document(sides: &[Side<'_>]) -> Document {
    let names = names_of(&sides.iter().map(|side| &side.results.run).collect::<Vec<_>>());
    let shared: Vec<Circumstances<'_>> = sides
        .iter()
        .map(|side| Circumstances {
            run: &side.results.run,
            config: &side.results.config,
            training: &side.results.training,
            environment: &side.results.environment,
            data: &side.results.data,
        })
        .collect();
    let sections = [
        sections::differences(sides, &names),
        sections::metrics(sides, &names),
        settings(&shared, &names),
        circumstances(&shared, &names),
    ];
    let headline = headline(sides, &names);
    Document {
        title: format!("Comparison: {headline}"),
        eyebrow: vec!["Comparison".to_owned(), format!("{} runs", sides.len())],
        headline,
        sections: sections.into_iter().filter(|section: &Section| !section.is_empty()).collect(),
        footer: "This page needs no network.".to_owned(),
        ..Document::default()
    }
}

/// What each run is called: its name, or its whole id where names repeat.
pub(crate) fn names_of(runs: &[&RunFacts]) -> Vec<String> {
    let is_unique = |name: &str| runs.iter().filter(|run| run.name == name).count() == 1;
    runs.iter().map(|run| if is_unique(&run.name) { run.name.clone() } else { run.id.clone() }).collect()
}

/// The highest AUC, and whether it is told apart from the first run's.
fn headline(sides: &[Side<'_>], names: &[String]) -> String {
    let auc = |i: usize| sides[i].results.evaluation.model.metrics.auc.value;
    let best = (0..sides.len()).rev().max_by(|&a, &b| auc(a).total_cmp(&auc(b))).unwrap_or(0);
    let claim = format!("{} has the highest AUC, {}", names[best], fixed(auc(best), DIGITS));
    match sides[best].comparison(Metric::Auc).map(words::verdict) {
        Some(Verdict::Undecided) => format!("{claim}, not distinguishable from {}", names[0]),
        Some(_) => format!("{claim}, beyond chance above {}", names[0]),
        None => claim,
    }
}
