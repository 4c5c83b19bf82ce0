//! Receiver operating characteristic.

use tenure_evaluate::RocPoint;

use crate::figure::{DataTable, Figure, Key};
use crate::number::{fixed, percent1};
use crate::plot::frame::{Axis, Frame};
use crate::results::Evaluation;

/// Points listed in the table.
const TABLE_STEPS: usize = 20;

/// True against false positive rate, with the strongest baseline behind the model.
pub(crate) fn figure(evaluation: &Evaluation) -> Option<Figure> {
    let model = points(&evaluation.model.roc);
    if model.len() < 2 {
        return None;
    }
    let x = Axis::share("False positive rate (share of stayers flagged)");
    let y = Axis::share("True positive rate (share of churners flagged)");
    let mut frame = Frame::new(&x, &y);
    frame.curve("line chance", [(0.0, 0.0), (1.0, 1.0)]);
    let rival = evaluation.strongest_baseline().filter(|baseline| baseline.roc.len() > 1);
    if let Some(baseline) = rival {
        frame.curve("line two thin", points(&baseline.roc));
    }
    frame.curve("line one", model.iter().copied());
    let mut legend = vec![Key::new("line one", "model")];
    legend.extend(rival.map(|baseline| Key::new("line two", baseline.name.clone())));
    legend.push(Key::new("line chance", "chance"));
    Some(Figure {
        id: "roc".to_owned(),
        title: "ROC curve".to_owned(),
        reading: "Each point is one threshold; the further the curve bends to the upper left, the better the model \
                  ranks, and on the dashed line it only guesses."
            .to_owned(),
        finding: finding(evaluation),
        legend,
        drawing: frame.finish("ROC curve"),
        table: table(&model),
        span: "",
    })
}

fn points(roc: &[RocPoint]) -> Vec<(f64, f64)> {
    roc.iter().map(|point| (point.false_positive_rate, point.true_positive_rate)).collect()
}

fn finding(evaluation: &Evaluation) -> String {
    let auc = percent1(evaluation.model.metrics.auc.value);
    format!("Of a random churner and a random stayer, the model scores the churner higher in {auc} of pairs.")
}

/// The curve at even steps of the false positive rate.
fn table(roc: &[(f64, f64)]) -> DataTable {
    let mut table = DataTable::new(0, &["false positive rate", "true positive rate"]);
    for i in 0..=TABLE_STEPS {
        let rate = i as f64 / TABLE_STEPS as f64;
        table.push(vec![fixed(rate, 2), fixed(interpolate(roc, rate), 3)]);
    }
    table
}

/// The height of an ascending polyline at `x`; at a vertical piece, its upper end.
pub(crate) fn interpolate(line: &[(f64, f64)], x: f64) -> f64 {
    let after = line.partition_point(|point| point.0 <= x);
    match (after.checked_sub(1).map(|i| line[i]), line.get(after)) {
        (Some(a), Some(&b)) => a.1 + (x - a.0) / (b.0 - a.0) * (b.1 - a.1),
        (Some(last), None) => last.1,
        (None, Some(first)) => first.1,
        (None, None) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_at_its_upper_end() {
        let line = [(0.0, 0.0), (0.0, 0.5), (1.0, 1.0)];
        assert_eq!(interpolate(&line, 0.0), 0.5);
        assert_eq!(interpolate(&line, 0.5), 0.75);
        assert_eq!(interpolate(&line, 2.0), 1.0);
    }
}
