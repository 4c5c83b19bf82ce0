//! Made data with known truth: a transaction log of customers who come, buy, and one day leave; or a customer table.
//!
//! # The log (`kind = "events"`)
//! Pareto/NBD with covariates, seasons and money. Customer `i` arrives with a first purchase, then buys at the rate
//! `lambda_i s(t)` until leaving, which happens at the rate `mu_i`:
//!
//! * `lambda_i = lambda_0 exp(b . x_i) g_i` with `g_i ~ Gamma(shape `[`PURCHASE_SHAPE`]`, mean 1)`, scaled so that the
//!   mean of `lambda_i` times the span is `mean_events`;
//! * `mu_i = mu_0 exp(c . x_i) h_i` with `h_i ~ Gamma(shape `[`DROPOUT_SHAPE`]`, mean 1)`;
//! * `s(t)` is constant within a UTC day, a yearly cosine times a factor for the weekday;
//! * amounts are gamma-gamma: `Gamma(p, rate nu_i)` with `nu_i ~ Gamma(q, rate gamma)`;
//! * products come from a customer's own taste over categories; one purchase in thirty is given back.
//!
//! # The customer table (`kind = "customers"`)
//! One row each with a churn probability from thresholds, an exclusive-or, a bent dose and a wide category, so that a
//! deep network has something to find that logistic regression cannot; the formula stands where it is computed.
//!
//! # Truth
//! `truth.*` beside the data holds what made it. Every customer has a random stream of their own, derived from the seed
//! and their number, so that a larger data set begins with the smaller one, whatever the threads and chunks; dirt and
//! missing values come from streams of their own and leave the clean data as they are.

mod attributes;
mod chunk;
mod columns;
mod dirt;
mod error;
mod files;
mod flat;
mod generate;
mod measures;
mod memory;
mod options;
mod parquet;
mod population;
mod purchases;
mod season;
mod text;
mod truth;

#[cfg(test)]
mod truth_tests;

pub use chunk::SynthCounts;
pub use dirt::DirtCounts;
pub use error::SynthError;
pub use generate::{SynthSummary, generate, roles};
pub use memory::{MadeCustomers, MadeEvents, make_customers, make_events};
pub use options::{SynthFormat, SynthOptions};
pub use population::{DROPOUT_SHAPE, PURCHASE_SHAPE};
