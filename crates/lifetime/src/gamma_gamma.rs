//! Gamma-Gamma (Fader and Hardie 2013): what customers spend per purchase.
//!
//! A customer's purchases are Gamma(p, ν) with mean p/ν, and ν ~ Gamma(q, γ) over customers. Spend is taken to be
//! independent of how often customers buy; [`SpendFit::frequency_correlation`] says whether that holds.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::LifetimeError;
use crate::customers::{Customers, History, UniqueRow};
use crate::estimate::{Anatomy, Convergence, Parameter};
use crate::forecast::per_customer;
use crate::mixture::Row;
use crate::objective::{Likelihood, NegativeLogLikelihood};
use crate::optimise::{Optimum, minimise};
use crate::special::{digamma, ln_gamma, trigamma};

/// Gamma-Gamma by its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GammaGamma {
    /// Shape of one customer's purchases.
    pub p: f64,
    /// Shape of the customers' rates ν.
    pub q: f64,
    /// Scale of the customers' rates ν, in units of money.
    pub gamma: f64,
}

/// A fitted Gamma-Gamma model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpendFit {
    /// The model at its maximum likelihood.
    pub model: GammaGamma,
    /// Its parameters with their standard errors.
    pub parameters: Vec<Parameter>,
    /// Covariance of the parameters' logarithms, in their order.
    pub log_covariance: Option<Vec<Vec<f64>>>,
    /// The log-likelihood of the mean spends.
    pub log_likelihood: f64,
    /// Customers with repeat purchases: the others say nothing.
    pub n_customers: usize,
    /// Pearson correlation of frequency and mean spend over those customers; the model takes it to be 0. None where
    /// either is constant.
    pub frequency_correlation: Option<f64>,
    /// How the search ended.
    pub convergence: Convergence,
}

const NAME: &str = "Gamma-Gamma";
/// More customers than parameters.
const MIN_CUSTOMERS: usize = 4;
const NAMES: [&str; 3] = ["p", "q", "gamma"];
const COLUMNS: [&str; 3] = ["mean_spend"; 3];

/// Fits Gamma-Gamma to the customers with repeat purchases.
pub fn fit_spend(customers: &Customers) -> Result<SpendFit, LifetimeError> {
    let rows = spend_rows(customers)?;
    if rows.len() < MIN_CUSTOMERS {
        let of_kind = " with repeat purchases";
        return Err(LifetimeError::TooFewCustomers { model: NAME, needed: MIN_CUSTOMERS, of_kind, found: rows.len() });
    }
    let search = SpendSearch::new(&rows);
    let optimum = search.best(&rows);
    let (parameters, covariance, convergence) = search.anatomy().read(&optimum);
    Ok(SpendFit {
        model: GammaGamma::at(&[optimum.point[0], optimum.point[1], optimum.point[2]]),
        parameters,
        log_covariance: covariance.map(|covariance| covariance.rows()),
        log_likelihood: -optimum.evaluation.value,
        n_customers: rows.len(),
        frequency_correlation: correlation(&rows),
        convergence,
    })
}

/// A search for the maximum, with the data's own scale of money.
pub(crate) struct SpendSearch {
    units: [f64; 3],
}

impl SpendSearch {
    pub(crate) fn new(rows: &[UniqueRow]) -> Self {
        Self { units: [1.0, 1.0, weighted_mean(rows, |row| row.history.recency)] }
    }

    fn anatomy(&self) -> Anatomy<'_> {
        Anatomy { names: &NAMES, columns: &COLUMNS, units: &self.units, n_logs: 3, reason }
    }

    pub(crate) fn optimum(&self, rows: &[UniqueRow], start: &[f64]) -> Optimum {
        minimise(&NegativeLogLikelihood::<GammaGamma, 3>::new(rows), start, &self.anatomy().bounds())
    }

    fn best(&self, rows: &[UniqueRow]) -> Optimum {
        let from = |p: f64, q: f64| self.optimum(rows, &[p, q, (q - 1.0) * self.units[2] / p].map(f64::ln));
        let (first, second) = (from(2.0, 2.0), from(6.0, 4.0));
        if first.evaluation.value <= second.evaluation.value { first } else { second }
    }
}

/// Customers with repeat purchases, sorted by frequency; mean spend stands in for recency.
pub(crate) fn spend_rows(customers: &Customers) -> Result<Vec<UniqueRow>, LifetimeError> {
    let spend = customers.mean_spend().ok_or(LifetimeError::NoSpend { model: NAME })?;
    let buyers = (0..customers.n_rows()).filter(|&row_idx| customers.frequency()[row_idx] > 0);
    let row = |row_idx: usize| {
        let history = History { frequency: customers.frequency()[row_idx], recency: spend[row_idx], age: 0.0 };
        UniqueRow { history, ..customers.unique_row(row_idx) }
    };
    let mut rows: Vec<UniqueRow> = buyers.map(row).collect();
    rows.par_sort_unstable_by(UniqueRow::total_cmp);
    Ok(rows)
}

fn weighted_mean(rows: &[UniqueRow], of: impl Fn(&UniqueRow) -> f64) -> f64 {
    let mass: f64 = rows.iter().map(|row| row.weight).sum();
    rows.iter().map(|row| row.weight * of(row)).sum::<f64>() / mass
}

fn correlation(rows: &[UniqueRow]) -> Option<f64> {
    let (x, m) = (|row: &UniqueRow| f64::from(row.history.frequency), |row: &UniqueRow| row.history.recency);
    let (mean_x, mean_m) = (weighted_mean(rows, x), weighted_mean(rows, m));
    let between = |f: &dyn Fn(&UniqueRow) -> f64| weighted_mean(rows, f);
    let variances = between(&|row| (x(row) - mean_x).powi(2)) * between(&|row| (m(row) - mean_m).powi(2));
    (variances > 0.0).then(|| between(&|row| (x(row) - mean_x) * (m(row) - mean_m)) / variances.sqrt())
}

fn reason(parameter: usize, upper: bool, _: &[f64]) -> &'static str {
    match (parameter, upper) {
        (0, true) => "each customer's purchases all cost the same",
        (0, false) => "purchases of one customer are spread without limit",
        (1 | 2, true) => "mean spend does not differ between customers beyond the spread of their purchases",
        _ => "mean spend differs between customers without limit",
    }
}

/// What depends on frequency alone, with the model's parameters.
#[derive(Clone, Copy)]
pub(crate) struct OfFrequency {
    x: f64,
    /// ln Γ(px+q) − ln Γ(px) − ln Γ(q).
    value: f64,
    psi_sum: f64,
    psi_purchases: f64,
    psi_q: f64,
    trigamma_sum: f64,
    trigamma_purchases: f64,
    trigamma_q: f64,
}

impl Likelihood<3> for GammaGamma {
    type OfFrequency = OfFrequency;

    fn at(log_parameters: &[f64; 3]) -> Self {
        let [p, q, gamma] = log_parameters.map(f64::exp);
        Self { p, q, gamma }
    }

    fn of_frequency(&self, frequency: u32) -> OfFrequency {
        let x = f64::from(frequency);
        let (purchases, sum) = (self.p * x, self.p * x + self.q);
        OfFrequency {
            x,
            value: ln_gamma(sum) - ln_gamma(purchases) - ln_gamma(self.q),
            psi_sum: digamma(sum),
            psi_purchases: digamma(purchases),
            psi_q: digamma(self.q),
            trigamma_sum: trigamma(sum),
            trigamma_purchases: trigamma(purchases),
            trigamma_q: trigamma(self.q),
        }
    }

    /// ln of Γ(px+q)/(Γ(px)Γ(q)) · γ^q m^(px−1) x^(px) / (γ+mx)^(px+q), m the mean spend.
    fn row(&self, c: &OfFrequency, row: &UniqueRow) -> Row<3> {
        let Self { p, q, gamma } = *self;
        let (x, m) = (c.x, row.history.recency);
        let (purchases, spent) = (p * x, m * x);
        let share = spent / (gamma + spent);
        let (ln_spent, ln_gamma_share) = (-(gamma / spent).ln_1p(), -(spent / gamma).ln_1p());
        let by_p = x * (c.psi_sum - c.psi_purchases + ln_spent);
        let by_q = c.psi_sum - c.psi_q + ln_gamma_share;
        let by_log_gamma = q - (purchases + q) * (1.0 - share);
        let mut sum = Row::ZERO;
        sum.value = c.value + purchases * ln_spent + q * ln_gamma_share - m.ln();
        sum.gradient = [p * by_p, q * by_q, by_log_gamma];
        sum.bend(0, 0, p * by_p + purchases * purchases * (c.trigamma_sum - c.trigamma_purchases));
        sum.bend(0, 1, purchases * q * c.trigamma_sum);
        sum.bend(0, 2, -purchases * (1.0 - share));
        sum.bend(1, 1, q * by_q + q * q * (c.trigamma_sum - c.trigamma_q));
        sum.bend(1, 2, q * share);
        sum.bend(2, 2, -(purchases + q) * share * (1.0 - share));
        sum
    }
}

impl GammaGamma {
    /// Gamma-Gamma with these parameters, all above 0.
    pub fn new(p: f64, q: f64, gamma: f64) -> Result<Self, LifetimeError> {
        for (setting, found) in [("p", p), ("q", q), ("gamma", gamma)] {
            crate::forecast::check_setting(setting, found, "a finite number above 0", found > 0.0)?;
        }
        Ok(Self { p, q, gamma })
    }

    /// For each customer, the expected spend per future purchase given what the customer spent so far. `N` values.
    ///
    /// A customer without repeat purchases gets the mean of all, pγ/(q − 1), which is infinite for q ≤ 1.
    pub fn conditional_spend(&self, customers: &Customers) -> Result<Vec<f64>, LifetimeError> {
        let spend = customers.mean_spend().ok_or(LifetimeError::NoSpend { model: NAME })?;
        let expected = |row_idx: usize| {
            let x = f64::from(customers.frequency()[row_idx]);
            self.p * (self.gamma + spend[row_idx] * x) / (self.p * x + self.q - 1.0)
        };
        let infinite = customers.frequency().iter().any(|&x| self.p * f64::from(x) + self.q <= 1.0);
        if infinite {
            let reason = format!("q is {}, and customers without repeat purchases need it above 1", self.q);
            return Err(LifetimeError::Infinite { what: "expected spend per purchase", reason });
        }
        Ok(per_customer(customers, expected))
    }

    /// Expected spend per purchase of a customer of whom nothing is known: pγ/(q − 1).
    pub fn mean_spend(&self) -> Result<f64, LifetimeError> {
        if self.q <= 1.0 {
            let reason = format!("q is {}, and the mean over customers needs it above 1", self.q);
            return Err(LifetimeError::Infinite { what: "mean spend per purchase", reason });
        }
        Ok(self.p * self.gamma / (self.q - 1.0))
    }
}
