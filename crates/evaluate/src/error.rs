//! Why a metric could not be computed.

use thiserror::Error;

/// Why a metric could not be computed. An undefined metric is always one of these, never a zero.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum EvaluateError {
    /// Vectors that describe the same rows have different lengths.
    #[error("{what}: expected {expected} values, one for each score, found {found}")]
    Lengths {
        /// Which vector.
        what: &'static str,
        /// The number of scores.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// There are no rows.
    #[error("there are no rows to evaluate")]
    Empty,
    /// A score is not a number.
    #[error("row {row_idx}: the score is NaN")]
    NanScore {
        /// The first such row.
        row_idx: usize,
    },
    /// A score that should be a probability lies outside 0..=1.
    #[error("row {row_idx}: expected a probability from 0 to 1, found {found}")]
    NotAProbability {
        /// The first such row.
        row_idx: usize,
        /// Its score.
        found: f64,
    },
    /// A weight is negative, infinite or not a number.
    #[error("row {row_idx}: expected a weight that is finite and not negative, found {found}")]
    BadWeight {
        /// The first such row.
        row_idx: usize,
        /// Its weight.
        found: f64,
    },
    /// No row counts.
    #[error("the weights of all {n_rows} rows are zero")]
    ZeroWeight {
        /// The number of rows.
        n_rows: usize,
    },
    /// The metric compares the classes, and one is absent.
    #[error("{metric} is undefined: none of the {n_rows} rows is {missing}")]
    OneClass {
        /// The metric.
        metric: &'static str,
        /// The number of rows.
        n_rows: usize,
        /// `positive` or `negative`.
        missing: &'static str,
    },
    /// The metric describes flagged rows, and no row reaches the threshold.
    #[error("{metric} is undefined: no row reaches the threshold {threshold}")]
    NobodyFlagged {
        /// The metric.
        metric: &'static str,
        /// The threshold.
        threshold: f64,
    },
    /// The metric reads probabilities, and the scores only rank.
    #[error("{metric} is undefined: the scores rank the rows but are not probabilities")]
    NeedsProbabilities {
        /// The metric.
        metric: &'static str,
    },
    /// Two models to be compared were not scored on the same rows.
    #[error("row {row_idx}: the {what} differs between the two models")]
    RowsDiffer {
        /// The first row that differs.
        row_idx: usize,
        /// What differs.
        what: &'static str,
    },
    /// Most resamples leave the metric undefined, so an interval would describe the rest only.
    #[error("{metric}: only {defined} of {resamples} resamples define it, too few for an interval")]
    TooFewResamples {
        /// The metric.
        metric: &'static str,
        /// Resamples with a value.
        defined: usize,
        /// All resamples.
        resamples: usize,
    },
    /// A setting lies outside its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
    /// No threshold pays or loses: contacting a churner brings nothing.
    #[error(
        "there is no break-even threshold: customer value {customer_value} times success rate {success_rate} is zero"
    )]
    NoBreakEven {
        /// Value of a customer who stays.
        customer_value: f64,
        /// Probability that a contacted churner stays.
        success_rate: f64,
    },
    /// The method's variance formula is for independent rows of equal weight.
    #[error("{method} needs independent rows of equal weight; use the bootstrap")]
    NeedsPlainRows {
        /// The method.
        method: &'static str,
    },
    /// Too few rows of a class to fit a calibration map.
    #[error(
        "{method} needs at least {needed} rows of each class, found {n_positive} positive and {n_negative} negative"
    )]
    TooFewOfAClass {
        /// The map.
        method: &'static str,
        /// Rows of each class that it needs.
        needed: usize,
        /// Positive rows.
        n_positive: usize,
        /// Negative rows.
        n_negative: usize,
    },
    /// The fitted map would rank no row above another: the scores fall, or do not move, with the outcome.
    #[error("{method} is constant: higher scores do not go with more positive rows")]
    ConstantCalibration {
        /// The map.
        method: &'static str,
    },
    /// A slice has fewer rows than asked for.
    #[error("{n_rows} rows, fewer than the {needed} asked for")]
    SmallSlice {
        /// Rows of the slice.
        n_rows: usize,
        /// Rows asked for.
        needed: usize,
    },
    /// Scores were recorded for a study that had asked for none.
    #[error("scores were recorded, but every permutation has been scored already")]
    StudyOver,
    /// A predicted value is infinite or not a number.
    #[error("row {row_idx}: expected a predicted value that is finite, found {found}")]
    BadPrediction {
        /// The first such row.
        row_idx: usize,
        /// Its prediction.
        found: f64,
    },
    /// An actual value is infinite or not a number.
    #[error("row {row_idx}: expected an actual value that is finite, found {found}")]
    BadValue {
        /// The first such row.
        row_idx: usize,
        /// Its value.
        found: f64,
    },
    /// The metric is one of parts of a whole or of multiples, and an amount is negative.
    #[error("{metric} is undefined: row {row_idx} has the negative {what} {found}")]
    Negative {
        /// The metric.
        metric: &'static str,
        /// `prediction` or `actual value`.
        what: &'static str,
        /// The first such row.
        row_idx: usize,
        /// The amount.
        found: f64,
    },
    /// The metric divides by the sum of the actual values.
    #[error("{metric} is undefined: the actual values of the {n_rows} rows add up to nothing")]
    NoValue {
        /// The metric.
        metric: &'static str,
        /// The number of rows.
        n_rows: usize,
    },
    /// The metric compares orders, and one side has none.
    #[error("{metric} is undefined: every row has the same {what}")]
    NoSpread {
        /// The metric.
        metric: &'static str,
        /// `prediction` or `actual value`.
        what: &'static str,
    },
    /// The relative error of a decile divides by its mean actual value.
    #[error("decile MAPE is undefined: the actual values of decile {decile} add up to nothing")]
    EmptyDecile {
        /// The decile, 1 for the highest predictions.
        decile: usize,
    },
    /// The predicted probabilities of less than and of at most the actual value contradict each other.
    #[error("row {row_idx}: expected 0 <= F(y-) <= F(y) <= 1, found F(y-) = {below} and F(y) = {at}")]
    BadTransform {
        /// The first such row.
        row_idx: usize,
        /// Probability of less.
        below: f64,
        /// Probability of at most as much.
        at: f64,
    },
    /// A predicted interval ends before it begins.
    #[error("row {row_idx}: expected a lower end at or below the upper end, found {low} and {high}")]
    BadInterval {
        /// The first such row.
        row_idx: usize,
        /// Its lower end.
        low: f64,
        /// Its upper end.
        high: f64,
    },
}

impl EvaluateError {
    /// The stable code of this error; [`crate::explain`] has a page for each.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Lengths { .. } => "EVA0001",
            Self::Empty => "EVA0002",
            Self::NanScore { .. } => "EVA0003",
            Self::NotAProbability { .. } => "EVA0004",
            Self::BadWeight { .. } => "EVA0005",
            Self::ZeroWeight { .. } => "EVA0006",
            Self::OneClass { .. } => "EVA0007",
            Self::NobodyFlagged { .. } => "EVA0008",
            Self::NeedsProbabilities { .. } => "EVA0009",
            Self::RowsDiffer { .. } => "EVA0010",
            Self::TooFewResamples { .. } => "EVA0011",
            Self::Setting { .. } => "EVA0012",
            Self::NoBreakEven { .. } => "EVA0013",
            Self::NeedsPlainRows { .. } => "EVA0014",
            Self::TooFewOfAClass { .. } => "EVA0015",
            Self::ConstantCalibration { .. } => "EVA0016",
            Self::SmallSlice { .. } => "EVA0017",
            Self::StudyOver => "EVA0018",
            Self::BadPrediction { .. } => "EVA0019",
            Self::BadValue { .. } => "EVA0020",
            Self::Negative { .. } => "EVA0021",
            Self::NoValue { .. } => "EVA0022",
            Self::NoSpread { .. } => "EVA0023",
            Self::EmptyDecile { .. } => "EVA0024",
            Self::BadTransform { .. } => "EVA0025",
            Self::BadInterval { .. } => "EVA0026",
        }
    }
}
