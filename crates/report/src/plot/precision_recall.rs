//! Precision against recall.

use crate::figure::{DataTable, Figure, Key};
use crate::number::{fixed, percent};
use crate::plot::frame::{Axis, Frame};
use crate::plot::roc::interpolate;
use crate::results::Evaluation;

const TABLE_STEPS: usize = 20;

/// Precision against recall, with the base rate as the line of chance.
pub(crate) fn figure(evaluation: &Evaluation) -> Option<Figure> {
    let curve: Vec<(f64, f64)> =
        evaluation.model.precision_recall.iter().map(|point| (point.recall, point.precision)).collect();
    if curve.len() < 2 {
        return None;
    }
    let base_rate = evaluation.model.constant.probability;
    let x = Axis::share("Recall (share of churners flagged)");
    let mut frame = Frame::new(&x, &Axis::share("Precision (share of flagged who churn)"));
    frame.rule_y("line chance", base_rate);
    frame.curve("line one", curve.iter().copied());
    Some(Figure {
        id: "precision-recall".to_owned(),
        title: "Precision and recall".to_owned(),
        reading:
            "Moving right, more customers are flagged: more churners are found, at the price of more false alarms; \
                  flagging at random stays on the dashed line."
                .to_owned(),
        finding: format!(
            "To find half of the churners, {} of those flagged are churners; at random {} would be.",
            percent(interpolate(&curve, 0.5)),
            percent(base_rate)
        ),
        legend: vec![Key::new("line one", "model"), Key::new("line chance", "base rate")],
        drawing: frame.finish("Precision against recall"),
        table: table(&curve),
        span: "",
    })
}

fn table(curve: &[(f64, f64)]) -> DataTable {
    let mut table = DataTable::new(0, &["recall", "precision"]);
    for i in 0..=TABLE_STEPS {
        let recall = i as f64 / TABLE_STEPS as f64;
        table.push(vec![fixed(recall, 2), fixed(interpolate(curve, recall), 3)]);
    }
    table
}
