//! Mean prediction beside mean actual value, tenth by tenth.

use tenure_evaluate::{ValueDecile, ValueMetric};

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{percent, percent1, significant};
use crate::plot::frame::{Axis, Frame};
use crate::plot::scale::Scale;
use crate::value::results::{ValueJudgement, ValueTarget};
use crate::value::words;

/// Two bars for each decile.
pub(crate) fn figure(judgement: &ValueJudgement, target: &ValueTarget) -> Option<Figure> {
    let deciles = &judgement.model.deciles;
    let means = deciles.iter().flat_map(|decile| [decile.mean_actual, decile.mean_predicted]);
    let y = Scale::around(means.chain([0.0]), 5);
    if deciles.is_empty() {
        return None;
    }
    let title = words::axis(&format!("Mean {} per customer", target.quantity), target);
    let x = Axis::new(Scale::new(0.5, 10.5), "Decile of the prediction (1: highest)", Unit::Plain).ticks(10);
    let mut frame = Frame::new(&x, &Axis::new(y, title, Unit::Amount));
    for decile in deciles {
        let middle = decile.decile as f64;
        let tip =
            |what: &str, value: f64| format!("decile {}, {what}: {}", decile.decile, words::amount(value, target));
        frame.bar("bar one", (middle - 0.4, middle), decile.mean_predicted, &tip("predicted", decile.mean_predicted));
        frame.bar("bar two", (middle, middle + 0.4), decile.mean_actual, &tip("actual", decile.mean_actual));
    }
    Some(Figure {
        id: "deciles".to_owned(),
        title: "Predicted and actual by decile".to_owned(),
        reading: "Customers in ten equal parts by prediction: bars that fall from left to right say that the order is \
                  right, bars of equal height side by side that the amounts are."
            .to_owned(),
        finding: finding(judgement, deciles),
        legend: vec![Key::new("bar one", "mean prediction"), Key::new("bar two", "mean actual value")],
        drawing: frame.finish("Mean prediction and mean actual value by decile"),
        table: table(deciles),
        span: "",
    })
}

/// Decile MAPE, and the decile that is farthest off.
fn finding(judgement: &ValueJudgement, deciles: &[ValueDecile]) -> String {
    let Some(mape) = &judgement.model.metrics.decile_mape else {
        return "Nobody bought in at least one decile, so there is no mean relative error.".to_owned();
    };
    let worst =
        deciles.iter().filter_map(|decile| Some((decile, decile.relative_error?))).max_by(|a, b| a.1.total_cmp(&b.1));
    let worst = worst.map_or(String::new(), |(decile, error)| {
        let way = if decile.difference > 0.0 { "too high" } else { "too low" };
        format!(", most in decile {}: {} {way}", decile.decile, percent(error))
    });
    format!(
        "Mean predictions are {} off the actual ones on average over deciles{worst}.",
        words::value(ValueMetric::DecileMape, mape.value)
    )
}

fn table(deciles: &[ValueDecile]) -> DataTable {
    let head = [
        "decile",
        "predictions from",
        "to",
        "mean prediction",
        "mean actual",
        "difference",
        "relative",
        "share of value",
    ];
    let mut table = DataTable::new(0, &head);
    for decile in deciles {
        table.push(vec![
            decile.decile.to_string(),
            significant(decile.predicted_min),
            significant(decile.predicted_max),
            significant(decile.mean_predicted),
            significant(decile.mean_actual),
            words::signed_value(ValueMetric::Mae, decile.difference),
            decile.relative_error.map_or("–".to_owned(), percent1),
            decile.value_share.map_or("–".to_owned(), percent1),
        ]);
    }
    table
}
