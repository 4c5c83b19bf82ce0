//! Why a file is not a bundle that can be read.

use core::fmt;

use super::{Section, VERSION};

/// A file that cannot be read as a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// It does not begin as a bundle does.
    NotABundle,
    /// It was written by a newer version of the program.
    NewerVersion {
        /// Its format version.
        found: u32,
    },
    /// It claims a version that no release has written.
    UnknownVersion {
        /// Its format version.
        found: u32,
    },
    /// It is shorter or longer than it says.
    Length {
        /// Bytes that it should have.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// Its bytes are not those that were written.
    Digest {
        /// As written.
        expected: u64,
        /// Of the bytes that are there.
        found: u64,
    },
    /// A section that every bundle of this kind has is not there.
    Missing {
        /// The section.
        section: Section,
    },
    /// A section holds something that no writer writes.
    Invalid {
        /// Where.
        section: Section,
        /// Bytes from the section's start.
        offset: usize,
        /// What should stand there.
        expected: &'static str,
        /// What stands there, as a number: a count, a code, or the bits of a float.
        found: u64,
    },
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotABundle => f.write_str("not a Tenure bundle: the first bytes are not those of a `.tenure` file"),
            Self::NewerVersion { found } => {
                write!(f, "bundle format {found} is newer than format {VERSION}, the newest that this build reads")
            }
            Self::UnknownVersion { found } => write!(f, "no release has written bundle format {found}"),
            Self::Length { expected, found } => {
                write!(f, "the bundle is cut short or padded: expected {expected} bytes, found {found}")
            }
            Self::Digest { expected, found } => {
                write!(f, "the bundle is damaged: expected digest {expected:016x}, found {found:016x}")
            }
            Self::Missing { section } => write!(f, "the bundle has no section `{}`", section.name()),
            Self::Invalid { section, offset, expected, found } => {
                write!(f, "section `{}`, byte {offset}: expected {expected}, found {found}", section.name())
            }
        }
    }
}

impl core::error::Error for BundleError {}
