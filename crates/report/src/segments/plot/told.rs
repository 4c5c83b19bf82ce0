//! Each segment in one plain sentence.

use crate::escape::escape;
use crate::figure::Figure;
use crate::segments::page::segment_table;
use crate::segments::plot::colour;
use crate::segments::results::SegmentResults;

/// The names and sentences, with the colours that the other plots use.
pub(crate) fn figure(results: &SegmentResults) -> Figure {
    let mut drawing = String::from("<ol class=\"told\">");
    for (place, segment) in results.segments.iter().enumerate() {
        let (name, sentence) = (escape(&segment.name), escape(&segment.sentence));
        drawing.push_str(&format!(
            "<li><i class=\"dot {}\"></i><span class=\"number\">{}</span><div><h4>{name}</h4><p>{sentence}</p></div></li>\n",
            colour(place),
            segment.id
        ));
    }
    drawing.push_str("</ol>");
    Figure {
        id: "told".to_owned(),
        title: "Who they are".to_owned(),
        reading: "Names and sentences are made from the segments' own figures: a name says where a segment's medians lie among \
                  all customers (lowest third, middle, highest third)."
            .to_owned(),
        drawing,
        table: segment_table(results),
        span: "wide",
        ..Figure::default()
    }
}
