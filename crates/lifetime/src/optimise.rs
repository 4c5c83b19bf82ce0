//! Newton's method for a handful of bounded parameters, with exact derivatives and Levenberg damping.

use crate::dense::{Cholesky, Square, dot};

/// A function to minimise, with its exact first and second derivatives.
pub(crate) trait Objective {
    fn evaluate(&self, at: &[f64]) -> Evaluation;
}

/// Value, gradient and Hessian at a point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Evaluation {
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) hessian: Square,
}

impl Evaluation {
    pub(crate) fn zeros(n: usize) -> Self {
        Self { value: 0.0, gradient: vec![0.0; n], hessian: Square::zeros(n) }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.value += other.value;
        for (a, b) in self.gradient.iter_mut().zip(&other.gradient) {
            *a += b;
        }
        self.hessian.add_all(&other.hessian);
    }
}

/// Closed intervals, one for each parameter.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
}

impl Bounds {
    fn clamp(&self, point: &mut [f64]) {
        for (i, value) in point.iter_mut().enumerate() {
            *value = value.clamp(self.lower[i], self.upper[i]);
        }
    }

    /// How much of `step` parameter `i` can take from `value` before it meets a bound.
    fn room(&self, i: usize, value: f64, step: f64) -> f64 {
        if step > 0.0 {
            (self.upper[i] - value) / step
        } else if step < 0.0 {
            (self.lower[i] - value) / step
        } else {
            f64::INFINITY
        }
    }

    /// As far along `step` as all bounds allow: cutting one component alone would leave a ridge that runs across the
    /// parameters.
    fn walk(&self, point: &[f64], step: &[f64]) -> Vec<f64> {
        let share = (0..point.len()).map(|i| self.room(i, point[i], step[i])).fold(1.0, f64::min);
        let mut trial: Vec<f64> = point.iter().zip(step).map(|(value, s)| value + share * s).collect();
        for i in 0..point.len() {
            // The parameter that ends the walk lies on its bound, to the bit.
            if share < 1.0 && self.room(i, point[i], step[i]) == share {
                trial[i] = if step[i] > 0.0 { self.upper[i] } else { self.lower[i] };
            }
        }
        self.clamp(&mut trial);
        trial
    }

    /// Parameters that are not held at a bound by the gradient.
    fn free(&self, point: &[f64], gradient: &[f64]) -> Vec<usize> {
        let held = |i: usize| {
            (point[i] <= self.lower[i] && gradient[i] >= 0.0) || (point[i] >= self.upper[i] && gradient[i] <= 0.0)
        };
        (0..point.len()).filter(|&i| !held(i)).collect()
    }
}

/// Where the search ended.
#[derive(Clone, Debug)]
pub(crate) struct Optimum {
    pub(crate) point: Vec<f64>,
    pub(crate) evaluation: Evaluation,
    /// Parameters that are not held at a bound.
    pub(crate) free: Vec<usize>,
    pub(crate) n_iterations: usize,
    pub(crate) converged: bool,
}

const MAX_ITERATIONS: usize = 200;
/// Longest step, in the largest component; parameters are logarithms.
const MAX_STEP: f64 = 2.0;
/// Done when a full Newton step would gain less than this in log-likelihood: a parameter is then within 1.5e-5 of its
/// standard error from the optimum.
const MIN_GAIN: f64 = 1e-10;
/// Rounding of a sum of many log-likelihoods, relative to it: smaller differences decide nothing.
const ROUNDING: f64 = 1e-13;

/// The minimum of `objective` within `bounds`, from `start`.
pub(crate) fn minimise(objective: &dyn Objective, start: &[f64], bounds: &Bounds) -> Optimum {
    let mut point = start.to_vec();
    bounds.clamp(&mut point);
    let mut here = objective.evaluate(&point);
    let mut damping = 0.0;
    for n_iterations in 1..=MAX_ITERATIONS {
        let free = bounds.free(&point, &here.gradient);
        if is_minimum(&here, &free) {
            return Optimum { point, evaluation: here, free, n_iterations, converged: true };
        }
        let (step, shift) = bounded_step(&here, &point, bounds, &free, damping);
        let trial = bounds.walk(&point, &step);
        let moved: Vec<f64> = trial.iter().zip(&point).map(|(a, b)| a - b).collect();
        let there = objective.evaluate(&trial);
        let predicted = -dot(&here.gradient, &moved) - 0.5 * dot(&here.hessian.times(&moved), &moved);
        let gain = here.value - there.value;
        let rounding = ROUNDING * here.value.abs();
        if there.value.is_finite() && (gain > 0.1 * predicted.max(0.0) || predicted.abs().max(gain.abs()) < rounding) {
            (point, here) = (trial, there);
            damping = if gain > 0.7 * predicted { 0.0 } else { 0.2 * shift };
        } else if moved.iter().all(|m| m.abs() < 1e-14) {
            break;
        } else {
            damping = (10.0 * shift).max(1e-3 * largest_curvature(&here, &free));
        }
    }
    let free = bounds.free(&point, &here.gradient);
    let converged = is_minimum(&here, &free);
    Optimum { point, evaluation: here, free, n_iterations: MAX_ITERATIONS, converged }
}

/// Directions flatter than this, relative to the steepest curvature, count as flat rather than as curved downwards.
const FLAT: f64 = 1e-12;

fn is_minimum(here: &Evaluation, free: &[usize]) -> bool {
    let gradient: Vec<f64> = free.iter().map(|&i| here.gradient[i]).collect();
    let hessian = here.hessian.only(free);
    let factor = hessian.cholesky(0.0).or_else(|| hessian.cholesky(FLAT * largest_curvature(here, free)));
    factor.is_some_and(|factor| 0.5 * dot(&gradient, &factor.solve(&gradient)) < MIN_GAIN)
}

/// The damped Newton step of all parameters: 0 for those that are held at a bound or would leave through one. With the
/// damping that it took.
fn bounded_step(here: &Evaluation, point: &[f64], bounds: &Bounds, free: &[usize], damping: f64) -> (Vec<f64>, f64) {
    let mut free = free.to_vec();
    loop {
        let (part, shift) = damped_step(here, &free, damping);
        let mut step = vec![0.0; point.len()];
        for (s, &i) in part.iter().zip(&free) {
            step[i] = *s;
        }
        let n_free = free.len();
        free.retain(|&i| bounds.room(i, point[i], step[i]) > 0.0);
        if free.len() == n_free {
            return (step, shift);
        }
    }
}

/// The damped Newton step of the free parameters, no longer than [`MAX_STEP`], and the damping that it took to make the
/// Hessian positive definite.
fn damped_step(here: &Evaluation, free: &[usize], damping: f64) -> (Vec<f64>, f64) {
    let hessian = here.hessian.only(free);
    let mut shift = damping;
    let factor: Cholesky = loop {
        match hessian.cholesky(shift) {
            Some(factor) => break factor,
            None => shift = (10.0 * shift).max(FLAT * largest_curvature(here, free)),
        }
    };
    let gradient: Vec<f64> = free.iter().map(|&i| -here.gradient[i]).collect();
    let mut step = factor.solve(&gradient);
    let longest = step.iter().fold(0.0_f64, |longest, s| longest.max(s.abs()));
    if longest > MAX_STEP {
        for s in &mut step {
            *s *= MAX_STEP / longest;
        }
    }
    (step, shift)
}

fn largest_curvature(here: &Evaluation, free: &[usize]) -> f64 {
    free.iter().map(|&i| here.hessian.at(i, i).abs()).fold(f64::MIN_POSITIVE, f64::max)
}
