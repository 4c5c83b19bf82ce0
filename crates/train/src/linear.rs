//! Linear functions of encoded rows: one coefficient per magnitude, per indicator, and per level of each embedded category.

use tenure_encode::Dataset;

use crate::TrainError;

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
    let dense = data.continuous_row(row).iter().chain(data.binary_row(row));
    let sum: f64 = dense.zip(beta).map(|(x, b)| f64::from(*x) * b).sum();
    let levels = data.categorical_row(row).iter().zip(&starts.categories);
    sum + levels.map(|(level, start)| beta[start + *level as usize]).sum::<f64>()
}

/// Adds `scale` times the inputs of a row to one number per coefficient.
pub(crate) fn add_row(data: &Dataset, starts: &Starts, row: usize, scale: f64, sum: &mut [f64]) {
    let dense = data.continuous_row(row).iter().chain(data.binary_row(row));
    dense.zip(sum.iter_mut()).for_each(|(x, s)| *s += scale * f64::from(*x));
    for (level, start) in data.categorical_row(row).iter().zip(&starts.categories) {
        sum[start + *level as usize] += scale;
    }
}
