//! Penalised logistic regression in plain `f64`: the baseline beside every network.
//!
//! Minimises `Σ w_i (log(1 + e^{z_i}) − y_i z_i) / Σ w_i + λ/2 |β|²` with `z = β₀ + xβ` over magnitudes, indicators and one
//! coefficient per level of embedded categories. The intercept is not penalised. λ is the value of [`PENALTIES`] with the
//! lowest validation log loss. Deterministic, single-threaded, needs no device.

use tenure_encode::Dataset;

use crate::TrainError;
use crate::lbfgs::{inner, minimise};
use crate::linear::{self, Starts, add_row, category_starts, dot};

/// The penalties tried, strongest first, each started from the last one's solution.
pub const PENALTIES: [f64; 6] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5];

/// A fitted logistic regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// The penalty that was chosen, λ.
    pub penalty: f64,
    /// β₀
    pub intercept: f64,
    /// β: magnitudes, indicators, then the levels of each embedded category; in the order of the layout.
    pub coefficients: Vec<f64>,
}

/// Fits one regression per penalty on the training rows and keeps the best on the validation rows.
pub fn fit(train: &Dataset, validation: &Dataset) -> Result<Logistic, TrainError> {
    linear::check(train, validation)?;
    let problem = Problem::new(train);
    let mut theta = problem.start();
    let mut best: Option<(f64, Logistic)> = None;
    for penalty in PENALTIES {
        minimise(|t, g| problem.objective(t, penalty, g), &mut theta);
        let fitted = Logistic { penalty, intercept: theta[0], coefficients: theta[1..].to_vec() };
        let loss = log_loss(&fitted, validation);
        if best.as_ref().is_none_or(|(lowest, _)| loss < *lowest) {
            best = Some((loss, fitted));
        }
    }
    Ok(best.expect("at least one penalty").1)
}

impl Logistic {
    /// The probability of the positive class for every row.
    ///
    /// # Panics
    /// Where the rows have another layout than the ones it was fitted on.
    pub fn predict(&self, data: &Dataset) -> Vec<f64> {
        let starts = category_starts(data);
        assert_eq!(starts.end, self.coefficients.len(), "rows of another layout");
        let logit = |row| self.intercept + dot(data, &starts, row, &self.coefficients);
        (0..data.n_rows()).map(|row| sigmoid(logit(row))).collect()
    }
}

struct Problem<'a> {
    data: &'a Dataset,
    starts: Starts,
    total_weight: f64,
}

impl<'a> Problem<'a> {
    fn new(data: &'a Dataset) -> Self {
        let total_weight = data.weight.iter().map(|w| f64::from(*w)).sum();
        Self { data, starts: category_starts(data), total_weight }
    }

    /// No effects, and the base rate as intercept; the rate is kept off 0 and 1 where there is one class only.
    fn start(&self) -> Vec<f64> {
        let positive: f64 = self.data.target.iter().zip(&self.data.weight).map(|(y, w)| f64::from(y * w)).sum();
        let rate = (positive / self.total_weight).clamp(1e-6, 1.0 - 1e-6);
        let mut theta = vec![0.0; self.starts.end + 1];
        theta[0] = (rate / (1.0 - rate)).ln();
        theta
    }

    /// The objective at `theta = (β₀, β)`, and its gradient.
    fn objective(&self, theta: &[f64], penalty: f64, gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        let (intercept, beta) = (theta[0], &theta[1..]);
        let mut loss = 0.0;
        for row in 0..self.data.n_rows() {
            let z = intercept + dot(self.data, &self.starts, row, beta);
            let (y, w) = (f64::from(self.data.target[row]), f64::from(self.data.weight[row]) / self.total_weight);
            loss += w * (softplus(z) - y * z);
            let residual = w * (sigmoid(z) - y);
            gradient[0] += residual;
            add_row(self.data, &self.starts, row, residual, &mut gradient[1..]);
        }
        gradient[1..].iter_mut().zip(beta).for_each(|(g, b)| *g += penalty * b);
        loss + 0.5 * penalty * inner(beta, beta)
    }
}

fn log_loss(fitted: &Logistic, data: &Dataset) -> f64 {
    let clip = |p: f64| p.clamp(1e-15, 1.0 - 1e-15);
    let losses = fitted.predict(data).into_iter().zip(&data.target).zip(&data.weight);
    let total: f64 = data.weight.iter().map(|w| f64::from(*w)).sum();
    let loss = |p: f64, y: f32| if y > 0.5 { -clip(p).ln() } else { -clip(1.0 - p).ln() };
    losses.map(|((p, y), w)| f64::from(*w) * loss(p, *y)).sum::<f64>() / total
}

pub(crate) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

/// `log(1 + eᶻ)` without overflow.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use tenure_artifact::{CategoricalInput, ContinuousInput, InputLayout};

    use super::*;

    /// Rows with a magnitude, an indicator and a category of two levels; the label follows a known rule.
    fn rows(n: usize, seed: u64) -> Dataset {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let continuous: Vec<f32> = (0..n).map(|_| 2.0 * rng.random::<f32>() - 1.0).collect();
        let binary: Vec<f32> = (0..n).map(|_| f32::from(u8::from(rng.random::<bool>()))).collect();
        let categorical: Vec<u32> = (0..n).map(|_| u32::from(rng.random::<bool>())).collect();
        let truth = |i: usize| {
            let (x, g, c) = (f64::from(continuous[i]), f64::from(binary[i]), f64::from(categorical[i]));
            sigmoid(1.5 * x - g + 0.8 * c)
        };
        let target = (0..n).map(|i| f32::from(u8::from(rng.random::<f64>() < truth(i)))).collect();
        Dataset {
            layout: InputLayout {
                continuous: vec![ContinuousInput { name: "x".into(), source: "x".into(), quantiles: vec![] }],
                binary: vec!["g".into()],
                categorical: vec![CategoricalInput { name: "c".into(), n_levels: 2 }],
                sequence: vec![],
            },
            continuous,
            binary,
            categorical,
            target,
            sequence: None,
            weight: vec![1.0; n],
        }
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_objective() {
        let data = rows(50, 0);
        let problem = Problem::new(&data);
        let theta = [0.3, -0.2, 0.5, 0.1, -0.4];
        let mut gradient = vec![0.0; 5];
        problem.objective(&theta, 0.01, &mut gradient);
        for i in 0..5 {
            let at = |d: f64| {
                let mut moved = theta;
                moved[i] += d;
                problem.objective(&moved, 0.01, &mut [0.0; 5])
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - gradient[i]).abs() < 1e-8, "{i}: {slope} {}", gradient[i]);
        }
    }

    #[test]
    fn the_known_rule_is_found() {
        let fitted = fit(&rows(8000, 0), &rows(1000, 1)).expect("two classes");
        let [x, g, c0, c1] = fitted.coefficients[..] else { panic!("four coefficients") };
        assert!((x - 1.5).abs() < 0.25, "{fitted:?}");
        assert!((g + 1.0).abs() < 0.25, "{fitted:?}");
        assert!((c1 - c0 - 0.8).abs() < 0.25, "{fitted:?}");
    }

    #[test]
    fn the_minimum_is_where_the_gradient_vanishes() {
        let data = rows(400, 0);
        let problem = Problem::new(&data);
        let mut theta = problem.start();
        minimise(|t, g| problem.objective(t, 1e-3, g), &mut theta);
        let mut gradient = vec![0.0; theta.len()];
        problem.objective(&theta, 1e-3, &mut gradient);
        assert!(gradient.iter().all(|g| g.abs() < 1e-6), "{gradient:?}");
    }

    #[test]
    fn rows_without_inputs_get_the_base_rate() {
        let mut data = rows(100, 0);
        data.layout = InputLayout::default();
        (data.continuous, data.binary, data.categorical) = (vec![], vec![], vec![]);
        let rate = f64::from(data.target.iter().sum::<f32>()) / 100.0;
        let fitted = fit(&data, &data).expect("the intercept remains");
        assert!(fitted.predict(&data).iter().all(|p| (p - rate).abs() < 1e-6));
    }
}
