//! A linear two-part model of value in plain `f64`: the baseline beside every value network.
//!
//! Whether a customer buys is a logistic regression, how much a linear regression of the logarithm on the customers who
//! did (Duan, Manning, Morris, Newhouse 1983, "A comparison of alternative models for the demand for medical care"), with
//! `E[value] = P(buys) · exp(mu + s²/2)`. Each part's penalty is the one with the least loss on validation rows.
//! Deterministic, needs no device.

use tenure_encode::Dataset;

use crate::TrainError;
use crate::linear::{self, Objective, Starts, category_starts, dot};
use crate::logistic::{self, Logistic};

/// A fitted two-part model.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoPart {
    /// Whether a customer buys.
    pub buys: Logistic,
    /// The penalty of the second part that was chosen, λ.
    pub penalty: f64,
    /// The expected logarithm of a value above 0 where all inputs are 0.
    pub intercept: f64,
    /// What each input adds to it, in the order of [`Logistic::coefficients`].
    pub coefficients: Vec<f64>,
    /// Standard deviation of the logarithm around its expectation, s.
    pub sigma: f64,
}

/// Fits both parts to the value in the target column `target` (from 0) of the training rows.
///
/// # Errors
/// [`TrainError::NoValue`] where no training row has a value above 0.
pub fn fit(train: &Dataset, validation: &Dataset, target: usize) -> Result<TwoPart, TrainError> {
    linear::check(train, validation)?;
    let problem = Amounts::new(train, target);
    if problem.rows.is_empty() {
        return Err(TrainError::NoValue);
    }
    let buys = logistic::fit(&with_target(train, target), &with_target(validation, target))?;
    let held_out = Amounts::new(validation, target);
    // Without buyers among the validation rows there is nothing to choose by, and the strongest penalty stays.
    let loss = |penalty: f64, theta: &[f64]| {
        if held_out.rows.is_empty() { penalty.recip() } else { held_out.squares(theta) }
    };
    let (penalty, theta) = linear::best(&problem, problem.start(), loss);
    let (intercept, coefficients) = (theta[0], theta[1..].to_vec());
    Ok(TwoPart { buys, penalty, intercept, coefficients, sigma: problem.squares(&theta).sqrt() })
}

impl TwoPart {
    /// The expected value of every row, `[N]`, in the units of the data.
    ///
    /// # Panics
    /// Where the rows have another layout than the ones it was fitted on.
    pub fn predict(&self, data: &Dataset) -> Vec<f64> {
        let starts = category_starts(data);
        let amount = |row: usize| {
            let mu = self.intercept + dot(data, &starts, row, &self.coefficients);
            // Beyond the reach of the exponential a prediction is as good as infinite, and must not be it.
            (mu + 0.5 * self.sigma * self.sigma).min(MAX_EXPONENT).exp()
        };
        self.buys.predict(data).into_iter().enumerate().map(|(row, p)| p * amount(row)).collect()
    }
}

/// An expected value of e⁵⁰, 5e21, is beyond any currency.
const MAX_EXPONENT: f64 = 50.0;

/// The same rows with one target: 1 where the value is above 0.
fn with_target(data: &Dataset, target: usize) -> Dataset {
    let buys = |row: usize| f32::from(u8::from(data.target_row(row)[target] > 0.0));
    Dataset { target: (0..data.n_rows()).map(buys).collect(), ..data.clone() }
}

/// Least squares on the logarithms of values above 0.
struct Amounts<'a> {
    data: &'a Dataset,
    starts: Starts,
    /// Rows with a value, its logarithm, and their share of all such rows' weight.
    rows: Vec<(usize, f64, f64)>,
}

impl<'a> Amounts<'a> {
    fn new(data: &'a Dataset, target: usize) -> Self {
        let value = |row: usize| f64::from(data.target_row(row)[target]);
        let weight = |row: usize| f64::from(data.weight[row]);
        let buyers: Vec<usize> = (0..data.n_rows()).filter(|row| value(*row) > 0.0).collect();
        let total: f64 = buyers.iter().map(|row| weight(*row)).sum();
        let rows = buyers.into_iter().map(|row| (row, value(row).ln(), weight(row) / total)).collect();
        Self { data, starts: category_starts(data), rows }
    }

    /// No effects, and the mean logarithm.
    fn start(&self) -> Vec<f64> {
        let mut theta = vec![0.0; self.starts.end + 1];
        theta[0] = self.rows.iter().map(|(_, log, share)| log * share).sum();
        theta
    }

    fn residual(&self, theta: &[f64], row: usize, log_value: f64) -> f64 {
        theta[0] + dot(self.data, &self.starts, row, &theta[1..]) - log_value
    }

    /// The weighted mean of squared residuals.
    fn squares(&self, theta: &[f64]) -> f64 {
        self.rows.iter().map(|&(row, log, share)| share * self.residual(theta, row, log).powi(2)).sum()
    }
}

/// Half the mean squared residual.
impl Objective for Amounts<'_> {
    fn data(&self) -> (&Dataset, &Starts, usize) {
        (self.data, &self.starts, self.rows.len())
    }

    fn row(&self, i: usize) -> usize {
        self.rows[i].0
    }

    fn loss_and_slope(&self, i: usize, z: f64) -> (f64, f64) {
        let (_, log_value, share) = self.rows[i];
        let residual = z - log_value;
        (0.5 * share * residual * residual, share * residual)
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use tenure_artifact::math::normal_quantile;
    use tenure_artifact::{ContinuousInput, InputLayout};

    use super::*;

    /// One magnitude; who buys and for how much follows a known linear rule, s = .5.
    fn rows(n: usize, seed: u64) -> Dataset {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let x: Vec<f32> = (0..n).map(|_| 2.0 * rng.random::<f32>() - 1.0).collect();
        let mut value = |x: f64| {
            let (buys, z) = (rng.random::<f64>() < logistic::sigmoid(x), normal_quantile(rng.random()));
            if buys { (3.0 + 0.8 * x + 0.5 * z).exp() as f32 } else { 0.0 }
        };
        let target = x.iter().map(|x| value(f64::from(*x))).collect();
        Dataset {
            layout: InputLayout {
                continuous: vec![ContinuousInput { name: "x".into(), source: "x".into(), quantiles: vec![] }],
                ..InputLayout::default()
            },
            continuous: x,
            binary: vec![],
            categorical: vec![],
            target,
            sequence: None,
            weight: vec![1.0; n],
        }
    }

    #[test]
    fn the_known_rule_is_found() {
        let (train, validation) = (rows(20_000, 0), rows(2_000, 1));
        let fitted = fit(&train, &validation, 0).expect("buyers and others");
        assert!((fitted.intercept - 3.0).abs() < 0.02, "{fitted:?}");
        assert!((fitted.coefficients[0] - 0.8).abs() < 0.03, "{fitted:?}");
        assert!((fitted.sigma - 0.5).abs() < 0.01, "{fitted:?}");
        let expected = |x: f64| logistic::sigmoid(x) * (3.0 + 0.8 * x + 0.125).exp();
        for (found, x) in fitted.predict(&validation).iter().zip(&validation.continuous) {
            let truth = expected(f64::from(*x));
            // The penalty that 2,000 validation rows choose pulls both ends towards the middle.
            assert!((found / truth - 1.0).abs() < 0.15, "{found} {truth}");
        }
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_objective() {
        let data = rows(60, 2);
        let problem = Amounts::new(&data, 0);
        let mut gradient = vec![0.0; 2];
        let theta = [2.5, -0.4];
        problem.at(&theta, 0.1, &mut gradient);
        for i in 0..2 {
            let at = |d: f64| {
                let mut moved = theta;
                moved[i] += d;
                problem.at(&moved, 0.1, &mut [0.0; 2])
            };
            assert!(((at(1e-5) - at(-1e-5)) / 2e-5 - gradient[i]).abs() < 1e-8);
        }
    }

    #[test]
    fn rows_where_nobody_buys_are_refused_and_validation_without_buyers_is_not() {
        let (train, mut none) = (rows(100, 0), rows(50, 1));
        none.target.fill(0.0);
        assert_eq!(fit(&none, &train, 0).expect_err("nobody buys").code(), "TRN0015");
        assert_eq!(fit(&train, &none, 0).expect("a strong penalty").penalty, linear::PENALTIES[0]);
    }
}
