//! Penalised logistic regression in plain `f64`: the baseline beside every network.
//!
//! Minimises `Σ w_i (log(1 + e^{z_i}) − y_i z_i) / Σ w_i + λ/2 |β|²` with `z = β₀ + xβ` over magnitudes, indicators and one
//! coefficient per level of embedded categories. The intercept is not penalised. λ is the value of [`PENALTIES`] with the
//! lowest validation log loss, of those up to the first that does worse. Deterministic, needs no device.

use rayon::prelude::*;
use tenure_encode::Dataset;

use crate::TrainError;
pub use crate::linear::PENALTIES;
use crate::linear::{self, Objective, Starts, category_starts, dot};

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
    let fitted = |penalty, theta: &[f64]| Logistic { penalty, intercept: theta[0], coefficients: theta[1..].to_vec() };
    let held_out = |penalty, theta: &[f64]| log_loss(&fitted(penalty, theta), validation);
    let (penalty, theta) = linear::best(&problem, problem.start(), held_out);
    Ok(fitted(penalty, &theta))
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
        (0..data.n_rows()).into_par_iter().map(|row| sigmoid(logit(row))).collect()
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
}

impl Objective for Problem<'_> {
    fn data(&self) -> (&Dataset, &Starts, usize) {
        (self.data, &self.starts, self.data.n_rows())
    }

    fn row(&self, i: usize) -> usize {
        i
    }

    fn loss_and_slope(&self, row: usize, z: f64) -> (f64, f64) {
        let (y, w) = (f64::from(self.data.target[row]), f64::from(self.data.weight[row]) / self.total_weight);
        // One exponential serves both: log(1 + eᶻ) without overflow, and 1 / (1 + e⁻ᶻ).
        let e = (-z.abs()).exp();
        let probability = if z >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) };
        (w * (z.max(0.0) + e.ln_1p() - y * z), w * (probability - y))
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

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use tenure_artifact::{CategoricalInput, ContinuousInput, InputLayout};

    use super::*;
    use crate::lbfgs::minimise;

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
                sequence_levels: vec![],
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
        problem.at(&theta, 0.01, &mut gradient);
        for i in 0..5 {
            let at = |d: f64| {
                let mut moved = theta;
                moved[i] += d;
                problem.at(&moved, 0.01, &mut [0.0; 5])
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
        minimise(|t, g| problem.at(t, 1e-3, g), &mut theta);
        let mut gradient = vec![0.0; theta.len()];
        problem.at(&theta, 1e-3, &mut gradient);
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
