//! The model and what a sceptic would use instead, with intervals.

use tenure_evaluate::{Estimate, ValueMetric, ValueMetrics};

use crate::document::Block;
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{fixed, percent};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::value::results::{ValueJudgement, ValueTarget};
use crate::value::words;

/// Metrics in the table of models.
const COLUMNS: [(ValueMetric, &str); 8] = [
    (ValueMetric::NormalizedGini, "normalized Gini"),
    (ValueMetric::Spearman, "Spearman"),
    (ValueMetric::SpearmanNonzero, "Spearman, buyers"),
    (ValueMetric::Pearson, "Pearson"),
    (ValueMetric::Mae, "MAE ↓"),
    (ValueMetric::Rmse, "RMSE ↓"),
    (ValueMetric::TotalRatio, "predicted / actual"),
    (ValueMetric::DecileMape, "decile MAPE ↓"),
];

/// One forest of the order, one of the amounts.
pub(crate) fn figures(judgement: &ValueJudgement, target: &ValueTarget) -> Vec<Figure> {
    let sheets = [
        Sheet {
            id: "gini",
            metric: ValueMetric::NormalizedGini,
            title: "Order: normalized Gini".to_owned(),
            axis: "Normalized Gini (more is better)".to_owned(),
            unit: Unit::Plain,
        },
        Sheet {
            id: "rmse",
            metric: ValueMetric::Rmse,
            title: "Amounts: RMSE".to_owned(),
            axis: words::axis("Root of the mean squared error, less is better", target),
            unit: Unit::Amount,
        },
        Sheet {
            id: "mae",
            metric: ValueMetric::Mae,
            title: "Amounts: MAE".to_owned(),
            axis: words::axis("Mean absolute error, less is better", target),
            unit: Unit::Amount,
        },
        Sheet {
            id: "total",
            metric: ValueMetric::TotalRatio,
            title: "Total: predicted over actual".to_owned(),
            axis: "Predicted total / actual total (1 is right)".to_owned(),
            unit: Unit::Plain,
        },
    ];
    sheets.iter().filter_map(|sheet| figure(sheet, judgement)).collect()
}

/// What tells the figures apart.
struct Sheet {
    id: &'static str,
    metric: ValueMetric,
    title: String,
    axis: String,
    unit: Unit,
}

fn figure(sheet: &Sheet, judgement: &ValueJudgement) -> Option<Figure> {
    let mut rows = vec![row("model", judgement.model.metrics.get(sheet.metric)?, sheet.metric, "one")];
    let mut table = DataTable::new(1, &["model", &sheet.title, "interval", "model less this", "interval"]);
    let dash = || ["–".to_owned(), "–".to_owned()];
    table.push(cells("model", judgement.model.metrics.get(sheet.metric)?, sheet.metric, dash()));
    for baseline in &judgement.baselines {
        let Some(estimate) = baseline.evaluation.metrics.get(sheet.metric) else { continue };
        rows.push(row(&baseline.name, estimate, sheet.metric, "two"));
        let paired = baseline.comparison(sheet.metric).map_or_else(dash, |comparison| {
            let difference = &comparison.difference;
            [words::signed_value(sheet.metric, difference.value), words::range(sheet.metric, difference)]
        });
        table.push(cells(&baseline.name, estimate, sheet.metric, paired));
    }
    let reference = (sheet.metric == ValueMetric::TotalRatio).then_some(1.0);
    let axis = ForestAxis { title: sheet.axis.clone(), unit: sheet.unit, reference, bars: false };
    let drawing = forest::draw(&rows, &axis, &sheet.title);
    Some(Figure {
        id: format!("baselines-{}", sheet.id),
        title: sheet.title.clone(),
        reading:
            "Each dot is one way to predict the same test customers, with its interval. Intervals here may overlap \
                  although the paired difference is clear: the table of paired differences is the test."
                .to_owned(),
        drawing,
        table,
        ..Figure::default()
    })
}

fn row(name: &str, estimate: &Estimate, metric: ValueMetric, class: &'static str) -> ForestRow {
    let tip = format!("{name}: {}", words::cell(metric, Some(estimate)));
    ForestRow { label: name.to_owned(), estimate: estimate.clone(), class, second: None, tip }
}

fn cells(name: &str, estimate: &Estimate, metric: ValueMetric, paired: [String; 2]) -> Vec<String> {
    let figures = [name.to_owned(), words::value(metric, estimate.value), words::range(metric, estimate)];
    figures.into_iter().chain(paired).collect()
}

/// Every model with every metric.
pub(crate) fn metrics(judgement: &ValueJudgement) -> Block {
    let mut table = DataTable::new(1, &["model"]);
    table.head.extend(COLUMNS.iter().map(|(_, title)| (*title).to_owned()));
    let cells = |name: &str, metrics: &ValueMetrics| {
        let figures = COLUMNS.iter().map(|&(metric, _)| {
            metrics.get(metric).map_or("–".to_owned(), |estimate| words::value(metric, estimate.value))
        });
        std::iter::once(name.to_owned()).chain(figures).collect()
    };
    table.push(cells("model", &judgement.model.metrics));
    for baseline in &judgement.baselines {
        table.push(cells(&baseline.name, &baseline.evaluation.metrics));
    }
    Block {
        title: "Every metric".to_owned(),
        note: "On the same test customers. ↓: less is better; predicted / actual is best at 1; – where a metric is \
               undefined, as the rank correlation of a constant is."
            .to_owned(),
        table,
        folded: false,
    }
}

/// Model less baseline, with the interval of each paired difference.
pub(crate) fn paired(judgement: &ValueJudgement) -> Option<Block> {
    let mut table =
        DataTable::new(2, &["baseline", "metric", "model", "baseline", "difference", "interval", "model better in"]);
    for baseline in &judgement.baselines {
        for comparison in &baseline.comparisons {
            let metric = comparison.metric;
            table.push(vec![
                baseline.name.clone(),
                comparison.name.clone(),
                words::value(metric, comparison.model),
                words::value(metric, comparison.baseline),
                words::signed_value(metric, comparison.difference.value),
                comparison.difference.interval.map_or("–".to_owned(), |interval| {
                    format!(
                        "{} to {}",
                        words::signed_value(metric, interval.low),
                        words::signed_value(metric, interval.high)
                    )
                }),
                comparison.share_better.map_or("–".to_owned(), percent),
            ]);
        }
    }
    (!table.rows.is_empty()).then(|| Block {
        title: "Paired differences".to_owned(),
        note:
            "Model less baseline over the same resamples; an interval that holds 0 decides nothing. The last column is \
               the share of resamples in which the model is better."
                .to_owned(),
        table,
        folded: false,
    })
}

/// What chance in training does: each seed's network alone.
pub(crate) fn seeds(judgement: &ValueJudgement) -> Option<Block> {
    let n_seeds = judgement.seeds.iter().map(|spread| spread.each.len()).max().filter(|&n| n > 1)?;
    let mut table = DataTable::new(1, &["metric", "mean", "standard deviation"]);
    table.head.extend((1..=n_seeds).map(|seed| format!("seed {seed}")));
    for spread in judgement.seeds.iter().filter(|spread| spread.each.len() == n_seeds) {
        let figures = [words::value(spread.metric, spread.mean), fixed(spread.standard_deviation, 4)];
        let each = spread.each.iter().map(|&value| words::value(spread.metric, value));
        table.push(std::iter::once(spread.name.clone()).chain(figures).chain(each).collect());
    }
    Some(Block {
        title: "Seed by seed".to_owned(),
        note: "Each seed's network alone on the test customers; the figures above are of all of them together."
            .to_owned(),
        table,
        folded: false,
    })
}
