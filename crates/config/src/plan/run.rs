//! `[experiment]` and `[device]`: what is run, and where.

use serde::{Deserialize, Serialize};

/// `[experiment]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Experiment {
    /// Names the run's folder: letters, digits, `-`, `_`. Where it is not given, the experiment file's own name.
    pub name: String,
    /// Every random choice of the run is derived from it.
    pub seed: u64,
    /// What is predicted.
    pub task: Task,
}

choices! {
    /// What is predicted.
    Task {
        /// The probability that a customer leaves.
        Churn = "churn",
        /// What a customer will be worth: the amount spent in the horizon.
        Clv = "clv",
        /// Both, by one network.
        ChurnClv = "churn+clv",
        /// Nothing: customers are put into segments that are named and told.
        Segments = "segments",
    }
}

impl Task {
    /// Whether the probability of leaving is predicted.
    pub const fn predicts_churn(self) -> bool {
        matches!(self, Self::Churn | Self::ChurnClv)
    }

    /// Whether the amount spent in the horizon is predicted.
    pub const fn predicts_value(self) -> bool {
        matches!(self, Self::Clv | Self::ChurnClv)
    }
}

/// `[device]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Device {
    /// Which kind of device.
    pub kind: DeviceKind,
    /// Part of the adapter's name, where there are several.
    pub adapter: Option<String>,
    /// Whether a software adapter (llvmpipe, SwiftShader, WARP) counts as a GPU.
    pub allow_software: bool,
}

choices! {
    /// Which kind of device.
    DeviceKind {
        /// A real GPU where there is one, else the CPU.
        Auto = "auto",
        /// A GPU, or an error.
        Gpu = "gpu",
        /// The CPU through flex.
        Cpu = "cpu",
        /// The CPU through ndarray.
        Ndarray = "ndarray",
    }
}
