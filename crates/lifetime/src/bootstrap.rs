//! Bootstrap intervals of the parameters: whole customers drawn with replacement.

use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::customers::UniqueRow;
use crate::fit::{Search, check};
use crate::forecast::check_setting;
use crate::gamma_gamma::{SpendSearch, spend_rows};
use crate::random::stream;
use crate::{Customers, Fit, LifetimeError, SpendFit};

/// How intervals are computed: the percentile bootstrap (Efron 1979).
///
/// Each resample draws as many customers as there are. Resample `i` uses random stream `i` of the seed, so results do not
/// depend on the number of threads. Histories are compressed once; a resample only changes how often each counts, and
/// its search starts at the estimates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterBootstrap {
    /// How many resamples.
    pub resamples: usize,
    /// Coverage of the intervals, such as .95.
    pub confidence: f64,
    /// Seeds the draws.
    pub seed: u64,
}

/// A parameter's bootstrap interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterInterval {
    /// Its name.
    pub name: String,
    /// Its estimate from all customers.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard deviation of the resampled estimates.
    pub standard_error: f64,
    /// Resamples that could be fitted.
    pub resamples: usize,
}

/// Resamples that must have a fit for an interval to be given.
const MIN_FITTED_SHARE: f64 = 0.9;

impl ParameterBootstrap {
    /// Intervals of the parameters of a fit to these customers.
    pub fn intervals(self, fit: &Fit, customers: &Customers) -> Result<Vec<ParameterInterval>, LifetimeError> {
        let kind = fit.model.kind();
        let rows = customers.unique();
        let start = fit.model.parameters().map(f64::ln);
        let replicate = |rows: &[UniqueRow]| {
            check(kind, rows).ok()?;
            let optimum = Search::new(kind, rows).optimum(rows, &start);
            optimum.converged.then_some(optimum.point)
        };
        let named = fit.parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.value)).collect();
        self.summarise(named, &rows, replicate)
    }

    /// Intervals of the parameters of a spend fit to these customers.
    pub fn spend_intervals(
        self,
        fit: &SpendFit,
        customers: &Customers,
    ) -> Result<Vec<ParameterInterval>, LifetimeError> {
        let rows = spend_rows(customers)?;
        let start = [fit.model.p, fit.model.q, fit.model.gamma].map(f64::ln);
        let replicate = |rows: &[UniqueRow]| {
            let optimum = SpendSearch::new(rows).optimum(rows, &start);
            optimum.converged.then_some(optimum.point)
        };
        let named = fit.parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.value)).collect();
        self.summarise(named, &rows, replicate)
    }

    fn summarise(
        self,
        named: Vec<(&str, f64)>,
        rows: &[UniqueRow],
        replicate: impl Fn(&[UniqueRow]) -> Option<Vec<f64>> + Sync,
    ) -> Result<Vec<ParameterInterval>, LifetimeError> {
        check_setting("resamples", self.resamples as f64, "at least 2", self.resamples >= 2)?;
        let inside = self.confidence > 0.0 && self.confidence < 1.0;
        check_setting("confidence", self.confidence, "a share between 0 and 1", inside)?;
        let resamples = (0..self.resamples as u64).into_par_iter();
        let found: Vec<Vec<f64>> = resamples.filter_map(|i| replicate(&resampled(rows, self.seed, i))).collect();
        if (found.len() as f64) < MIN_FITTED_SHARE * self.resamples as f64 {
            return Err(LifetimeError::TooFewResamples { fitted: found.len(), resamples: self.resamples });
        }
        let column = |i: usize| found.iter().map(|point| point[i].exp()).collect();
        Ok(named.into_iter().enumerate().map(|(i, (name, value))| self.interval(name, value, column(i))).collect())
    }

    fn interval(self, name: &str, value: f64, mut replicates: Vec<f64>) -> ParameterInterval {
        replicates.sort_unstable_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - self.confidence);
        let n = replicates.len() as f64;
        let mean = replicates.iter().sum::<f64>() / n;
        let squares: f64 = replicates.iter().map(|v| (v - mean).powi(2)).sum();
        ParameterInterval {
            name: name.to_owned(),
            value,
            low: quantile(&replicates, tail),
            high: quantile(&replicates, 1.0 - tail),
            standard_error: (squares / (n - 1.0)).sqrt(),
            resamples: replicates.len(),
        }
    }
}

/// As many customers as the rows have, drawn from them with replacement: a multinomial, one binomial after another.
fn resampled(rows: &[UniqueRow], seed: u64, resample: u64) -> Vec<UniqueRow> {
    let mut rng = stream(seed, resample);
    let mut undecided: u64 = rows.iter().map(|row| u64::from(row.count)).sum();
    let mut to_draw = undecided;
    let mut drawn_rows = Vec::with_capacity(rows.len());
    for row in rows {
        let share = f64::from(row.count) / undecided as f64;
        let drawn = Binomial::new(to_draw, share.min(1.0)).expect("a share").sample(&mut rng);
        undecided -= u64::from(row.count);
        to_draw -= drawn;
        if drawn > 0 {
            let weight = row.weight * drawn as f64 / f64::from(row.count);
            drawn_rows.push(UniqueRow { weight, count: drawn as u32, ..*row });
        }
    }
    drawn_rows
}

/// The quantile of ascending values by linear interpolation (Hyndman and Fan 1996, type 7).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}
