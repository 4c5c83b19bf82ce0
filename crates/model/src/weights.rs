//! The file of a network: its description and its weights, to the bit.
//!
//! Little-endian: magic (8 bytes), version (u32), length of the header (u32), the header (the description as JSON), the
//! number of weights (u64), the weights (f32 each), the BLAKE3 digest of everything before it (32 bytes).

use std::io::Write;
use std::path::Path;

use burn::tensor::Device;
use tenure_artifact::NetworkSpec;

use crate::network::Network;
use crate::{DeviceError, WeightsError};

const MAGIC: &[u8; 8] = b"TENUREWT";
const VERSION: u32 = 1;
const DIGEST_BYTES: usize = 32;
/// Magic, version, length of the header.
const PREFIX_BYTES: usize = 16;

impl Network {
    /// Writes the network to a file: first beside it, then renamed, so that no half-written file has its name.
    pub fn save(&self, path: &Path) -> Result<(), SaveError> {
        let bytes = encode(self.spec(), &self.weights()?)?;
        Ok(write_atomically(path, &bytes)?)
    }

    /// Reads a network from a file.
    pub fn load(path: &Path, device: &Device) -> Result<Self, WeightsError> {
        let io = |source| WeightsError::Io { path: path.to_owned(), source };
        let (spec, weights) = decode(&std::fs::read(path).map_err(io)?)?;
        Self::from_weights(&spec, &weights, device)
    }
}

/// Why a network was not saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The weights could not be read from the device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The file could not be written.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

impl SaveError {
    /// The code under which `tenure explain` tells more.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Device(error) => error.code(),
            Self::Weights(error) => error.code(),
        }
    }
}

fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WeightsError> {
    let io = |source| WeightsError::Io { path: path.to_owned(), source };
    let beside = path.with_extension("partial");
    let mut file = std::fs::File::create(&beside).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    file.sync_all().map_err(io)?;
    std::fs::rename(&beside, path).map_err(io)
}

fn encode(spec: &NetworkSpec, weights: &[f32]) -> Result<Vec<u8>, WeightsError> {
    let header = serde_json::to_vec(spec).map_err(WeightsError::Header)?;
    let mut bytes = Vec::with_capacity(PREFIX_BYTES + header.len() + 8 + 4 * weights.len() + DIGEST_BYTES);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(header.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(&(weights.len() as u64).to_le_bytes());
    bytes.extend(weights.iter().flat_map(|w| w.to_le_bytes()));
    let digest = blake3::hash(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<(NetworkSpec, Vec<f32>), WeightsError> {
    if bytes.len() < PREFIX_BYTES || !bytes.starts_with(MAGIC) {
        return Err(WeightsError::NotWeights);
    }
    let version = u32_at(bytes, 8);
    if version != VERSION {
        return Err(WeightsError::Version { expected: VERSION, found: version });
    }
    let header_end = PREFIX_BYTES + u32_at(bytes, 12) as usize;
    let count = bytes.get(header_end..header_end + 8).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
    let length = |n: u64| (header_end as u64 + 8 + DIGEST_BYTES as u64).saturating_add(n.saturating_mul(4));
    let (expected, found) = (length(count.unwrap_or(0)), bytes.len() as u64);
    if count.is_none() || expected != found {
        return Err(WeightsError::Length { expected, found });
    }
    let (content, digest) = bytes.split_at(bytes.len() - DIGEST_BYTES);
    if blake3::hash(content).as_bytes() != digest {
        return Err(WeightsError::Digest);
    }
    let spec = serde_json::from_slice(&content[PREFIX_BYTES..header_end]).map_err(WeightsError::Header)?;
    let weights = content[header_end + 8..].as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Ok((spec, weights))
}

fn u32_at(bytes: &[u8], start: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[start..start + 4]);
    u32::from_le_bytes(four)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::initial_weights;
    use crate::reference::cases;

    fn saved() -> (NetworkSpec, Vec<f32>, Vec<u8>) {
        let spec = cases::every_kind().remove(0).spec;
        let weights = initial_weights(&spec, 0.1, 3);
        let bytes = encode(&spec, &weights).expect("descriptions are plain data");
        (spec, weights, bytes)
    }

    #[test]
    fn a_network_comes_back_to_the_bit() {
        for case in cases::every_kind() {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = folder.path().join("weights.bin");
            let network = Network::init(&case.spec, 0.1, 3, &Device::flex());
            network.save(&path).expect("a writable folder");
            let again = Network::load(&path, &Device::flex()).expect("what was written");
            let bits = |n: &Network| n.weights().expect("the CPU").iter().map(|w| w.to_bits()).collect::<Vec<_>>();
            assert_eq!(again.spec(), &case.spec);
            assert_eq!(bits(&again), bits(&network));
        }
    }

    #[test]
    fn every_cut_is_refused() {
        let (_, _, bytes) = saved();
        for end in (0..bytes.len()).step_by(97) {
            assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn a_flipped_bit_is_found() {
        let (_, _, mut bytes) = saved();
        let place = bytes.len() - DIGEST_BYTES - 3;
        bytes[place] ^= 1;
        assert!(matches!(decode(&bytes), Err(WeightsError::Digest)));
    }

    #[test]
    fn a_newer_version_is_refused_by_number() {
        let (_, _, mut bytes) = saved();
        bytes[8] = 2;
        let error = decode(&bytes).expect_err("version 2");
        assert_eq!(error.to_string(), "weights of version 2, expected 1");
    }

    #[test]
    fn weights_of_another_network_are_refused() {
        let (spec, weights, _) = saved();
        let error = Network::from_weights(&spec, &weights[1..], &Device::flex()).expect_err("one too few");
        assert!(matches!(error, WeightsError::Count { expected, found } if expected == found + 1));
    }
}
