//! Sums of row log-likelihoods over unique rows, in parallel and in a fixed order.

use rayon::prelude::*;

use crate::customers::UniqueRow;
use crate::dense::Square;
use crate::mixture::Row;
use crate::optimise::{Evaluation, Objective};

/// Rows summed before partial sums meet: fixed, so that the result does not depend on the number of threads.
const CHUNK: usize = 1024;

/// A purchase model as its likelihood: `P` parameters, all positive, taken as logarithms.
pub(crate) trait Likelihood<const P: usize>: Copy + Send + Sync {
    /// The model at the exponentials of `log_parameters`.
    fn at(log_parameters: &[f64; P]) -> Self;

    /// What depends on frequency alone; rows come sorted by frequency, so it is computed once for many.
    type OfFrequency: Copy;
    fn of_frequency(&self, frequency: u32) -> Self::OfFrequency;

    /// One customer's log-likelihood with its derivatives in the log-parameters.
    fn row(&self, constant: &Self::OfFrequency, row: &UniqueRow) -> Row<P>;
}

/// The negative log-likelihood of sorted unique rows.
pub(crate) struct NegativeLogLikelihood<'a, L, const P: usize> {
    rows: &'a [UniqueRow],
    model: std::marker::PhantomData<L>,
}

impl<'a, L: Likelihood<P>, const P: usize> NegativeLogLikelihood<'a, L, P> {
    pub(crate) fn new(rows: &'a [UniqueRow]) -> Self {
        Self { rows, model: std::marker::PhantomData }
    }

    fn chunk(model: &L, rows: &[UniqueRow]) -> Row<P> {
        let mut sum = Row::ZERO;
        let Some(first) = rows.first() else { return sum };
        let mut frequency = first.history.frequency;
        let mut constant = model.of_frequency(frequency);
        for row in rows {
            if row.history.frequency != frequency {
                frequency = row.history.frequency;
                constant = model.of_frequency(frequency);
            }
            sum.add(-row.weight, &model.row(&constant, row));
        }
        sum
    }
}

impl<L: Likelihood<P>, const P: usize> Objective for NegativeLogLikelihood<'_, L, P> {
    fn evaluate(&self, at: &[f64]) -> Evaluation {
        let log_parameters: &[f64; P] = at.try_into().expect("as many values as the model has parameters");
        let model = L::at(log_parameters);
        let partial: Vec<Row<P>> = self.rows.par_chunks(CHUNK).map(|rows| Self::chunk(&model, rows)).collect();
        let mut total = Row::ZERO;
        for row in &partial {
            total.add(1.0, row);
        }
        let mut hessian = Square::zeros(P);
        for i in 0..P {
            for j in 0..P {
                hessian.add(i, j, total.hessian[i][j]);
            }
        }
        Evaluation { value: total.value, gradient: total.gradient.to_vec(), hessian }
    }
}
