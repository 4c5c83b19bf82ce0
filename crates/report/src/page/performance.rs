//! How good the model is: sections with the plots.

use tenure_evaluate::Metric;

use crate::document::{Block, Section};
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{count, fixed, percent1};
use crate::plot;
use crate::results::{Evaluation, PartitionFacts, RowCount, RunResults};
use crate::words::{self, DIGITS};

/// The model beside what a sceptic would use instead.
pub(crate) fn comparison(evaluation: &Evaluation) -> Section {
    let mut section = Section::new("comparison", "Against simpler rules");
    section.lead = evaluation
        .baselines
        .iter()
        .flat_map(|baseline| {
            let shown = baseline.comparisons.iter().filter(|c| matches!(c.metric, Metric::Auc | Metric::LogLoss));
            shown.map(|comparison| words::capitalized(&words::difference(comparison, &baseline.name)) + ".")
        })
        .collect();
    section.figures.extend(plot::baselines::figures(evaluation));
    section
}

/// How well the model orders customers.
pub(crate) fn ranking(evaluation: &Evaluation) -> Section {
    let mut section = Section::new("ranking", "Ranking");
    section.figures.extend(plot::roc::figure(evaluation));
    section.figures.extend(plot::precision_recall::figure(evaluation));
    section
}

/// Whether its probabilities can be taken at their word.
pub(crate) fn calibration(evaluation: &Evaluation) -> Section {
    let mut section = Section::new("calibration", "Probabilities");
    section.figures.extend(plot::reliability::figure(evaluation));
    section.figures.extend(plot::histogram::figure(evaluation));
    section.blocks.extend(candidates(evaluation));
    section
}

/// Calibration maps that were tried, by partition.
fn candidates(evaluation: &Evaluation) -> Option<Block> {
    let calibration = &evaluation.calibration;
    if calibration.is_empty() {
        return None;
    }
    let mut table = DataTable::new(3, &["partition", "map", "", "log loss", "against no map", "standard error"]);
    let optional = |value: Option<f64>| value.map_or("–".to_owned(), |value| fixed(value, 4));
    for partition in calibration {
        for candidate in &partition.choice.candidates {
            let method = candidate.method;
            let reason = candidate.excluded.as_ref().map(|excluded| excluded.reason.clone());
            let remark =
                if method == partition.choice.method { "chosen".to_owned() } else { reason.unwrap_or_default() };
            table.push(vec![
                partition.partition.clone(),
                method.name().to_owned(),
                remark,
                optional(candidate.log_loss),
                optional(candidate.log_loss_change),
                optional(candidate.standard_error),
            ]);
        }
    }
    Some(Block {
        title: "Calibration maps that were tried".to_owned(),
        note: "Log loss by cross-validation on validation rows; below zero against no map, the map helps.".to_owned(),
        folded: calibration.len() > 1,
        table,
    })
}

/// What acting on the scores is worth.
pub(crate) fn decisions(evaluation: &Evaluation) -> Section {
    let mut section = Section::new("decisions", "Decisions");
    section.figures.extend(plot::gain::figure(evaluation));
    section.figures.extend(plot::lift::figure(evaluation));
    section.figures.extend(plot::profit::figure(evaluation));
    section.figures.push(threshold(evaluation));
    section
}

/// Metrics that hang on the threshold.
fn threshold(evaluation: &Evaluation) -> Figure {
    let at = &evaluation.model.at_threshold;
    let mut table = DataTable::new(1, &["metric", "value", "interval"]);
    let rows = [
        ("precision: flagged who churn", &at.precision),
        ("recall: churners who are flagged", &at.recall),
        ("specificity: stayers left alone", &at.specificity),
        ("F1", &at.f1),
        ("accuracy", &at.accuracy),
        ("flagged share", &at.flagged_share),
        ("profit per customer", &at.profit_per_row),
    ];
    for (name, estimate) in rows.into_iter().filter_map(|(name, estimate)| Some((name, estimate.as_ref()?))) {
        table.push(vec![name.to_owned(), fixed(estimate.value, DIGITS), words::range(estimate, DIGITS)]);
    }
    let of = &at.confusion;
    Figure {
        id: "threshold".to_owned(),
        title: format!("At the threshold of {}", fixed(of.threshold, DIGITS)),
        finding: format!(
            "Flagged: {} who churned and {} who stayed. Not flagged: {} who churned and {} who stayed.",
            count(of.true_positive.round() as u64),
            count(of.false_positive.round() as u64),
            count(of.false_negative.round() as u64),
            count(of.true_negative.round() as u64)
        ),
        table,
        ..Figure::default()
    }
}

/// The network and how it learned.
pub(crate) fn learning(results: &RunResults) -> Section {
    let training = &results.training;
    let mut section = Section::new("learning", "Learning");
    section.figures.extend(plot::learning::figure(&training.curves));
    section.figures.extend(partitions(&results.partitions));
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

/// Rows and metrics of each partition.
fn partitions(partitions: &[PartitionFacts]) -> Option<Figure> {
    if partitions.is_empty() {
        return None;
    }
    let head = ["", "train", "validation", "test", "churned", "AUC", "log loss"];
    let mut table = DataTable::new(1, &head);
    let rows = |rows: RowCount| count(rows.n_rows);
    let metric = |value: Option<f64>| value.map_or("–".to_owned(), |value| fixed(value, DIGITS));
    for partition in partitions {
        table.push(vec![
            partition.name.clone(),
            rows(partition.train),
            rows(partition.validation),
            rows(partition.test),
            partition.test.positive_share().map_or("–".to_owned(), percent1),
            metric(partition.auc),
            metric(partition.log_loss),
        ]);
    }
    Some(Figure {
        id: "partitions".to_owned(),
        title: "Rows by partition".to_owned(),
        reading: "Training rows fit the network and its encoders; validation rows stop it and calibrate it; test rows only judge."
            .to_owned(),
        table,
        ..Figure::default()
    })
}

/// Which features matter, and what each of the top ones does.
pub(crate) fn features(results: &RunResults) -> Section {
    let mut section = Section::new("features", "Features");
    let losses: Vec<_> =
        results.evaluation.importance.iter().map(|one| (one.feature.as_str(), &one.auc_loss)).collect();
    section.figures.extend(plot::importance::figure("AUC", &losses));
    section.figures.extend(plot::dependence::figures(&results.dependence, Unit::Share));
    section
}

/// The model on groups of customers.
pub(crate) fn slices(evaluation: &Evaluation) -> Section {
    let mut section = Section::new("slices", "Slices");
    section.figures.extend(plot::slices::figure(evaluation));
    section.figures.extend(plot::slices::rates(evaluation));
    section
}
