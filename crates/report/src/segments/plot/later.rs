//! What segments of an earlier date said about the money spent since.

use crate::date;
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{amount, count, percent1};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::segments::results::{Later, SegmentResults};

/// Variance explained, and the mean spend of each segment.
pub(crate) fn figures(results: &SegmentResults) -> Vec<Figure> {
    results.later.as_ref().map_or(Vec::new(), |later| vec![explained(later), means(later)])
}

fn period(later: &Later) -> String {
    format!("{} to {}", date::day(later.from), date::day(later.to))
}

fn explained(later: &Later) -> Figure {
    let rows: Vec<ForestRow> = later
        .explained
        .iter()
        .enumerate()
        .map(|(i, explained)| ForestRow {
            label: explained.name.clone(),
            estimate: explained.share.clone(),
            class: if i == 0 { "one" } else { "faint" },
            second: None,
            tip: format!("{}: {}", explained.name, percent1(explained.share.value)),
        })
        .collect();
    let axis = ForestAxis {
        title: "variance of later spend explained".to_owned(),
        unit: Unit::Share,
        reference: Some(0.0),
        bars: true,
    };
    let mut table = DataTable::new(1, &["clustering", "segments", "explained", "interval"]);
    for explained in &later.explained {
        let range = explained
            .share
            .interval
            .map_or("–".to_owned(), |interval| format!("{} to {}", percent1(interval.low), percent1(interval.high)));
        table.push(vec![
            explained.name.clone(),
            count(explained.n_clusters as u64),
            percent1(explained.share.value),
            range,
        ]);
    }
    Figure {
        id: "explained".to_owned(),
        title: "What they say about the future".to_owned(),
        reading: format!(
            "Segments of {} made from what was known on that day, and how much of the variance of ln(1 + spend) from {} lies \
             between them; lines are 95% bootstrap intervals. Random segments of the same sizes are the floor.",
            date::day(later.from),
            period(later)
        ),
        finding: format!("{} customers, {}.", count(later.n_customers as u64), period(later)),
        drawing: forest::draw(&rows, &axis, "Variance of later spend explained"),
        table,
        ..Figure::default()
    }
}

fn means(later: &Later) -> Figure {
    let rows: Vec<ForestRow> = later
        .means
        .iter()
        .map(|segment| ForestRow {
            label: segment.name.clone(),
            estimate: segment.mean.clone(),
            class: "one",
            second: None,
            tip: format!("{}: {}", segment.name, amount(segment.mean.value)),
        })
        .collect();
    let axis =
        ForestAxis { title: "mean spend since".to_owned(), unit: Unit::Amount, reference: Some(0.0), bars: true };
    let mut table =
        DataTable::new(1, &["segment of the earlier date", "customers", "mean spend since", "bought since"]);
    for segment in &later.means {
        table.push(vec![
            segment.name.clone(),
            count(segment.n_customers as u64),
            amount(segment.mean.value),
            percent1(segment.share_buying),
        ]);
    }
    Figure {
        id: "later-means".to_owned(),
        title: "What each spent afterwards".to_owned(),
        reading:
            "Mean spend after the earlier date by the segment a customer was in on that date, with its 95% interval."
                .to_owned(),
        drawing: forest::draw(&rows, &axis, "Mean later spend by segment"),
        table,
        ..Figure::default()
    }
}
