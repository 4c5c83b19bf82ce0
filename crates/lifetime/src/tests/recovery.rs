//! Made customers with known truth: fits find it, within the standard errors that they state.

use super::{ages, assert_near, made, typical};
use crate::{
    Covariates, Customers, GammaGamma, ModelKind, Parameter, ParameterBootstrap, ParetoNbd, PurchaseModel, fit,
    fit_covariates, fit_spend,
};

#[track_caller]
fn assert_within(n_errors: f64, parameters: &[Parameter], truth: &[f64]) {
    for (parameter, truth) in parameters.iter().zip(truth) {
        let error = parameter.standard_error.expect("a standard error");
        assert_near(&parameter.name, parameter.value, *truth, n_errors * error);
    }
}

#[test]
fn of_the_purchase_models() {
    for kind in ModelKind::ALL {
        let fitted = fit(kind, &made(kind, 20_000, 7)).unwrap();
        assert!(fitted.convergence.is_clean(), "{:?}", fitted.convergence);
        assert_within(3.0, &fitted.parameters, &typical(kind).parameters());
    }
}

#[test]
fn of_gamma_gamma() {
    let customers = made(ModelKind::ParetoNbd, 20_000, 1);
    let spend = GammaGamma::new(6.0, 4.0, 16.0).unwrap().made_mean_spend(customers.frequency(), 2);
    let fitted = fit_spend(&customers.with_mean_spend(&spend).unwrap()).unwrap();
    assert!(fitted.convergence.is_clean(), "{:?}", fitted.convergence);
    assert_within(3.0, &fitted.parameters, &[6.0, 4.0, 16.0]);
    assert!(fitted.frequency_correlation.unwrap().abs() < 0.05);
}

#[test]
fn standard_errors_say_how_estimates_vary() {
    // Sixty sets of customers: the spread of the estimates is what each fit claims, within sampling error of the spread.
    for kind in ModelKind::ALL {
        let fits: Vec<_> = (0..60).map(|seed| fit(kind, &made(kind, 2500, 100 + seed)).unwrap()).collect();
        let logs: Vec<f64> = fits.iter().map(|fit| fit.parameters[0].value.ln()).collect();
        let mean = logs.iter().sum::<f64>() / 60.0;
        let spread = (logs.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 59.0).sqrt();
        let claimed: f64 =
            fits.iter().map(|f| f.parameters[0].standard_error.unwrap() / f.parameters[0].value).sum::<f64>() / 60.0;
        assert!((spread / claimed - 1.0).abs() < 0.3, "{kind:?}: spread {spread}, claimed {claimed}");
    }
}

#[test]
fn bootstrap_intervals_agree_with_standard_errors() {
    let customers = made(ModelKind::ParetoNbd, 4000, 3);
    let fitted = fit(ModelKind::ParetoNbd, &customers).unwrap();
    let bootstrap = ParameterBootstrap { resamples: 200, confidence: 0.95, seed: 5 };
    let intervals = bootstrap.intervals(&fitted, &customers).unwrap();
    for (interval, parameter) in intervals.iter().zip(&fitted.parameters).take(2) {
        assert!(interval.low < parameter.value && parameter.value < interval.high, "{interval:?}");
        let error = parameter.standard_error.unwrap();
        assert_near(&interval.name, interval.standard_error, error, 0.25 * error);
    }
    let again = super::with_threads(1, || bootstrap.intervals(&fitted, &customers).unwrap());
    assert_eq!(intervals, again);
    let other = ParameterBootstrap { seed: 6, ..bootstrap };
    assert_ne!(intervals, other.intervals(&fitted, &customers).unwrap());
}

#[test]
fn bootstrap_of_spend() {
    let customers = made(ModelKind::BgNbd, 4000, 3);
    let spend = GammaGamma::new(6.0, 4.0, 16.0).unwrap().made_mean_spend(customers.frequency(), 2);
    let customers = customers.with_mean_spend(&spend).unwrap();
    let fitted = fit_spend(&customers).unwrap();
    let bootstrap = ParameterBootstrap { resamples: 100, confidence: 0.9, seed: 5 };
    for interval in bootstrap.spend_intervals(&fitted, &customers).unwrap() {
        assert!(interval.low < interval.value && interval.value < interval.high, "{interval:?}");
    }
}

/// Customers in two groups and along a line, each bought for by the model of its own covariates.
fn with_effects(n: usize) -> (Customers, Vec<f64>, Vec<f64>) {
    let ages = ages(n);
    let member: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
    let distance: Vec<f64> = (0..n).map(|i| 50.0 + ((i * 61) % 11) as f64).collect();
    let (mut x, mut t) = (vec![], vec![]);
    for i in 0..n {
        let (buy, drop): (f64, f64) = (0.8 * member[i] - 0.05 * distance[i], -0.5 * member[i] + 0.08 * distance[i]);
        let model = ParetoNbd { r: 0.9, alpha: 0.7 * (-buy).exp(), s: 0.8, beta: 1000.0 * (-drop).exp() };
        let one = PurchaseModel::ParetoNbd(model).made_customers(&ages[i..=i], 77 + i as u64).unwrap();
        x.push(f64::from(one.frequency()[0]));
        t.push(one.recency()[0]);
    }
    (Customers::new(&x, &t, &ages).unwrap(), member, distance)
}

#[test]
fn of_covariates() {
    let (customers, member, distance) = with_effects(12_000);
    let covariates = Covariates::new(&[("member", &member), ("distance", &distance)]).unwrap();
    let fitted = fit_covariates(&customers, &covariates).unwrap();
    assert!(fitted.convergence.is_clean(), "{:?}", fitted.convergence);
    let names: Vec<&str> = fitted.parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(
        names,
        ["r", "alpha", "s", "beta", "purchase.member", "purchase.distance", "dropout.member", "dropout.distance"]
    );
    assert_within(3.0, &fitted.parameters, &[0.9, 0.7, 0.8, 1000.0, 0.8, -0.05, -0.5, 0.08]);
    let plain = fit(ModelKind::ParetoNbd, &customers).unwrap();
    assert!(fitted.log_likelihood > plain.log_likelihood + 100.0);
}

#[test]
fn no_covariates_is_the_plain_model() {
    let customers = made(ModelKind::ParetoNbd, 500, 4);
    let plain = fit(ModelKind::ParetoNbd, &customers).unwrap();
    let fitted = fit_covariates(&customers, &Covariates::new(&[]).unwrap()).unwrap();
    assert_near("log-likelihood", fitted.log_likelihood, plain.log_likelihood, 1e-8);
}

#[test]
fn a_covariate_without_effect_is_found_to_have_none() {
    let customers = made(ModelKind::ParetoNbd, 5000, 4);
    let noise: Vec<f64> = (0..5000).map(|i| f64::from((i * 7919) % 101)).collect();
    let covariates = Covariates::new(&[("noise", &noise)]).unwrap();
    let fitted = fit_covariates(&customers, &covariates).unwrap();
    assert_within(3.0, &fitted.parameters[4..], &[0.0, 0.0]);
    let alive = fitted.model.p_alive(&customers, &covariates).unwrap();
    assert!(alive.iter().all(|p| (0.0..=1.0).contains(p)));
}
