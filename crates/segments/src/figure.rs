//! A figure of every customer, in its own unit.

use std::borrow::Cow;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::SegmentError;

/// A figure of every customer, in its own unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name in the table; of an indicator, `column = level`.
    pub name: String,
    /// Its unit, such as `days`; `1` for a pure number.
    pub unit: String,
    /// What kind of figure.
    pub kind: FigureKind,
    /// Of a magnitude one for each customer, in the single precision of tables, NaN where it is missing; of an indicator
    /// none, since its encoded column is 0 or 1 for each customer.
    pub values: Vec<f32>,
}

/// The figures of a population, one for each encoded column, looked at one after the other: they need not be in memory
/// together.
pub trait Figures {
    /// How many.
    fn n_figures(&self) -> usize;

    /// The figure of an encoded column.
    ///
    /// # Errors
    /// [`SegmentError::Figure`] where it cannot be read.
    fn figure(&self, column_idx: usize) -> Result<Cow<'_, Figure>, SegmentError>;
}

impl Figures for Vec<Figure> {
    fn n_figures(&self) -> usize {
        self.len()
    }

    fn figure(&self, column_idx: usize) -> Result<Cow<'_, Figure>, SegmentError> {
        Ok(Cow::Borrowed(&self[column_idx]))
    }
}

/// What kind of figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FigureKind {
    /// A magnitude, told by its median.
    Magnitude,
    /// 0 or 1, told by its share of ones.
    Indicator,
}

impl Figure {
    /// A magnitude.
    pub fn magnitude(name: impl Into<String>, unit: impl Into<String>, values: Vec<f32>) -> Self {
        Self { name: name.into(), unit: unit.into(), kind: FigureKind::Magnitude, values }
    }

    /// An indicator.
    pub fn indicator(name: impl Into<String>) -> Self {
        Self { name: name.into(), unit: "share".into(), kind: FigureKind::Indicator, values: Vec::new() }
    }
}

/// What is typical of each segment, and where that lies among all customers.
pub(crate) struct Typical {
    /// Of each segment: the median or the share of ones; NaN where nobody has a value.
    pub(crate) of_segments: Vec<f64>,
    /// Of all customers.
    pub(crate) of_all: f64,
    /// The share of customers below each segment's, half of those equal to it counted.
    pub(crate) ranks: Vec<f64>,
}

impl Typical {
    /// Of a magnitude: medians, the mean of the middle two where there are two. `members` are the customers of each segment,
    /// every customer in one.
    pub(crate) fn of_magnitude(values: &[f32], members: &[Vec<u32>]) -> Self {
        let mut grouped = vec![0.0; members.iter().map(Vec::len).sum()];
        let mut rest = grouped.as_mut_slice();
        let mut groups: Vec<(&mut [f32], &[u32])> = Vec::with_capacity(members.len());
        for rows in members {
            let (group, after) = rest.split_at_mut(rows.len());
            groups.push((group, rows));
            rest = after;
        }
        let of_group = |(group, rows): (&mut [f32], &[u32])| {
            group.iter_mut().zip(rows).for_each(|(to, &row)| *to = values[row as usize]);
            median(group)
        };
        let of_segments: Vec<f64> = groups.into_par_iter().map(of_group).collect();
        let (of_all, ranks) = rayon::join(|| median(&mut grouped), || ranks(values, &of_segments));
        Self { of_segments, of_all, ranks }
    }

    /// Of an indicator, by how many customers of each segment have it and how many there are.
    pub(crate) fn of_indicator(ones: &[f64], sizes: &[usize]) -> Self {
        let share = |ones: f64, n: usize| if n == 0 { f64::NAN } else { ones / n as f64 };
        let (all, n): (f64, usize) = (ones.iter().sum(), sizes.iter().sum());
        let of_segments: Vec<f64> = ones.iter().zip(sizes).map(|(&ones, &n)| share(ones, n)).collect();
        let rank = |share: &f64| {
            let (zeros, half) = (n as f64 - all, 0.5);
            let below = if *share <= 0.0 {
                half * zeros
            } else if *share >= 1.0 {
                zeros + half * all
            } else {
                zeros
            };
            if n > 0 { below / n as f64 } else { half }
        };
        Self { of_all: share(all, n), ranks: of_segments.iter().map(rank).collect(), of_segments }
    }
}

/// The median of those that are numbers, which come to stand in another order; NaN where none is.
fn median(values: &mut [f32]) -> f64 {
    let mut n = 0;
    for i in 0..values.len() {
        if !values[i].is_nan() {
            values.swap(n, i);
            n += 1;
        }
    }
    let present = &mut values[..n];
    if present.is_empty() {
        return f64::NAN;
    }
    let (below, &mut middle, _) = present.select_nth_unstable_by(n / 2, f32::total_cmp);
    let before = below.iter().copied().max_by(f32::total_cmp).filter(|_| n.is_multiple_of(2));
    before.map_or(f64::from(middle), |before| f64::midpoint(f64::from(before), f64::from(middle)))
}

/// Customers that are counted together.
const COUNTED: usize = 1 << 12;

/// For each of `points` the share of values below it, half of those equal to it counted.
fn ranks(values: &[f32], points: &[f64]) -> Vec<f64> {
    let halves = |values: &[f32]| -> Vec<u64> {
        let count = |point: &f64| {
            // Twice each value below, once each equal one.
            let of_value = |&value: &f32| u32::from(f64::from(value) < *point) + u32::from(f64::from(value) <= *point);
            u64::from(values.iter().map(of_value).sum::<u32>())
        };
        points.iter().map(count).chain([values.iter().filter(|value| !value.is_nan()).count() as u64]).collect()
    };
    let add = |mut sum: Vec<u64>, more: Vec<u64>| {
        sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        sum
    };
    let zeros = || vec![0; points.len() + 1];
    let halves = values.par_chunks(COUNTED).map(halves).reduce(zeros, add);
    let n = halves[points.len()];
    let share = |halves: &u64| if n > 0 { *halves as f64 / (2 * n) as f64 } else { 0.5 };
    halves[..points.len()].iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ranks_are_those_of_sorted_values() {
        let values: Vec<f32> =
            (0..1001_u32).map(|i| if i % 7 == 0 { f32::NAN } else { (i * 37 % 101) as f32 }).collect();
        let mut members = vec![Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        (0..1001_u32).for_each(|row| members[if row % 5 < 3 { 0 } else { 2 }].push(row));
        let last = members[2].len() - 1;
        members[3] = members[2].split_off(last);
        let found = Typical::of_magnitude(&values, &members);
        let sorted = |rows: &[u32]| {
            let of_rows = rows.iter().map(|&row| f64::from(values[row as usize])).filter(|value| !value.is_nan());
            let mut sorted: Vec<f64> = of_rows.collect();
            sorted.sort_by(f64::total_cmp);
            sorted
        };
        let middle = |sorted: &[f64]| {
            let n = sorted.len();
            if n == 0 { f64::NAN } else { f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]) }
        };
        let all = sorted(&(0..1001).collect::<Vec<_>>());
        assert!((found.of_all - middle(&all)).abs() < 1e-12);
        for (place, rows) in members.iter().enumerate() {
            let expected = middle(&sorted(rows));
            assert!(found.of_segments[place] == expected || expected.is_nan() && found.of_segments[place].is_nan());
            let below = all.iter().filter(|&&value| value < expected).count() as f64;
            let equal = all.iter().filter(|&&value| value == expected).count() as f64;
            assert!((found.ranks[place] - (below + 0.5 * equal) / all.len() as f64).abs() < 1e-12, "{place}");
        }
    }

    #[test]
    fn shares_of_ones_rank_as_their_values_would() {
        // Of ten customers three have it: none of four, all of two, one of four.
        let found = Typical::of_indicator(&[0.0, 2.0, 1.0], &[4, 2, 4]);
        assert_eq!((found.of_segments, found.of_all), (vec![0.0, 1.0, 0.25], 0.3));
        assert_eq!(found.ranks, [0.35, 0.85, 0.7]);
    }
}
