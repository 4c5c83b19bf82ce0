//! Forecasts of transactions: of each customer after the end of observation, and of a cohort from its first purchases.

use rayon::prelude::*;

use crate::LifetimeError;
use crate::customers::Customers;
use crate::models::PurchaseModel;
use crate::posterior::Posterior;

/// A half-open stretch of time `[gap, gap + horizon)` after each customer's end of observation, in the customers' unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Time from the end of observation to the start.
    gap: f64,
    /// Length.
    horizon: f64,
}

impl Window {
    /// The window `[gap, gap + horizon)`; `gap` ≥ 0, `horizon` > 0, both finite.
    pub fn new(gap: f64, horizon: f64) -> Result<Self, LifetimeError> {
        check_setting("gap", gap, "a finite time, not negative", gap >= 0.0)?;
        check_setting("horizon", horizon, "a finite time above 0", horizon > 0.0)?;
        Ok(Self { gap, horizon })
    }

    /// The window `[0, horizon)`.
    pub fn next(horizon: f64) -> Result<Self, LifetimeError> {
        Self::new(0.0, horizon)
    }

    /// Time from the end of observation to the start.
    pub const fn gap(self) -> f64 {
        self.gap
    }

    /// Length.
    pub const fn horizon(self) -> f64 {
        self.horizon
    }

    pub(crate) fn expected(self, posterior: &Posterior) -> f64 {
        let until_end = posterior.expected(self.gap + self.horizon);
        if self.gap == 0.0 { until_end } else { (until_end - posterior.expected(self.gap)).max(0.0) }
    }
}

/// How much less a later purchase is worth: e^(−rate · t), summed up to a horizon or for ever.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discount {
    rate: f64,
    horizon: f64,
}

impl Discount {
    /// Continuous discounting for ever, at `rate` > 0 per unit of time: discounted expected residual transactions, DERT
    /// (Fader, Hardie and Lee 2005b). An annual rate d and weeks: rate = ln(1 + d) / 52.18.
    pub fn forever(rate: f64) -> Result<Self, LifetimeError> {
        check_setting("discount rate", rate, "a finite rate above 0, because the horizon is infinite", rate > 0.0)?;
        Ok(Self { rate, horizon: f64::INFINITY })
    }

    /// The same, cut off at `horizon`; `rate` may be 0.
    pub fn until(horizon: f64, rate: f64) -> Result<Self, LifetimeError> {
        check_setting("discount rate", rate, "a finite rate, not negative", rate >= 0.0)?;
        check_setting("horizon", horizon, "a finite time above 0", horizon > 0.0)?;
        Ok(Self { rate, horizon })
    }

    pub(crate) fn expected(self, posterior: &Posterior) -> f64 {
        posterior.discounted(self.rate, self.horizon)
    }
}

pub(crate) fn check_setting(
    setting: &'static str,
    found: f64,
    expected: &'static str,
    holds: bool,
) -> Result<(), LifetimeError> {
    if holds && found.is_finite() { Ok(()) } else { Err(LifetimeError::Setting { setting, expected, found }) }
}

impl PurchaseModel {
    /// For each customer, the probability of still being a customer at the end of observation. `N` values in 0..=1.
    pub fn p_alive(&self, customers: &Customers) -> Vec<f64> {
        per_customer(customers, |row_idx| self.p_alive_after(customers.history(row_idx)))
    }

    /// For each customer, the expected number of transactions in the window, given the history. `N` values.
    pub fn conditional_expected(&self, customers: &Customers, window: Window) -> Vec<f64> {
        per_customer(customers, |row_idx| window.expected(&self.posterior(customers.history(row_idx))))
    }

    /// For each customer, the log-likelihood of the history. `N` values.
    pub fn log_likelihood(&self, customers: &Customers) -> Vec<f64> {
        per_customer(customers, |row_idx| self.log_likelihood_of(&customers.unique_row(row_idx)))
    }

    /// For each customer, the expected number of transactions after the end of observation, discounted. `N` values.
    pub fn discounted_expected(&self, customers: &Customers, discount: Discount) -> Vec<f64> {
        per_customer(customers, |row_idx| discount.expected(&self.posterior(customers.history(row_idx))))
    }

    /// Expected repeat transactions of a customer in (0, t] after the first purchase; 0 for t ≤ 0.
    pub fn expected(&self, t: f64) -> f64 {
        if t > 0.0 { self.prior().expected(t) } else { 0.0 }
    }

    /// Expected repeat transactions of all customers together, from their first purchases until `offsets` after the end
    /// of observation (before it where negative): the smooth line of a tracking plot. One value for each offset.
    pub fn expected_cumulative(&self, customers: &Customers, offsets: &[f64]) -> Vec<f64> {
        let ages = unique_ages(customers);
        let until = |offset: &f64| ages.iter().map(|(age, weight)| weight * self.expected(age + offset)).sum();
        offsets.par_iter().map(until).collect()
    }
}

/// Distinct ages, ascending, each with the weight of its customers.
fn unique_ages(customers: &Customers) -> Vec<(f64, f64)> {
    let mut ages: Vec<(f64, f64)> =
        (0..customers.n_rows()).map(|row_idx| (customers.age()[row_idx], customers.weight(row_idx))).collect();
    ages.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    ages.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    ages
}

pub(crate) fn per_customer(customers: &Customers, of_row: impl Fn(usize) -> f64 + Sync + Send) -> Vec<f64> {
    (0..customers.n_rows()).into_par_iter().map(of_row).collect()
}
