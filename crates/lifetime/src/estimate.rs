//! Estimates with their uncertainty, and a diagnosis of the search that names parameters and columns.

use serde::{Deserialize, Serialize};

use crate::dense::Square;
use crate::optimise::{Bounds, Optimum};

/// A parameter's maximum likelihood estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name, such as `alpha`.
    pub name: String,
    /// Its estimate.
    pub value: f64,
    /// Its standard error, from the inverse Hessian in log-parameters by the delta method; none at a bound, or where
    /// the data do not curve the likelihood.
    pub standard_error: Option<f64>,
}

/// How the search for the maximum ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    /// Whether a further Newton step would gain nothing.
    pub converged: bool,
    /// Newton steps over all rows.
    pub n_iterations: usize,
    /// What to know before the estimates are used; empty where all is well.
    pub findings: Vec<Finding>,
}

impl Convergence {
    /// Whether the maximum was found inside the bounds, and every parameter is told by the data.
    pub fn is_clean(&self) -> bool {
        self.converged && self.findings.is_empty()
    }
}

/// One thing that is wrong with an estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// The parameter.
    pub parameter: String,
    /// The column whose values cause it.
    pub column: String,
    /// The whole of it in words.
    pub message: String,
}

/// What can be wrong with an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// The likelihood still rises at the smallest value allowed.
    AtLowerBound,
    /// The likelihood still rises at the largest value allowed.
    AtUpperBound,
    /// The likelihood hardly depends on the parameter.
    Weak,
    /// The search gave up.
    NotConverged,
}

/// Shapes may lie within one ten-thousandth and ten thousand; scales too, relative to the data's own scale. Beyond, no data
/// tell the model from its limit.
const WIDEST: f64 = 1e4;
/// A standard error of the logarithm above this, a factor of 20 either way, is called weak.
const WEAK: f64 = 3.0;

/// Why a parameter would run into a bound: parameter, whether the upper one, all estimates.
pub(crate) type Reason = fn(usize, bool, &[f64]) -> &'static str;

/// What a model says of its parameters, for bounds, names and findings.
pub(crate) struct Anatomy<'a> {
    pub(crate) names: &'a [&'a str],
    /// The column that tells each parameter.
    pub(crate) columns: &'a [&'a str],
    /// The unit of each parameter in the data: 1 for a shape.
    pub(crate) units: &'a [f64],
    /// The first so many are searched as logarithms, the others as they are.
    pub(crate) n_logs: usize,
    pub(crate) reason: Reason,
}

impl Anatomy<'_> {
    /// Bounds of the log-parameters.
    pub(crate) fn bounds(&self) -> Bounds {
        let reach = WIDEST.ln();
        Bounds {
            lower: self.units.iter().map(|unit| unit.ln() - reach).collect(),
            upper: self.units.iter().map(|unit| unit.ln() + reach).collect(),
        }
    }

    /// The parameters, their covariance (of the logarithms) and the diagnosis, from where a search ended.
    pub(crate) fn read(&self, optimum: &Optimum) -> (Vec<Parameter>, Option<Square>, Convergence) {
        let covariance = covariance(optimum);
        let (parameters, convergence) = self.read_with(optimum, covariance.as_ref());
        (parameters, covariance, convergence)
    }

    /// The same with a covariance that is known.
    pub(crate) fn read_with(&self, optimum: &Optimum, covariance: Option<&Square>) -> (Vec<Parameter>, Convergence) {
        let is_log = |i: usize| i < self.n_logs;
        let points = optimum.point.iter().enumerate();
        let estimates: Vec<f64> = points.map(|(i, &v)| if is_log(i) { v.exp() } else { v }).collect();
        let error = |i: usize| {
            let variance = covariance.map(|covariance| covariance.at(i, i));
            variance.filter(|_| optimum.free.contains(&i)).map(f64::sqrt)
        };
        let parameter = |(i, name): (usize, &&str)| Parameter {
            name: (*name).to_owned(),
            value: estimates[i],
            standard_error: error(i).map(|error| if is_log(i) { error * estimates[i] } else { error }),
        };
        let parameters = self.names.iter().enumerate().map(parameter).collect();
        let findings = (0..self.names.len()).filter_map(|i| self.finding(i, optimum, &estimates, error(i))).collect();
        let convergence = Convergence { converged: optimum.converged, n_iterations: optimum.n_iterations, findings };
        (parameters, convergence)
    }

    fn finding(&self, i: usize, optimum: &Optimum, estimates: &[f64], error: Option<f64>) -> Option<Finding> {
        let (name, column) = (self.names[i], self.columns[i]);
        let (problem, text) = if !optimum.free.contains(&i) {
            let upper = optimum.point[i] > self.units[i].ln();
            let problem = if upper { Problem::AtUpperBound } else { Problem::AtLowerBound };
            let side = if upper { "upper" } else { "lower" };
            (problem, format!("is at its {side} bound: {}", (self.reason)(i, upper, estimates)))
        } else if !optimum.converged {
            let steepest = optimum.free.iter().copied().max_by(|&a, &b| {
                let slope = |i: usize| optimum.evaluation.gradient[i].abs();
                slope(a).total_cmp(&slope(b))
            });
            if steepest != Some(i) {
                return None;
            }
            (Problem::NotConverged, format!("did not settle after {} iterations", optimum.n_iterations))
        } else {
            let error = error.filter(|error| i < self.n_logs && *error > WEAK)?;
            let text = format!("is barely told by the data: its logarithm has standard error {error:.1}");
            (Problem::Weak, text)
        };
        let message = format!("parameter `{name}` {text} (column `{column}`)");
        Some(Finding { problem, parameter: name.to_owned(), column: column.to_owned(), message })
    }
}

/// The inverse Hessian of the free parameters; zero rows and columns for those at a bound.
pub(crate) fn covariance(optimum: &Optimum) -> Option<Square> {
    let inverse = optimum.evaluation.hessian.only(&optimum.free).cholesky(0.0)?.inverse();
    let mut covariance = Square::zeros(optimum.point.len());
    for (a, &i) in optimum.free.iter().enumerate() {
        for (b, &j) in optimum.free.iter().enumerate() {
            covariance.add(i, j, inverse.at(a, b));
        }
    }
    Some(covariance)
}
