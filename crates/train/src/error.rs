//! Why training did not end well.

use std::path::PathBuf;

use tenure_model::{DeviceError, SaveError, SpecError, WeightsError};

use crate::Labels;

/// Why training did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// There is nothing to learn from.
    #[error("{n_rows} training rows, expected at least 2")]
    TooFewRows {
        /// What there is.
        n_rows: usize,
    },
    /// There is nothing to stop on.
    #[error("no validation rows to stop training on")]
    NoValidation,
    /// Every training row has the same label.
    #[error("every training row has the label {label}")]
    OneClass {
        /// The label.
        label: f32,
    },
    /// The rows were encoded for another network.
    #[error("rows with {found:?} inputs (magnitudes, indicators, categories), expected {expected:?}")]
    Layout {
        /// What the network takes.
        expected: (usize, usize, usize),
        /// What the rows bring.
        found: (usize, usize, usize),
    },
    /// The loss is not a number any more.
    #[error("the loss is {loss} in epoch {epoch} at learning rate {learning_rate:e}")]
    NonFinite {
        /// From 1.
        epoch: usize,
        /// The loss.
        loss: f64,
        /// The rate of that epoch's last step.
        learning_rate: f64,
    },
    /// The observer asked for it.
    #[error("training was stopped after epoch {epoch}")]
    Stopped {
        /// The last epoch that ended.
        epoch: usize,
    },
    /// A checkpoint cannot be read or written.
    #[error("cannot use the checkpoint {path}")]
    CheckpointIo {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A checkpoint is not as it was written.
    #[error("the checkpoint {path} is damaged: {reason}")]
    CheckpointDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint belongs to another run.
    #[error("the checkpoint {path} was written for other data, another network, other settings or another device")]
    CheckpointForeign {
        /// The file.
        path: PathBuf,
    },
    /// A folder of a model lacks its networks.
    #[error("no network in {dir}")]
    NoNetworks {
        /// The folder.
        dir: PathBuf,
    },
    /// A churn label is neither 0 nor 1.
    #[error("training row {row_idx}: the label is {label}, expected 0 or 1")]
    Label {
        /// From 0.
        row_idx: usize,
        /// The label.
        label: f32,
    },
    /// The target columns are not those of the task.
    #[error("{found} target columns, expected {}", expected_targets(*labels))]
    Targets {
        /// What they should hold.
        labels: Labels,
        /// How many there are.
        found: usize,
    },
    /// A value is negative or no number.
    #[error("training row {row_idx}: the value is {value}, expected a finite number of at least 0")]
    Value {
        /// From 0.
        row_idx: usize,
        /// The value.
        value: f32,
    },
    /// A longer horizon holds less than a shorter one that it contains.
    #[error("training row {row_idx}: {longer} in a longer horizon, expected at least the {shorter} of the shorter one")]
    FallingValue {
        /// From 0.
        row_idx: usize,
        /// In the shorter horizon.
        shorter: f32,
        /// In the longer one.
        longer: f32,
    },
    /// Nobody bought anything.
    #[error("no training row has a value above 0")]
    NoValue,
    /// The plan's head says nothing of value, but value is to be learnt.
    #[error("head \"binary\" says nothing of value")]
    HeadWithoutValue,
    /// Only linked log-normals know several horizons.
    #[error("head \"{head}\" has one horizon, found {found}")]
    OneHorizon {
        /// The head.
        head: tenure_config::ModelHead,
        /// Horizons in the labels.
        found: usize,
    },
    /// The networks were trained for another task.
    #[error("the networks say nothing of {wanted}")]
    OtherTask {
        /// What was asked of them.
        wanted: &'static str,
    },
    /// Fused kernels were insisted on where there are none.
    #[error("no fused kernels for {backend}, train.kernels = \"fused\" insists on them")]
    FusedElsewhere {
        /// What computes there.
        backend: String,
    },
    /// Fused kernels were insisted on for a network that reads purchases one by one.
    #[error("no fused kernels for sequences of purchases, train.kernels = \"fused\" insists on them")]
    FusedSequence,
    /// The rows come without the events that the network reads.
    #[error("rows with events of {found:?}, expected {expected:?}")]
    Sequence {
        /// What the network takes of each event.
        expected: Vec<String>,
        /// What the rows bring; empty without events.
        found: Vec<String>,
    },
    /// No network fits the inputs.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A file of weights was refused.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A network was not saved.
    #[error(transparent)]
    Save(#[from] SaveError),
}

impl TrainError {
    /// Every code of this crate, for `tenure explain`.
    pub const CODES: &[(&str, &str)] = &[
        (
            "TRN0001",
            "Training needs at least two rows. Check data.files, and in `tenure plan` how many rows were dropped, \
             rejected or given to validation and test.",
        ),
        (
            "TRN0002",
            "Training stops by the loss on validation rows, and there are none. Raise split.validation, or give \
             `validation` to some rows where split.kind = \"column\".",
        ),
        (
            "TRN0003",
            "Every training row has the same label, so nothing separates the classes. Check data.columns and \
             data.positive, and for events time.horizon: a horizon too long or too short makes one class empty.",
        ),
        (
            "TRN0004",
            "The rows were encoded by another preprocessor than the one the network was trained with. Use the \
             preprocessor in the same run's `model/`.",
        ),
        (
            "TRN0005",
            "Weights grew until the loss was no longer a number. Lower train.learning_rate (try a third), keep \
             train.clip_norm at 1, and look for extreme weights in a column of role `weight`.",
        ),
        ("TRN0006", "Training was asked to stop. `tenure run --resume RUN` goes on from the last checkpoint."),
        ("TRN0007", "The checkpoint's file or folder cannot be read or written; the cause names why."),
        (
            "TRN0008",
            "The checkpoint was cut off or changed after it was written. Delete it: training begins again from the \
             start with the same result.",
        ),
        (
            "TRN0009",
            "A checkpoint only goes on with the data, network, settings, seed and device it was written with. Use the \
             run's own files, or delete the checkpoint.",
        ),
        ("TRN0010", "The folder holds no network. Point to `model/` of a finished run."),
        (
            "TRN0011",
            "A churn label is 1 where the customer left and 0 where not. Check the target column and data.positive.",
        ),
        (
            "TRN0012",
            "Churn has one target column, value one per horizon, and both together churn first, then value. Check which \
             columns have the role `target`.",
        ),
        (
            "TRN0013",
            "Value heads learn from what a customer spends, which is at least 0. Net returns against purchases first, and \
             take a negative rest as 0.",
        ),
        (
            "TRN0014",
            "Horizons are ordered from the shortest to the longest, and a longer one contains the shorter ones, so its \
             value cannot be less. Check the order of the target columns.",
        ),
        (
            "TRN0015",
            "Every training row has value 0, so there is nothing to learn about amounts. Check data.columns, and for events \
             time.horizon: in a horizon too short nobody buys.",
        ),
        (
            "TRN0016",
            "The head \"binary\" gives one probability. For value, leave model.head out, or set it to \"ziln\".",
        ),
        (
            "TRN0017",
            "A network answers what it was trained for: churn, value, or both. Use a run of the task that you ask for.",
        ),
        (
            "TRN0018",
            "Several horizons at once need a head whose horizons are linked, so that a longer one never says less than a \
             shorter one: model.head = \"ziln\".",
        ),
        (
            "TRN0019",
            "Fused kernels train on the CPU (device.kind = \"cpu\"). Elsewhere, leave train.kernels at \"auto\" or set it to \
             \"plain\".",
        ),
        (
            "TRN0020",
            "Fused kernels compute every network but the encoder of sequences. Leave train.kernels at \"auto\", or set \
             model.sequence.kind = \"none\".",
        ),
        (
            "TRN0021",
            "A network with a sequence encoder reads the last purchases of each row, with the same numbers as in training. \
             Use rows that were loaded and encoded as the run's were.",
        ),
    ];

    /// The code under which `tenure explain` tells more.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooFewRows { .. } => "TRN0001",
            Self::NoValidation => "TRN0002",
            Self::OneClass { .. } => "TRN0003",
            Self::Layout { .. } => "TRN0004",
            Self::NonFinite { .. } => "TRN0005",
            Self::Stopped { .. } => "TRN0006",
            Self::CheckpointIo { .. } => "TRN0007",
            Self::CheckpointDamaged { .. } => "TRN0008",
            Self::CheckpointForeign { .. } => "TRN0009",
            Self::NoNetworks { .. } => "TRN0010",
            Self::Label { .. } => "TRN0011",
            Self::Targets { .. } => "TRN0012",
            Self::Value { .. } => "TRN0013",
            Self::FallingValue { .. } => "TRN0014",
            Self::NoValue => "TRN0015",
            Self::HeadWithoutValue => "TRN0016",
            Self::OtherTask { .. } => "TRN0017",
            Self::OneHorizon { .. } => "TRN0018",
            Self::FusedElsewhere { .. } => "TRN0019",
            Self::FusedSequence => "TRN0020",
            Self::Sequence { .. } => "TRN0021",
            Self::Spec(error) => error.code(),
            Self::Device(error) => error.code(),
            Self::Weights(error) => error.code(),
            Self::Save(error) => error.code(),
        }
    }

    /// What to try, in one line, where one thing is likely to help.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NonFinite { learning_rate, .. } => {
                Some(format!("set train.learning_rate below {:.1e}", learning_rate / 3.0))
            }
            Self::NoValidation => Some("raise split.validation".to_owned()),
            Self::FusedElsewhere { .. } | Self::FusedSequence => Some("set train.kernels = \"auto\"".to_owned()),
            Self::CheckpointDamaged { path, .. } | Self::CheckpointForeign { path } => {
                Some(format!("delete {} to train from the start", path.display()))
            }
            _ => None,
        }
    }
}

fn expected_targets(labels: Labels) -> &'static str {
    match labels {
        Labels::Churn => "1: churn",
        Labels::ChurnProbability => "1: the probability of churn",
        Labels::Value => "1 or more: the value in each horizon",
        Labels::ChurnAndValue => "2 or more: churn, then the value in each horizon",
    }
}

/// The explanation of a code of this crate, or none for a code that it does not have.
pub fn explain(code: &str) -> Option<&'static str> {
    TrainError::CODES.iter().find(|(known, _)| *known == code).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_run_without_gaps() {
        for (i, (code, text)) in TrainError::CODES.iter().enumerate() {
            assert_eq!(*code, format!("TRN{:04}", i + 1));
            assert!(text.ends_with('.'), "{code}");
        }
    }

    #[test]
    fn a_diverged_run_says_when_and_what_to_do() {
        let error = TrainError::NonFinite { epoch: 3, loss: f64::NAN, learning_rate: 3.0 };
        assert_eq!(error.to_string(), "the loss is NaN in epoch 3 at learning rate 3e0");
        assert_eq!(error.hint().as_deref(), Some("set train.learning_rate below 1.0e0"));
    }
}
