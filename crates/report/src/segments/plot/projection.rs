//! Customers in two dimensions, coloured by segment.

use crate::figure::{DataTable, Figure, Unit};
use crate::number::{fixed, percent};
use crate::plot::frame::{Axis, Frame, WIDTH};
use crate::plot::scale::Scale;
use crate::plot::svg::Anchor;
use crate::segments::plot::colour;
use crate::segments::results::{Projection, SegmentResults};

const HEIGHT: f64 = 400.0;

/// A dot for each of a sample of customers, a number for each segment's mean.
pub(crate) fn figure(results: &SegmentResults) -> Option<Figure> {
    let projection = results.projection.as_ref()?;
    let [x, y] = &projection.meaning;
    let both = projection.shares[0] + projection.shares[1];
    Some(Figure {
        id: "projection".to_owned(),
        title: "Customers in two dimensions".to_owned(),
        reading: format!(
            "A sample of {} customers along the two principal axes of what was clustered; numbers stand at the segments' \
             means. To the right: {x}. Upwards: {y}.",
            projection.points.len()
        ),
        finding: format!("Two axes show {} of the customers' variance.", percent(both)),
        drawing: draw(projection),
        table: table(results, projection),
        span: "tall",
        ..Figure::default()
    })
}

fn draw(projection: &Projection) -> String {
    let along = |axis: usize| projection.points.iter().map(move |point| point.at[axis]);
    let title = |axis: usize, name: &str| format!("{name} axis, {} of variance", percent(projection.shares[axis]));
    let x = Axis::new(Scale::around(along(0), 5), title(0, "first"), Unit::Plain);
    let y = Axis::new(Scale::around(along(1), 5), title(1, "second"), Unit::Plain);
    let mut frame = Frame::sized((WIDTH, HEIGHT), &x, &y);
    for point in &projection.points {
        let at = frame.at((point.at[0], point.at[1]));
        frame.svg.dot(&format!("speck {}", colour(point.segment as usize)), at, 2.2, "");
    }
    for (place, centre) in projection.centres.iter().enumerate() {
        let at = frame.at((centre[0], centre[1]));
        frame.svg.dot(&format!("centre {}", colour(place)), at, 9.0, "");
        frame.svg.text("in-centre", Anchor::Middle, (at.0, at.1 + 4.2), &(place + 1).to_string());
    }
    frame.finish("Customers along two principal axes")
}

fn table(results: &SegmentResults, projection: &Projection) -> DataTable {
    let mut table = DataTable::new(2, &["", "segment", "first axis", "second axis"]);
    for (segment, centre) in results.segments.iter().zip(&projection.centres) {
        let [x, y] = centre.map(|value| fixed(value, 2));
        table.push(vec![segment.id.to_string(), segment.name.clone(), x, y]);
    }
    table
}
