//! How much denser churners are in each tenth of the ranking than overall.

use tenure_evaluate::Decile;

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{amount, fixed, percent1};
use crate::plot::frame::{Axis, Frame};
use crate::plot::scale::Scale;
use crate::results::Evaluation;

/// One bar for each decile.
pub(crate) fn figure(evaluation: &Evaluation) -> Option<Figure> {
    let deciles = &evaluation.model.deciles;
    let first = deciles.first()?;
    let highest = deciles.iter().map(|decile| decile.lift).fold(1.0, f64::max);
    let n = deciles.len();
    let mut frame = Frame::new(
        &Axis::new(Scale::new(0.5, n as f64 + 0.5), "Decile of the score (1 is the highest)", Unit::Plain).ticks(n),
        &Axis::new(Scale::nice(0.0, highest, 4), "Churn rate as a multiple of the base rate", Unit::Times).ticks(4),
    );
    for decile in deciles {
        let middle = decile.decile as f64;
        let tip = format!("decile {}: {} of customers churned", decile.decile, percent1(decile.rate));
        frame.bar("bar one", (middle - 0.42, middle + 0.42), decile.lift, &tip);
    }
    frame.rule_y("line chance", 1.0);
    Some(Figure {
        id: "lift".to_owned(),
        title: "Lift by decile".to_owned(),
        reading:
            "Each bar is a tenth of the customers; its height says how many times as many of them churned as in a \
                  random tenth, and a good model falls from left to right."
                .to_owned(),
        finding: format!("Churn in the top tenth is {} times the base rate.", fixed(first.lift, 1)),
        legend: vec![Key::new("bar one", "lift"), Key::new("line chance", "base rate (1×)")],
        drawing: frame.finish("Lift by decile of the score"),
        table: table(deciles),
        span: "",
    })
}

/// The deciles in figures; also the table of the gain plot.
pub(crate) fn table(deciles: &[Decile]) -> DataTable {
    let head = ["decile", "customers", "churned", "churn rate", "prediction", "lift", "churners so far"];
    let mut table = DataTable::new(0, &head);
    for decile in deciles {
        table.push(vec![
            decile.decile.to_string(),
            amount(decile.mass.round()),
            amount(decile.positive.round()),
            percent1(decile.rate),
            format!("{} to {}", fixed(decile.score_min, 3), fixed(decile.score_max, 3)),
            fixed(decile.lift, 2),
            percent1(decile.cumulative_gain),
        ]);
    }
    table
}
