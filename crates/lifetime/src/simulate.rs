//! What a customer may do, by simulation from the posterior: predictive quantiles of transactions and of spend.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Exp1, Gamma, Poisson};
use rayon::prelude::*;

use crate::forecast::{Window, check_setting};
use crate::posterior::{Dropout, Posterior};
use crate::random::stream;
use crate::{Customers, GammaGamma, LifetimeError, PurchaseModel};

/// How many futures are drawn for each customer, and from which seed.
///
/// Customer `i` uses random stream `i` of the seed: results do not depend on the number of threads. With parameters held
/// at their estimates, so intervals say how customers vary, not how well the parameters are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulation {
    /// Futures for each customer.
    pub n_draws: usize,
    /// Seeds the draws.
    pub seed: u64,
}

impl Simulation {
    /// For each customer, the quantiles of the number of transactions in the window, one for each of `shares`.
    pub fn transaction_quantiles(
        self,
        purchases: &PurchaseModel,
        customers: &Customers,
        window: Window,
        shares: &[f64],
    ) -> Result<Vec<Vec<f64>>, LifetimeError> {
        self.check(shares)?;
        let draw = |row_idx: usize| {
            let posterior = purchases.posterior(customers.history(row_idx));
            let mut rng = stream(self.seed, row_idx as u64);
            (0..self.n_draws).map(|_| posterior.draw(window, &mut rng)).collect()
        };
        Ok(quantiles_by_customer(customers.n_rows(), shares, draw))
    }

    /// For each customer, the quantiles of the spend in the window, one for each of `shares`.
    pub fn spend_quantiles(
        self,
        purchases: &PurchaseModel,
        spend: &GammaGamma,
        customers: &Customers,
        window: Window,
        shares: &[f64],
    ) -> Result<Vec<Vec<f64>>, LifetimeError> {
        self.check(shares)?;
        let mean_spend = customers.mean_spend().ok_or(LifetimeError::NoSpend { model: "Gamma-Gamma" })?;
        let draw = |row_idx: usize| {
            let history = customers.history(row_idx);
            let posterior = purchases.posterior(history);
            let x = f64::from(history.frequency);
            let (shape, scale) = (spend.p * x + spend.q, spend.gamma + x * mean_spend[row_idx]);
            let mut rng = stream(self.seed, row_idx as u64);
            let one = |_| {
                let n = posterior.draw(window, &mut rng);
                if n == 0.0 {
                    return 0.0;
                }
                gamma(spend.p * n, &mut rng) * scale / gamma(shape, &mut rng)
            };
            (0..self.n_draws).map(one).collect()
        };
        Ok(quantiles_by_customer(customers.n_rows(), shares, draw))
    }

    fn check(self, shares: &[f64]) -> Result<(), LifetimeError> {
        check_setting("n_draws", self.n_draws as f64, "at least 1", self.n_draws > 0)?;
        shares.iter().try_for_each(|&share| {
            check_setting("quantile", share, "a share from 0 to 1", (0.0..=1.0).contains(&share))
        })
    }
}

fn quantiles_by_customer(
    n_rows: usize,
    shares: &[f64],
    draw: impl Fn(usize) -> Vec<f64> + Sync + Send,
) -> Vec<Vec<f64>> {
    let of_customer = |row_idx| {
        let mut futures = draw(row_idx);
        futures.sort_unstable_by(f64::total_cmp);
        shares.iter().map(|&share| lower_quantile(&futures, share)).collect()
    };
    (0..n_rows).into_par_iter().map(of_customer).collect()
}

/// The smallest value that at least this share of ascending values does not exceed (Hyndman and Fan 1996, type 1): a
/// count stays a count.
pub(crate) fn lower_quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted[place.clamp(1, sorted.len()) - 1]
}

impl Posterior {
    /// One possible number of transactions in the window.
    pub(crate) fn draw(&self, window: Window, rng: &mut impl Rng) -> f64 {
        if rng.random::<f64>() >= self.p_alive {
            return 0.0;
        }
        let rate = gamma(self.shape, rng) / self.scale;
        match self.dropout {
            Dropout::Rate { shape, scale } => {
                let waiting: f64 = Exp1.sample(rng);
                let lives = waiting * scale / gamma(shape, rng);
                poisson(rate * (lives - window.gap()).clamp(0.0, window.horizon()), rng)
            }
            Dropout::Chance { a, b } => {
                let (left, stayed) = (gamma(a, rng), gamma(b, rng));
                // The purchase after which the customer is gone; both gammas 0 only by underflow of tiny shapes.
                let last = if left > 0.0 { geometric(left / (left + stayed), rng) } else { f64::INFINITY };
                let before = poisson(rate * window.gap(), rng);
                let until_end = before + poisson(rate * window.horizon(), rng);
                until_end.min(last) - before.min(last)
            }
        }
    }
}

/// Trials until the first success, at least 1.
fn geometric(p: f64, rng: &mut impl Rng) -> f64 {
    let waiting: f64 = Exp1.sample(rng);
    if p >= 1.0 { 1.0 } else { (waiting / -(-p).ln_1p()).floor() + 1.0 }
}

fn gamma(shape: f64, rng: &mut impl Rng) -> f64 {
    Gamma::new(shape, 1.0).expect("shapes of a model are positive").sample(rng)
}

fn poisson(mean: f64, rng: &mut impl Rng) -> f64 {
    // Beyond what the sampler takes, the count is its mean to every digit that matters.
    if mean <= 0.0 { 0.0 } else { Poisson::new(mean).map_or(mean.round(), |counts| counts.sample(rng)) }
}

impl PurchaseModel {
    /// Made customers: one for each age, who buys and drops out as the model says. Customer `i` uses random stream `i` of
    /// the seed.
    pub fn made_customers(&self, ages: &[f64], seed: u64) -> Result<Customers, LifetimeError> {
        let prior = self.prior();
        let made = |(i, &age): (usize, &f64)| prior.history(age, &mut stream(seed, i as u64));
        let (frequency, recency): (Vec<f64>, Vec<f64>) = ages.par_iter().enumerate().map(made).unzip();
        Customers::new(&frequency, &recency, ages)
    }
}

impl Posterior {
    /// Repeat purchases until `age` and the time of the last.
    fn history(&self, age: f64, rng: &mut impl Rng) -> (f64, f64) {
        if rng.random::<f64>() >= self.p_alive {
            return (0.0, 0.0);
        }
        let rate = gamma(self.shape, rng) / self.scale;
        match self.dropout {
            Dropout::Rate { shape, scale } => {
                let waiting: f64 = Exp1.sample(rng);
                let end = (waiting * scale / gamma(shape, rng)).min(age);
                let n = poisson(rate * end, rng);
                // The last of n uniform moments.
                (n, if n > 0.0 { end * rng.random::<f64>().powf(1.0 / n) } else { 0.0 })
            }
            Dropout::Chance { a, b } => {
                let (left, stayed) = (gamma(a, rng), gamma(b, rng));
                let p = left / (left + stayed);
                let (mut n, mut last) = (0.0, 0.0);
                loop {
                    let waiting: f64 = Exp1.sample(rng);
                    let next = last + waiting / rate;
                    if next.is_nan() || next > age {
                        return (n, last);
                    }
                    (n, last) = (n + 1.0, next);
                    if rng.random::<f64>() < p {
                        return (n, last);
                    }
                }
            }
        }
    }
}

impl GammaGamma {
    /// Made mean spends of customers with these numbers of repeat purchases; 0 where there are none.
    pub fn made_mean_spend(&self, frequency: &[u32], seed: u64) -> Vec<f64> {
        let made = |(i, &x): (usize, &u32)| {
            let mut rng = stream(seed, i as u64);
            let nu = gamma(self.q, &mut rng) / self.gamma;
            let n = f64::from(x);
            if x == 0 { 0.0 } else { (gamma(self.p * n, &mut rng) / (nu * n)).max(f64::MIN_POSITIVE) }
        };
        frequency.par_iter().enumerate().map(made).collect()
    }
}
