//! The first pass over the rows: everything that can be wrong with them, their mean and their spread.

use std::collections::HashSet;

use rayon::prelude::*;
use tenure_kernels::kmeans::cpu::{Frame, Level, Moments, moments};
use tenure_kernels::kmeans::{Metric, Rows};

use crate::error::ClusterError;
use crate::shared::Chunks;
use crate::source::{RowSource, for_each_block};

/// Largest standard deviation of a column: squares of a thousand such columns stay within `f32`.
const FARTHEST: f64 = 1e16;

/// What is known of the rows before they are clustered.
pub(crate) struct Survey {
    pub(crate) n_rows: usize,
    /// A copy, kept because draws by weight come between passes.
    pub(crate) weights: Option<Vec<f32>>,
    pub(crate) frame: Frame,
    /// `Σ w·‖x − shift‖²`; of unit rows `Σ w`.
    pub(crate) second_moment: f64,
    /// Mean over columns of their variance.
    pub(crate) mean_variance: f64,
}

/// Reads all rows once and checks them for `k` clusters.
pub(crate) fn survey(
    source: &mut dyn RowSource,
    k: usize,
    chunk_rows: usize,
    metric: Metric,
) -> Result<Survey, ClusterError> {
    let overview = Overview { for_directions: metric == Metric::Cosine, ..Overview::new(source.n_columns()) };
    let mut seen = Seen { overview, distinct: Distinct::new(k), weights: None };
    if let Some(rows) = source.shared() {
        seen.add_shared(&Chunks { rows, n_columns: source.n_columns(), chunk_rows: SURVEY_ROWS }, metric)?;
        return seen.finish(k, metric);
    }
    for_each_block(source, chunk_rows, |first_row, rows| seen.add(first_row, rows, metric))?;
    seen.finish(k, metric)
}

/// Rows whose moments are summed together, in every chunk of the grid a whole number of times: what was found out while rows
/// were written to a file is what is found out later, whatever `K`.
pub(crate) const SURVEY_ROWS: usize = 8192;

/// What one reading of all rows tells.
#[derive(Debug, Clone)]
pub struct Overview {
    /// The first row: moments about it lose no digits to an offset.
    origin: Vec<f64>,
    sums: Moments,
    n_rows: usize,
    /// Whether rows without a direction are looked for.
    for_directions: bool,
    /// The first row at the origin, which has no direction.
    first_zero: Option<usize>,
}

impl Overview {
    /// Of no rows yet, whatever the metric.
    pub(crate) fn new(n_columns: usize) -> Overview {
        let sums = Moments::zeros(n_columns);
        Overview { origin: Vec::new(), sums, n_rows: 0, for_directions: true, first_zero: None }
    }

    /// Takes in the next rows, which start at a chunk.
    pub(crate) fn add(&mut self, rows: Rows<'_>) -> Result<(), ClusterError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.begin(rows);
        let first_row = self.n_rows;
        let starts: Vec<usize> = (0..rows.len()).step_by(SURVEY_ROWS).collect();
        let chunk = |&start: &usize| rows.slice(start, rows.len().min(start + SURVEY_ROWS));
        let look = |start: &usize| self.glance(chunk(start), first_row + start);
        let glances: Vec<Result<Glance, ClusterError>> = starts.par_iter().map(look).collect();
        for glance in glances {
            self.take(&glance?);
        }
        self.n_rows += rows.len();
        Ok(())
    }

    fn begin(&mut self, rows: Rows<'_>) {
        if self.origin.is_empty() {
            self.origin = rows.row(0).iter().map(|&x| f64::from(x)).collect();
        }
    }

    fn glance(&self, rows: Rows<'_>, first_row: usize) -> Result<Glance, ClusterError> {
        Glance::new(rows, first_row, &self.origin, self.for_directions)
    }

    fn take(&mut self, glance: &Glance) {
        self.sums.add(&glance.sums);
        self.first_zero = self.first_zero.or(glance.first_zero);
    }
}

/// What one chunk tells.
struct Glance {
    sums: Moments,
    first_zero: Option<usize>,
}

impl Glance {
    fn new(rows: Rows<'_>, first_row: usize, origin: &[f64], for_directions: bool) -> Result<Glance, ClusterError> {
        let sums = moments(Level::detect(), rows, origin);
        if !sums.is_finite() {
            check_finite(rows, first_row)?;
        }
        let first_zero = if for_directions { first_zero(rows) } else { None };
        Ok(Glance { sums, first_zero: first_zero.map(|i| first_row + i) })
    }
}

struct Seen {
    overview: Overview,
    distinct: Distinct,
    weights: Option<Vec<f32>>,
}

impl Seen {
    fn add(&mut self, first_row: usize, rows: Rows<'_>, metric: Metric) -> Result<(), ClusterError> {
        if let Some(weights) = rows.weights {
            check_weights(weights, first_row)?;
            self.weights.get_or_insert_default().extend_from_slice(weights);
        }
        self.overview.add(rows)?;
        self.distinct.add(rows);
        self.check_directions(metric)
    }

    /// The same for all rows, each thread reading its chunks; their moments may be known.
    fn add_shared(&mut self, chunks: &Chunks<'_>, metric: Metric) -> Result<(), ClusterError> {
        let n_rows = chunks.rows.n_rows();
        if n_rows == 0 {
            return Ok(());
        }
        if let Some(weights) = chunks.rows.weights() {
            check_weights(weights, 0)?;
            self.weights = Some(weights.to_vec());
        }
        let mut room = Vec::new();
        for start in (0..n_rows).step_by(chunks.chunk_rows) {
            let rows = chunks.read(chunks.span(start), &mut room)?;
            self.overview.begin(rows);
            self.distinct.add(rows);
            if self.distinct.is_full() {
                break;
            }
        }
        if let Some(overview) = chunks.rows.overview() {
            self.overview = overview.clone();
            return self.check_directions(metric);
        }
        let origin = self.overview.origin.clone();
        let for_directions = self.overview.for_directions;
        let work = |first_row, rows: Rows<'_>| Glance::new(rows, first_row, &origin, for_directions);
        let overview = &mut self.overview;
        chunks.each(16 * origin.len(), work, |_, glance| overview.take(&glance))?;
        overview.n_rows = n_rows;
        self.check_directions(metric)
    }

    fn check_directions(&self, metric: Metric) -> Result<(), ClusterError> {
        match self.overview.first_zero {
            Some(row_idx) if metric == Metric::Cosine => Err(ClusterError::ZeroRow { row_idx }),
            _ => Ok(()),
        }
    }

    fn finish(self, k: usize, metric: Metric) -> Result<Survey, ClusterError> {
        let Seen { overview: Overview { origin, sums, n_rows, .. }, distinct, weights } = self;
        if n_rows == 0 {
            return Err(ClusterError::NoRows);
        }
        if sums.weight == 0.0 {
            return Err(ClusterError::ZeroWeight { n_rows });
        }
        if n_rows < k {
            return Err(ClusterError::TooFewRows { k, n_rows });
        }
        if distinct.rows.len() < k {
            return Err(ClusterError::TooFewDistinct { k, n_distinct: distinct.rows.len() });
        }
        let weight = sums.weight;
        if metric == Metric::Cosine {
            let frame = Frame { metric, shift: Vec::new() };
            // Unit rows: the mean of the columns' second moments, of which their variance is at most all.
            let mean_variance = 1.0 / origin.len() as f64;
            return Ok(Survey { n_rows, weights, frame, second_moment: weight, mean_variance });
        }
        let spread = Spread::new(&origin, &sums)?;
        let frame = Frame { metric, shift: spread.shift() };
        let second_moment = spread.second_moment(&frame.shift, weight);
        let mean_variance = spread.variance.iter().sum::<f64>() / origin.len() as f64;
        Ok(Survey { n_rows, weights, frame, second_moment, mean_variance })
    }
}

/// Mean and variance of each column.
struct Spread {
    mean: Vec<f64>,
    variance: Vec<f64>,
}

impl Spread {
    fn new(origin: &[f64], sums: &Moments) -> Result<Spread, ClusterError> {
        let first: Vec<f64> = sums.first.iter().map(|first| first / sums.weight).collect();
        let variance: Vec<f64> = sums
            .second
            .iter()
            .zip(&first)
            .map(|(second, first)| (second / sums.weight - first * first).max(0.0))
            .collect();
        if let Some(column_idx) = variance.iter().position(|variance| variance.sqrt() > FARTHEST) {
            return Err(ClusterError::TooFar { column_idx, limit: FARTHEST });
        }
        Ok(Spread { mean: origin.iter().zip(&first).map(|(origin, first)| origin + first).collect(), variance })
    }

    /// The mean, or nothing where every column lies about the origin already: then there is nothing to gain.
    fn shift(&self) -> Vec<f32> {
        let near = |(mean, variance): (&f64, &f64)| mean * mean <= 4.0 * variance;
        if self.mean.iter().zip(&self.variance).all(near) {
            return Vec::new();
        }
        self.mean.iter().map(|&mean| mean as f32).collect()
    }

    /// `Σ w·‖x − shift‖²`.
    fn second_moment(&self, shift: &[f32], weight: f64) -> f64 {
        let shift = |j: usize| shift.get(j).map_or(0.0, |&shift| f64::from(shift));
        let of_column = |(j, (mean, variance)): (usize, (&f64, &f64))| variance + (mean - shift(j)).powi(2);
        weight * self.mean.iter().zip(&self.variance).enumerate().map(of_column).sum::<f64>()
    }
}

/// Different rows of positive weight, counted up to a limit.
struct Distinct {
    limit: usize,
    rows: HashSet<Vec<u32>>,
}

impl Distinct {
    fn new(limit: usize) -> Distinct {
        Distinct { limit, rows: HashSet::new() }
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= self.limit
    }

    fn add(&mut self, rows: Rows<'_>) {
        let mut bits = vec![0; rows.n_columns];
        for i in 0..rows.len() {
            if self.is_full() {
                return;
            }
            // 0 and −0 are one value.
            bits.iter_mut().zip(rows.row(i)).for_each(|(bits, x)| *bits = (x + 0.0).to_bits());
            if rows.weight(i) > 0.0 && !self.rows.contains(&bits) {
                self.rows.insert(bits.clone());
            }
        }
    }
}

fn check_weights(weights: &[f32], first_row: usize) -> Result<(), ClusterError> {
    match weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        None => Ok(()),
        Some(i) => Err(ClusterError::BadWeight { row_idx: first_row + i, found: weights[i] }),
    }
}

/// Whether all values are finite.
pub(crate) fn check_finite(rows: Rows<'_>, first_row: usize) -> Result<(), ClusterError> {
    match rows.x.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let (row_idx, column_idx) = (first_row + at / rows.n_columns, at % rows.n_columns);
            Err(ClusterError::NotFinite { row_idx, column_idx, found: rows.x[at] })
        }
    }
}

/// Whether every row has a direction.
pub(crate) fn check_directions(rows: Rows<'_>, first_row: usize) -> Result<(), ClusterError> {
    match first_zero(rows) {
        None => Ok(()),
        Some(i) => Err(ClusterError::ZeroRow { row_idx: first_row + i }),
    }
}

/// The first row that is all zeros.
fn first_zero(rows: Rows<'_>) -> Option<usize> {
    (0..rows.len()).find(|&i| rows.row(i).iter().all(|&x| x == 0.0))
}
