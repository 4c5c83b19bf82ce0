//! Recency, frequency and age into fitted purchase models and forecasts, in plain `f64`.
//!
//! The classics of customer lifetime value at any scale: BG/NBD, MBG/NBD and Pareto/NBD for how often customers buy and
//! when they stop, Gamma-Gamma for what they spend.
//! Fits are maximum likelihood over unique histories with exact derivatives; there is no penalty and nothing to tune.
//! Pareto/NBD takes static covariates ([`fit_covariates`]), segments are fitted in one call ([`fit_segments`]), and
//! customers of a contract have the beta-geometric model ([`fit_retention`]).
//! Invariants: customers are checked once, by [`Customers`]; no result depends on the number of threads, and no fit on the
//! order of the customers (to rounding where there are covariates); an expectation that is infinite is a [`LifetimeError`], never a large number; a fit that
//! should not be trusted says so, naming the parameter and the column, in [`Convergence::findings`].
//!
//! # Example
//! ```
//! use tenure_lifetime::{Customers, ModelKind, Window, expected_value, fit, fit_spend};
//!
//! // Weeks since each customer's first purchase; spend per repeat purchase.
//! let frequency = [2.0, 1.0, 0.0, 0.0, 5.0, 0.0, 3.0, 0.0, 1.0, 0.0, 8.0, 0.0];
//! let recency = [30.4, 1.7, 0.0, 0.0, 24.0, 0.0, 35.6, 0.0, 12.1, 0.0, 20.3, 0.0];
//! let age = [38.9, 38.9, 38.0, 37.1, 36.6, 36.1, 35.9, 35.4, 34.0, 33.7, 31.6, 30.0];
//! let spend = [22.0, 11.8, 0.0, 0.0, 73.7, 0.0, 25.0, 0.0, 40.1, 0.0, 15.9, 0.0];
//! let customers = Customers::new(&frequency, &recency, &age)?.with_mean_spend(&spend)?;
//!
//! let purchases = fit(ModelKind::ParetoNbd, &customers)?;
//! let spend = fit_spend(&customers)?;
//! let value = expected_value(&purchases.model, &spend.model, &customers, Window::next(26.0)?)?;
//! assert!(value[0] > value[1]);
//! # Ok::<(), tenure_lifetime::LifetimeError>(())
//! ```

mod beta_dropout;
mod bootstrap;
mod covariates;
mod customers;
mod dense;
mod dropout_integral;
mod error;
mod estimate;
mod explain;
mod fit;
mod forecast;
mod gamma_gamma;
mod hypergeometric;
mod mixture;
mod models;
mod objective;
mod optimise;
mod posterior;
mod quadrature;
mod random;
pub mod reference;
mod segments;
mod shifted_beta_geometric;
mod simulate;
mod special;
#[cfg(test)]
mod tests;
mod value;

pub use bootstrap::{ParameterBootstrap, ParameterInterval};
pub use covariates::{CovariateFit, CovariateParetoNbd, Covariates, fit_covariates};
pub use customers::Customers;
pub use error::LifetimeError;
pub use estimate::{Convergence, Finding, Parameter, Problem};
pub use explain::{codes, explain};
pub use fit::{Fit, fit};
pub use forecast::{Discount, Window};
pub use gamma_gamma::{GammaGamma, SpendFit, fit_spend};
pub use models::{BgNbd, MbgNbd, ModelKind, ParetoNbd, PurchaseModel};
pub use segments::fit_segments;
pub use shifted_beta_geometric::{Cohorts, RetentionFit, ShiftedBetaGeometric, fit_retention};
pub use simulate::Simulation;
pub use value::{discounted_value, expected_value};
