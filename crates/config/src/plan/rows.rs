//! `[time]`, `[features]`, `[synthetic]` and `[split]`: which rows there are, and which of them train.

use serde::{Deserialize, Serialize};
use tenure_table::{Span, Timestamp};

/// `[time]`. With cutoff `c`, features see events with `t < c`; the label sees `[c + gap, c + gap + horizon)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Time {
    /// Where the cutoffs lie: `"auto"`, or ascending dates, of which the last one tests.
    pub cutoffs: Cutoffs,
    /// Length of the label's window: no purchase in it is churn. Must be given where `data.source = "events"`.
    #[schemars(with = "String")]
    pub horizon: Span,
    /// Length of the label's window at training cutoffs, where the log is too short for whole horizons before the test
    /// cutoff; none means the horizon. What is learned is carried to the horizon by the forecast that `model.offset`
    /// names. Only where value is predicted.
    #[schemars(with = "Option<String>")]
    pub train_horizon: Option<Span>,
    /// Time between the cutoff and the label's window.
    #[schemars(with = "String")]
    pub gap: Span,
    /// How far back features look; none means to the beginning.
    #[schemars(with = "Option<String>")]
    pub lookback: Option<Span>,
    /// A customer is in the data set of a cutoff when an event lies within this span before it; none means ever.
    #[schemars(with = "Option<String>")]
    pub active_within: Option<Span>,
    /// What returned amounts in the label's window do to a customer's value.
    pub returns: Returns,
}

choices! {
    /// What returned amounts in the label's window do to a customer's value.
    Returns {
        /// Nothing: value is what was bought, as in every feature of spend.
        Ignore = "ignore",
        /// They are taken off; a value below zero is zero.
        Subtract = "subtract",
    }
}

impl Time {
    /// Length of the label's window at training cutoffs.
    pub fn label_span_of_training(&self) -> Span {
        self.train_horizon.unwrap_or(self.horizon)
    }
}

/// Where the cutoffs lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cutoffs {
    /// The test cutoff is the last one whose label fits in the data; `n_train` training cutoffs roll back from
    /// `test - gap - horizon`, `step` apart.
    Auto {
        /// How many training cutoffs.
        n_train: usize,
        /// The time between them.
        #[schemars(with = "String")]
        step: Span,
    },
    /// Ascending; the last one is the test cutoff.
    At(#[schemars(with = "Vec<String>")] Vec<Timestamp>),
}

/// `[features]`, computed from events before the cutoff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Features {
    /// Trailing windows for counts, sums and trends, ascending.
    #[schemars(with = "Vec<String>")]
    pub windows: Vec<Span>,
    /// Half-lives of exponentially decayed counts and sums, ascending.
    #[schemars(with = "Vec<String>")]
    pub half_lives: Vec<Span>,
    /// Length of one lag period.
    #[schemars(with = "String")]
    pub lag_period: Span,
    /// How many lag periods back from the cutoff.
    pub n_lags: usize,
    /// Whether the breadth of each column of role `category` (distinct levels, share of the top one) is a feature.
    pub breadth: bool,
    /// Whether month, weekday and season of the cutoff and of the last event are features. Off, because the last
    /// cutoff, which tests, mostly lies in a month that no training cutoff has seen.
    pub calendar: bool,
    /// Whether what Pareto/NBD and Gamma-Gamma forecast for the label's window, fitted at each cutoff to the events
    /// before it, are features: the probability of being alive, purchases, mean amount, value.
    pub lifetime: bool,
    /// Features to leave out, by name; `*` at the end stands for any ending. What grows with the age of the log, such as
    /// `tenure_days`, has other values at the test cutoff than at training cutoffs.
    pub drop: Vec<String>,
}

impl Features {
    /// Whether `drop` names this feature.
    pub fn is_dropped(&self, feature: &str) -> bool {
        self.drop.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => feature.starts_with(beginning),
            None => feature == pattern,
        })
    }
}

/// `[synthetic]`: customers with known truth.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Synthetic {
    /// Which table is made: events or customers.
    pub kind: SyntheticKind,
    /// How many customers.
    pub n_customers: u64,
    /// How long they are watched.
    #[schemars(with = "String")]
    pub span: Span,
    /// Mean purchases per customer over the span, before dropout.
    pub mean_events: f64,
    /// Share of attribute values that are missing.
    pub missing: f64,
    /// Share of rows that are dirty: returns, repeated rows, unreadable times, missing ids.
    pub dirty: f64,
}

choices! {
    /// Which table is made.
    SyntheticKind {
        /// A transaction log and a table of attributes.
        Events = "events",
        /// A customer table with its churn label.
        Customers = "customers",
    }
}

/// `[split]`
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Split {
    /// How rows are told apart.
    pub kind: SplitKind,
    /// The share of rows (of groups) kept for the test; unused with `folds` and with `temporal`.
    pub test: f64,
    /// The share of the training rows (of customers, where they repeat) kept for early stopping and calibration.
    pub validation: f64,
    /// At most this many rows validate, however many there are to learn from; 0 sets no limit. For churn without value 8000,
    /// unless `validation` is given: more would tell little more of the best epoch and of calibration than they would teach.
    pub validation_max: usize,
    /// Cross-validation folds; 0 is one holdout. Each fold is the test set once.
    pub folds: usize,
    /// `group`: rows that share this column's value stay together.
    pub group: Option<String>,
    /// `column`: this column says `train`, `validation` or `test`.
    pub column: Option<String>,
    /// `temporal`: a text file of customers, one id at the beginning of each line. They test at the last cutoff and never
    /// train; everybody else trains and never tests.
    pub holdout: Option<String>,
}

impl Split {
    /// The table's column that says which customers `holdout` names.
    pub const HOLDOUT_COLUMN: &str = "holdout";

    /// The share of `n_rows` training rows that validates.
    pub fn validation_share(&self, n_rows: usize) -> f64 {
        match self.validation_max {
            0 => self.validation,
            most => self.validation.min(most as f64 / n_rows.max(1) as f64),
        }
    }
}

choices! {
    /// How rows are told apart.
    SplitKind {
        /// The last cutoff tests, earlier ones train.
        Temporal = "temporal",
        /// At random, with the target's share kept.
        Stratified = "stratified",
        /// At random by group.
        Group = "group",
        /// As a column says.
        Column = "column",
    }
}
