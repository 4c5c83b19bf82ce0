//! Pareto/NBD with customers who differ by what is known of them (Fader and Hardie 2007, "Incorporating Time-Invariant
//! Covariates into the Pareto/NBD and BG/NBD Models").
//!
//! A customer with covariates z has α = α₀ exp(−g₁·z) and β = β₀ exp(−g₂·z): a positive effect raises the purchase rate,
//! or the dropout rate.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::LifetimeError;
use crate::customers::{Customers, UniqueRow, check_length, check_values};
use crate::dense::{Square, dot};
use crate::dropout_integral::{ALPHA, BETA, DropoutIntegral};
use crate::estimate::{Anatomy, Convergence, Parameter, covariance};
use crate::fit::{Search, check, count};
use crate::forecast::{Discount, Window, per_customer};
use crate::mixture::Row;
use crate::models::{ModelKind, ParetoNbd, PurchaseModel};
use crate::objective::Likelihood;
use crate::optimise::{Bounds, Evaluation, Objective, Optimum, minimise};

/// Time-invariant covariates of `N` customers: named columns of finite numbers, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariates {
    names: Vec<String>,
    n_rows: usize,
    /// Row-major, `N × K`.
    values: Vec<f64>,
}

impl Covariates {
    /// Covariates from columns of `N` values, in the order of the customers.
    pub fn new(columns: &[(&str, &[f64])]) -> Result<Self, LifetimeError> {
        let n_rows = columns.first().map_or(0, |(_, values)| values.len());
        for (name, values) in columns {
            check_length(name, n_rows, values)?;
            check_values(name, values, "a finite number", f64::is_finite)?;
        }
        let names = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let values = (0..n_rows).flat_map(|row_idx| columns.iter().map(move |(_, values)| values[row_idx])).collect();
        Ok(Self { names, n_rows, values })
    }

    fn row(&self, row_idx: usize) -> &[f64] {
        let k = self.names.len();
        &self.values[row_idx * k..(row_idx + 1) * k]
    }

    fn check_rows(&self, customers: &Customers) -> Result<(), LifetimeError> {
        let (expected, found) = (customers.n_rows(), self.n_rows);
        let Some(name) = self.names.first().filter(|_| expected != found) else { return Ok(()) };
        Err(LifetimeError::Lengths { column: name.clone(), expected, found })
    }
}

/// Pareto/NBD with covariates, by its parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CovariateParetoNbd {
    /// r, α₀, s, β₀: a customer whose covariates are all 0.
    pub base: ParetoNbd,
    /// The covariates, in the order of the effects.
    pub names: Vec<String>,
    /// g₁: one unit more of a covariate multiplies the purchase rate by its exponential.
    pub purchase_effects: Vec<f64>,
    /// g₂: one unit more of a covariate multiplies the dropout rate by its exponential.
    pub dropout_effects: Vec<f64>,
}

/// A fitted Pareto/NBD with covariates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CovariateFit {
    /// The model at its maximum likelihood.
    pub model: CovariateParetoNbd,
    /// r, alpha, s, beta, then `purchase.<covariate>` and `dropout.<covariate>`, with standard errors.
    pub parameters: Vec<Parameter>,
    /// The log-likelihood of all customers.
    pub log_likelihood: f64,
    /// Customers fitted.
    pub n_customers: usize,
    /// How the search ended.
    pub convergence: Convergence,
}

/// Effects of one standard deviation of a covariate are searched within e^±this.
const MAX_EFFECT: f64 = 10.0;
/// A covariate with less of its variance than this left, given those before it, repeats them.
const COLLINEAR: f64 = 1e-9;

/// Fits Pareto/NBD with static covariates by maximum likelihood.
pub fn fit_covariates(customers: &Customers, covariates: &Covariates) -> Result<CovariateFit, LifetimeError> {
    covariates.check_rows(customers)?;
    let plain_rows = customers.unique();
    check(ModelKind::ParetoNbd, &plain_rows)?;
    let scaling = Scaling::new(covariates)?;
    let plain = Search::new(ModelKind::ParetoNbd, &plain_rows).run(&plain_rows);
    let objective = WithCovariates::new(customers, covariates, &scaling);

    let k = covariates.names.len();
    let names = parameter_names(&covariates.names);
    let age = plain_rows.iter().map(|row| row.weight * row.history.age).sum::<f64>()
        / plain_rows.iter().map(|row| row.weight).sum::<f64>();
    let mut units = vec![1.0, age, 1.0, age];
    units.resize(4 + 2 * k, 1.0);
    let mut columns = vec!["frequency", "frequency", "recency", "recency"];
    columns.extend((0..2 * k).map(|j| covariates.names[j % k.max(1)].as_str()));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let anatomy = Anatomy { names: &names, columns: &columns, units: &units, n_logs: 4, reason };

    let mut start = plain.model.parameters().map(f64::ln).to_vec();
    start.resize(4 + 2 * k, 0.0);
    let optimum = minimise(&objective, &start, &bounds(&anatomy, k));
    Ok(scaling.read(&anatomy, &optimum, covariates, count(&plain_rows)))
}

fn parameter_names(covariates: &[String]) -> Vec<String> {
    let base = ["r", "alpha", "s", "beta"].map(str::to_owned);
    let effects =
        ["purchase", "dropout"].into_iter().flat_map(|of| covariates.iter().map(move |z| format!("{of}.{z}")));
    base.into_iter().chain(effects).collect()
}

fn bounds(anatomy: &Anatomy<'_>, k: usize) -> Bounds {
    let mut bounds = anatomy.bounds();
    bounds.lower[4..].copy_from_slice(&vec![-MAX_EFFECT; 2 * k]);
    bounds.upper[4..].copy_from_slice(&vec![MAX_EFFECT; 2 * k]);
    bounds
}

fn reason(parameter: usize, upper: bool, _: &[f64]) -> &'static str {
    match (parameter, upper) {
        (0 | 1, true) => "given the covariates, customers buy at one rate",
        (0 | 1, false) => "a few customers made nearly all repeat purchases",
        (2 | 3, true) => "given the covariates, no customer shows a late dropout",
        (2 | 3, false) => "customers seem to drop out at once or never",
        _ => "the covariate separates customers completely",
    }
}

/// Each covariate's mean and standard deviation: the search runs over standardised covariates.
struct Scaling {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Scaling {
    fn new(covariates: &Covariates) -> Result<Self, LifetimeError> {
        let (n, k) = (covariates.n_rows as f64, covariates.names.len());
        let column = |j: usize| (0..covariates.n_rows).map(move |i| covariates.row(i)[j]);
        let mean: Vec<f64> = (0..k).map(|j| column(j).sum::<f64>() / n).collect();
        let deviation: Vec<f64> =
            (0..k).map(|j| (column(j).map(|z| (z - mean[j]).powi(2)).sum::<f64>() / n).sqrt()).collect();
        for j in 0..k {
            if column(j).all(|z| z == covariates.row(0)[j]) {
                let problem = format!("is {} for every customer, so its effect cannot be told", covariates.row(0)[j]);
                return Err(LifetimeError::Covariate { column: covariates.names[j].clone(), problem });
            }
        }
        let scaling = Self { mean, deviation };
        scaling.check_independent(covariates)?;
        Ok(scaling)
    }

    /// Cholesky of the correlations: a pivot is the share of variance that the covariates before leave unexplained.
    fn check_independent(&self, covariates: &Covariates) -> Result<(), LifetimeError> {
        let k = covariates.names.len();
        let mut correlation = Square::zeros(k);
        for row_idx in 0..covariates.n_rows {
            let z = self.standardised(covariates.row(row_idx));
            for i in 0..k {
                for j in 0..k {
                    correlation.add(i, j, z[i] * z[j] / covariates.n_rows as f64);
                }
            }
        }
        for j in 0..k {
            let before: Vec<usize> = (0..j).collect();
            let with: Vec<f64> = before.iter().map(|&i| correlation.at(i, j)).collect();
            let factor = correlation.only(&before).cholesky(0.0);
            let unexplained = factor.map_or(0.0, |factor| 1.0 - dot(&with, &factor.solve(&with)));
            if unexplained < COLLINEAR {
                let problem =
                    "is a linear combination of the covariates before it, so its effect cannot be told".to_owned();
                return Err(LifetimeError::Covariate { column: covariates.names[j].clone(), problem });
            }
        }
        Ok(())
    }

    fn standardised(&self, row: &[f64]) -> Vec<f64> {
        row.iter().enumerate().map(|(j, z)| (z - self.mean[j]) / self.deviation[j]).collect()
    }

    /// The matrix from parameters of standardised covariates to those of the caller's: ln α₀ and ln β₀ move with the means.
    fn back(&self) -> Square {
        let k = self.mean.len();
        let mut back = Square::zeros(4 + 2 * k);
        for i in 0..4 {
            back.add(i, i, 1.0);
        }
        for (base, offset) in [(ALPHA, 4), (BETA, 4 + k)] {
            for j in 0..k {
                back.add(offset + j, offset + j, 1.0 / self.deviation[j]);
                back.add(base, offset + j, self.mean[j] / self.deviation[j]);
            }
        }
        back
    }

    fn read(
        &self,
        anatomy: &Anatomy<'_>,
        optimum: &Optimum,
        covariates: &Covariates,
        n_customers: usize,
    ) -> CovariateFit {
        let (back, k) = (self.back(), self.mean.len());
        let moved = covariance(optimum).map(|covariance| covariance.transformed(&back));
        let own = Optimum { point: back.times(&optimum.point), ..optimum.clone() };
        let (parameters, convergence) = anatomy.read_with(&own, moved.as_ref());
        let value = |i: usize| parameters[i].value;
        let model = CovariateParetoNbd {
            base: ParetoNbd { r: value(0), alpha: value(1), s: value(2), beta: value(3) },
            names: covariates.names.clone(),
            purchase_effects: (4..4 + k).map(value).collect(),
            dropout_effects: (4 + k..4 + 2 * k).map(value).collect(),
        };
        CovariateFit { model, parameters, log_likelihood: -optimum.evaluation.value, n_customers, convergence }
    }
}

/// The negative log-likelihood over distinct pairs of history and standardised covariates.
pub(crate) struct WithCovariates {
    k: usize,
    rows: Vec<(UniqueRow, Vec<f64>)>,
}

/// Rows summed before partial sums meet, whatever the number of threads.
const CHUNK: usize = 512;

impl WithCovariates {
    fn new(customers: &Customers, covariates: &Covariates, scaling: &Scaling) -> Self {
        let row = |i: usize| (customers.unique_row(i), scaling.standardised(covariates.row(i)));
        let mut rows: Vec<(UniqueRow, Vec<f64>)> = (0..customers.n_rows()).map(row).collect();
        rows.par_sort_unstable_by(|a, b| {
            let by_covariates = || a.1.iter().map(|z| z.to_bits()).cmp(b.1.iter().map(|z| z.to_bits()));
            a.0.history_cmp(&b.0).then_with(by_covariates).then_with(|| a.0.weight.total_cmp(&b.0.weight))
        });
        rows.dedup_by(|next, kept| {
            let same = next.0.history == kept.0.history && next.1 == kept.1;
            if same {
                kept.0.weight += next.0.weight;
                kept.0.count += next.0.count;
            }
            same
        });
        Self { k: covariates.names.len(), rows }
    }

    /// The objective that [`fit_covariates`] minimises.
    #[cfg(test)]
    pub(crate) fn standardised(customers: &Customers, covariates: &Covariates) -> Result<Self, LifetimeError> {
        Ok(Self::new(customers, covariates, &Scaling::new(covariates)?))
    }

    /// What each base parameter is for covariates `z`, as a linear map of all parameters: rows of the Jacobian that are
    /// not unit vectors.
    fn add(&self, sum: &mut Evaluation, weight: f64, row: &Row<4>, z: &[f64]) {
        let n = 4 + 2 * self.k;
        // Each parameter moves one base logarithm: by 1, or by −z.
        let (base, factor): (Vec<usize>, Vec<f64>) = (0..n)
            .map(|i| match i.checked_sub(4) {
                None => (i, 1.0),
                Some(j) if j < self.k => (ALPHA, -z[j]),
                Some(j) => (BETA, -z[j - self.k]),
            })
            .unzip();
        sum.value += weight * row.value;
        for i in 0..n {
            sum.gradient[i] += weight * factor[i] * row.gradient[base[i]];
            for j in 0..n {
                sum.hessian.add(i, j, weight * factor[i] * factor[j] * row.hessian[base[i]][base[j]]);
            }
        }
    }

    fn chunk(&self, at: &[f64], rows: &[(UniqueRow, Vec<f64>)]) -> Evaluation {
        let mut sum = Evaluation::zeros(4 + 2 * self.k);
        let [r, s] = [at[0].exp(), at[2].exp()];
        for (row, z) in rows {
            let alpha = (at[ALPHA] - dot(&at[4..4 + self.k], z)).exp();
            let beta = (at[BETA] - dot(&at[4 + self.k..], z)).exp();
            let model = DropoutIntegral::new(r, alpha, s, beta);
            let constant = model.of_frequency(row.history.frequency);
            self.add(&mut sum, -row.weight, &model.row(&constant, row), z);
        }
        sum
    }
}

impl Objective for WithCovariates {
    fn evaluate(&self, at: &[f64]) -> Evaluation {
        let partial: Vec<Evaluation> = self.rows.par_chunks(CHUNK).map(|rows| self.chunk(at, rows)).collect();
        let mut total = Evaluation::zeros(4 + 2 * self.k);
        for part in &partial {
            total.add(part);
        }
        total
    }
}

impl CovariateParetoNbd {
    /// Plain Pareto/NBD of a customer with covariates `z`, in the order of `names`.
    fn of_customer(&self, z: &[f64]) -> PurchaseModel {
        let ParetoNbd { r, alpha, s, beta } = self.base;
        PurchaseModel::ParetoNbd(ParetoNbd {
            r,
            alpha: alpha * (-dot(&self.purchase_effects, z)).exp(),
            s,
            beta: beta * (-dot(&self.dropout_effects, z)).exp(),
        })
    }

    /// For each customer, the probability of still being a customer at the end of observation. `N` values.
    pub fn p_alive(&self, customers: &Customers, covariates: &Covariates) -> Result<Vec<f64>, LifetimeError> {
        self.for_each(customers, covariates, |model, i| model.p_alive_after(customers.history(i)))
    }

    /// For each customer, the expected number of transactions in the window, given the history. `N` values.
    pub fn conditional_expected(
        &self,
        customers: &Customers,
        covariates: &Covariates,
        window: Window,
    ) -> Result<Vec<f64>, LifetimeError> {
        self.for_each(customers, covariates, |model, i| window.expected(&model.posterior(customers.history(i))))
    }

    /// For each customer, the expected number of transactions after the end of observation, discounted. `N` values.
    pub fn discounted_expected(
        &self,
        customers: &Customers,
        covariates: &Covariates,
        discount: Discount,
    ) -> Result<Vec<f64>, LifetimeError> {
        self.for_each(customers, covariates, |model, i| discount.expected(&model.posterior(customers.history(i))))
    }

    fn for_each(
        &self,
        customers: &Customers,
        covariates: &Covariates,
        of_row: impl Fn(PurchaseModel, usize) -> f64 + Sync + Send,
    ) -> Result<Vec<f64>, LifetimeError> {
        covariates.check_rows(customers)?;
        if let Some((expected, found)) = self.names.iter().zip(&covariates.names).find(|(a, b)| a != b) {
            let problem = format!("stands where the model has `{expected}`");
            return Err(LifetimeError::Covariate { column: found.clone(), problem });
        }
        if self.names.len() != covariates.names.len() {
            let (expected, found) = (self.names.len(), covariates.names.len());
            return Err(LifetimeError::Lengths { column: "names of covariates".into(), expected, found });
        }
        Ok(per_customer(customers, |i| of_row(self.of_customer(covariates.row(i)), i)))
    }
}
