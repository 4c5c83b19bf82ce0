//! What must hold for any parameters and any customers.

use proptest::prelude::*;

use super::{assert_close, assert_near, made, typical, with_threads};
use crate::customers::{History, UniqueRow};
use crate::reference::pareto_nbd_log_likelihood;
use crate::{Customers, Discount, ModelKind, ParetoNbd, PurchaseModel, Window, fit, fit_segments, fit_spend};

fn log_uniform(low: f64, high: f64) -> impl Strategy<Value = f64> {
    (low.ln()..high.ln()).prop_map(f64::exp)
}

fn any_kind() -> impl Strategy<Value = ModelKind> {
    prop::sample::select(ModelKind::ALL.to_vec())
}

fn any_model() -> impl Strategy<Value = PurchaseModel> {
    let parameters = (log_uniform(0.02, 50.0), log_uniform(0.01, 1e4), log_uniform(0.02, 50.0), log_uniform(0.01, 1e4));
    (any_kind(), parameters).prop_map(|(kind, (r, alpha, s, beta))| {
        PurchaseModel::new(kind, [r, alpha, s, beta]).expect("positive parameters")
    })
}

fn any_history() -> impl Strategy<Value = History> {
    (0_u32..400, log_uniform(0.01, 1e5), 0.0..=1.0_f64).prop_map(|(frequency, age, share)| {
        let recency = if frequency == 0 { 0.0 } else { age * share };
        History { frequency, recency, age }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn p_alive_is_a_probability(model in any_model(), history in any_history()) {
        let p = model.p_alive_after(history);
        prop_assert!((0.0..=1.0).contains(&p), "{p}");
    }

    #[test]
    fn likelihoods_are_finite(model in any_model(), history in any_history()) {
        let value = model.log_likelihood_of(&UniqueRow { history, weight: 1.0, count: 1 });
        prop_assert!(value.is_finite(), "{value}");
    }

    #[test]
    fn expected_transactions_rise_with_the_horizon(
        model in any_model(), history in any_history(), t in log_uniform(0.01, 1e4), longer in 1.01..20.0_f64,
    ) {
        let posterior = model.posterior(history);
        let (short, long) = (posterior.expected(t), posterior.expected(t * longer));
        prop_assert!(short >= 0.0 && long >= short * (1.0 - 1e-9), "{short} {long}");
        let bound = posterior.p_alive * posterior.shape / posterior.scale * t;
        prop_assert!(short <= bound * (1.0 + 1e-9), "{short} beyond the rate of one who never leaves, {bound}");
    }

    #[test]
    fn discounting_takes_value_away(
        model in any_model(), history in any_history(), t in log_uniform(0.1, 1e3), rate in log_uniform(1e-4, 1.0),
    ) {
        let posterior = model.posterior(history);
        let plain = posterior.expected(t);
        let (none, some) = (posterior.discounted(0.0, t), posterior.discounted(rate, t));
        prop_assert!((none - plain).abs() <= 1e-8 * plain + 1e-300, "{none} {plain}");
        prop_assert!(some <= none * (1.0 + 1e-9) && some >= none * (-rate * t).exp() * (1.0 - 1e-9));
    }

    #[test]
    fn the_integral_is_the_published_likelihood(
        (r, alpha, s) in (log_uniform(0.05, 5.0), log_uniform(0.5, 60.0), log_uniform(0.05, 5.0)),
        ratio in log_uniform(0.1, 10.0),
        (frequency, age, share) in (0_u32..60, log_uniform(5.0, 200.0), 0.0..0.9_f64),
    ) {
        let model = ParetoNbd { r, alpha, s, beta: alpha * ratio };
        let recency = if frequency == 0 { 0.0 } else { age * share };
        let customers = Customers::new(&[f64::from(frequency)], &[recency], &[age]).expect("a customer");
        let (fast, published) =
            (PurchaseModel::ParetoNbd(model).log_likelihood(&customers)[0], pareto_nbd_log_likelihood(&model, &customers)[0]);
        prop_assert!((fast - published).abs() <= 1e-10 * (1.0 + published.abs()), "{fast} {published}");
    }
}

#[test]
fn the_two_branches_meet() {
    let customers = Customers::new(&[0.0, 2.0, 30.0], &[0.0, 20.0, 11.0], &[39.0, 39.0, 52.0]).unwrap();
    let at = |beta| ParetoNbd { r: 0.6, alpha: 10.0, s: 0.7, beta };
    let published = |beta| pareto_nbd_log_likelihood(&at(beta), &customers);
    let fast = |beta| PurchaseModel::ParetoNbd(at(beta)).log_likelihood(&customers);
    for i in 0..3 {
        for value in [published(10.0 - 1e-9)[i], published(10.0 + 1e-9)[i], fast(10.0 - 1e-9)[i], fast(10.0)[i]] {
            assert_close("log-likelihood", value, published(10.0)[i], 1e-9);
        }
    }
}

/// The same customers in another order, and each time in another unit.
fn reversed(customers: &Customers, unit: f64) -> Customers {
    let flipped = |values: Vec<f64>| values.into_iter().rev().collect::<Vec<_>>();
    let scaled = |values: &[f64]| flipped(values.iter().map(|v| v * unit).collect());
    let frequency = flipped(customers.frequency().iter().map(|&x| f64::from(x)).collect());
    Customers::new(&frequency, &scaled(customers.recency()), &scaled(customers.age())).unwrap()
}

#[test]
fn the_order_of_customers_changes_nothing() {
    for kind in ModelKind::ALL {
        let customers = made(kind, 700, 5);
        assert_eq!(fit(kind, &customers), fit(kind, &reversed(&customers, 1.0)), "{kind:?}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let customers = made(ModelKind::ParetoNbd, 3000, 5);
    let run = |n_threads| with_threads(n_threads, || fit(ModelKind::ParetoNbd, &customers));
    assert_eq!(run(1), run(3));
}

#[test]
fn the_unit_of_time_changes_the_scales_alone() {
    for kind in ModelKind::ALL {
        let customers = made(kind, 2000, 6);
        let (weeks, seconds) = (fit(kind, &customers).unwrap(), fit(kind, &reversed(&customers, 604_800.0)).unwrap());
        let n_repeats: f64 = customers.frequency().iter().map(|&x| f64::from(x)).sum();
        let moved = weeks.log_likelihood - n_repeats * 604_800.0_f64.ln();
        assert_close("log-likelihood", seconds.log_likelihood, moved, 1e-10);
        for (a, b) in weeks.parameters.iter().zip(&seconds.parameters) {
            let unit = if ["alpha", "beta"].contains(&a.name.as_str()) { 604_800.0 } else { 1.0 };
            assert_close(&a.name, b.value, unit * a.value, 1e-4);
            assert_close(&a.name, b.standard_error.unwrap(), unit * a.standard_error.unwrap(), 1e-3);
        }
    }
}

#[test]
fn weights_count_like_repeated_customers() {
    let customers = made(ModelKind::BgNbd, 400, 8);
    let column = |values: &[f64]| values.iter().flat_map(|v| [*v; 3]).collect::<Vec<_>>();
    let frequency: Vec<f64> = customers.frequency().iter().map(|&x| f64::from(x)).collect();
    let thrice = Customers::new(&column(&frequency), &column(customers.recency()), &column(customers.age())).unwrap();
    let weighted = customers.with_weights(&[3.0; 400]).unwrap();
    let (a, b) = (fit(ModelKind::BgNbd, &thrice).unwrap(), fit(ModelKind::BgNbd, &weighted).unwrap());
    assert_eq!((a.n_customers, b.n_customers), (1200, 400));
    assert_close("log-likelihood", b.log_likelihood, a.log_likelihood, 1e-12);
    assert_eq!(a.parameters, b.parameters);
}

#[test]
fn segments_are_fitted_like_sets_of_their_own() {
    for kind in ModelKind::ALL {
        let customers = made(kind, 3000, 12);
        let segment: Vec<u32> = (0..3000).map(|i| u32::from(i % 3 == 1)).collect();
        let fits = fit_segments(kind, &customers, &segment, 3).unwrap();
        for (wanted, found) in fits.iter().take(2).enumerate() {
            let kept: Vec<usize> = (0..3000).filter(|&i| segment[i] as usize == wanted).collect();
            let column = |of: &dyn Fn(usize) -> f64| kept.iter().map(|&i| of(i)).collect::<Vec<_>>();
            let alone = Customers::new(
                &column(&|i| f64::from(customers.frequency()[i])),
                &column(&|i| customers.recency()[i]),
                &column(&|i| customers.age()[i]),
            );
            let (alone, found) = (fit(kind, &alone.unwrap()).unwrap(), found.as_ref().unwrap());
            assert_near("log-likelihood", found.log_likelihood, alone.log_likelihood, 1e-7);
            for (a, b) in found.parameters.iter().zip(&alone.parameters) {
                assert_close(&a.name, a.value, b.value, 1e-4);
            }
        }
        assert!(fits[2].is_err(), "nobody is in the third segment");
    }
}

#[test]
fn windows_add_up() {
    for kind in ModelKind::ALL {
        let (model, customers) = (typical(kind), made(kind, 50, 2));
        let expected = |gap, horizon| model.conditional_expected(&customers, Window::new(gap, horizon).unwrap());
        let parts = expected(0.0, 13.0).into_iter().zip(expected(13.0, 26.0));
        for ((first, second), whole) in parts.zip(expected(0.0, 39.0)) {
            assert_near("two windows", first + second, whole, 1e-12 * (1.0 + whole));
        }
    }
}

#[test]
fn discounting_for_ever_is_the_limit() {
    for kind in ModelKind::ALL {
        let (model, customers) = (typical(kind), made(kind, 20, 2));
        let ever = model.discounted_expected(&customers, Discount::forever(0.01).unwrap());
        let long = model.discounted_expected(&customers, Discount::until(5000.0, 0.01).unwrap());
        for (ever, long) in ever.into_iter().zip(long) {
            assert_near("discounted", ever, long, 1e-10 * (1.0 + ever));
        }
    }
}

#[test]
fn fits_survive_being_written_down() {
    let customers = made(ModelKind::ParetoNbd, 300, 1);
    let spend = typical_spend(&customers);
    let customers = customers.with_mean_spend(&spend).unwrap();
    let (fitted, spend) = (fit(ModelKind::ParetoNbd, &customers).unwrap(), fit_spend(&customers).unwrap());
    let text = serde_json::to_string(&(&fitted, &spend)).unwrap();
    assert!(text.contains(r#""kind":"pareto_nbd""#), "{text}");
    let back: (crate::Fit, crate::SpendFit) = serde_json::from_str(&text).unwrap();
    assert_eq!(back.0.parameters.len(), 4);
    assert_close("r", back.0.model.parameters()[0], fitted.model.parameters()[0], 1e-15);
    assert_close("p", back.1.model.p, spend.model.p, 1e-15);
}

fn typical_spend(customers: &Customers) -> Vec<f64> {
    crate::GammaGamma::new(6.0, 4.0, 16.0).unwrap().made_mean_spend(customers.frequency(), 4)
}
