//! Profit by the share of customers contacted.

use tenure_evaluate::{Profit, ProfitCurve};

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{amount, fixed, percent, percent1};
use crate::plot::frame::{Axis, Frame};
use crate::plot::scale::Scale;
use crate::results::Evaluation;

const MAX_TABLE_ROWS: usize = 21;

/// The profit curve with the threshold that was chosen on validation rows.
pub(crate) fn figure(evaluation: &Evaluation) -> Option<Figure> {
    let curve = evaluation.model.profit.as_ref().filter(|curve| !curve.points.is_empty())?;
    let chosen = Chosen::new(evaluation, &curve.assumed);
    let profits = curve.points.iter().map(|point| point.profit);
    let y = Scale::around(profits.chain([0.0, chosen.profit]), 5);
    let mut frame = Frame::new(
        &Axis::share("Customers contacted, highest scores first"),
        &Axis::new(y, "Profit over all test customers (money)", Unit::Amount),
    );
    frame.rule_y("cut", 0.0);
    frame.rule_x("line chance", chosen.contacted_share);
    frame.curve("line one", curve.points.iter().map(|point| (point.contacted_share, point.profit)));
    let threshold = fixed(chosen.threshold, 2);
    frame.dot("dot two", (chosen.contacted_share, chosen.profit), &format!("{threshold}: {}", amount(chosen.profit)));
    Some(Figure {
        id: "profit".to_owned(),
        title: "Profit of contacting customers".to_owned(),
        reading: reading(&curve.assumed),
        finding: finding(curve, &chosen),
        legend: vec![Key::new("line one", "profit"), Key::new("dot two", format!("chosen threshold, {threshold}"))],
        drawing: frame.finish("Profit by share of customers contacted"),
        table: table(curve),
        span: "",
    })
}

/// What the chosen threshold does on the test rows.
struct Chosen {
    threshold: f64,
    n_contacted: f64,
    contacted_share: f64,
    profit: f64,
}

impl Chosen {
    fn new(evaluation: &Evaluation, assumed: &Profit) -> Self {
        let confusion = &evaluation.model.at_threshold.confusion;
        let n_contacted = confusion.true_positive + confusion.false_positive;
        let total = n_contacted + confusion.true_negative + confusion.false_negative;
        let kept = confusion.true_positive * assumed.success_rate * assumed.customer_value;
        Self {
            threshold: confusion.threshold,
            n_contacted,
            contacted_share: n_contacted / total,
            profit: kept - n_contacted * assumed.contact_cost,
        }
    }
}

fn reading(assumed: &Profit) -> String {
    format!(
        "Contact customers from the highest score down; each contact costs {}, and keeps a churner worth {} with \
         probability {}. Where the curve falls, the next contact costs more than it brings.",
        amount(assumed.contact_cost),
        amount(assumed.customer_value),
        percent(assumed.success_rate)
    )
}

/// What the threshold means in money, beside contacting everybody.
fn finding(curve: &ProfitCurve, chosen: &Chosen) -> String {
    let everybody = curve.points.last().map_or(f64::NAN, |point| point.profit);
    format!(
        "Contacting everybody scored at least {} means {} customers and {}; contacting all of them {}, contacting nobody 0.",
        fixed(chosen.threshold, 2),
        amount(chosen.n_contacted.round()),
        in_words(chosen.profit),
        in_words(everybody),
    )
}

fn in_words(profit: f64) -> String {
    format!("{} {}", if profit < 0.0 { "loses" } else { "brings" }, amount(profit.abs()))
}

fn table(curve: &ProfitCurve) -> DataTable {
    let mut table = DataTable::new(0, &["contacted", "threshold", "profit"]);
    let step = curve.points.len().div_ceil(MAX_TABLE_ROWS).max(1);
    for point in curve.points.iter().step_by(step) {
        table.push(vec![percent1(point.contacted_share), fixed(point.threshold, 3), amount(point.profit)]);
    }
    table
}
