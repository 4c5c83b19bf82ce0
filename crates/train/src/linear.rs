//! Linear functions of encoded rows: one coefficient per magnitude, per indicator, and per level of each embedded category.

use rayon::prelude::*;
use tenure_encode::Dataset;

use crate::TrainError;
use crate::lbfgs::{inner, minimise};

/// The penalties tried, strongest first, each started from the last one's solution.
pub const PENALTIES: [f64; 6] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5];

/// Rows summed at once: a sum does not depend on the number of threads.
const CHUNK: usize = 1024;

/// Refuses rows that no linear model can be fitted and chosen on.
pub(crate) fn check(train: &Dataset, validation: &Dataset) -> Result<(), TrainError> {
    if train.n_rows() < 2 {
        return Err(TrainError::TooFewRows { n_rows: train.n_rows() });
    }
    if validation.n_rows() == 0 {
        return Err(TrainError::NoValidation);
    }
    let (expected, found) = (train.layout.widths(), validation.layout.widths());
    if expected == found { Ok(()) } else { Err(TrainError::Layout { expected, found }) }
}

/// Where the coefficients of each embedded category begin, and how many coefficients there are.
pub(crate) struct Starts {
    categories: Vec<usize>,
    pub(crate) end: usize,
}

pub(crate) fn category_starts(data: &Dataset) -> Starts {
    let (f, g, _) = data.layout.widths();
    let mut end = f + g;
    let mut categories = Vec::with_capacity(data.layout.categorical.len());
    for category in &data.layout.categorical {
        categories.push(end);
        end += category.n_levels;
    }
    Starts { categories, end }
}

/// The inputs of a row against one number per coefficient.
pub(crate) fn dot(data: &Dataset, starts: &Starts, row: usize, beta: &[f64]) -> f64 {
    let (magnitudes, binary) = (data.continuous_row(row), data.binary_row(row));
    let (of_magnitudes, rest) = beta.split_at(magnitudes.len());
    let levels = data.categorical_row(row).iter().zip(&starts.categories);
    let of_levels: f64 = levels.map(|(level, start)| beta[start + *level as usize]).sum();
    dense(magnitudes, of_magnitudes) + dense(binary, rest) + of_levels
}

/// In eight sums, so that the compiler may use vector registers.
fn dense(x: &[f32], beta: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (x, tail) = x.as_chunks::<8>();
    let (b, rest) = beta.split_at(8 * x.len());
    for (x, b) in x.iter().zip(b.as_chunks::<8>().0) {
        for i in 0..8 {
            sums[i] += f64::from(x[i]) * b[i];
        }
    }
    sums.iter().sum::<f64>() + tail.iter().zip(rest).map(|(x, b)| f64::from(*x) * b).sum::<f64>()
}

/// Adds `scale` times the inputs of a row to one number per coefficient.
fn add_row(data: &Dataset, starts: &Starts, row: usize, scale: f64, sum: &mut [f64]) {
    let (magnitudes, binary) = (data.continuous_row(row), data.binary_row(row));
    let (of_magnitudes, rest) = sum.split_at_mut(magnitudes.len());
    of_magnitudes.iter_mut().zip(magnitudes).for_each(|(s, x)| *s += scale * f64::from(*x));
    rest.iter_mut().zip(binary).for_each(|(s, x)| *s += scale * f64::from(*x));
    for (level, start) in data.categorical_row(row).iter().zip(&starts.categories) {
        sum[start + *level as usize] += scale;
    }
}

/// A convex loss of `z = β₀ + xβ`, summed over rows.
pub(crate) trait Objective: Sync {
    /// The data, where its coefficients lie, and how many terms the sum has.
    fn data(&self) -> (&Dataset, &Starts, usize);

    /// The row of the sum's `i`-th term.
    fn row(&self, i: usize) -> usize;

    /// The `i`-th term at `z`, and its derivative.
    fn loss_and_slope(&self, i: usize, z: f64) -> (f64, f64);

    /// The sum at `theta = (β₀, β)` plus `penalty/2 |β|²`, and its gradient. The intercept is not penalised.
    fn at(&self, theta: &[f64], penalty: f64, gradient: &mut [f64]) -> f64 {
        let (data, starts, n) = self.data();
        let (intercept, beta) = (theta[0], &theta[1..]);
        let chunk = |start: usize| {
            let (mut loss, mut slopes) = (0.0, vec![0.0; theta.len()]);
            for i in start..(start + CHUNK).min(n) {
                let row = self.row(i);
                let (term, slope) = self.loss_and_slope(i, intercept + dot(data, starts, row, beta));
                loss += term;
                slopes[0] += slope;
                add_row(data, starts, row, slope, &mut slopes[1..]);
            }
            (loss, slopes)
        };
        let chunks: Vec<_> = (0..n.div_ceil(CHUNK)).into_par_iter().map(|c| chunk(c * CHUNK)).collect();
        gradient.fill(0.0);
        gradient[1..].iter_mut().zip(beta).for_each(|(g, b)| *g = penalty * b);
        let mut loss = 0.5 * penalty * inner(beta, beta);
        for (of_chunk, slopes) in chunks {
            loss += of_chunk;
            gradient.iter_mut().zip(slopes).for_each(|(g, s)| *g += s);
        }
        loss
    }
}

/// The penalty, and the solution under it, with the least loss on held-out rows.
///
/// Held-out loss falls and then rises as the penalty weakens, and weak penalties cost the most iterations; so the search
/// ends at the first penalty that does worse than the one before.
pub(crate) fn best(
    objective: &impl Objective,
    mut theta: Vec<f64>,
    held_out: impl Fn(f64, &[f64]) -> f64,
) -> (f64, Vec<f64>) {
    let mut best: Option<(f64, f64, Vec<f64>)> = None;
    for penalty in PENALTIES {
        minimise(|t, g| objective.at(t, penalty, g), &mut theta);
        let loss = held_out(penalty, &theta);
        if best.as_ref().is_some_and(|(least, ..)| loss >= *least) {
            break;
        }
        best = Some((loss, penalty, theta.clone()));
    }
    let (_, penalty, theta) = best.expect("at least one penalty");
    (penalty, theta)
}
