//! Shifted beta-geometric (Fader and Hardie 2007): how long customers of a contract stay, period by period.
//!
//! At each renewal a customer leaves with probability θ ~ Beta(α, β), the same at every renewal. Retention of a cohort
//! rises with its age because those who leave easily are gone.

use serde::{Deserialize, Serialize};

use crate::LifetimeError;
use crate::dense::Square;
use crate::estimate::{Anatomy, Convergence, Parameter};
use crate::forecast::check_setting;
use crate::hypergeometric::ln_hypergeometric;
use crate::mixture::Row;
use crate::optimise::{Evaluation, Objective, minimise};
use crate::special::Rising;

/// Shifted beta-geometric by its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShiftedBetaGeometric {
    /// Of the churn probabilities: θ has mean α / (α + β).
    pub alpha: f64,
    /// Of the churn probabilities.
    pub beta: f64,
}

/// A fitted shifted beta-geometric model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RetentionFit {
    /// The model at its maximum likelihood.
    pub model: ShiftedBetaGeometric,
    /// Its parameters with their standard errors.
    pub parameters: Vec<Parameter>,
    /// Covariance of the parameters' logarithms, in their order.
    pub log_covariance: Option<Vec<Vec<f64>>>,
    /// The log-likelihood of all customers.
    pub log_likelihood: f64,
    /// Customers of all cohorts.
    pub n_customers: u64,
    /// How the search ended.
    pub convergence: Convergence,
}

/// Cohorts of customers under contract, each followed for some periods: checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohorts {
    /// For period t = 1, 2, …: customers who left in it.
    left: Vec<u64>,
    /// For period t = 0, 1, …: customers still there when their observation ended after t periods.
    kept: Vec<u64>,
}

impl Cohorts {
    /// Cohorts by their survivors: at the start, after one period, after two, …; cohorts may be of different length.
    pub fn from_survivors(survivors: &[&[u64]]) -> Result<Self, LifetimeError> {
        let longest = survivors.iter().map(|cohort| cohort.len()).max().unwrap_or(0);
        let mut cohorts = Self { left: vec![0; longest.saturating_sub(1)], kept: vec![0; longest] };
        for (cohort_idx, cohort) in survivors.iter().enumerate() {
            for (period, pair) in (1..).zip(cohort.windows(2)) {
                let (before, found) = (pair[0], pair[1]);
                let left = before.checked_sub(found).ok_or(LifetimeError::SurvivorsRise {
                    cohort_idx,
                    period,
                    before,
                    found,
                })?;
                cohorts.left[period - 1] += left;
            }
            if let Some(last) = cohort.last() {
                cohorts.kept[cohort.len() - 1] += last;
            }
        }
        Ok(cohorts)
    }

    fn n_customers(&self) -> u64 {
        self.left.iter().sum::<u64>() + self.kept.iter().sum::<u64>()
    }

    fn check(&self) -> Result<(), LifetimeError> {
        let reason = if self.left.iter().all(|&n| n == 0) {
            "no customer of any cohort left"
        } else if self.kept.iter().skip(1).all(|&n| n == 0) && self.left.iter().skip(1).all(|&n| n == 0) {
            "no customer of any cohort stayed for a whole period"
        } else if self.left.len() < 2 {
            "no cohort was followed for two periods"
        } else {
            return Ok(());
        };
        Err(LifetimeError::NoChurnPattern { reason })
    }
}

/// Fits the model to all cohorts by maximum likelihood.
///
/// ```
/// use tenure_lifetime::{Cohorts, fit_retention};
///
/// // Seven renewals of 1,000 customers (Fader and Hardie 2007, "High End").
/// let survivors = [1000, 869, 743, 653, 593, 551, 517, 491];
/// let fitted = fit_retention(&Cohorts::from_survivors(&[&survivors])?)?;
/// assert!((fitted.model.alpha - 0.668).abs() < 0.001 && (fitted.model.beta - 3.806).abs() < 0.001);
/// # Ok::<(), tenure_lifetime::LifetimeError>(())
/// ```
pub fn fit_retention(cohorts: &Cohorts) -> Result<RetentionFit, LifetimeError> {
    cohorts.check()?;
    let anatomy =
        Anatomy { names: &["alpha", "beta"], columns: &["survivors"; 2], units: &[1.0, 1.0], n_logs: 2, reason };
    let optimum = minimise(cohorts, &[0.0, 1.0], &anatomy.bounds());
    let (parameters, covariance, convergence) = anatomy.read(&optimum);
    Ok(RetentionFit {
        model: ShiftedBetaGeometric { alpha: parameters[0].value, beta: parameters[1].value },
        parameters,
        log_covariance: covariance.map(|covariance| covariance.rows()),
        log_likelihood: -optimum.evaluation.value,
        n_customers: cohorts.n_customers(),
        convergence,
    })
}

fn reason(parameter: usize, upper: bool, _: &[f64]) -> &'static str {
    match (parameter, upper) {
        (_, true) => "retention does not rise with the age of a cohort, as if all customers were alike",
        (0, false) => "those who did not leave at once seem to stay for ever",
        _ => "nearly every customer left at the first renewal",
    }
}

impl Objective for Cohorts {
    fn evaluate(&self, at: &[f64]) -> Evaluation {
        let (alpha, beta) = (at[0].exp(), at[1].exp());
        let mut sum = Row::<2>::ZERO;
        for (t, &n) in (1..).zip(&self.left) {
            sum.add(-(n as f64), &log_share(alpha, beta, 1, t - 1));
        }
        for (t, &n) in (0..).zip(&self.kept) {
            sum.add(-(n as f64), &log_share(alpha, beta, 0, t));
        }
        let mut hessian = Square::zeros(2);
        for i in 0..2 {
            for j in 0..2 {
                hessian.add(i, j, sum.hessian[i][j]);
            }
        }
        Evaluation { value: sum.value, gradient: sum.gradient.to_vec(), hessian }
    }
}

/// ln B(α + left, β + kept) / B(α, β) = ln (α)ₗ (β)ₖ / (α+β)ₗ₊ₖ with its derivatives in ln α, ln β.
fn log_share(alpha: f64, beta: f64, left: u32, kept: u32) -> Row<2> {
    let (l, k, all) = (Rising::new(alpha, left), Rising::new(beta, kept), Rising::new(alpha + beta, left + kept));
    let mut row = Row::ZERO;
    row.value = l.ln + k.ln - all.ln;
    row.gradient = [alpha * (l.first - all.first), beta * (k.first - all.first)];
    row.bend(0, 0, row.gradient[0] + alpha * alpha * (l.second - all.second));
    row.bend(0, 1, -alpha * beta * all.second);
    row.bend(1, 1, row.gradient[1] + beta * beta * (k.second - all.second));
    row
}

impl ShiftedBetaGeometric {
    /// The share of a cohort that is still there after `n_periods`: S(t) = B(α, β + t) / B(α, β).
    pub fn survival(&self, n_periods: u32) -> f64 {
        log_share(self.alpha, self.beta, 0, n_periods).value.exp()
    }

    /// The share of those there at the start of period `period` = 1, 2, … who stay through it: (β + t − 1)/(α + β + t − 1).
    pub fn retention(&self, period: u32) -> f64 {
        let kept = self.beta + f64::from(period.saturating_sub(1));
        kept / (self.alpha + kept)
    }

    /// Expected further periods of a customer who has stayed `n_periods`: (β + n)/(α − 1), infinite for α ≤ 1.
    pub fn expected_remaining(&self, n_periods: u32) -> Result<f64, LifetimeError> {
        if self.alpha <= 1.0 {
            let reason = format!("alpha is {}, and the mean needs it above 1", self.alpha);
            return Err(LifetimeError::Infinite { what: "expected remaining lifetime", reason });
        }
        Ok((self.beta + f64::from(n_periods)) / (self.alpha - 1.0))
    }

    /// The same within the next `horizon` periods, which is always finite.
    pub fn expected_remaining_within(&self, n_periods: u32, horizon: u32) -> f64 {
        let later = Self { alpha: self.alpha, beta: self.beta + f64::from(n_periods) };
        let mut survival = 1.0;
        let mut sum = 0.0;
        for period in 1..=horizon {
            survival *= later.retention(period);
            sum += survival;
        }
        sum
    }

    /// Discounted expected residual lifetime, DERL (Fader and Hardie 2010, equation 6), of a customer who has stayed
    /// `n_periods`, just before the next renewal: the renewals to come, the first one undiscounted, each later one worth
    /// 1/(1 + `discount_rate`) of the one before.
    pub fn discounted_remaining(&self, n_periods: u32, discount_rate: f64) -> Result<f64, LifetimeError> {
        check_setting("discount rate", discount_rate, "a finite rate above 0", discount_rate > 0.0)?;
        let (kept, all) = (self.beta + f64::from(n_periods), self.alpha + self.beta + f64::from(n_periods));
        Ok(kept / all * ln_hypergeometric(1.0, kept + 1.0, all + 1.0, 1.0 / (1.0 + discount_rate)).exp())
    }
}
