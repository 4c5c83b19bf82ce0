//! Where and how the run happened: versions, device, seeds, timings, configuration.

use serde::{Deserialize, Serialize};

/// Which run this is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFacts {
    /// The experiment's name.
    pub name: String,
    /// The run's folder name, unique.
    pub id: String,
    /// What was predicted: `churn`.
    pub task: String,
    /// When it began, ISO 8601 UTC.
    pub started_at: String,
    /// Command line that does it again.
    pub command: String,
}

/// Software and hardware of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Tenure's version.
    pub tenure_version: String,
    /// Revision of the working tree that held the experiment, where there was one.
    pub git_revision: Option<String>,
    /// Device in words: `NVIDIA A10G (Vulkan)`, `CPU (flex)`.
    pub device: String,
    /// Why this device and no other.
    pub device_reason: String,
    /// Driver, or nothing on the CPU.
    pub driver: String,
    /// Operating system and architecture.
    pub system: String,
    /// Threads the run could use.
    pub n_threads: usize,
    /// The seed every random choice derives from.
    pub seed: u64,
    /// Other versions worth naming, name and version, in a fixed order.
    pub versions: Vec<(String, String)>,
    /// Seconds for each stage, in the order they ran.
    pub timings: Vec<Timing>,
}

/// How long one stage took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// The stage: `load`, `features`, `encode`, `train`, `evaluate`, `report`.
    pub stage: String,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// One resolved configuration value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Dotted name: `train.learning_rate`.
    pub key: String,
    /// Value as written in TOML.
    pub value: String,
    /// Where it comes from: `default`, `telco.toml:12`, `--set`.
    pub origin: String,
    /// Whether it was given rather than left at its default.
    pub given: bool,
}

/// One gate and whether the run met it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateOutcome {
    /// Dotted name: `gates.min_auc`.
    pub gate: String,
    /// The bound.
    pub bound: f64,
    /// The run's figure.
    pub found: f64,
    /// Whether it was met.
    pub passed: bool,
}
