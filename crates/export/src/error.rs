//! Why there is no export.

use tenure_artifact::bundle::BundleError;

/// Why a bundle cannot be written in another format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The file is not a whole bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The format has no words for a part of the bundle.
    #[error("{format} cannot say {what}")]
    Unsayable {
        /// The format.
        format: &'static str,
        /// The part of the bundle.
        what: String,
        /// What to do instead.
        hint: &'static str,
    },
    /// The bundle's network has another precision than the format.
    #[error("{format} needs a network in {expected}, found one in {found}")]
    Precision {
        /// The format.
        format: &'static str,
        /// What it carries.
        expected: &'static str,
        /// What the bundle has.
        found: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
}

impl ExportError {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Bundle(_) => "give a file that `tenure compress` wrote",
            Self::Unsayable { hint, .. } | Self::Precision { hint, .. } => hint,
        }
    }
}
