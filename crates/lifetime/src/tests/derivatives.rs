//! Gradients and Hessians against differences of values and of gradients.

use super::{assert_near, made};
use crate::beta_dropout::BetaDropout;
use crate::customers::{History, UniqueRow};
use crate::dropout_integral::DropoutIntegral;
use crate::gamma_gamma::GammaGamma;
use crate::objective::{Likelihood, NegativeLogLikelihood};
use crate::optimise::Objective;
use crate::{Cohorts, ModelKind};

const STEP: f64 = 1e-5;

/// Central differences, relative to the size of what is differenced.
fn check(objective: &dyn Objective, at: &[f64]) {
    let here = objective.evaluate(at);
    for i in 0..at.len() {
        let moved = |by: f64| {
            let mut point = at.to_vec();
            point[i] += by;
            objective.evaluate(&point)
        };
        let (above, below) = (moved(STEP), moved(-STEP));
        let slope = (above.value - below.value) / (2.0 * STEP);
        let noise = 1e-9 * (1.0 + here.value.abs());
        assert_near(&format!("gradient {i} at {at:?}"), here.gradient[i], slope, 1e-7 * slope.abs() + noise);
        for j in 0..at.len() {
            let curve = (above.gradient[j] - below.gradient[j]) / (2.0 * STEP);
            let found = here.hessian.at(i, j);
            assert_near(&format!("Hessian {i}, {j} at {at:?}"), found, curve, 1e-7 * curve.abs() + noise);
        }
    }
}

fn rows() -> Vec<UniqueRow> {
    let mut rows = made(ModelKind::ParetoNbd, 60, 3).unique();
    let odd = [(40, 30.0, 39.0), (40, 38.99, 39.0), (3, 39.0, 39.0), (1, 0.01, 39.0), (0, 0.0, 2000.0)];
    rows.extend(odd.map(|(frequency, recency, age)| UniqueRow {
        history: History { frequency, recency, age },
        weight: 1.5,
        count: 1,
    }));
    rows
}

fn check_everywhere<L: Likelihood<4>>(points: &[[f64; 4]]) {
    let rows = rows();
    for point in points {
        check(&NegativeLogLikelihood::<L, 4>::new(&rows), &point.map(f64::ln));
    }
}

#[test]
fn of_pareto_nbd() {
    check_everywhere::<DropoutIntegral>(&[
        [0.55, 10.6, 0.6, 11.7],
        [0.55, 11.7, 0.6, 10.6],
        [2.0, 7.0, 1.0, 7.0],
        [0.1, 0.3, 3.0, 900.0],
        [4.0, 900.0, 0.05, 0.3],
    ]);
}

#[test]
fn of_bg_nbd_and_mbg_nbd() {
    let points = [[0.25, 4.4, 0.8, 2.4], [3.0, 50.0, 0.02, 0.5], [0.7, 1.0, 40.0, 300.0]];
    check_everywhere::<BetaDropout<0>>(&points);
    check_everywhere::<BetaDropout<1>>(&points);
}

#[test]
fn of_gamma_gamma() {
    let row = |frequency, mean_spend| {
        let history = History { frequency, recency: mean_spend, age: 0.0 };
        UniqueRow { history, weight: 1.0, count: 1 }
    };
    let rows = [row(1, 12.0), row(1, 0.01), row(2, 35.5), row(7, 22.0), row(150, 9.0)];
    for point in [[6.25, 3.74, 15.44], [0.4, 0.7, 90.0], [30.0, 12.0, 4.0]] {
        check(&NegativeLogLikelihood::<GammaGamma, 3>::new(&rows), &point.map(f64::ln));
    }
}

#[test]
fn of_the_shifted_beta_geometric() {
    let cohorts = Cohorts::from_survivors(&[&[1000, 869, 743, 653], &[500, 410], &[20]]).unwrap();
    for point in [[0.7, 3.8], [5.0, 0.2]] {
        check(&cohorts, &point.map(f64::ln));
    }
}

#[test]
fn of_pareto_nbd_with_covariates() {
    let customers = made(ModelKind::ParetoNbd, 50, 9);
    let (z1, z2): (Vec<f64>, Vec<f64>) = (0..50).map(|i| (f64::from(i % 7) - 3.0, f64::from(i % 2))).unzip();
    let covariates = crate::Covariates::new(&[("distance", &z1), ("member", &z2)]).unwrap();
    let objective = crate::covariates::WithCovariates::standardised(&customers, &covariates).unwrap();
    check(&objective, &[-0.5, 2.3, -0.4, 2.5, 0.3, -0.6, 0.2, 0.9]);
}
