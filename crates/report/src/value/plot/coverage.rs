//! How often predicted intervals held.

use tenure_evaluate::{Coverage, Estimate, Interval};

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{fixed, percent, percent1};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::value::results::ValueJudgement;

/// One row for each interval, its promise marked by a ring.
pub(crate) fn figure(judgement: &ValueJudgement) -> Option<Figure> {
    let coverage = &judgement.distribution.as_ref()?.coverage;
    if coverage.is_empty() {
        return None;
    }
    let confidence = judgement.confidence();
    let rows: Vec<ForestRow> = coverage.iter().map(|coverage| row(coverage, confidence)).collect();
    let axis =
        ForestAxis { title: "Share of customers inside".to_owned(), unit: Unit::Share, reference: None, bars: false };
    Some(Figure {
        id: "coverage".to_owned(),
        title: "Coverage of predicted intervals".to_owned(),
        reading:
            "Each row is a central interval of the predicted distribution: the ring is what it promises, the dot how \
                  often it held. A dot left of its ring means intervals too narrow."
                .to_owned(),
        finding: finding(coverage),
        legend: vec![Key::new("dot one", "observed, with its interval"), Key::new("ring", "promised")],
        drawing: forest::draw(&rows, &axis, "Coverage of predicted intervals"),
        table: table(coverage),
        ..Figure::default()
    })
}

fn row(coverage: &Coverage, confidence: f64) -> ForestRow {
    let interval =
        Interval { low: coverage.low, high: coverage.high, standard_error: f64::NAN, confidence, resamples: 0 };
    let label = format!("{} interval", percent(coverage.nominal));
    ForestRow {
        tip: format!("{label}: held for {}", percent1(coverage.observed)),
        label,
        estimate: Estimate { value: coverage.observed, interval: Some(interval) },
        class: "one",
        second: Some(coverage.nominal),
    }
}

/// The interval whose promise is farthest off.
fn finding(coverage: &[Coverage]) -> String {
    let off = |coverage: &Coverage| (coverage.observed - coverage.nominal).abs();
    coverage.iter().max_by(|a, b| off(a).total_cmp(&off(b))).map_or(String::new(), |worst| {
        format!(
            "Farthest off is the {} interval, which held for {} of customers.",
            percent(worst.nominal),
            percent1(worst.observed)
        )
    })
}

fn table(coverage: &[Coverage]) -> DataTable {
    let mut table = DataTable::new(0, &["promised", "held", "interval", "below", "above"]);
    for c in coverage {
        let range = format!("{} to {}", fixed(c.low, 3), fixed(c.high, 3));
        table.push(vec![percent(c.nominal), percent1(c.observed), range, percent1(c.below), percent1(c.above)]);
    }
    table
}
