//! How much nearer each row is to its own cluster than to the next one.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ClusteringError;
use super::points::Labelled;
use crate::random::Stream;

/// Silhouette widths of a sample of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silhouette {
    /// Mean over the sampled rows, in `[-1, 1]`.
    pub mean: f64,
    /// The sampled rows, ascending by row.
    pub rows: Vec<SilhouetteRow>,
}

/// The silhouette of one row.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SilhouetteRow {
    /// The row.
    pub row_idx: u32,
    /// Its cluster.
    pub label: u32,
    /// The cluster whose rows are the nearest on average, its own aside.
    pub nearest: u32,
    /// `(b - a) / max(a, b)`.
    pub width: f64,
}

/// Silhouette widths: with `a` a row's mean distance to the other rows of its cluster and `b` the least mean distance to
/// the rows of another, `(b - a) / max(a, b)`; 0 for a row alone in its cluster.
///
/// Source: Rousseeuw 1987. Where there are more than `max_rows` rows, a sample without replacement of that size stands for
/// all, drawn from `seed`: distances are taken within the sample, so the cost is `max_rows² · D`.
///
/// # Errors
/// [`ClusteringError::Clusters`], also where the sample has rows of one cluster only; [`ClusteringError::Read`].
pub fn silhouette(labelled: &Labelled<'_>, max_rows: usize, seed: u64) -> Result<Silhouette, ClusteringError> {
    const MEASURE: &str = "the silhouette";
    labelled.check(MEASURE)?;
    let sample = sample(labelled.points.n_rows(), max_rows, seed);
    let sampled = Sampled {
        cells: &labelled.points.take(&sample)?,
        n_columns: labelled.points.n_columns(),
        labels: sample.iter().map(|&row_idx| labelled.labels[row_idx as usize]).collect(),
    };
    let mut sizes = vec![0_usize; labelled.sizes.len()];
    for &label in &sampled.labels {
        sizes[label as usize] += 1;
    }
    let n_clusters = sizes.iter().filter(|&&size| size > 0).count();
    if n_clusters < 2 {
        return Err(ClusteringError::Clusters { measure: MEASURE, n_clusters, n_rows: sample.len() });
    }
    let width = |(place, &row_idx)| SilhouetteRow { row_idx, ..sampled.width(&sizes, place) };
    let rows: Vec<SilhouetteRow> = sample.par_iter().enumerate().map(width).collect();
    let mean = rows.iter().map(|row| row.width).sum::<f64>() / rows.len() as f64;
    Ok(Silhouette { mean, rows })
}

/// The rows looked at.
struct Sampled<'a> {
    cells: &'a [f32],
    n_columns: usize,
    labels: Vec<u32>,
}

impl Sampled<'_> {
    /// The silhouette of the row at a place of the sample, which is also what it is called here.
    fn width(&self, sizes: &[usize], place: usize) -> SilhouetteRow {
        let own = self.labels[place] as usize;
        let row = &self.cells[place * self.n_columns..][..self.n_columns];
        let mut sums = vec![0.0; sizes.len()];
        for (other, &label) in self.cells.chunks_exact(self.n_columns).zip(&self.labels) {
            sums[label as usize] += distance(row, other);
        }
        let others = (0..sizes.len()).filter(|&label| label != own && sizes[label] > 0);
        let (nearest, b) = others
            .map(|label| (label, sums[label] / sizes[label] as f64))
            .min_by(|x, y| x.1.total_cmp(&y.1))
            .expect("there are two clusters or more");
        let a = sums[own] / (sizes[own].max(2) - 1) as f64;
        let larger = a.max(b);
        let width = if sizes[own] < 2 || larger <= 0.0 { 0.0 } else { (b - a) / larger };
        SilhouetteRow { row_idx: place as u32, label: own as u32, nearest: nearest as u32, width }
    }
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>().sqrt()
}

/// At most `max_rows` of the numbers below `n_rows`, ascending.
fn sample(n_rows: usize, max_rows: usize, seed: u64) -> Vec<u32> {
    if n_rows <= max_rows {
        return (0..n_rows as u32).collect();
    }
    let mut sample = Stream::new(seed, 0).permutation(n_rows);
    sample.truncate(max_rows);
    sample.sort_unstable();
    sample
}
