//! Forecasts against simulation, and the closed forms against quadrature.

use super::{assert_close, assert_near, made, typical};
use crate::customers::History;
use crate::posterior::{Dropout, Posterior};
use crate::random::stream;
use crate::simulate::lower_quantile;
use crate::{Customers, GammaGamma, ModelKind, PurchaseModel, Simulation, Window, expected_value};

const HISTORY: History = History { frequency: 4, recency: 25.0, age: 39.0 };

#[test]
fn expected_transactions_are_the_mean_of_simulated_ones() {
    let window = Window::new(8.0, 31.0).unwrap();
    for kind in ModelKind::ALL {
        let posterior = typical(kind).posterior(HISTORY);
        let mut rng = stream(3, 0);
        let draws: Vec<f64> = (0..100_000).map(|_| posterior.draw(window, &mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 1e5;
        assert_near(kind.name(), mean, window.expected(&posterior), 4.0 * (variance / 1e5).sqrt());
    }
}

#[test]
fn p_alive_and_expectations_hold_in_made_customers() {
    // Bought at least once again among those with the same history is not observable, the total is: customers made
    // until age 26 + 26 weeks, cut at 26, forecast for the rest.
    for kind in ModelKind::ALL {
        let model = typical(kind);
        let expected = model.expected(52.0);
        let customers = model.made_customers(&vec![52.0; 40_000], 11).unwrap();
        let counts: Vec<f64> = customers.frequency().iter().map(|&x| f64::from(x)).collect();
        let mean = counts.iter().sum::<f64>() / 4e4;
        let variance = counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 4e4;
        assert_near(kind.name(), mean, expected, 4.0 * (variance / 4e4).sqrt());
    }
}

#[test]
fn conditional_forecasts_average_to_the_unconditional_one() {
    // E over histories of E[X in the next 20 | history] = E[X(50)] − E[X(30)].
    for kind in ModelKind::ALL {
        let model = typical(kind);
        let customers = model.made_customers(&vec![30.0; 40_000], 23).unwrap();
        let forecast = model.conditional_expected(&customers, Window::next(20.0).unwrap());
        let mean = forecast.iter().sum::<f64>() / 4e4;
        let variance = forecast.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 4e4;
        let expected = model.expected(50.0) - model.expected(30.0);
        assert_near(kind.name(), mean, expected, 4.0 * (variance / 4e4).sqrt());
    }
}

#[test]
fn closed_form_and_quadrature_agree() {
    // The closed form holds below z = .9 and away from a = 1, quadrature everywhere: compare around the border.
    for (shape, scale, a, b) in
        [(0.3, 4.0, 0.8, 2.4), (12.0, 60.0, 0.8, 9.0), (3.0, 40.0, 1.5, 0.2), (150.0, 90.0, 4.0, 60.0)]
    {
        let posterior = Posterior { p_alive: 1.0, shape, scale, dropout: Dropout::Chance { a, b } };
        let border = 9.0 * scale;
        let (below, above) = (posterior.expected(border * (1.0 - 1e-9)), posterior.expected(border * (1.0 + 1e-9)));
        assert_close("expected", above, below, 1e-8);
        assert_close("rate", posterior.rate(border * (1.0 + 1e-9)), posterior.rate(border * (1.0 - 1e-9)), 1e-8);
        let near_one = |a| Posterior { dropout: Dropout::Chance { a, b }, ..posterior }.expected(39.0);
        let (outside, inside) = (near_one(1.0011), near_one(1.0009));
        assert!((outside - inside).abs() < 1e-3 * inside, "{outside} {inside}");
        assert_close("through a = 1", near_one(1.0), 0.5 * (near_one(0.9985) + near_one(1.0015)), 1e-5);
    }
}

#[test]
fn the_rate_is_the_slope_of_the_expectation() {
    for kind in ModelKind::ALL {
        let posterior = typical(kind).posterior(HISTORY);
        let slope = (posterior.expected(10.001) - posterior.expected(9.999)) / 0.002;
        assert_close(kind.name(), posterior.rate(10.0), slope, 1e-7);
    }
}

#[test]
fn recent_customers_are_alive() {
    let customers = Customers::new(&[3.0, 3.0, 3.0], &[5.0, 20.0, 39.0], &[39.0; 3]).unwrap();
    for kind in ModelKind::ALL {
        let p = typical(kind).p_alive(&customers);
        assert!(p[0] < p[1] && p[1] < p[2], "{kind:?}: {p:?}");
    }
    assert_eq!(typical(ModelKind::ParetoNbd).p_alive(&customers)[2], 1.0);
    let new = Customers::new(&[0.0], &[0.0], &[39.0]).unwrap();
    assert_eq!(typical(ModelKind::BgNbd).p_alive(&new), [1.0]);
    assert!(typical(ModelKind::MbgNbd).p_alive(&new)[0] < 1.0);
}

#[test]
fn tracking_curves_end_at_the_expected_totals() {
    let customers = made(ModelKind::ParetoNbd, 200, 3);
    let model = typical(ModelKind::ParetoNbd);
    let curve = model.expected_cumulative(&customers, &[-100.0, -10.0, 0.0, 39.0]);
    assert_eq!(curve[0], 0.0);
    let by_hand: f64 = customers.age().iter().map(|age| model.expected(age + 39.0)).sum();
    assert_close("at 39 weeks", curve[3], by_hand, 1e-12);
    assert!(curve[1] < curve[2] && curve[2] < curve[3]);
}

#[test]
fn value_is_transactions_times_spend() {
    let customers =
        Customers::new(&[2.0, 0.0], &[30.0, 0.0], &[39.0; 2]).unwrap().with_mean_spend(&[50.0, 0.0]).unwrap();
    let (model, spend) = (typical(ModelKind::ParetoNbd), GammaGamma::new(6.0, 4.0, 16.0).unwrap());
    let window = Window::next(39.0).unwrap();
    let value = expected_value(&model, &spend, &customers, window).unwrap();
    let transactions = model.conditional_expected(&customers, window);
    // 6 (16 + 100) / (12 + 3), and the mean of all, 6 · 16 / 3.
    assert_close("with history", value[0], transactions[0] * 46.4, 1e-14);
    assert_close("without", value[1], transactions[1] * 32.0, 1e-14);
    assert_close("mean", spend.mean_spend().unwrap(), 32.0, 1e-15);
}

#[test]
fn predictive_quantiles_cover_what_happens() {
    // Customers made until week 78 and cut at week 39 would need their purchases; instead draw the future of made
    // customers from the truth with one seed, and forecast it with another.
    let window = Window::next(39.0).unwrap();
    let spend = GammaGamma::new(6.0, 4.0, 16.0).unwrap();
    for kind in ModelKind::ALL {
        let model = typical(kind);
        let customers = made(kind, 2000, 6);
        let paid = spend.made_mean_spend(customers.frequency(), 8);
        let customers = customers.with_mean_spend(&paid).unwrap();
        let forecast = Simulation { n_draws: 400, seed: 1 };
        let truth = Simulation { n_draws: 1, seed: 2 };
        let upper = forecast.transaction_quantiles(&model, &customers, window, &[0.95]).unwrap();
        let happened = truth.transaction_quantiles(&model, &customers, window, &[0.5]).unwrap();
        let covered = upper.iter().zip(&happened).filter(|(upper, happened)| happened[0] <= upper[0]).count();
        // Counts are coarse: at least the nominal share lies at or below the quantile.
        assert!(covered as f64 / 2000.0 > 0.935, "{kind:?}: {covered}");
        let upper = forecast.spend_quantiles(&model, &spend, &customers, window, &[0.95]).unwrap();
        let happened = truth.spend_quantiles(&model, &spend, &customers, window, &[0.5]).unwrap();
        let covered = upper.iter().zip(&happened).filter(|(upper, happened)| happened[0] <= upper[0]).count();
        assert!((covered as f64 / 2000.0 - 0.95).abs() < 0.03, "{kind:?}: {covered}");
    }
}

#[test]
fn simulated_spend_has_the_expected_mean() {
    let customers = Customers::new(&[4.0], &[25.0], &[39.0]).unwrap().with_mean_spend(&[30.0]).unwrap();
    let (model, spend) = (typical(ModelKind::ParetoNbd), GammaGamma::new(6.0, 4.0, 16.0).unwrap());
    let window = Window::next(39.0).unwrap();
    let n_draws = 100_000;
    let shares: Vec<f64> = (0..1000).map(|i| (f64::from(i) + 0.5) / 1000.0).collect();
    let quantiles =
        Simulation { n_draws, seed: 4 }.spend_quantiles(&model, &spend, &customers, window, &shares).unwrap();
    let mean = quantiles[0].iter().sum::<f64>() / 1000.0;
    assert_close("mean", mean, expected_value(&model, &spend, &customers, window).unwrap()[0], 0.02);
}

#[test]
fn quantiles_of_counts_are_counts() {
    assert_eq!(lower_quantile(&[0.0, 0.0, 1.0, 4.0], 0.5), 0.0);
    assert_eq!(lower_quantile(&[0.0, 0.0, 1.0, 4.0], 0.51), 1.0);
    assert_eq!(lower_quantile(&[0.0, 0.0, 1.0, 4.0], 1.0), 4.0);
    assert_eq!(lower_quantile(&[0.0, 0.0, 1.0, 4.0], 0.0), 0.0);
}

#[test]
fn the_same_seed_gives_the_same_futures() {
    let customers = made(ModelKind::MbgNbd, 40, 6);
    let model: PurchaseModel = typical(ModelKind::MbgNbd);
    let run = |n_threads, seed| {
        super::with_threads(n_threads, || {
            let window = Window::next(20.0).unwrap();
            Simulation { n_draws: 50, seed }.transaction_quantiles(&model, &customers, window, &[0.1, 0.9]).unwrap()
        })
    };
    assert_eq!(run(1, 3), run(2, 3));
    assert_ne!(run(1, 3), run(1, 4));
}
