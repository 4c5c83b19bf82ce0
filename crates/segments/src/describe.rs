//! Labels into named segments with profiles.

use serde::{Deserialize, Serialize};

use crate::figure::{Figure, FigureKind};
use crate::name::names;
use crate::sentence::sentence;

/// Everything that is known of the customers.
#[derive(Clone, Copy, Debug)]
pub struct Population<'a> {
    /// Figures in their own units, one for each encoded column.
    pub figures: &'a [Figure],
    /// What was clustered, `[N, D]` row-major.
    pub encoded: &'a [f32],
    /// What each customer is worth; none where the data do not say.
    pub value: Option<&'a [f64]>,
    /// What became of each customer (1 or 0), where the data say so; it took no part in the clustering.
    pub outcome: Option<(&'a str, &'a [f64])>,
}

/// A named segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// From 1; 1 is worth the most per customer.
    pub id: u32,
    /// Unique.
    pub name: String,
    /// The segment in one sentence.
    pub sentence: String,
    /// Customers in it.
    pub n_customers: usize,
    /// Their share of all.
    pub share: f64,
    /// What they are worth in all.
    pub value: Option<f64>,
    /// Its share of everybody's.
    pub value_share: Option<f64>,
    /// The profile, one for each figure.
    pub columns: Vec<ColumnProfile>,
    /// What became of them.
    pub outcome: Option<Outcome>,
}

/// One figure of one segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// The figure.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// What kind of figure.
    pub kind: FigureKind,
    /// The segment's median, or its share of ones; none where all are missing.
    pub typical: Option<f64>,
    /// The same over all customers.
    pub typical_of_all: Option<f64>,
    /// The segment's mean of the encoded column, in standard deviations from that of all customers: on the scale that
    /// was clustered, where a few very large customers do not hide the rest.
    pub z: f64,
    /// The share of customers below `typical`, half of the equal ones counted.
    pub rank: f64,
}

/// What became of a segment's customers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The column of the target.
    pub name: String,
    /// The share of positives.
    pub share: f64,
    /// The same over all customers.
    pub share_of_all: f64,
}

/// Names and profiles of the segments, most valuable customers first.
///
/// Gives the old label of each segment (`order[i]` is the label of segment `i + 1`) and the segments. The order is by value
/// per customer where the value is known, else by size, then by label.
///
/// # Panics
/// Where figures, encoded columns or labels do not have the same number of customers, or a label has none.
pub fn describe(population: &Population<'_>, labels: &[u32]) -> (Vec<u32>, Vec<Segment>) {
    let k = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); k];
    for (row, &label) in labels.iter().enumerate() {
        rows[label as usize].push(row);
    }
    let total: Option<f64> = population.value.map(|value| value.iter().sum());
    let worth = |rows: &[usize]| population.value.map(|value| rows.iter().map(|&row| value[row]).sum::<f64>());
    let key = |label: u32| {
        let rows = &rows[label as usize];
        worth(rows).map_or(rows.len() as f64, |worth| worth / rows.len() as f64)
    };
    let mut order: Vec<u32> = (0..k as u32).collect();
    order.sort_by(|&a, &b| key(b).total_cmp(&key(a)).then(a.cmp(&b)));
    let moments = moments(population.encoded, population.figures.len());
    let mut segments: Vec<Segment> = order
        .iter()
        .zip(1..)
        .map(|(&label, id)| {
            let rows = &rows[label as usize];
            let value = worth(rows);
            Segment {
                id,
                name: String::new(),
                sentence: String::new(),
                n_customers: rows.len(),
                share: rows.len() as f64 / labels.len() as f64,
                value,
                value_share: value.zip(total).filter(|(_, total)| *total > 0.0).map(|(value, total)| value / total),
                columns: columns(population, &moments, rows),
                outcome: population.outcome.map(|(name, values)| outcome(name, values, rows)),
            }
        })
        .collect();
    for (segment, name) in names(&segments).into_iter().enumerate() {
        segments[segment].name = name;
        segments[segment].sentence = sentence(&segments[segment]);
    }
    (order, segments)
}

/// Labels by the order that [`describe`] gave: 0 for the first segment, and so on.
pub fn renumber(labels: &[u32], order: &[u32]) -> Vec<u32> {
    let mut new = vec![0; order.len()];
    for (&old, place) in order.iter().zip(0..) {
        new[old as usize] = place;
    }
    labels.iter().map(|&label| new[label as usize]).collect()
}

fn outcome(name: &str, values: &[f64], rows: &[usize]) -> Outcome {
    let share = |sum: f64, n: usize| sum / n.max(1) as f64;
    Outcome {
        name: name.to_owned(),
        share: share(rows.iter().map(|&row| values[row]).sum(), rows.len()),
        share_of_all: share(values.iter().sum(), values.len()),
    }
}

fn columns(population: &Population<'_>, moments: &[(f64, f64)], rows: &[usize]) -> Vec<ColumnProfile> {
    let d = population.figures.len();
    let all: Vec<usize> = (0..population.encoded.len() / d.max(1)).collect();
    let profile = |(column, figure): (usize, &Figure)| {
        let (mean, deviation) = moments[column];
        let encoded = rows.iter().map(|&row| f64::from(population.encoded[row * d + column])).sum::<f64>();
        let (typical, typical_of_all) = (figure.typical(rows), figure.typical(&all));
        ColumnProfile {
            name: figure.name.clone(),
            unit: figure.unit.clone(),
            kind: figure.kind,
            typical: typical.is_finite().then_some(typical),
            typical_of_all: typical_of_all.is_finite().then_some(typical_of_all),
            z: if deviation > 0.0 { (encoded / rows.len() as f64 - mean) / deviation } else { 0.0 },
            rank: if typical.is_finite() { figure.rank_share(typical) } else { 0.5 },
        }
    };
    population.figures.iter().enumerate().map(profile).collect()
}

/// Mean and standard deviation (with `N`) of each encoded column.
fn moments(encoded: &[f32], d: usize) -> Vec<(f64, f64)> {
    let n = (encoded.len() / d.max(1)) as f64;
    let of_column = |column: usize| {
        let values = || encoded.iter().skip(column).step_by(d).map(|&value| f64::from(value));
        let mean = values().sum::<f64>() / n;
        (mean, (values().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt())
    };
    (0..d).map(of_column).collect()
}
