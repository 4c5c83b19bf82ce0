//! Each measure by the number of segments.

use tenure_segments::Candidate;

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{amount, count, fixed};
use crate::plot::frame::{Axis, Frame, WIDTH};
use crate::plot::scale::Scale;
use crate::segments::results::SegmentResults;

const HEIGHT: f64 = 230.0;

/// One measure.
struct Measure {
    id: &'static str,
    title: &'static str,
    reading: &'static str,
    unit: Unit,
    of: fn(&Candidate) -> Option<f64>,
    /// Whiskers or single values around it.
    around: fn(&Candidate) -> Vec<f64>,
}

const MEASURES: [Measure; 6] = [
    Measure {
        id: "k-silhouette",
        title: "Silhouette",
        reading: "How much nearer customers are to their own segment than to the next one; higher is better.",
        unit: Unit::Plain,
        of: |candidate| candidate.silhouette,
        around: |_| Vec::new(),
    },
    Measure {
        id: "k-stability",
        title: "Stability",
        reading: "The line is the mean adjusted Rand index over bootstraps, each dot one bootstrap: 1 where the same segments \
                  come back, 0 where they agree by chance.",
        unit: Unit::Plain,
        of: |candidate| candidate.stability.as_ref().map(|stability| stability.mean),
        around: |candidate| candidate.stability.as_ref().map_or(Vec::new(), |stability| stability.bootstraps.clone()),
    },
    Measure {
        id: "k-inertia",
        title: "Inertia",
        reading: "The sum of squared distances to the centroids. It always falls; a bend would speak for the number at it.",
        unit: Unit::Amount,
        of: |candidate| Some(candidate.inertia),
        around: |_| Vec::new(),
    },
    Measure {
        id: "k-gap",
        title: "Gap statistic",
        reading: "How much tighter the segments are than those of customers spread evenly over the same space, with the \
                  standard error; the rule takes the first number within one of the next.",
        unit: Unit::Plain,
        of: |candidate| candidate.gap.map(|gap| gap.gap),
        around: |candidate| {
            candidate.gap.map_or(Vec::new(), |gap| vec![gap.gap - gap.standard_error, gap.gap + gap.standard_error])
        },
    },
    Measure {
        id: "k-calinski-harabasz",
        title: "Calinski-Harabasz",
        reading: "Variance between segments over variance within, by degrees of freedom; higher is better.",
        unit: Unit::Amount,
        of: |candidate| candidate.calinski_harabasz,
        around: |_| Vec::new(),
    },
    Measure {
        id: "k-davies-bouldin",
        title: "Davies-Bouldin",
        reading: "Spread of the worst pair of neighbours over their distance, averaged; lower is better.",
        unit: Unit::Plain,
        of: |candidate| candidate.davies_bouldin,
        around: |_| Vec::new(),
    },
];

/// One plot for each measure; none where only one number was tried.
pub(crate) fn figures(results: &SegmentResults) -> Vec<Figure> {
    if results.choice.candidates.len() < 2 {
        return Vec::new();
    }
    MEASURES.iter().filter_map(|measure| figure(results, measure)).collect()
}

fn figure(results: &SegmentResults, measure: &Measure) -> Option<Figure> {
    let candidates = &results.choice.candidates;
    let values: Vec<(f64, f64)> = candidates.iter().filter_map(|c| Some((c.k as f64, (measure.of)(c)?))).collect();
    if values.is_empty() {
        return None;
    }
    let around = candidates.iter().flat_map(|c| (measure.around)(c));
    let y = Scale::around(values.iter().map(|value| value.1).chain(around), 4);
    let (low, high) = (candidates[0].k as f64, candidates[candidates.len() - 1].k as f64);
    let x = Axis::new(Scale::new(low - 0.4, high + 0.4), "segments", Unit::Plain).ticks((high - low) as usize + 1);
    let mut frame = Frame::sized((WIDTH, HEIGHT), &x, &Axis::new(y, "", measure.unit).ticks(4));
    frame.rule_x("cut", results.choice.k as f64);
    for candidate in candidates {
        let k = candidate.k as f64;
        if measure.id == "k-gap" {
            frame.curve("whisker", (measure.around)(candidate).into_iter().map(|value| (k, value)));
        } else {
            for value in (measure.around)(candidate) {
                let at = frame.at((k, value));
                frame.svg.dot("dot faint half", at, 3.0, "");
            }
        }
    }
    frame.curve("line one", values.iter().copied());
    for &(k, value) in &values {
        frame.dot("dot one", (k, value), &format!("{k} segments: {}", fixed(value, 3)));
    }
    Some(Figure {
        id: measure.id.to_owned(),
        title: measure.title.to_owned(),
        reading: measure.reading.to_owned(),
        legend: vec![Key::new("cut", format!("{} segments, chosen", results.choice.k))],
        drawing: frame.finish(&format!("{} by the number of segments", measure.title)),
        table: one_measure(candidates, measure),
        ..Figure::default()
    })
}

fn one_measure(candidates: &[Candidate], measure: &Measure) -> DataTable {
    let mut table = DataTable::new(1, &["segments", measure.title]);
    for candidate in candidates {
        let value = (measure.of)(candidate).map_or("–".to_owned(), |value| fixed(value, 4));
        table.push(vec![candidate.k.to_string(), value]);
    }
    table
}

/// Every measure of every number tried.
pub(crate) fn table(results: &SegmentResults) -> DataTable {
    let head = [
        "segments",
        "in question",
        "inertia",
        "silhouette",
        "Calinski-Harabasz",
        "Davies-Bouldin",
        "gap",
        "stability",
        "over seeds",
        "smallest",
    ];
    let mut table = DataTable::new(2, &head);
    let optional = |value: Option<f64>, digits: usize| value.map_or("–".to_owned(), |value| fixed(value, digits));
    for c in &results.choice.candidates {
        let question = match (c.k == results.choice.k, c.large_enough, c.stable_enough) {
            (true, ..) => "chosen",
            (_, false, _) => "a segment is too small",
            (_, _, false) => "unstable",
            _ => "yes",
        };
        table.push(vec![
            c.k.to_string(),
            question.to_owned(),
            amount(c.inertia),
            optional(c.silhouette, 3),
            c.calinski_harabasz.map_or("–".to_owned(), |ratio| fixed(ratio, 0)),
            optional(c.davies_bouldin, 3),
            c.gap.map_or("–".to_owned(), |gap| format!("{} ± {}", fixed(gap.gap, 3), fixed(gap.standard_error, 3))),
            optional(c.stability.as_ref().map(|stability| stability.mean), 2),
            optional(c.stability.as_ref().and_then(tenure_segments::Stability::over_seeds), 2),
            count(c.smallest as u64),
        ]);
    }
    table
}
