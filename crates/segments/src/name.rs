//! Names from numbers: what a segment is like, beside all customers.
//!
//! With recency and frequency among the figures a name says when, how often and how much: `Recent frequent big spenders`.
//! Each word comes from the place of the segment's median among all customers: the lowest third, the middle, the highest.
//! Without them, the two figures furthest from everybody's name the segment: `High TotalCharges, Contract = Two year`.

use crate::describe::{ColumnProfile, Segment};
use crate::figure::FigureKind;

/// Below this share of customers a median is low, above its complement high.
const THIRD: f64 = 1.0 / 3.0;
/// A profile nearer than this to everybody's (in standard deviations) is average.
const NEAR: f64 = 0.25;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Low,
    Middle,
    High,
}

fn level(column: &ColumnProfile) -> Level {
    match column.rank {
        rank if rank < THIRD => Level::Low,
        rank if rank > 1.0 - THIRD => Level::High,
        _ => Level::Middle,
    }
}

fn column<'a>(segment: &'a Segment, name: &str) -> Option<&'a ColumnProfile> {
    segment.columns.iter().find(|column| column.name == name)
}

/// A unique name for each segment.
pub(crate) fn names(segments: &[Segment]) -> Vec<String> {
    let plain: Vec<String> =
        segments.iter().map(|segment| by_rfm(segment).unwrap_or_else(|| by_extremes(segment))).collect();
    let mut names = plain.clone();
    for (i, name) in plain.iter().enumerate() {
        let twins: Vec<usize> = (0..plain.len()).filter(|&j| plain[j] == *name).collect();
        if twins.len() > 1 {
            names[i] = told_apart(segments, &twins, i, name);
        }
    }
    // Three of a kind may still agree in the word that tells them apart.
    for i in 0..names.len() {
        let n_before = names[..i].iter().filter(|other| **other == names[i]).count();
        if n_before > 0 {
            names[i] = format!("{}, segment {}", names[i], segments[i].id);
        }
    }
    names
}

fn by_rfm(segment: &Segment) -> Option<String> {
    let (recency, frequency) = (column(segment, "recency_days")?, column(segment, "n_purchases")?);
    let is_new = column(segment, "tenure_days").is_some_and(|tenure| level(tenure) == Level::Low);
    let when = match level(recency) {
        Level::Low if is_new => "New",
        Level::Low => "Recent",
        Level::Middle => "Cooling",
        Level::High => "Lapsed",
    };
    let often = match (frequency.typical, level(frequency)) {
        (Some(1.0), _) => "one-time",
        (_, Level::Low) => "rare",
        (_, Level::Middle) => "repeat",
        (_, Level::High) => "frequent",
    };
    let money = column(segment, "spend_sum").or_else(|| column(segment, "spend_mean"));
    let who = match money.map(level) {
        None => "buyers",
        Some(Level::Low) => "small spenders",
        Some(Level::Middle) => "average spenders",
        Some(Level::High) => "big spenders",
    };
    Some(format!("{when} {often} {who}"))
}

fn by_extremes(segment: &Segment) -> String {
    let mut columns: Vec<&ColumnProfile> = segment.columns.iter().filter(|column| column.z.abs() >= NEAR).collect();
    columns.sort_by(|a, b| b.z.abs().total_cmp(&a.z.abs()));
    let mut parts: Vec<String> = Vec::new();
    let mut sources: Vec<&str> = Vec::new();
    for column in columns {
        let source = column.name.split(" = ").next().unwrap_or(&column.name);
        if !sources.contains(&source) && parts.len() < 2 {
            sources.push(source);
            parts.push(in_words(column));
        }
    }
    let name = parts.join(", ");
    let mut letters = name.chars();
    letters.next().map_or("Average customers".into(), |first| first.to_uppercase().chain(letters).collect())
}

fn in_words(column: &ColumnProfile) -> String {
    match (column.kind, column.z > 0.0) {
        (FigureKind::Indicator, true) => column.name.clone(),
        (FigureKind::Indicator, false) => format!("not {}", column.name),
        (FigureKind::Magnitude, true) => format!("high {}", column.name),
        (FigureKind::Magnitude, false) => format!("low {}", column.name),
    }
}

/// The name with the figure in which segments of the same name differ most.
fn told_apart(segments: &[Segment], twins: &[usize], which: usize, name: &str) -> String {
    let spread = |column: usize| {
        let z = twins.iter().map(|&twin| segments[twin].columns[column].z);
        let (low, high) = z.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), z| (low.min(z), high.max(z)));
        high - low
    };
    let n_columns = segments[which].columns.len();
    let Some(column) = (0..n_columns).reduce(|best, next| if spread(next) > spread(best) { next } else { best }) else {
        return name.to_owned();
    };
    let mean = twins.iter().map(|&twin| segments[twin].columns[column].z).sum::<f64>() / twins.len() as f64;
    let profile = &segments[which].columns[column];
    let word = if profile.z > mean { "more" } else { "less" };
    let what = match (profile.name.as_str(), word) {
        ("recency_days", "more") => "longer ago".to_owned(),
        ("recency_days", _) => "more lately".to_owned(),
        ("n_purchases", "more") => "more often".to_owned(),
        ("n_purchases", _) => "less often".to_owned(),
        ("spend_sum" | "spend_mean", "more") => "spending more".to_owned(),
        ("spend_sum" | "spend_mean", _) => "spending less".to_owned(),
        ("tenure_days", "more") => "longer known".to_owned(),
        ("tenure_days", _) => "newer".to_owned(),
        (other, word) => format!("{word} {other}"),
    };
    format!("{name}, {what}")
}
