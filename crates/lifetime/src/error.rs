//! Why customers were refused, or a model could not be fitted or asked.

use thiserror::Error;

/// Why customers were refused, or a model could not be fitted or asked.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LifetimeError {
    /// Columns that describe the same customers have different lengths.
    #[error("column `{column}`: expected {expected} values, one for each customer, found {found}")]
    Lengths {
        /// The column.
        column: String,
        /// The number of customers.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A value that no customer can have.
    #[error("row {row_idx}, column `{column}`: expected {expected}, found {found}")]
    Value {
        /// The first such row, counted from 0.
        row_idx: usize,
        /// The column.
        column: String,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
    /// The last purchase lies after the end of observation.
    #[error("row {row_idx}: recency {recency} is beyond age {age}; both count from the customer's first purchase")]
    RecencyBeyondAge {
        /// The first such row.
        row_idx: usize,
        /// Time of the last purchase.
        recency: f64,
        /// Time of the end of observation.
        age: f64,
    },
    /// A customer without repeat purchases has a last repeat purchase.
    #[error("row {row_idx}: recency is {recency} but frequency is 0; without repeat purchases recency is 0")]
    RecencyWithoutRepeat {
        /// The first such row.
        row_idx: usize,
        /// The recency.
        recency: f64,
    },
    /// Too few customers for the number of parameters.
    #[error("{model} needs at least {needed} customers{of_kind}, found {found}")]
    TooFewCustomers {
        /// The model.
        model: &'static str,
        /// How many it needs.
        needed: usize,
        /// Which customers count, such as ` with repeat purchases`; empty for all.
        of_kind: &'static str,
        /// How many there are.
        found: usize,
    },
    /// Every customer bought once: nothing tells how often customers buy.
    #[error("{model} cannot be fitted: column `frequency` is 0 for all {n_customers} customers")]
    NoRepeatPurchases {
        /// The model.
        model: &'static str,
        /// How many customers there are.
        n_customers: usize,
    },
    /// A spend model was asked of customers without a spend column.
    #[error("{model} needs the mean spend of each customer, and the customers have none")]
    NoSpend {
        /// The model.
        model: &'static str,
    },
    /// A parameter or setting lies outside its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// The parameter or setting.
        setting: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
    /// The expectation asked for is infinite under the fitted model.
    #[error("{what} is infinite: {reason}")]
    Infinite {
        /// What was asked for.
        what: &'static str,
        /// The parameter that makes it so, with its value.
        reason: String,
    },
    /// A covariate says nothing that another column does not say.
    #[error("covariate `{column}` {problem}")]
    Covariate {
        /// The covariate.
        column: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A cohort whose number of survivors rises.
    #[error("cohort {cohort_idx}, period {period}: {found} customers after {before}; survivors never rise")]
    SurvivorsRise {
        /// The cohort, counted from 0.
        cohort_idx: usize,
        /// The first such period.
        period: usize,
        /// Survivors of the period before.
        before: u64,
        /// Survivors of this period.
        found: u64,
    },
    /// No cohort lost a customer, or none kept one.
    #[error("the beta-geometric model cannot be fitted: {reason}")]
    NoChurnPattern {
        /// What is missing.
        reason: &'static str,
    },
    /// Too few resamples could be fitted for an interval.
    #[error("only {fitted} of {resamples} resamples could be fitted, too few for an interval")]
    TooFewResamples {
        /// Resamples with a fit.
        fitted: usize,
        /// All resamples.
        resamples: usize,
    },
}

impl LifetimeError {
    /// The stable code of this error; [`crate::explain`] has a page for each.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Lengths { .. } => "LIF0001",
            Self::Value { .. } => "LIF0002",
            Self::RecencyBeyondAge { .. } => "LIF0003",
            Self::RecencyWithoutRepeat { .. } => "LIF0004",
            Self::TooFewCustomers { .. } => "LIF0005",
            Self::NoRepeatPurchases { .. } => "LIF0006",
            Self::NoSpend { .. } => "LIF0007",
            Self::Setting { .. } => "LIF0008",
            Self::Infinite { .. } => "LIF0009",
            Self::Covariate { .. } => "LIF0010",
            Self::SurvivorsRise { .. } => "LIF0011",
            Self::NoChurnPattern { .. } => "LIF0012",
            Self::TooFewResamples { .. } => "LIF0013",
        }
    }
}
