//! Where each resolved value came from.

use std::fmt;

use serde::Serialize;

use crate::read::has_events;
use crate::{Cutoffs, Plan, Preset, Source, Task, tree};

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "lowercase")]
pub enum Origin {
    /// Nobody gave it.
    Default,
    /// Nobody gave it, and `experiment.task` has a default of its own.
    Task {
        /// Which one.
        task: Task,
    },
    /// `model.preset` brings it.
    Preset {
        /// Which one.
        preset: Preset,
    },
    /// The experiment file.
    File {
        /// The line, from 1.
        line: usize,
    },
    /// A `--set`.
    Set,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Task { task } => write!(f, "task {task}"),
            Self::Preset { preset } => write!(f, "preset {preset}"),
            Self::File { line } => write!(f, "line {line}"),
            Self::Set => f.write_str("--set"),
        }
    }
}

/// One resolved key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The section, such as `evaluate.profit`.
    pub section: String,
    /// The key in it, such as `contact_cost`; a column's name in `data.columns` and `data.types`.
    pub key: String,
    /// The value as TOML, such as `"90d"` with its quotes; none where the key is not set and has no default.
    pub value: Option<String>,
    /// Where it came from.
    pub origin: Origin,
    /// Whether the plan reads it: `[time]` does not apply to a customer table, for one.
    pub applies: bool,
}

impl Setting {
    /// The full key, such as `evaluate.profit.contact_cost`, as `--set` takes it.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, tree::key(&self.key))
    }
}

/// Every resolved key with its value and origin, section by section in the order of `configs/default.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Origins {
    pub(crate) settings: Vec<Setting>,
}

impl Origins {
    /// All settings in order.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The settings that the plan reads and that have a value.
    pub fn applied(&self) -> impl Iterator<Item = &Setting> {
        self.settings.iter().filter(|setting| setting.applies && setting.value.is_some())
    }

    /// The setting of a full key such as `train.epochs`.
    pub fn get(&self, path: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.path() == path)
    }

    /// Marks the settings that nothing reads under this plan.
    pub(crate) fn mark_unused(&mut self, plan: &Plan) {
        let has_events = has_events(plan.data.source, plan.synthetic.kind);
        let is_made = plan.data.source == Source::Synthetic;
        let is_segments = plan.experiment.task == Task::Segments;
        let is_listed = matches!(plan.time.cutoffs, Cutoffs::At(_));
        for setting in &mut self.settings {
            setting.applies = match (setting.section.as_str(), setting.key.as_str()) {
                ("time", "horizon" | "gap" | "cutoffs" | "n_train" | "step") if is_segments => false,
                ("split" | "model" | "model.sequence" | "train" | "gates", _) | ("features", "lifetime")
                    if is_segments =>
                {
                    false
                }
                ("segments", "k_min" | "k_max" | "criterion") => is_segments && plan.segments.k.is_none(),
                ("segments", "at" | "compare_back") => is_segments && has_events,
                ("segments", "tiers") => is_segments && (has_events || plan.segments.value.is_some()),
                ("segments", _) => is_segments,
                ("time", "n_train" | "step") => has_events && !is_listed,
                ("time", "train_horizon" | "returns") => has_events && plan.experiment.task.predicts_value(),
                ("evaluate", "pool") => plan.experiment.task.predicts_value(),
                ("model", "offset") => {
                    has_events && plan.model.kind.is_network() && plan.experiment.task.predicts_value()
                }
                ("model.sequence", "kind") => has_events && plan.model.kind.is_network(),
                ("model.sequence", _) => has_events && plan.model.sequence.is_on(),
                ("gates", "min_gini" | "min_spearman" | "max_value_ratio") => plan.experiment.task.predicts_value(),
                ("gates", "min_auc" | "max_log_loss" | "max_ece") => plan.experiment.task.predicts_churn(),
                ("time" | "features", _) => has_events,
                ("synthetic", _) => is_made,
                ("data", "files") => !is_made,
                ("data", "attributes") => plan.data.source == Source::Events,
                ("data", "deduplicate") => plan.data.source != Source::Customers,
                _ => true,
            };
        }
    }

    /// Section names in order, each once.
    pub(crate) fn sections(&self) -> Vec<&str> {
        let mut sections: Vec<&str> = Vec::new();
        for setting in &self.settings {
            if !sections.contains(&setting.section.as_str()) {
                sections.push(&setting.section);
            }
        }
        sections
    }
}
