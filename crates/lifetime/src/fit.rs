//! Maximum likelihood fits of the purchase models.

use serde::{Deserialize, Serialize};

use crate::LifetimeError;
use crate::beta_dropout::BetaDropout;
use crate::customers::{Customers, UniqueRow};
use crate::dropout_integral::DropoutIntegral;
use crate::estimate::{Anatomy, Convergence, Parameter, Reason};
use crate::models::{ModelKind, PurchaseModel, parameter_names};
use crate::objective::NegativeLogLikelihood;
use crate::optimise::{Objective, Optimum, minimise};

/// A fitted purchase model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The model at its maximum likelihood.
    pub model: PurchaseModel,
    /// Its parameters with their standard errors.
    pub parameters: Vec<Parameter>,
    /// Covariance of the parameters' logarithms, in their order; zero rows for parameters at a bound. None where the
    /// likelihood is flat in some direction.
    pub log_covariance: Option<Vec<Vec<f64>>>,
    /// The log-likelihood of all customers.
    pub log_likelihood: f64,
    /// Customers fitted.
    pub n_customers: usize,
    /// Distinct histories among them.
    pub n_unique: usize,
    /// How the search ended.
    pub convergence: Convergence,
}

/// More customers than parameters.
const MIN_CUSTOMERS: usize = 5;
/// Several starts are tried on at most this many histories; the best goes on with all of them.
const MAX_FIRST_ROWS: usize = 10_000;

/// Fits a model to all customers by maximum likelihood: no penalty, nothing to tune. Customers in any order give the
/// same bits.
///
/// ```
/// use tenure_lifetime::{Customers, ModelKind, Window, fit};
///
/// let frequency = [2.0, 1.0, 0.0, 0.0, 5.0, 0.0, 3.0, 0.0, 1.0, 0.0, 8.0, 0.0];
/// let recency = [30.4, 1.7, 0.0, 0.0, 24.0, 0.0, 35.6, 0.0, 12.1, 0.0, 20.3, 0.0];
/// let age = [38.9, 38.9, 38.0, 37.1, 36.6, 36.1, 35.9, 35.4, 34.0, 33.7, 31.6, 30.0];
/// let customers = Customers::new(&frequency, &recency, &age)?;
/// let fitted = fit(ModelKind::BgNbd, &customers)?;
///
/// let expected = fitted.model.conditional_expected(&customers, Window::next(13.0)?);
/// assert!(expected[0] > expected[1], "two purchases, the last one recent, against one long ago");
/// # Ok::<(), tenure_lifetime::LifetimeError>(())
/// ```
pub fn fit(kind: ModelKind, customers: &Customers) -> Result<Fit, LifetimeError> {
    let rows = customers.unique();
    check(kind, &rows)?;
    Ok(Search::new(kind, &rows).run(&rows))
}

/// Refuses customers from whom nothing can be learnt.
pub(crate) fn check(kind: ModelKind, rows: &[UniqueRow]) -> Result<(), LifetimeError> {
    let model = kind.name();
    let n_customers = count(rows);
    if n_customers < MIN_CUSTOMERS {
        return Err(LifetimeError::TooFewCustomers { model, needed: MIN_CUSTOMERS, of_kind: "", found: n_customers });
    }
    if rows.iter().all(|row| row.history.frequency == 0) {
        return Err(LifetimeError::NoRepeatPurchases { model, n_customers });
    }
    Ok(())
}

pub(crate) fn count(rows: &[UniqueRow]) -> usize {
    rows.iter().map(|row| row.count as usize).sum()
}

/// A search for the maximum, with the data's own scale of time.
pub(crate) struct Search {
    kind: ModelKind,
    /// Repeat purchases per unit of time.
    rate: f64,
    /// Mean age.
    age: f64,
}

impl Search {
    pub(crate) fn new(kind: ModelKind, rows: &[UniqueRow]) -> Self {
        let sum = |of: &dyn Fn(&UniqueRow) -> f64| rows.iter().map(|row| row.weight * of(row)).sum::<f64>();
        let (bought, aged) = (sum(&|row| f64::from(row.history.frequency)), sum(&|row| row.history.age));
        Self { kind, rate: bought / aged, age: aged / sum(&|_| 1.0) }
    }

    /// The fit of the rows, from starts of its own.
    pub(crate) fn run(&self, rows: &[UniqueRow]) -> Fit {
        let start = self.first(rows);
        self.run_from(rows, &start)
    }

    /// The fit of the rows, started at these log-parameters.
    pub(crate) fn run_from(&self, rows: &[UniqueRow], start: &[f64]) -> Fit {
        self.read(rows, &self.optimum(rows, start))
    }

    pub(crate) fn optimum(&self, rows: &[UniqueRow], start: &[f64]) -> Optimum {
        self.with_anatomy(|anatomy| minimise(self.objective(rows).as_ref(), start, &anatomy.bounds()))
    }

    /// Log-parameters to start from: the best of several searches, over a thinned sample where there are many rows.
    pub(crate) fn first(&self, rows: &[UniqueRow]) -> Vec<f64> {
        let every = rows.len().div_ceil(MAX_FIRST_ROWS).max(1);
        let thinned: Vec<UniqueRow> = rows.iter().step_by(every).copied().collect();
        let found = self.starts().into_iter().map(|start| self.optimum(&thinned, &start));
        let best = found.min_by(|a, b| a.evaluation.value.total_cmp(&b.evaluation.value));
        best.expect("there is more than one start").point
    }

    /// Plausible log-parameters: most purchases made in half of the observed time, some customers gone.
    fn starts(&self) -> Vec<Vec<f64>> {
        let scales = match self.kind {
            ModelKind::BgNbd | ModelKind::MbgNbd => [(0.5, 0.5, 1.5), (1.0, 1.0, 5.0), (2.0, 0.2, 2.0)],
            ModelKind::ParetoNbd => {
                [(0.5, 0.5, 0.5 * self.age), (1.0, 1.0, 2.0 * self.age), (2.0, 0.3, 0.1 * self.age)]
            }
        };
        let start = |(r, third, fourth): (f64, f64, f64)| [r, r / (1.5 * self.rate), third, fourth];
        scales.into_iter().map(|scale| start(scale).map(f64::ln).to_vec()).collect()
    }

    fn objective<'a>(&self, rows: &'a [UniqueRow]) -> Box<dyn Objective + 'a> {
        match self.kind {
            ModelKind::BgNbd => Box::new(NegativeLogLikelihood::<BetaDropout<0>, 4>::new(rows)),
            ModelKind::MbgNbd => Box::new(NegativeLogLikelihood::<BetaDropout<1>, 4>::new(rows)),
            ModelKind::ParetoNbd => Box::new(NegativeLogLikelihood::<DropoutIntegral, 4>::new(rows)),
        }
    }

    fn read(&self, rows: &[UniqueRow], optimum: &Optimum) -> Fit {
        let (parameters, covariance, convergence) = self.with_anatomy(|anatomy| anatomy.read(optimum));
        let estimates: Vec<f64> = parameters.iter().map(|parameter| parameter.value).collect();
        let estimates = estimates.try_into().expect("four parameters");
        Fit {
            model: PurchaseModel::new(self.kind, estimates).expect("exponentials within bounds are positive"),
            parameters,
            log_covariance: covariance.map(|covariance| covariance.rows()),
            log_likelihood: -optimum.evaluation.value,
            n_customers: count(rows),
            n_unique: rows.len(),
            convergence,
        }
    }

    fn with_anatomy<T>(&self, with: impl FnOnce(&Anatomy<'_>) -> T) -> T {
        let names = parameter_names(self.kind);
        let (reason, units): (Reason, _) = match self.kind {
            ModelKind::BgNbd | ModelKind::MbgNbd => (reason_of_chance, [1.0, self.age, 1.0, 1.0]),
            ModelKind::ParetoNbd => (reason_of_rate, [1.0, self.age, 1.0, self.age]),
        };
        let columns = ["frequency", "frequency", "recency", "recency"];
        with(&Anatomy { names: &names, columns: &columns, units: &units, n_logs: 4, reason })
    }
}

/// Shapes above this mean that customers do not differ.
const ALIKE: f64 = 1e3;

/// Why r or α would run into a bound.
fn reason_of_purchases(upper: bool) -> &'static str {
    if upper {
        "counts of repeat purchases vary no more than chance, as if all customers bought at one rate"
    } else {
        "a few customers made nearly all repeat purchases, so that no spread of rates is wide enough"
    }
}

fn reason_of_chance(parameter: usize, upper: bool, estimates: &[f64]) -> &'static str {
    match (parameter, upper) {
        (0 | 1, _) => reason_of_purchases(upper),
        (2, false) => "no customer shows a dropout: last purchases are as recent as purchase rates make them",
        (2 | 3, true) if estimates[2].min(estimates[3]) > ALIKE => {
            "dropout probabilities do not differ between customers"
        }
        (2, true) => "every customer seems to drop out at the first occasion",
        (_, true) => "no customer shows a dropout: last purchases are as recent as purchase rates make them",
        (_, false) => "customers seem to drop out at the first occasion or never",
    }
}

fn reason_of_rate(parameter: usize, upper: bool, estimates: &[f64]) -> &'static str {
    match (parameter, upper) {
        (0 | 1, _) => reason_of_purchases(upper),
        (2, false) => "no customer shows a dropout: last purchases are as recent as purchase rates make them",
        (2 | 3, true) if estimates[2] > ALIKE => "dropout rates do not differ between customers",
        (2, true) => "every customer seems to drop out at once",
        (_, true) => "no customer shows a late dropout: last purchases are as recent as purchase rates make them",
        (_, false) => "customers seem to drop out at once or never",
    }
}
