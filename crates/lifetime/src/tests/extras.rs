//! The shifted beta-geometric model against its paper, and what diagnoses say.

use insta::assert_snapshot;

use super::{ages, assert_close, assert_near};
use crate::{
    Cohorts, Customers, Fit, ModelKind, Problem, PurchaseModel, ShiftedBetaGeometric, fit, fit_retention, fit_spend,
};

/// Survivors of 1,000 customers over twelve renewals (Fader and Hardie 2007, Table 1).
const HIGH_END: [u64; 13] = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394];
const REGULAR: [u64; 13] = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173];

#[test]
fn published_retention() {
    for (survivors, alpha, beta) in [(HIGH_END, 0.668, 3.806), (REGULAR, 0.704, 1.182)] {
        let fitted = fit_retention(&Cohorts::from_survivors(&[&survivors[..8]]).unwrap()).unwrap();
        assert!(fitted.convergence.is_clean(), "{:?}", fitted.convergence);
        assert_near("alpha", fitted.model.alpha, alpha, 5e-4);
        assert_near("beta", fitted.model.beta, beta, 5e-4);
        // Five more renewals, forecast: within two customers in a hundred.
        for (period, &n) in (8..).zip(&survivors[8..]) {
            assert_near("survivors", fitted.model.survival(period), n as f64 / 1000.0, 0.02);
        }
    }
}

#[test]
fn retention_curves_are_consistent() {
    let model = ShiftedBetaGeometric { alpha: 2.5, beta: 4.0 };
    let product: f64 = (1..=6).map(|period| model.retention(period)).product();
    assert_close("survival", model.survival(6), product, 1e-14);
    let summed = model.expected_remaining_within(3, 2_000_000);
    assert_close("remaining", summed, model.expected_remaining(3).unwrap(), 1e-4);
    // Renewals to come, the first one undiscounted.
    let survival = |n: u32| model.survival(n) / model.survival(3);
    let by_hand: f64 = (0..4000).map(|k| survival(4 + k) * 1.1_f64.powf(-f64::from(k))).sum();
    assert_close("discounted", model.discounted_remaining(3, 0.1).unwrap(), by_hand, 1e-12);
}

#[test]
fn cohorts_of_different_length_add_up() {
    let (short, long): ([u64; 3], [u64; 4]) = ([500, 434, 371], [500, 435, 372, 653 - 326]);
    let both = fit_retention(&Cohorts::from_survivors(&[&short, &long]).unwrap()).unwrap();
    assert_eq!(both.n_customers, 1000);
    assert!(both.model.alpha > 0.0 && both.parameters[0].standard_error.is_some());
}

fn findings(fit: &Fit) -> String {
    fit.convergence.findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("\n")
}

/// Customers who buy at one and the same rate and never leave.
fn faithful(n: usize) -> Customers {
    let model = PurchaseModel::new(ModelKind::ParetoNbd, [1e4, 1e5, 1e-3, 1e6]).unwrap();
    model.made_customers(&ages(n), 3).unwrap()
}

/// Customers of different rates who never leave.
fn staying(n: usize) -> Customers {
    let model = PurchaseModel::new(ModelKind::ParetoNbd, [1.0, 4.0, 1e-3, 1e6]).unwrap();
    model.made_customers(&ages(n), 3).unwrap()
}

#[test]
fn customers_who_never_leave_are_diagnosed() {
    let customers = staying(1500);
    let pareto = fit(ModelKind::ParetoNbd, &customers).unwrap();
    assert_snapshot!(findings(&pareto), @"parameter `beta` is at its upper bound: no customer shows a late dropout: last purchases are as recent as purchase rates make them (column `recency`)");
    assert_snapshot!(findings(&fit(ModelKind::BgNbd, &customers).unwrap()), @"parameter `b` is at its upper bound: no customer shows a dropout: last purchases are as recent as purchase rates make them (column `recency`)");
    assert!(pareto.convergence.findings.iter().all(|finding| finding.column == "recency"));
    assert_close("r", pareto.model.parameters()[0], 1.0, 0.15);
}

#[test]
fn customers_who_are_all_alike_are_diagnosed() {
    let fitted = fit(ModelKind::BgNbd, &faithful(1500)).unwrap();
    assert_snapshot!(findings(&fitted), @r#"
parameter `r` is at its upper bound: counts of repeat purchases vary no more than chance, as if all customers bought at one rate (column `frequency`)
parameter `a` is at its lower bound: no customer shows a dropout: last purchases are as recent as purchase rates make them (column `recency`)
parameter `b` is at its upper bound: no customer shows a dropout: last purchases are as recent as purchase rates make them (column `recency`)
"#);
    assert!(fitted.convergence.findings.iter().any(|finding| finding.problem == Problem::AtUpperBound));
    let [r, alpha, ..] = fitted.model.parameters();
    assert_close("mean rate", r / alpha, 0.1, 0.1);
}

#[test]
fn constant_spend_is_diagnosed() {
    let customers = staying(300);
    let spend: Vec<f64> = customers.frequency().iter().map(|&x| if x > 0 { 9.99 } else { 0.0 }).collect();
    let fitted = fit_spend(&customers.with_mean_spend(&spend).unwrap()).unwrap();
    let messages: Vec<&str> = fitted.convergence.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_snapshot!(messages.join("\n"), @r#"
parameter `p` is at its upper bound: each customer's purchases all cost the same (column `mean_spend`)
parameter `q` is at its upper bound: mean spend does not differ between customers beyond the spread of their purchases (column `mean_spend`)
"#);
}

#[test]
fn retention_without_pattern_is_diagnosed() {
    // A constant tenth leaves: no heterogeneity.
    let fitted = fit_retention(&Cohorts::from_survivors(&[&[10_000, 9_000, 8_100, 7_290, 6_561]]).unwrap()).unwrap();
    let messages: Vec<&str> = fitted.convergence.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_snapshot!(messages.join("\n"), @"parameter `beta` is at its upper bound: retention does not rise with the age of a cohort, as if all customers were alike (column `survivors`)");
    assert_close("churn", fitted.model.alpha / (fitted.model.alpha + fitted.model.beta), 0.1, 1e-3);
}
