//! Share of the churners found by contacting the highest scores first.

use crate::figure::{Figure, Key};
use crate::number::percent;
use crate::plot::frame::{Axis, Frame};
use crate::plot::lift::table;
use crate::results::Evaluation;

/// Cumulative gain by decile.
pub(crate) fn figure(evaluation: &Evaluation) -> Option<Figure> {
    let deciles = &evaluation.model.deciles;
    if deciles.is_empty() {
        return None;
    }
    let base_rate = evaluation.model.constant.probability;
    let total: f64 = deciles.iter().map(|decile| decile.mass).sum();
    let mut frame = Frame::new(
        &Axis::share("Customers contacted, highest scores first"),
        &Axis::share("Churners found (share of all churners)"),
    );
    frame.curve("line chance", [(0.0, 0.0), (1.0, 1.0)]);
    frame.curve("line faint", [(0.0, 0.0), (base_rate, 1.0), (1.0, 1.0)]);
    let mut contacted = 0.0;
    let mut points = vec![(0.0, 0.0)];
    for decile in deciles {
        contacted += decile.mass;
        points.push((contacted / total, decile.cumulative_gain));
    }
    frame.curve("line one", points.iter().copied());
    for &(share, gain) in &points[1..] {
        frame.dot(
            "dot one",
            (share, gain),
            &format!("{} contacted: {} of churners found", percent(share), percent(gain)),
        );
    }
    Some(Figure {
        id: "gain".to_owned(),
        title: "Cumulative gain".to_owned(),
        reading:
            "Contact customers from the highest score down: the curve is the share of all churners reached so far; \
                  the grey line is a perfect ranking, the dashed one a random order."
                .to_owned(),
        finding: points.get(2).map_or(String::new(), |&(share, gain)| {
            format!("The first {} of customers hold {} of the churners.", percent(share), percent(gain))
        }),
        legend: vec![
            Key::new("line one", "model"),
            Key::new("line faint", "perfect"),
            Key::new("line chance", "random"),
        ],
        drawing: frame.finish("Churners found by customers contacted"),
        table: table(deciles),
        span: "",
    })
}
