//! Profit of contacting the customers of highest predicted value.

use tenure_evaluate::{TargetingCurve, TargetingPoint};

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{amount, count, percent, percent1, significant};
use crate::plot::frame::{Axis, Frame};
use crate::plot::scale::Scale;
use crate::value::results::{ValueJudgement, ValueTarget};
use crate::value::words;

const MAX_TABLE_ROWS: usize = 21;

/// The targeting curve beside the strongest baseline's and the perfect one.
pub(crate) fn figure(judgement: &ValueJudgement, target: &ValueTarget) -> Option<Figure> {
    let curve = judgement.model.targeting.as_ref().filter(|curve| !curve.points.is_empty())?;
    let rival = judgement
        .strongest_baseline()
        .and_then(|baseline| baseline.evaluation.targeting.as_ref().map(|curve| (&baseline.name, curve)));
    let all = curve.points.iter().chain(rival.iter().flat_map(|(_, curve)| &curve.points)).chain(&curve.perfect);
    let y = Scale::around(all.map(|point| point.profit).chain([0.0, curve.chosen.profit]), 5);
    let title = words::axis("Profit over all test customers", target);
    let mut frame =
        Frame::new(&Axis::share("Customers contacted, highest predictions first"), &Axis::new(y, title, Unit::Amount));
    frame.rule_y("cut", 0.0);
    frame.curve("line faint", points(&curve.perfect));
    if let Some((_, rival)) = rival {
        frame.curve("line two", points(&rival.points));
    }
    frame.curve("line one", points(&curve.points));
    let chosen = &curve.chosen;
    let tip = format!("{} contacted: {}", percent(chosen.contacted_share), amount(chosen.profit));
    frame.dot("dot one", (chosen.contacted_share, chosen.profit), &tip);
    let mut legend = vec![Key::new("line one", "model"), Key::new("dot one", "everybody whose prediction pays")];
    legend.extend(rival.map(|(name, _)| Key::new("line two", name.clone())));
    legend.push(Key::new("line faint", "perfect order"));
    Some(Figure {
        id: "targeting".to_owned(),
        title: "Profit of contacting the top".to_owned(),
        reading: reading(curve, target),
        finding: finding(judgement, curve, rival.map(|(name, curve)| (name.as_str(), &curve.chosen))),
        legend,
        drawing: frame.finish("Profit by share of customers contacted"),
        table: table(curve),
        span: "",
    })
}

fn points(points: &[TargetingPoint]) -> impl Iterator<Item = (f64, f64)> + '_ {
    points.iter().map(|point| (point.contacted_share, point.profit))
}

fn reading(curve: &TargetingCurve, target: &ValueTarget) -> String {
    format!(
        "Each contact costs {}; a contacted customer's {} in the horizon earns {} of it. Where a curve falls, the next \
         contact costs more than it brings. What customers would have bought without a contact is not taken off.",
        words::amount(curve.assumed.contact_cost, target),
        target.quantity,
        percent(curve.assumed.margin)
    )
}

/// What the rule "contact whoever's prediction pays" earns, beside everybody and the baseline's rule.
fn finding(judgement: &ValueJudgement, curve: &TargetingCurve, rival: Option<(&str, &TargetingPoint)>) -> String {
    let everybody = curve.points.last().map_or(f64::NAN, |point| point.profit);
    let Some(bound) = curve.break_even else { return "With a margin of 0 no contact pays.".to_owned() };
    let n_contacted = curve.chosen.contacted_share * judgement.model.counts.n_rows as f64;
    let rival =
        rival.map_or(String::new(), |(name, point)| format!("; the same rule by {name} {}", in_words(point.profit)));
    format!(
        "Contacting everybody predicted at {} or more means {} customers and {}{rival}; contacting all of them {}.",
        significant(bound),
        count(n_contacted.round() as u64),
        in_words(curve.chosen.profit),
        in_words(everybody)
    )
}

fn in_words(profit: f64) -> String {
    format!("{} {}", if profit < 0.0 { "loses" } else { "brings" }, amount(profit.abs().round()))
}

fn table(curve: &TargetingCurve) -> DataTable {
    let mut table = DataTable::new(0, &["contacted", "predictions from", "profit"]);
    let step = curve.points.len().div_ceil(MAX_TABLE_ROWS).max(1);
    for point in curve.points.iter().step_by(step) {
        let lowest = point.predicted_min.map_or("–".to_owned(), significant);
        table.push(vec![percent1(point.contacted_share), lowest, amount(point.profit.round())]);
    }
    table
}
