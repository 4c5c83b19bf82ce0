//! Labels into named segments with profiles.

use serde::{Deserialize, Serialize};
use tenure_evaluate::Points;

use crate::SegmentError;
use crate::figure::{Figure, FigureKind, Figures, Typical};
use crate::name::names;
use crate::sentence::sentence;

/// Everything that is known of the customers.
#[derive(Clone, Copy)]
pub struct Population<'a> {
    /// Figures in their own units, one for each encoded column.
    pub figures: &'a dyn Figures,
    /// What was clustered, `[N, D]`.
    pub encoded: Points<'a>,
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
/// Beside what the population holds it needs 4 bytes for each customer, and 8 while a figure is looked at.
///
/// # Errors
/// [`SegmentError::Figure`] and [`SegmentError::Measure`], only where figures or rows are not in memory.
///
/// # Panics
/// Where figures, encoded columns or labels do not have the same number of customers, or a label has none.
pub fn describe(population: &Population<'_>, labels: &[u32]) -> Result<(Vec<u32>, Vec<Segment>), SegmentError> {
    let k = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
    let mut sizes = vec![0; k];
    for &label in labels {
        sizes[label as usize] += 1;
    }
    let mut rows: Vec<Vec<u32>> = sizes.iter().map(|&size| Vec::with_capacity(size)).collect();
    for (row, &label) in (0..).zip(labels) {
        rows[label as usize].push(row);
    }
    let total: Option<f64> = population.value.map(|value| value.iter().sum());
    let worth = |rows: &[u32]| population.value.map(|value| rows.iter().map(|&row| value[row as usize]).sum::<f64>());
    let key = |label: u32| {
        let rows = &rows[label as usize];
        worth(rows).map_or(rows.len() as f64, |worth| worth / rows.len() as f64)
    };
    let mut order: Vec<u32> = (0..k as u32).collect();
    order.sort_by(|&a, &b| key(b).total_cmp(&key(a)).then(a.cmp(&b)));
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
                columns: Vec::new(),
                outcome: population.outcome.map(|(name, values)| outcome(name, values, rows)),
            }
        })
        .collect();
    let z = Scores::new(population.encoded, labels, k)?;
    for column in 0..population.figures.n_figures() {
        let figure = population.figures.figure(column)?;
        let typical = match figure.kind {
            FigureKind::Magnitude => Typical::of_magnitude(&figure.values, &rows),
            FigureKind::Indicator => Typical::of_indicator(&z.sums_of(column), &sizes),
        };
        for (segment, &label) in segments.iter_mut().zip(&order) {
            let z = z.of(column, label as usize, segment.n_customers);
            segment.columns.push(profile(&figure, &typical, label as usize, z));
        }
    }
    for (segment, name) in names(&segments).into_iter().enumerate() {
        segments[segment].name = name;
        segments[segment].sentence = sentence(&segments[segment]);
    }
    Ok((order, segments))
}

/// Labels by the order that [`describe`] gave: 0 for the first segment, and so on.
pub fn renumber(labels: &[u32], order: &[u32]) -> Vec<u32> {
    let mut new = vec![0; order.len()];
    for (&old, place) in order.iter().zip(0..) {
        new[old as usize] = place;
    }
    labels.iter().map(|&label| new[label as usize]).collect()
}

fn outcome(name: &str, values: &[f64], rows: &[u32]) -> Outcome {
    let share = |sum: f64, n: usize| sum / n.max(1) as f64;
    Outcome {
        name: name.to_owned(),
        share: share(rows.iter().map(|&row| values[row as usize]).sum(), rows.len()),
        share_of_all: share(values.iter().sum(), values.len()),
    }
}

fn profile(figure: &Figure, typical: &Typical, label: usize, z: f64) -> ColumnProfile {
    let of_segment = typical.of_segments[label];
    ColumnProfile {
        name: figure.name.clone(),
        unit: figure.unit.clone(),
        kind: figure.kind,
        typical: of_segment.is_finite().then_some(of_segment),
        typical_of_all: typical.of_all.is_finite().then_some(typical.of_all),
        z,
        rank: if of_segment.is_finite() { typical.ranks[label] } else { 0.5 },
    }
}

/// Means of encoded columns, of all customers and of each segment.
struct Scores {
    /// `[D]`
    mean: Vec<f64>,
    /// With `N`, `[D]`.
    deviation: Vec<f64>,
    /// `[K, D]`
    sums: Vec<f64>,
}

impl Scores {
    /// Two readings of the rows.
    fn new(encoded: Points<'_>, labels: &[u32], k: usize) -> Result<Self, SegmentError> {
        let (n, d) = (encoded.n_rows() as f64, encoded.n_columns());
        let mean = encoded.mean()?;
        let mut sums = encoded.sums_of_rows(d + k * d, |row_idx, row, sums| {
            let (squares, sums) = sums.split_at_mut(d);
            let of_segment = &mut sums[labels[row_idx] as usize * d..][..d];
            let columns = row.iter().zip(&mean).zip(squares.iter_mut().zip(of_segment));
            for ((&x, mean), (square, sum)) in columns {
                *square += (f64::from(x) - mean).powi(2);
                *sum += f64::from(x);
            }
        })?;
        let of_segments = sums.split_off(d);
        let deviation = sums.into_iter().map(|square| (square / n).sqrt()).collect();
        Ok(Self { mean, deviation, sums: of_segments })
    }

    /// A column's sum over each segment.
    fn sums_of(&self, column: usize) -> Vec<f64> {
        self.sums.chunks_exact(self.mean.len()).map(|sums| sums[column]).collect()
    }

    /// A segment's mean of a column, in standard deviations from that of all customers.
    fn of(&self, column: usize, label: usize, n_customers: usize) -> f64 {
        let (mean, deviation) = (self.mean[column], self.deviation[column]);
        let sum = self.sums[label * self.mean.len() + column];
        if deviation > 0.0 { (sum / n_customers as f64 - mean) / deviation } else { 0.0 }
    }
}
