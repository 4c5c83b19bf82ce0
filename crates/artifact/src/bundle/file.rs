//! The frame of the file: header, digest, section table.

use alloc::vec::Vec;

use super::digest::digest;
use super::error::BundleError;

/// The first eight bytes.
pub const MAGIC: [u8; 8] = [0x89, b'T', b'N', b'R', 0x0d, 0x0a, 0x1a, 0x0a];
/// The newest format version that this build reads. A file is written in the oldest version that holds its contents.
pub const VERSION: u32 = 3;

pub(super) const ALIGNMENT: usize = 64;
const HEADER_BYTES: usize = 64;
const ENTRY_BYTES: usize = 24;
const VERSION_AT: usize = 8;
const DIGEST_AT: usize = 16;
const DIGESTED_FROM: usize = 24;
const N_SECTIONS_AT: usize = 32;

/// The sections of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Header and section table, for errors.
    Header,
    /// Raw input columns and their kinds.
    Schema,
    /// What is done with each column.
    Encoders,
    /// The network's layers.
    Network,
    /// The network's numbers.
    Weights,
    /// What is answered: task, calibration, centroids.
    Answer,
    /// Named decision thresholds.
    Thresholds,
    /// What is done with unusual rows.
    Policy,
    /// Rows with the scores expected of them.
    Samples,
    /// Names and values.
    Metadata,
    /// Ed25519 over everything before it.
    Signature,
}

impl Section {
    /// In the order in which they are written.
    pub(super) const WRITTEN: [Self; 10] = [
        Self::Schema,
        Self::Encoders,
        Self::Network,
        Self::Weights,
        Self::Answer,
        Self::Thresholds,
        Self::Policy,
        Self::Samples,
        Self::Metadata,
        Self::Signature,
    ];

    /// The name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Schema => "schema",
            Self::Encoders => "encoders",
            Self::Network => "network",
            Self::Weights => "weights",
            Self::Answer => "answer",
            Self::Thresholds => "thresholds",
            Self::Policy => "policy",
            Self::Samples => "samples",
            Self::Metadata => "metadata",
            Self::Signature => "signature",
        }
    }

    const fn code(self) -> u32 {
        self as u32
    }
}

/// The bytes of each section of a checked file; empty where it is absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sections<'a> {
    version: u32,
    bytes: [Option<&'a [u8]>; Section::WRITTEN.len()],
}

impl<'a> Sections<'a> {
    /// Checks the frame of a file. Allocates nothing.
    pub(super) fn check(file: &'a [u8]) -> Result<Self, BundleError> {
        check_header(file)?;
        let n_sections = u32_at(file, N_SECTIONS_AT) as usize;
        let mut bytes = [None; Section::WRITTEN.len()];
        let mut end = HEADER_BYTES + n_sections.saturating_mul(ENTRY_BYTES);
        if n_sections > Section::WRITTEN.len() || end > file.len() {
            return Err(invalid(N_SECTIONS_AT, "a section table that fits into the file", n_sections as u64));
        }
        for entry_idx in 0..n_sections {
            let at = HEADER_BYTES + entry_idx * ENTRY_BYTES;
            let (place, range) = check_entry(file, at, end)?;
            end = range.end;
            if bytes[place].replace(&file[range]).is_some() {
                return Err(invalid(at, "each section once", u64::from(u32_at(file, at))));
            }
        }
        Ok(Self { version: u32_at(file, VERSION_AT), bytes })
    }

    /// The format version of the file.
    pub(super) fn version(&self) -> u32 {
        self.version
    }

    pub(super) fn find(&self, section: Section) -> Option<&'a [u8]> {
        let place = Section::WRITTEN.iter().position(|s| *s == section)?;
        self.bytes[place]
    }

    pub(super) fn get(&self, section: Section) -> Result<&'a [u8], BundleError> {
        self.find(section).ok_or(BundleError::Missing { section })
    }
}

/// Where the section table says that the signature starts.
pub(super) fn offset_of(file: &[u8], section: Section) -> Option<usize> {
    let n_sections = u32_at(file, N_SECTIONS_AT) as usize;
    let entries = (0..n_sections).map(|i| HEADER_BYTES + i * ENTRY_BYTES);
    let mut found = entries.filter(|at| u32_at(file, *at) == section.code());
    found.next().map(|at| u64_at(file, at + 8) as usize)
}

fn check_header(file: &[u8]) -> Result<(), BundleError> {
    if file.len() < VERSION_AT + 4 || file[..MAGIC.len()] != MAGIC {
        return Err(BundleError::NotABundle);
    }
    match u32_at(file, VERSION_AT) {
        1..=VERSION => {}
        found if found > VERSION => return Err(BundleError::NewerVersion { found }),
        found => return Err(BundleError::UnknownVersion { found }),
    }
    let found = file.len() as u64;
    if file.len() < HEADER_BYTES {
        return Err(BundleError::Length { expected: HEADER_BYTES as u64, found });
    }
    if u32_at(file, 12) != 0 {
        return Err(invalid(12, "zero", u64::from(u32_at(file, 12))));
    }
    let expected = u64_at(file, DIGESTED_FROM);
    if expected != found {
        return Err(BundleError::Length { expected, found });
    }
    let (expected, found) = (u64_at(file, DIGEST_AT), digest(&file[DIGESTED_FROM..]));
    if expected == found { Ok(()) } else { Err(BundleError::Digest { expected, found }) }
}

/// The place and the range of one section, which starts at or after `free`, where the one before it ends.
fn check_entry(file: &[u8], at: usize, free: usize) -> Result<(usize, core::ops::Range<usize>), BundleError> {
    let code = u32_at(file, at);
    let place = Section::WRITTEN.iter().position(|section| section.code() == code);
    let place = place.ok_or_else(|| invalid(at, "the code of a section", u64::from(code)))?;
    let (offset, length) = (u64_at(file, at + 8), u64_at(file, at + 16));
    if offset < free as u64 || offset % ALIGNMENT as u64 != 0 {
        return Err(invalid(at + 8, "an aligned offset after the section before", offset));
    }
    let end = offset.checked_add(length).filter(|end| *end <= file.len() as u64);
    let end = end.ok_or_else(|| invalid(at + 16, "a section inside the file", length))?;
    Ok((place, offset as usize..end as usize))
}

fn invalid(offset: usize, expected: &'static str, found: u64) -> BundleError {
    BundleError::Invalid { section: Section::Header, offset, expected, found }
}

/// A file of these sections, in the order of [`Section::WRITTEN`].
pub(super) fn assemble(version: u32, sections: &[(Section, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(MAGIC);
    file.extend(version.to_le_bytes());
    file.resize(N_SECTIONS_AT, 0);
    file.extend((sections.len() as u32).to_le_bytes());
    file.resize(HEADER_BYTES, 0);
    let mut offset = (HEADER_BYTES + sections.len() * ENTRY_BYTES).next_multiple_of(ALIGNMENT);
    for (section, bytes) in sections {
        file.extend(u64::from(section.code()).to_le_bytes());
        file.extend((offset as u64).to_le_bytes());
        file.extend((bytes.len() as u64).to_le_bytes());
        offset = (offset + bytes.len()).next_multiple_of(ALIGNMENT);
    }
    for (_, bytes) in sections {
        file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
        file.extend(bytes);
    }
    seal(&mut file);
    file
}

/// Writes length and digest into a file.
pub(super) fn seal(file: &mut [u8]) {
    let length = file.len() as u64;
    file[DIGESTED_FROM..DIGESTED_FROM + 8].copy_from_slice(&length.to_le_bytes());
    let found = digest(&file[DIGESTED_FROM..]);
    file[DIGEST_AT..DIGEST_AT + 8].copy_from_slice(&found.to_le_bytes());
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("the slice has four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("the slice has eight bytes"))
}
