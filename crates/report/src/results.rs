//! Everything a report is made from. The program fills one [`RunResults`]; `report.json` is its serialized form.

use serde::{Deserialize, Serialize};

mod data;
mod environment;
mod evaluation;
mod training;

pub use data::{
    Cohort, ColumnFacts, CutoffFacts, DataFacts, DroppedRows, FileFacts, Part, PartitionFacts, Retention, RowCount,
    Suspect, Timeline,
};
pub use environment::{Environment, GateOutcome, RunFacts, Setting, Timing};
pub use evaluation::{Baseline, Evaluation, FeatureImportance, PartitionCalibration};
pub use training::{DependenceShape, LearningCurve, PartialDependence, TrainingFacts};

/// The version of `report.json` that this crate writes and reads.
pub const FORMAT: u32 = 1;

/// The results of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResults {
    /// Version of this structure: [`FORMAT`].
    pub format: u32,
    /// Which run.
    pub run: RunFacts,
    /// What was read.
    pub data: DataFacts,
    /// Columns that may be the label in disguise.
    pub suspects: Vec<Suspect>,
    /// The holdout, or every fold.
    pub partitions: Vec<PartitionFacts>,
    /// Cutoffs and label windows; only for events.
    pub timeline: Option<Timeline>,
    /// Cohort retention; only for events.
    pub retention: Option<Retention>,
    /// The network and how it was trained.
    pub training: TrainingFacts,
    /// How good it is, on test rows only.
    pub evaluation: Evaluation,
    /// Partial dependence of the most important features, most important first.
    pub dependence: Vec<PartialDependence>,
    /// Gates of the plan and whether they were met.
    pub gates: Vec<GateOutcome>,
    /// Every resolved configuration value, in the order of `configs/default.toml`.
    pub config: Vec<Setting>,
    /// Software, hardware, seed, timings.
    pub environment: Environment,
    /// What a reader must know before acting on this run, one sentence each.
    pub caveats: Vec<String>,
}
