//! Zero-inflated log-normal, for one horizon or several that are linked (arXiv 1912.07753).

use super::{log_normal, sigma, sigmoid, softplus};

/// What the horizons so far have said, as logarithms.
#[derive(Clone, Copy, Default)]
struct State {
    buys: f64,
    none: f64,
    mean: f64,
}

/// Horizons beyond which the states of the way forward no longer fit their place on the stack.
const MAX_HORIZONS: usize = 16;

/// The mean over horizons of `−log P(0)`, or `−log P(buys) − log LogNormal(y; mu, s)`.
///
/// P(buys) of a later horizon is `1 − Π(1 − σ(l0))`, its mean the mean before plus `eˡ¹`; the slopes go back through both.
pub(super) fn evaluate(outputs: &[f32], targets: &[f32], n_horizons: usize, gradient: &mut [f32]) -> f64 {
    assert!(n_horizons <= MAX_HORIZONS, "{n_horizons} horizons");
    let mut states = [State::default(); MAX_HORIZONS];
    for horizon in 0..n_horizons {
        states[horizon] = forward(&part(outputs, horizon), horizon.checked_sub(1).map(|before| states[before]));
    }
    let (scale, mut loss, mut slopes) = (1.0 / n_horizons as f64, 0.0, State::default());
    for horizon in (0..n_horizons).rev() {
        let before = horizon.checked_sub(1).map(|before| states[before]);
        let target = [f64::from(targets[2 * horizon]), f64::from(targets[2 * horizon + 1])];
        let (own, of_outputs);
        (own, of_outputs, slopes) = backward(&part(outputs, horizon), target, states[horizon], before, slopes);
        loss += scale * own;
        for (to, slope) in gradient[3 * horizon..3 * horizon + 3].iter_mut().zip(of_outputs) {
            *to = (scale * slope) as f32;
        }
    }
    loss
}

fn part(outputs: &[f32], horizon: usize) -> [f64; 3] {
    [0, 1, 2].map(|i| f64::from(outputs[3 * horizon + i]))
}

fn forward([l0, l1, l2]: &[f64; 3], before: Option<State>) -> State {
    let (buys, none) = (-softplus(-l0), -softplus(*l0));
    match before {
        None => State { buys, none, mean: buys + l1 + 0.5 * sigma(*l2).0.powi(2) },
        Some(before) => State {
            buys: log_add(before.buys, before.none + buys),
            none: before.none + none,
            mean: log_add(before.mean, *l1),
        },
    }
}

/// The loss of one horizon, its slopes in its outputs, and the slopes of all horizons from it on in what was said before it.
fn backward(
    [l0, l1, l2]: &[f64; 3],
    [positive, log_value]: [f64; 2],
    now: State,
    before: Option<State>,
    after: State,
) -> (f64, [f64; 3], State) {
    let (s, ds) = sigma(*l2);
    let mu = if before.is_some() { now.mean - now.buys - 0.5 * s * s } else { *l1 };
    let [value, of_mu, of_s] = log_normal(log_value, mu, s).map(|part| positive * part);
    let loss = value - positive * now.buys - (1.0 - positive) * now.none;
    let (p, q) = (sigmoid(*l0), sigmoid(-l0));
    let of_none = after.none - (1.0 - positive);
    let Some(before) = before else {
        let of_buys = after.buys - positive + after.mean;
        let slopes = [of_buys * q - of_none * p, of_mu + after.mean, (of_s + after.mean * s) * ds];
        return (loss, slopes, State::default());
    };
    let (of_mean, of_buys) = (after.mean + of_mu, after.buys - positive - of_mu);
    let first_purchase = of_buys * (before.none - softplus(-l0) - now.buys).exp();
    let slopes = [first_purchase * q - of_none * p, of_mean * (l1 - now.mean).exp(), (of_s - s * of_mu) * ds];
    let to_before = State {
        buys: of_buys * (before.buys - now.buys).exp(),
        none: of_none + first_purchase,
        mean: of_mean * (before.mean - now.mean).exp(),
    };
    (loss, slopes, to_before)
}

/// `ln(eᵃ + eᵇ)`
fn log_add(a: f64, b: f64) -> f64 {
    a.max(b) + (-(a - b).abs()).exp().ln_1p()
}
