//! The page of a run that predicts value: its results put into sections.

use tenure_evaluate::ValueMetric;

use super::plot;
use super::results::{FitFacts, ValueResults};
use super::words;
use crate::document::{Alert, Block, Document, Section, Tile};
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{count, fixed, percent, percent1, significant};
use crate::page::{configuration, data as shared, footer, headline, performance};
use crate::plot::{dependence, importance, learning, retention, timeline};
use crate::results::PartitionFacts;
use crate::words::capitalized;
use crate::{date, number};

/// Metrics of the baselines that the page says in words.
const SAID: [ValueMetric; 3] = [ValueMetric::NormalizedGini, ValueMetric::Spearman, ValueMetric::Rmse];

/// The whole page of one run.
pub(crate) fn document(results: &ValueResults) -> Document {
    let mut sections = vec![comparison(results), ranking(results), amounts(results), base(results)];
    sections.extend(churn(results));
    sections.extend([
        learning_section(results),
        features(results),
        slices(results),
        time(results),
        data(results),
        configuration::configuration(&results.config),
        configuration::environment(&results.run, &results.environment),
    ]);
    let finding = words::headline(&results.judgement);
    Document {
        title: format!("{}: {finding}", results.run.name),
        eyebrow: eyebrow(results),
        headline: finding,
        facts: facts(results),
        alerts: headline::alerts(&results.gates, &results.suspects),
        notices: notices(results),
        tiles: tiles(results),
        tiles_note: tiles_note(results),
        sections: sections.into_iter().filter(|section: &Section| !section.is_empty()).collect(),
        footer: footer(&results.run, &results.environment),
    }
}

fn eyebrow(results: &ValueResults) -> Vec<String> {
    let target = &results.target;
    let mut parts = headline::eyebrow(&results.run);
    parts.push(format!("{} over {}", target.quantity, target.horizon));
    parts
}

/// What the headline means, and what it rests on.
fn facts(results: &ValueResults) -> Vec<String> {
    let counts = &results.judgement.model.counts;
    let judged = format!(
        "Judged on {} customers it never saw, {} of whom bought.",
        count(counts.n_rows as u64),
        percent1(counts.n_nonzero as f64 / counts.n_rows.max(1) as f64)
    );
    let trained = headline::trained(&results.training.network, &results.environment, &results.data);
    vec![words::plain(&results.judgement, &results.target), format!("{judged} {trained}")]
}

/// What to know before acting: caveats, and what the test rows leave undefined.
fn notices(results: &ValueResults) -> Vec<Alert> {
    let undefined = results.judgement.model.undefined.iter().map(|why| capitalized(&why.reason) + ".");
    headline::notices(&results.caveats.iter().cloned().chain(undefined).collect::<Vec<_>>())
}

/// The main metrics, each with its interval and with the strongest baseline's figure.
fn tiles(results: &ValueResults) -> Vec<Tile> {
    let judgement = &results.judgement;
    let shown = [
        (ValueMetric::NormalizedGini, "Normalized Gini"),
        (ValueMetric::Spearman, "Spearman"),
        (ValueMetric::Rmse, "RMSE ↓"),
        (ValueMetric::Mae, "MAE ↓"),
        (ValueMetric::TotalRatio, "Predicted / actual"),
        (ValueMetric::GainAt { share: 0.1 }, "Value in the top tenth"),
    ];
    let tile = |(metric, name): (ValueMetric, &str)| {
        let estimate = judgement.model.metrics.get(metric);
        let rival = judgement.strongest_baseline().and_then(|baseline| {
            let figure = baseline.evaluation.metrics.get(metric)?;
            Some(format!("best baseline: {}", words::value(metric, figure.value)))
        });
        Tile {
            name: name.to_owned(),
            value: estimate.map_or("–".to_owned(), |estimate| words::value(metric, estimate.value)),
            interval: estimate.map_or("undefined here".to_owned(), |estimate| words::range(metric, estimate)),
            rival: rival.unwrap_or_default(),
        }
    };
    shown.into_iter().map(tile).collect()
}

fn tiles_note(results: &ValueResults) -> String {
    let bootstrap = &results.judgement.model.settings.bootstrap;
    let unit = if results.target.unit.is_empty() {
        String::new()
    } else {
        format!(" RMSE and MAE are in {}.", results.target.unit)
    };
    let rival = results.judgement.strongest_baseline().map_or(String::new(), |baseline| {
        format!(", and the figure of the baseline that orders them best, {}", baseline.name)
    });
    format!(
        "Below each figure: its {} interval, from {} bootstrap resamples of the test customers{rival}.{unit} ↓: less is \
         better.",
        percent(bootstrap.confidence),
        count(bootstrap.resamples as u64)
    )
}

/// The model beside what a sceptic would use instead.
fn comparison(results: &ValueResults) -> Section {
    let judgement = &results.judgement;
    let mut section = Section::new("comparison", "Against simpler models");
    if judgement.baselines.is_empty() {
        return section;
    }
    if let Some(strongest) = judgement.strongest_baseline() {
        let said = SAID.into_iter().filter_map(|metric| strongest.comparison(metric));
        section.lead =
            said.map(|comparison| capitalized(&words::difference(comparison, &strongest.name)) + ".").collect();
    }
    section.figures = plot::baselines::figures(judgement, &results.target);
    section.blocks.push(plot::baselines::metrics(judgement));
    section.blocks.extend(plot::baselines::paired(judgement));
    section.blocks.push(descriptions(results));
    section
}

fn descriptions(results: &ValueResults) -> Block {
    let mut table = DataTable::new(2, &["baseline", "what it does"]);
    for baseline in &results.judgement.baselines {
        table.push(vec![baseline.name.clone(), baseline.description.clone()]);
    }
    Block { title: "What the baselines do".to_owned(), table, folded: true, ..Block::default() }
}

/// How well customers are ordered by value, and what contacting the first of them earns.
fn ranking(results: &ValueResults) -> Section {
    let mut section = Section::new("ranking", "Order, and what it earns");
    section.figures.extend(plot::gain::figure(&results.judgement, &results.target));
    section.figures.extend(plot::targeting::figure(&results.judgement, &results.target));
    section
}

/// Whether predicted amounts and distributions are right.
fn amounts(results: &ValueResults) -> Section {
    let judgement = &results.judgement;
    let mut section = Section::new("amounts", "Amounts");
    section.figures.extend(plot::deciles::figure(judgement, &results.target));
    section.figures.extend(plot::slices::cohorts(judgement, &results.target));
    section.figures.extend(plot::pit::figure(judgement));
    section.figures.extend(plot::coverage::figure(judgement));
    section.blocks.extend(horizons(results));
    section
}

/// The same model over its other horizons.
fn horizons(results: &ValueResults) -> Option<Block> {
    let shown = [
        (ValueMetric::MeanActual, "mean actual"),
        (ValueMetric::TotalRatio, "predicted / actual"),
        (ValueMetric::NormalizedGini, "normalized Gini"),
        (ValueMetric::Spearman, "Spearman"),
        (ValueMetric::Rmse, "RMSE ↓"),
    ];
    let mut table = DataTable::new(1, &["horizon"]);
    table.head.extend(shown.iter().map(|(_, title)| (*title).to_owned()));
    for horizon in &results.judgement.horizons {
        let cells = shown.iter().map(|&(metric, _)| {
            horizon.metrics.get(metric).map_or("–".to_owned(), |estimate| words::value(metric, estimate.value))
        });
        table.push(std::iter::once(horizon.horizon.clone()).chain(cells).collect());
    }
    (!table.rows.is_empty()).then(|| Block {
        title: "Every horizon".to_owned(),
        note: "One network predicts all horizons; a longer one never has the smaller prediction.".to_owned(),
        table,
        folded: false,
    })
}

/// The customer base as probabilistic models see it.
fn base(results: &ValueResults) -> Section {
    let mut section = Section::new("base", "Customer base");
    section.figures.extend(results.base.tracking.iter().flat_map(plot::tracking::figures));
    section.figures.extend(results.base.alive.as_ref().and_then(plot::alive::figure));
    section.figures.extend(results.fits.iter().map(fit));
    section
}

fn fit(fit: &FitFacts) -> Figure {
    let mut table = DataTable::new(1, &["parameter", "estimate", "standard error"]);
    for parameter in &fit.parameters {
        let error = parameter.standard_error.map_or("–".to_owned(), significant);
        table.push(vec![parameter.name.clone(), fixed(parameter.value, 4), error]);
    }
    Figure {
        id: format!("fit-{}", anchor(&fit.model)),
        title: fit.model.clone(),
        finding: format!(
            "Log-likelihood {} over {} customers. {}",
            fixed(fit.log_likelihood, 2),
            count(fit.n_customers),
            fit.convergence
        ),
        table,
        ..Figure::default()
    }
}

/// Letters, digits and dashes.
fn anchor(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

/// The sections of the churn head, where the task has one.
fn churn(results: &ValueResults) -> Vec<Section> {
    let Some(evaluation) = &results.churn else { return Vec::new() };
    let renamed = |section: Section, id: &'static str, title: &'static str| Section { id, title, ..section };
    let mut comparison =
        renamed(performance::comparison(evaluation), "churn-comparison", "Churn, against simpler rules");
    comparison.lead.insert(0, format!("{}.", crate::words::headline(evaluation)));
    let mut sections = vec![
        comparison,
        renamed(performance::ranking(evaluation), "churn-ranking", "Churn, ranking"),
        renamed(performance::calibration(evaluation), "churn-calibration", "Churn, probabilities"),
        renamed(performance::decisions(evaluation), "churn-decisions", "Churn, decisions"),
        renamed(performance::slices(evaluation), "churn-groups", "Churn, groups"),
    ];
    for figure in sections.iter_mut().flat_map(|section| &mut section.figures) {
        figure.id = format!("churn-{}", figure.id);
    }
    sections
}

/// The network and how it learned, seed by seed.
fn learning_section(results: &ValueResults) -> Section {
    let training = &results.training;
    let mut section = Section::new("learning", "Learning");
    let curves = learning::figure(&training.curves);
    section.figures.extend(curves.map(|figure| Figure { id: "learning-curves".to_owned(), ..figure }));
    section.figures.extend(partitions(&results.partitions));
    section.blocks.extend(plot::baselines::seeds(&results.judgement));
    let speed = training
        .rows_per_second
        .map_or(String::new(), |speed| format!(", at {} rows a second", count(speed.round() as u64)));
    section.lead.push(format!(
        "{}: {} parameters, {} {} trained{speed}.",
        training.network,
        count(training.n_parameters),
        training.n_networks,
        if training.n_networks == 1 { "network" } else { "networks" }
    ));
    section
}

fn partitions(partitions: &[PartitionFacts]) -> Option<Figure> {
    let mut table = DataTable::new(1, &["", "train", "validation", "test", "buyers in test"]);
    for partition in partitions {
        let n_rows = [partition.train, partition.validation, partition.test].map(|rows| count(rows.n_rows));
        let buyers = partition.test.positive_share().map_or("–".to_owned(), percent1);
        table.push(std::iter::once(partition.name.clone()).chain(n_rows).chain([buyers]).collect());
    }
    (!table.rows.is_empty()).then(|| Figure {
        id: "partitions".to_owned(),
        title: "Rows by partition".to_owned(),
        reading: "Training rows fit the network and its encoders; validation rows stop it; test rows only judge."
            .to_owned(),
        table,
        ..Figure::default()
    })
}

/// Which features matter, and what each of the top ones does.
fn features(results: &ValueResults) -> Section {
    let mut section = Section::new("features", "Features");
    let losses: Vec<_> =
        results.judgement.importance.iter().map(|one| (one.feature.as_str(), &one.gini_loss)).collect();
    section.figures.extend(importance::figure("normalized Gini", &losses));
    section.figures.extend(dependence::figures(&results.dependence, Unit::Amount));
    section
}

fn slices(results: &ValueResults) -> Section {
    let mut section = Section::new("slices", "Groups");
    section.figures.extend(plot::slices::figure(&results.judgement, &results.target));
    section.figures.extend(plot::slices::ranking(&results.judgement));
    section
}

fn time(results: &ValueResults) -> Section {
    let mut section = Section::new("time", "Time");
    section.figures.extend(results.timeline.as_ref().and_then(timeline::figure));
    section.figures.extend(results.retention.as_ref().and_then(retention::figure));
    section
}

fn data(results: &ValueResults) -> Section {
    let data = &results.data;
    let mut section = Section::new("data", "Data");
    section.lead.push(format!(
        "{} rows read, {} kept; {} examples, {} of them with any {} in the horizon.",
        count(data.n_rows_read),
        count(data.n_rows_kept),
        count(data.n_examples),
        number::percent1(data.n_positive as f64 / data.n_examples.max(1) as f64),
        results.target.quantity
    ));
    if let Some((first, last)) = data.time_range {
        section.lead.push(format!("Events from {} to {}.", date::day(first), date::day(last)));
    }
    section.lead.extend(data.notes.iter().cloned());
    section.blocks = shared::blocks(data);
    section
}
