//! What is compressed, and how it is judged.

use tenure_artifact::bundle::{Forecast, Network, Scheme};
use tenure_artifact::{Calibration, Preprocessor};
use tenure_config as plan;
use tenure_evaluate::{Bootstrap, EvaluateError, Profit, Scored};
use tenure_table::Table;

/// Trains the student on while it computes as integers of a scheme do.
pub type Retrain<'a> = dyn Fn(&Scheme) -> Result<Network<'static>, Box<dyn std::error::Error + Send + Sync>> + 'a;

/// What is compressed. The bundle answers churn, value or both, as the student's network does.
#[derive(Clone, Copy)]
pub struct CompressJob<'a> {
    /// The student in single precision, of one member.
    pub student: &'a Network<'a>,
    /// The encoders that it reads through.
    pub preprocessor: &'a Preprocessor,
    /// The raw rows, with outcomes and perhaps weights.
    pub table: &'a Table,
    /// Which rows did what.
    pub rows: RowSets<'a>,
    /// How churn is judged, where it is answered.
    pub churn: Option<ChurnPart<'a>>,
    /// How value is judged, where it is answered.
    pub value: Option<ValuePart<'a>>,
    /// What the student learned from.
    pub teacher: Teacher,
    /// Goes on with the student's training, where that is possible.
    pub retrain: Option<&'a Retrain<'a>>,
    /// Precision, and what it may cost.
    pub settings: &'a plan::Quantize,
    /// For the intervals.
    pub bootstrap: Bootstrap,
    /// Draws the sample rows.
    pub seed: u64,
    /// Names and values that the bundle carries.
    pub metadata: &'a [(String, String)],
}

/// Rows of the table by what they are for.
#[derive(Clone, Copy, Debug)]
pub struct RowSets<'a> {
    /// The student learned from them; ranges of activations come from them.
    pub train: &'a [u32],
    /// Calibration, thresholds and the choice among candidates come from them.
    pub validation: &'a [u32],
    /// Everything is measured on them, and nothing chosen.
    pub test: &'a [u32],
    /// Rows of the last cutoff whose outcomes nobody looks at, of customers who do not test; perhaps none. The level of
    /// values, and which are pooled, come from them where there are any: they are what will be scored.
    pub unlabelled: &'a [u32],
}

impl RowSets<'_> {
    /// Training, validation and test rows, one after the other.
    pub fn all(&self) -> Vec<u32> {
        [self.train, self.validation, self.test].concat()
    }
}

/// The ensemble that was distilled.
#[derive(Clone, Copy, Debug)]
pub struct Teacher {
    /// Bytes of its weights.
    pub size_bytes: usize,
    /// Microseconds a row, many rows at once, encoded already.
    pub batch_us: f64,
}

/// Churn as the teacher, and the student in the trainer, answer it.
#[derive(Clone, Copy)]
pub struct ChurnPart<'a> {
    /// The teacher's calibrated probabilities of the test rows.
    pub teacher: &'a [f64],
    /// The teacher's calibrated probabilities of the validation rows.
    pub teacher_validation: &'a [f64],
    /// The student's probabilities of all rows ([`RowSets::all`]), uncalibrated, as the trainer computes them.
    pub student: &'a [f64],
    /// Fits the map from raw to calibrated probability to validation rows.
    pub calibrate: &'a dyn Fn(&Scored) -> Result<Calibration, EvaluateError>,
    /// What an action costs and brings; decides the bundle's threshold.
    pub profit: Profit,
}

/// Value as the teacher, and the student in the trainer, answer it.
#[derive(Clone, Copy)]
pub struct ValuePart<'a> {
    /// The teacher's expected values of the test rows as the run tells them, in money.
    pub teacher: &'a [f64],
    /// The teacher's expected values of the validation rows, before any is pooled. The student's are brought to their sum.
    pub teacher_validation: &'a [f64],
    /// The teacher's expected values of the unlabelled rows, before any is pooled.
    pub teacher_unlabelled: &'a [f64],
    /// The share of a cutoff's rows whose expected values, the lowest, are told as one.
    pub pooled_share: f64,
    /// The student's expected values of all rows ([`RowSets::all`]), in its own scale and before the forecast, as the
    /// trainer computes them.
    pub student: &'a [f64],
    /// The student's probabilities of buying of all rows, as the trainer computes them.
    pub student_p_buys: &'a [f64],
    /// Natural logarithm of the unit in which the student counts values.
    pub log_unit: f64,
    /// No log-normal of the student has a mean above `exp(log_cap)` units.
    pub log_cap: f64,
    /// The raw column that the student's values are multiplied by; none where it says money itself.
    pub forecast: Option<Forecast>,
}
