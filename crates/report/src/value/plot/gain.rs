//! Share of the value found by taking the highest predictions first.

use tenure_evaluate::{GainPoint, ValueEvaluation};

use crate::figure::{DataTable, Figure, Key};
use crate::number::{percent, percent1};
use crate::plot::frame::{Axis, Frame};
use crate::value::results::{ValueBaseline, ValueJudgement, ValueTarget};

/// Shares of customers listed in the table.
const SHARES: [f64; 9] = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9];
/// Lines that tell baselines apart.
const CLASSES: [&str; 2] = ["line two", "line three"];
/// What the second baseline is, where there is one of this name.
const NAIVE: &str = "naive";

/// The model's gain curve, the perfect one, the strongest baseline's and the naive rate's.
pub(crate) fn figure(judgement: &ValueJudgement, target: &ValueTarget) -> Option<Figure> {
    let model = &judgement.model;
    if model.gain.is_empty() {
        return None;
    }
    let baselines = drawn(judgement);
    let mut frame = Frame::new(
        &Axis::share("Customers, highest predictions first"),
        &Axis::share(format!("Share of all {}", target.quantity)),
    );
    frame.curve("line chance", [(0.0, 0.0), (1.0, 1.0)]);
    frame.curve("line faint", points(&model.perfect_gain));
    for (baseline, class) in baselines.iter().zip(CLASSES).rev() {
        frame.curve(class, points(&baseline.evaluation.gain));
    }
    frame.curve("line one", points(&model.gain));
    for share in [0.1, 0.2, 0.3] {
        let found = height(&model.gain, share);
        frame.dot(
            "dot one",
            (share, found),
            &format!("top {}: {} of all {}", percent(share), percent(found), target.quantity),
        );
    }
    let mut legend = vec![Key::new("line one", "model")];
    legend.extend(baselines.iter().zip(CLASSES).map(|(baseline, class)| Key::new(class, baseline.name.clone())));
    legend.extend([Key::new("line faint", "perfect order"), Key::new("line chance", "random order")]);
    Some(Figure {
        id: "gain".to_owned(),
        title: "Cumulative gain".to_owned(),
        reading: format!(
            "Take customers from the highest prediction down: the curve is the share of all {} that they brought. The \
             area between a curve and the random order, over that of the perfect order, is about the normalized Gini.",
            target.quantity
        ),
        finding: finding(model, baselines.first().copied(), target),
        legend,
        drawing: frame.finish("Cumulative gain"),
        table: table(model, &baselines),
        span: "",
    })
}

/// The strongest baseline, and the naive rate where it is another one.
fn drawn(judgement: &ValueJudgement) -> Vec<&ValueBaseline> {
    let has_curve = |baseline: &&ValueBaseline| !baseline.evaluation.gain.is_empty();
    let strongest = judgement.strongest_baseline().filter(has_curve);
    let naive = judgement.baselines.iter().filter(has_curve).find(|baseline| baseline.name.contains(NAIVE));
    let naive = naive.filter(|naive| strongest.is_none_or(|strongest| strongest.name != naive.name));
    strongest.into_iter().chain(naive).collect()
}

fn points(curve: &[GainPoint]) -> impl Iterator<Item = (f64, f64)> + '_ {
    curve.iter().map(|point| (point.customer_share, point.value_share))
}

/// The height of a curve, by interpolation.
pub(crate) fn height(curve: &[GainPoint], share: f64) -> f64 {
    let after = curve.partition_point(|point| point.customer_share < share).min(curve.len().saturating_sub(1));
    let (Some(a), Some(b)) = (curve.get(after.saturating_sub(1)), curve.get(after)) else { return f64::NAN };
    let length = b.customer_share - a.customer_share;
    let along = if length > 0.0 { ((share - a.customer_share) / length).clamp(0.0, 1.0) } else { 1.0 };
    a.value_share + along * (b.value_share - a.value_share)
}

fn finding(model: &ValueEvaluation, baseline: Option<&ValueBaseline>, target: &ValueTarget) -> String {
    let (found, best) = (height(&model.gain, 0.2), height(&model.perfect_gain, 0.2));
    let beside = baseline.map_or(String::new(), |baseline| {
        format!(", that of {} {}", baseline.name, percent(height(&baseline.evaluation.gain, 0.2)))
    });
    format!(
        "Its top fifth of customers brought {} of all {}{beside}; the right order would have found {}.",
        percent(found),
        target.quantity,
        percent(best)
    )
}

fn table(model: &ValueEvaluation, baselines: &[&ValueBaseline]) -> DataTable {
    let names = baselines.iter().map(|baseline| baseline.name.as_str());
    let head: Vec<&str> = ["top share", "model"].into_iter().chain(names).chain(["perfect order"]).collect();
    let mut table = DataTable::new(0, &head);
    for share in SHARES {
        let curves = std::iter::once(&model.gain)
            .chain(baselines.iter().map(|baseline| &baseline.evaluation.gain))
            .chain([&model.perfect_gain]);
        let cells = curves.map(|curve| percent1(height(curve, share)));
        table.push(std::iter::once(percent(share)).chain(cells).collect());
    }
    table
}
