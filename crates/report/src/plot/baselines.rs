//! The model beside simpler rules: AUC and log loss with their intervals.

use tenure_evaluate::{Estimate, Metric};

use crate::figure::{DataTable, Figure, Unit};
use crate::number::{fixed, signed};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::results::{Baseline, Evaluation};
use crate::words::{self, DIGITS};

/// AUC of all of them; log loss of those that give probabilities.
pub(crate) fn figures(evaluation: &Evaluation) -> Vec<Figure> {
    if evaluation.baselines.is_empty() {
        return Vec::new();
    }
    let metrics = &evaluation.model.metrics;
    let constant = &evaluation.model.constant;
    let auc = evaluation.baselines.iter().map(|baseline| (baseline, Some(&baseline.auc)));
    let log_loss = evaluation.baselines.iter().map(|baseline| (baseline, baseline.log_loss.as_ref()));
    vec![
        figure(
            &Sheet { id: "auc", metric: Metric::Auc, title: "AUC", axis: "AUC (more is better)", constant: 0.5 },
            &metrics.auc,
            auc,
        ),
        figure(
            &Sheet {
                id: "log-loss",
                metric: Metric::LogLoss,
                title: "Log loss",
                axis: "Log loss per row in nats (less is better)",
                constant: constant.log_loss,
            },
            &metrics.log_loss,
            log_loss,
        ),
    ]
}

/// What tells the two figures apart.
struct Sheet {
    id: &'static str,
    metric: Metric,
    title: &'static str,
    axis: &'static str,
    /// The figure of always predicting the base rate.
    constant: f64,
}

fn figure<'a>(
    sheet: &Sheet,
    model: &Estimate,
    baselines: impl Iterator<Item = (&'a Baseline, Option<&'a Estimate>)>,
) -> Figure {
    let mut rows = vec![row("model", model, "one")];
    let mut table = DataTable::new(1, &["scorer", sheet.title, "interval", "model less this", "interval"]);
    table.push(cells("model", model, ["–".to_owned(), "–".to_owned()]));
    for (baseline, estimate) in baselines.filter_map(|(baseline, estimate)| Some((baseline, estimate?))) {
        rows.push(row(&baseline.name, estimate, "two"));
        let difference = baseline.comparison(sheet.metric).map(|comparison| &comparison.difference);
        let paired = difference.map_or(["–".to_owned(), "–".to_owned()], |difference| {
            [signed(difference.value, 4), words::range(difference, 4)]
        });
        table.push(cells(&baseline.name, estimate, paired));
    }
    let constant = Estimate { value: sheet.constant, interval: None };
    rows.push(row("base rate", &constant, "faint"));
    table.push(cells("base rate", &constant, ["–".to_owned(), "–".to_owned()]));
    let axis = ForestAxis { title: sheet.axis.to_owned(), unit: Unit::Plain, reference: None, bars: false };
    Figure {
        id: format!("baselines-{}", sheet.id),
        title: sheet.title.to_owned(),
        reading:
            "Each dot is one way to score the same test rows, with its interval. Intervals here may overlap although \
                  the paired difference is clear: the sentences above are the test."
                .to_owned(),
        drawing: forest::draw(&rows, &axis, sheet.title),
        table,
        ..Figure::default()
    }
}

fn row(name: &str, estimate: &Estimate, class: &'static str) -> ForestRow {
    let tip = format!("{name}: {} ({})", fixed(estimate.value, DIGITS), words::range(estimate, DIGITS));
    ForestRow { label: name.to_owned(), estimate: estimate.clone(), class, second: None, tip }
}

fn cells(name: &str, estimate: &Estimate, paired: [String; 2]) -> Vec<String> {
    let figures = [name.to_owned(), fixed(estimate.value, 4), words::range(estimate, 4)];
    figures.into_iter().chain(paired).collect()
}
