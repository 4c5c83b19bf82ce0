//! The whole text of every refusal, and what happens to customers at the edge of what can be fitted.

use insta::assert_snapshot;

use super::{made, typical};
use crate::{
    Cohorts, Covariates, Customers, Discount, GammaGamma, LifetimeError, ModelKind, Parameter, ParameterBootstrap,
    PurchaseModel, ShiftedBetaGeometric, Simulation, Window, codes, explain, fit, fit_covariates, fit_retention,
    fit_segments, fit_spend,
};

fn text<T: std::fmt::Debug>(result: Result<T, LifetimeError>) -> String {
    let error = result.expect_err("refused");
    assert!(explain(error.code()).is_some(), "{} has no page", error.code());
    format!("{} {error}", error.code())
}

fn customers(rows: &[(f64, f64, f64)]) -> Result<Customers, LifetimeError> {
    let column = |of: &dyn Fn(&(f64, f64, f64)) -> f64| rows.iter().map(of).collect::<Vec<_>>();
    Customers::new(&column(&|row| row.0), &column(&|row| row.1), &column(&|row| row.2))
}

const GOOD: (f64, f64, f64) = (2.0, 10.0, 39.0);

#[test]
fn every_code_has_a_page() {
    let codes: Vec<_> = codes().collect();
    assert_eq!(codes.len(), 13);
    assert!(codes.is_sorted());
    assert_eq!(explain("LIF9999"), None);
}

#[test]
fn columns_that_do_not_fit_together() {
    assert_snapshot!(text(Customers::new(&[1.0], &[1.0, 2.0], &[3.0])), @"LIF0001 column `recency`: expected 1 values, one for each customer, found 2");
    assert_snapshot!(text(Customers::new(&[1.0], &[1.0], &[])), @"LIF0001 column `age`: expected 1 values, one for each customer, found 0");
    let one = customers(&[GOOD]).unwrap();
    assert_snapshot!(text(one.clone().with_mean_spend(&[])), @"LIF0001 column `mean_spend`: expected 1 values, one for each customer, found 0");
    assert_snapshot!(text(one.clone().with_weights(&[1.0, 1.0])), @"LIF0001 column `weight`: expected 1 values, one for each customer, found 2");
    assert_snapshot!(text(fit_segments(ModelKind::BgNbd, &one, &[0, 1], 2)), @"LIF0001 column `segment`: expected 1 values, one for each customer, found 2");
    assert_snapshot!(text(fit_segments(ModelKind::BgNbd, &one, &[2], 2)), @"LIF0002 row 0, column `segment`: expected a number below the number of segments, found 2");
}

#[test]
fn impossible_histories() {
    assert_snapshot!(text(customers(&[GOOD, (-1.0, 1.0, 3.0)])), @"LIF0002 row 1, column `frequency`: expected a whole number from 0 to 1e9, found -1");
    assert_snapshot!(text(customers(&[(1.5, 1.0, 3.0)])), @"LIF0002 row 0, column `frequency`: expected a whole number from 0 to 1e9, found 1.5");
    assert_snapshot!(text(customers(&[(f64::NAN, 1.0, 3.0)])), @"LIF0002 row 0, column `frequency`: expected a whole number from 0 to 1e9, found NaN");
    assert_snapshot!(text(customers(&[(1e12, 1.0, 3.0)])), @"LIF0002 row 0, column `frequency`: expected a whole number from 0 to 1e9, found 1000000000000");
    assert_snapshot!(text(customers(&[(1.0, -1.0, 3.0)])), @"LIF0002 row 0, column `recency`: expected a finite time, not negative, found -1");
    assert_snapshot!(text(customers(&[(1.0, f64::INFINITY, 3.0)])), @"LIF0002 row 0, column `recency`: expected a finite time, not negative, found inf");
    assert_snapshot!(text(customers(&[GOOD, GOOD, (0.0, 0.0, 0.0)])), @"LIF0002 row 2, column `age`: expected a finite time above 0, found 0");
    assert_snapshot!(text(customers(&[(0.0, 0.0, -2.0)])), @"LIF0002 row 0, column `age`: expected a finite time above 0, found -2");
    assert_snapshot!(text(customers(&[(0.0, 0.0, f64::NAN)])), @"LIF0002 row 0, column `age`: expected a finite time above 0, found NaN");
    assert_snapshot!(text(customers(&[GOOD, (2.0, 40.0, 39.0)])), @"LIF0003 row 1: recency 40 is beyond age 39; both count from the customer's first purchase");
    assert_snapshot!(text(customers(&[(0.0, 4.0, 39.0)])), @"LIF0004 row 0: recency is 4 but frequency is 0; without repeat purchases recency is 0");
}

#[test]
fn impossible_spend_and_weights() {
    let two = customers(&[GOOD, (0.0, 0.0, 39.0)]).unwrap();
    assert_snapshot!(text(two.clone().with_mean_spend(&[0.0, 0.0])), @"LIF0002 row 0, column `mean_spend`: expected a finite amount above 0, because the customer has repeat purchases, found 0");
    assert_snapshot!(text(two.clone().with_mean_spend(&[-3.0, 0.0])), @"LIF0002 row 0, column `mean_spend`: expected a finite amount above 0, because the customer has repeat purchases, found -3");
    assert_snapshot!(text(two.clone().with_mean_spend(&[f64::INFINITY, 0.0])), @"LIF0002 row 0, column `mean_spend`: expected a finite amount above 0, because the customer has repeat purchases, found inf");
    assert_snapshot!(text(two.clone().with_mean_spend(&[20.0, 5.0])), @"LIF0002 row 1, column `mean_spend`: expected 0, because the customer has no repeat purchases, found 5");
    assert_snapshot!(text(two.clone().with_mean_spend(&[20.0, f64::NAN])), @"LIF0002 row 1, column `mean_spend`: expected 0, because the customer has no repeat purchases, found NaN");
    assert_snapshot!(text(two.clone().with_weights(&[1.0, 0.0])), @"LIF0002 row 1, column `weight`: expected a finite weight above 0, found 0");
}

#[test]
fn too_little_to_learn_from() {
    assert_snapshot!(text(fit(ModelKind::ParetoNbd, &customers(&[GOOD]).unwrap())), @"LIF0005 Pareto/NBD needs at least 5 customers, found 1");
    assert_snapshot!(text(fit(ModelKind::BgNbd, &customers(&[]).unwrap())), @"LIF0005 BG/NBD needs at least 5 customers, found 0");
    let once = customers(&[(0.0, 0.0, 39.0); 40]).unwrap();
    assert_snapshot!(text(fit(ModelKind::MbgNbd, &once)), @"LIF0006 MBG/NBD cannot be fitted: column `frequency` is 0 for all 40 customers");
    assert_snapshot!(text(fit_spend(&once)), @"LIF0007 Gamma-Gamma needs the mean spend of each customer, and the customers have none");
    assert_snapshot!(text(fit_spend(&once.with_mean_spend(&[0.0; 40]).unwrap())), @"LIF0005 Gamma-Gamma needs at least 4 customers with repeat purchases, found 0");
    let paid = customers(&[GOOD; 3]).unwrap().with_mean_spend(&[9.0, 8.0, 7.0]).unwrap();
    assert_snapshot!(text(fit_spend(&paid)), @"LIF0005 Gamma-Gamma needs at least 4 customers with repeat purchases, found 3");
    let segments = fit_segments(ModelKind::BgNbd, &customers(&[GOOD; 3]).unwrap(), &[0, 0, 0], 2).unwrap();
    assert_snapshot!(segments.into_iter().map(text).collect::<Vec<_>>().join("\n"), @r#"
LIF0005 BG/NBD needs at least 5 customers, found 3
LIF0005 BG/NBD needs at least 5 customers, found 0
"#);
}

#[test]
fn settings_out_of_range() {
    assert_snapshot!(text(PurchaseModel::new(ModelKind::ParetoNbd, [1.0, 2.0, 0.0, 3.0])), @"LIF0008 s: expected a finite number above 0, found 0");
    assert_snapshot!(text(GammaGamma::new(1.0, -2.0, 3.0)), @"LIF0008 q: expected a finite number above 0, found -2");
    assert_snapshot!(text(Window::next(0.0)), @"LIF0008 horizon: expected a finite time above 0, found 0");
    assert_snapshot!(text(Window::new(-1.0, 3.0)), @"LIF0008 gap: expected a finite time, not negative, found -1");
    assert_snapshot!(text(Discount::forever(0.0)), @"LIF0008 discount rate: expected a finite rate above 0, because the horizon is infinite, found 0");
    assert_snapshot!(text(Discount::until(f64::INFINITY, 0.1)), @"LIF0008 horizon: expected a finite time above 0, found inf");
    let (model, one) = (typical(ModelKind::BgNbd), customers(&[GOOD]).unwrap());
    let window = Window::next(1.0).unwrap();
    assert_snapshot!(text(Simulation { n_draws: 0, seed: 1 }.transaction_quantiles(&model, &one, window, &[0.5])), @"LIF0008 n_draws: expected at least 1, found 0");
    assert_snapshot!(text(Simulation { n_draws: 9, seed: 1 }.transaction_quantiles(&model, &one, window, &[1.5])), @"LIF0008 quantile: expected a share from 0 to 1, found 1.5");
    let many = made(ModelKind::BgNbd, 200, 1);
    let fitted = fit(ModelKind::BgNbd, &many).unwrap();
    let bootstrap = ParameterBootstrap { resamples: 1, confidence: 0.9, seed: 1 };
    assert_snapshot!(text(bootstrap.intervals(&fitted, &many)), @"LIF0008 resamples: expected at least 2, found 1");
    assert_snapshot!(text(ParameterBootstrap { resamples: 9, confidence: 1.0, ..bootstrap }.intervals(&fitted, &many)), @"LIF0008 confidence: expected a share between 0 and 1, found 1");
}

#[test]
fn resamples_that_cannot_be_fitted() {
    // One customer in a thousand bought again: most resamples have nobody who did, or hold no maximum inside.
    let mut rows = vec![(0.0, 0.0, 39.0); 1000];
    rows[7] = (1.0, 3.0, 39.0);
    let rare = customers(&rows).unwrap();
    let fitted = fit(ModelKind::BgNbd, &rare).unwrap();
    let bootstrap = ParameterBootstrap { resamples: 50, confidence: 0.9, seed: 1 };
    assert_snapshot!(text(bootstrap.intervals(&fitted, &rare)), @"LIF0013 only 34 of 50 resamples could be fitted, too few for an interval");
}

#[test]
fn infinite_expectations() {
    let spend = GammaGamma::new(6.0, 0.9, 16.0).unwrap();
    let some = customers(&[GOOD, (0.0, 0.0, 39.0)]).unwrap().with_mean_spend(&[20.0, 0.0]).unwrap();
    assert_snapshot!(text(spend.conditional_spend(&some)), @"LIF0009 expected spend per purchase is infinite: q is 0.9, and customers without repeat purchases need it above 1");
    assert_snapshot!(text(spend.mean_spend()), @"LIF0009 mean spend per purchase is infinite: q is 0.9, and the mean over customers needs it above 1");
    assert_snapshot!(text(ShiftedBetaGeometric { alpha: 0.7, beta: 3.8 }.expected_remaining(2)), @"LIF0009 expected remaining lifetime is infinite: alpha is 0.7, and the mean needs it above 1");
    let buyers = customers(&[GOOD]).unwrap().with_mean_spend(&[20.0]).unwrap();
    assert!(spend.conditional_spend(&buyers).is_ok(), "a history makes the mean finite");
}

#[test]
fn covariates_that_say_nothing() {
    let customers = made(ModelKind::ParetoNbd, 100, 1);
    let column: Vec<f64> = (0..100).map(f64::from).collect();
    let double: Vec<f64> = column.iter().map(|z| 2.0 * z - 7.0).collect();
    let fit = |columns: &[(&str, &[f64])]| Covariates::new(columns).and_then(|z| fit_covariates(&customers, &z));
    assert_snapshot!(text(fit(&[("age", &column), ("site", &[4.0; 100])])), @"LIF0010 covariate `site` is 4 for every customer, so its effect cannot be told");
    assert_snapshot!(text(fit(&[("age", &column), ("age_twice", &double)])), @"LIF0010 covariate `age_twice` is a linear combination of the covariates before it, so its effect cannot be told");
    assert_snapshot!(text(fit(&[("age", &column[..50])])), @"LIF0001 column `age`: expected 100 values, one for each customer, found 50");
    assert_snapshot!(text(fit(&[("age", &column), ("site", &column[..50])])), @"LIF0001 column `site`: expected 100 values, one for each customer, found 50");
    assert_snapshot!(text(fit(&[("age", &[f64::NAN; 100])])), @"LIF0002 row 0, column `age`: expected a finite number, found NaN");
    let fitted = fit(&[("age", &column)]).unwrap();
    let other = Covariates::new(&[("site", &column)]).unwrap();
    assert_snapshot!(text(fitted.model.p_alive(&customers, &other)), @"LIF0010 covariate `site` stands where the model has `age`");
}

#[test]
fn cohorts_without_churn() {
    let fit = |survivors: &[&[u64]]| Cohorts::from_survivors(survivors).and_then(|cohorts| fit_retention(&cohorts));
    assert_snapshot!(text(fit(&[&[100, 90], &[100, 90, 95]])), @"LIF0011 cohort 1, period 2: 95 customers after 90; survivors never rise");
    assert_snapshot!(text(fit(&[&[100, 100, 100]])), @"LIF0012 the beta-geometric model cannot be fitted: no customer of any cohort left");
    assert_snapshot!(text(fit(&[&[100, 0]])), @"LIF0012 the beta-geometric model cannot be fitted: no customer of any cohort stayed for a whole period");
    assert_snapshot!(text(fit(&[&[100, 60]])), @"LIF0012 the beta-geometric model cannot be fitted: no cohort was followed for two periods");
    assert_snapshot!(text(fit(&[])), @"LIF0012 the beta-geometric model cannot be fitted: no customer of any cohort left");
}

#[test]
fn few_customers_give_a_fit_that_says_what_it_is_worth() {
    // Five customers are the fewest that are fitted; standard errors and findings tell what five customers cannot.
    let five = customers(&[GOOD, (0.0, 0.0, 39.0), (1.0, 3.0, 39.0), (0.0, 0.0, 30.0), (6.0, 28.0, 30.0)]).unwrap();
    for kind in ModelKind::ALL {
        let fitted = fit(kind, &five).unwrap();
        assert!(fitted.log_likelihood.is_finite());
        let is_vague = |p: &Parameter| p.standard_error.is_none_or(|error| error > p.value);
        assert!(fitted.parameters.iter().any(is_vague), "{kind:?}: {fitted:?}");
    }
}
