//! Why a network cannot be described or read.

use std::path::PathBuf;

use crate::DeviceError;

/// Why no network fits what was asked for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The encoded rows hold nothing to learn from.
    #[error("no input is left to learn from")]
    NoInputs,
    /// The kind of model is no network.
    #[error("`model.kind = \"{kind}\"` is no network")]
    NoNetwork {
        /// The kind.
        kind: tenure_config::ModelKind,
    },
    /// A network that reads purchases one by one was asked for, and the rows have none.
    #[error("`model.sequence` reads the last purchases of each row, and the rows come without them")]
    NoSequence,
}

impl SpecError {
    /// Every code of this error, for `tenure explain`.
    pub const CODES: &[(&str, &str)] = &[
        (
            "MDL0001",
            "Encoding left no input at all: every column is constant, empty, or has a role that is not a feature (id, \
             time, target, weight, sensitive, consent, ignore). Give at least one column the role numeric or category.",
        ),
        (
            "MDL0002",
            "Pareto/NBD and BG/NBD are fitted by maximum likelihood and have no network to describe. The program never \
             asks for one: whoever calls the library must look at the kind first.",
        ),
        (
            "MDL0003",
            "Purchases one by one come from an event log. Where nothing that `model.sequence.inputs` names is in the log, such \
             as amounts of a log without a column of role amount, no sequence is left: name other inputs, or set \
             model.sequence.kind = \"none\".",
        ),
    ];

    /// The code under which `tenure explain` tells more.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoInputs => "MDL0001",
            Self::NoNetwork { .. } => "MDL0002",
            Self::NoSequence => "MDL0003",
        }
    }
}

/// Why a file of weights is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be read or written.
    #[error("cannot use {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not begin as a file of weights does.
    #[error("this is no file of weights")]
    NotWeights,
    /// The file was written in a form that this version does not know.
    #[error("weights of version {found}, expected {expected}")]
    Version {
        /// What this version reads.
        expected: u32,
        /// What the file says.
        found: u32,
    },
    /// The file ends early or goes on too long.
    #[error("a file of {found} bytes, expected {expected}")]
    Length {
        /// What its header promises.
        expected: u64,
        /// What there is.
        found: u64,
    },
    /// The bytes are not the ones that were written.
    #[error("the digest does not match: the file is damaged")]
    Digest,
    /// The header cannot be understood.
    #[error("the header is damaged")]
    Header(#[source] serde_json::Error),
    /// The numbers are not as many as the network has weights.
    #[error("{found} weights, expected {expected}")]
    Count {
        /// What the network has.
        expected: usize,
        /// What was given.
        found: usize,
    },
}

impl WeightsError {
    /// Every code of this error, for `tenure explain`.
    pub const CODES: &[(&str, &str)] = &[
        ("MDL0010", "The file of weights cannot be opened, read or written; the cause names why."),
        ("MDL0011", "The file is not a file of weights written by tenure. Point to `model/` of a finished run."),
        ("MDL0012", "The weights were written by another version of tenure, in a form this one does not read."),
        ("MDL0013", "The file of weights is shorter or longer than its header says: it was cut off or added to."),
        ("MDL0014", "The file of weights was changed after it was written; its digest no longer matches."),
        ("MDL0015", "The header of the file of weights, which describes the network, cannot be read."),
        ("MDL0016", "The weights belong to a network of another shape than the one they are loaded into."),
    ];

    /// The code under which `tenure explain` tells more.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "MDL0010",
            Self::NotWeights => "MDL0011",
            Self::Version { .. } => "MDL0012",
            Self::Length { .. } => "MDL0013",
            Self::Digest => "MDL0014",
            Self::Header(_) => "MDL0015",
            Self::Count { .. } => "MDL0016",
        }
    }
}

/// The explanation of a code of this crate, or none for a code that it does not have.
pub fn explain(code: &str) -> Option<&'static str> {
    let codes = [DeviceError::CODES, SpecError::CODES, WeightsError::CODES];
    codes.into_iter().flatten().find(|(known, _)| *known == code).map(|(_, text)| *text)
}
