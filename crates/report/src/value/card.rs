//! The model card of a run that predicts value, in the sections of Mitchell et al. 2019.

use askama::Template;
use tenure_evaluate::{Estimate, ValueMetric};
use tenure_table::Role;

use super::plot;
use super::results::{ValueBaseline, ValueResults};
use super::words;
use crate::card::{Facts, data, doubts, splits};
use crate::error::ReportError;
use crate::number::{count, percent};
use crate::words::capitalized;

/// Levels of slices listed; the page has all of them.
const MAX_SLICES: usize = 20;

#[derive(Template)]
#[template(path = "value_card.md")]
struct Card<'a> {
    results: &'a ValueResults,
    headline: String,
    plain: String,
    network: String,
    n_test: String,
    doubts: Vec<String>,
    strongest: String,
    metrics: Vec<[String; 4]>,
    baselines: Vec<String>,
    distributions: Vec<String>,
    data: Vec<String>,
    splits: Vec<String>,
    slices: Vec<Vec<String>>,
    sensitive: Vec<&'a str>,
    features: Vec<&'a str>,
}

/// The model card in Markdown; every text of the data is escaped.
pub fn render_card(results: &ValueResults) -> Result<String, ReportError> {
    let names = |keep: fn(Role) -> bool| {
        results.data.columns.iter().filter(|column| keep(column.role)).map(|column| column.name.as_str()).collect()
    };
    let judgement = &results.judgement;
    let facts = Facts {
        data: &results.data,
        partitions: &results.partitions,
        timeline: results.timeline.as_ref(),
        suspects: &results.suspects,
        gates: &results.gates,
        caveats: &results.caveats,
        positive: "bought",
    };
    let slices = plot::slices::table(&judgement.slices).rows;
    let card = Card {
        results,
        headline: words::headline(judgement),
        plain: words::plain(judgement, &results.target),
        network: network(results),
        n_test: count(judgement.model.counts.n_rows as u64),
        doubts: doubts(&facts),
        strongest: judgement.strongest_baseline().map_or("no baseline".to_owned(), |baseline| baseline.name.clone()),
        metrics: metrics(results),
        baselines: judgement.baselines.iter().flat_map(sentences).collect(),
        distributions: distributions(results),
        data: data(&facts),
        splits: splits(&facts),
        slices: slices.into_iter().take(MAX_SLICES).collect(),
        sensitive: names(|role| role == Role::Sensitive),
        features: names(Role::is_feature),
    };
    Ok(card.render()?)
}

fn network(results: &ValueResults) -> String {
    let training = &results.training;
    let copies =
        if training.n_networks <= 1 { String::new() } else { format!(", {} of them averaged", training.n_networks) };
    format!("{}, {} parameters{copies}", training.network, count(training.n_parameters))
}

/// Name, value, interval, and the strongest baseline's figure.
fn metrics(results: &ValueResults) -> Vec<[String; 4]> {
    let judgement = &results.judgement;
    let rival = judgement.strongest_baseline();
    let row = |name: &str, metric: ValueMetric| {
        let of = |estimate: Option<&Estimate>| {
            estimate.map_or("–".to_owned(), |estimate| words::value(metric, estimate.value))
        };
        let model = judgement.model.metrics.get(metric);
        let range = model.map_or("–".to_owned(), |estimate| words::range(metric, estimate));
        [name.to_owned(), of(model), range, of(rival.and_then(|baseline| baseline.evaluation.metrics.get(metric)))]
    };
    vec![
        row("normalized Gini", ValueMetric::NormalizedGini),
        row("Spearman", ValueMetric::Spearman),
        row("Spearman, buyers only", ValueMetric::SpearmanNonzero),
        row("MAE (less is better)", ValueMetric::Mae),
        row("RMSE (less is better)", ValueMetric::Rmse),
        row("predicted / actual total (1 is right)", ValueMetric::TotalRatio),
        row("decile MAPE (less is better)", ValueMetric::DecileMape),
        row("share of value in the top tenth", ValueMetric::GainAt { share: 0.1 }),
    ]
}

fn sentences(baseline: &ValueBaseline) -> Vec<String> {
    [ValueMetric::NormalizedGini, ValueMetric::Rmse]
        .into_iter()
        .filter_map(|metric| baseline.comparison(metric))
        .map(|comparison| capitalized(&words::difference(comparison, &baseline.name)) + ".")
        .collect()
}

fn distributions(results: &ValueResults) -> Vec<String> {
    let coverage = results.judgement.distribution.iter().flat_map(|distribution| &distribution.coverage);
    coverage
        .map(|c| {
            format!(
                "The {} interval held for {} of customers ({} to {}).",
                percent(c.nominal),
                percent(c.observed),
                percent(c.low),
                percent(c.high)
            )
        })
        .collect()
}
