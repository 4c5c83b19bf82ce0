//! What is to be expected of a customer whose rates are known.

use super::population::{Customer, SPEND};
use super::season::Season;

/// The truth about one customer over the horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Truth {
    /// Whether they have arrived and not left when the horizon begins.
    pub(crate) alive: bool,
    /// Expected purchases in the horizon; 0 once they have left.
    pub(crate) expected_purchases: f64,
    /// Expected money in the horizon: expected purchases times the customer's mean amount.
    pub(crate) expected_value: f64,
    /// Probability of no purchase in the horizon; 1 once they have left.
    pub(crate) churn_probability: f64,
}

/// The truth over `[from_day, from_day + n_days)`, given the rates and whether the customer is alive at its start.
///
/// While alive, a customer leaves at the rate `mu` and buys at the rate `lambda s_d` on day `d`, so with `L` the integral
/// of `lambda s` so far and `u` the days since the start, each day adds in closed form
/// `E += lambda s_d e^(-mu u) (1 - e^-mu) / mu` to the expected purchases and
/// `P += mu / (mu + lambda s_d) e^(-mu u - L) (1 - e^-(mu + lambda s_d))` to the probability of leaving before any
/// purchase; staying to the end without one has the probability `e^(-mu n - L)`.
pub(crate) fn truth(customer: &Customer, season: &Season, from_day: usize, n_days: usize) -> Truth {
    let alive = (customer.arrival_days..customer.dropout_days).contains(&(from_day as f64));
    if !alive {
        return Truth { alive, expected_purchases: 0.0, expected_value: 0.0, churn_probability: 1.0 };
    }
    let (lambda, mu) = (customer.lambda_per_day, customer.mu_per_day);
    let (mut expected_purchases, mut left_first, mut integral) = (0.0, 0.0, 0.0_f64);
    for (day, s) in season.intensity()[from_day..from_day + n_days].iter().enumerate() {
        let rate = lambda * s;
        let present = (-mu * day as f64).exp();
        // -expm1 keeps small rates exact.
        expected_purchases += rate * present * -(-mu).exp_m1() / mu;
        left_first += mu / (mu + rate) * present * (-integral).exp() * -(-(mu + rate)).exp_m1();
        integral += rate;
    }
    let mean_amount = SPEND.0 / customer.nu;
    Truth {
        alive,
        expected_purchases,
        expected_value: expected_purchases * mean_amount,
        churn_probability: (left_first + (-mu * n_days as f64 - integral).exp()).min(1.0),
    }
}
