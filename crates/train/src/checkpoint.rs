//! Checkpoints: everything an unbroken run would know at the end of an epoch, to the bit.
//!
//! A file holds, little-endian: magic (8 bytes), version (u32), length of the header (u32), the header (JSON), weights,
//! first and second moments and best weights (f32 each), and the BLAKE3 digest of everything before it. No generator's
//! state is needed: an epoch's random numbers follow from the seed and the epoch. Floats in the header are kept as
//! bits, because decimal text may come back one unit off.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use tenure_artifact::NetworkSpec;
use tenure_encode::Dataset;
use tenure_model::DeviceError;

use crate::fit::FitJob;
use crate::optimizer::State;
use crate::run::Best;
use crate::{EpochRecord, TrainError};

const MAGIC: &[u8; 8] = b"TENURECP";
const VERSION: u32 = 1;
const DIGEST_BYTES: usize = 32;
const PREFIX_BYTES: usize = 16;

/// A folder of checkpoints, one file per network.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    dir: PathBuf,
}

impl Checkpoints {
    /// Checkpoints in a folder, which is made when the first one is written.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Deletes the folder, when a run is complete.
    pub fn clear(&self) -> Result<(), TrainError> {
        match std::fs::remove_dir_all(&self.dir) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(io(&self.dir, source)),
            _ => Ok(()),
        }
    }

    fn file(&self, network: usize) -> PathBuf {
        self.dir.join(format!("network-{network}.checkpoint"))
    }

    /// The checkpoint of a network, where there is one.
    pub(crate) fn read(&self, network: usize, fingerprint: &str) -> Result<Option<Saved>, TrainError> {
        let path = self.file(network);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(source) if source.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io(&path, source)),
        };
        let damaged = |reason| TrainError::CheckpointDamaged { path: path.clone(), reason };
        let saved = Saved::decode(&bytes).map_err(damaged)?;
        if saved.header.fingerprint != fingerprint {
            return Err(TrainError::CheckpointForeign { path });
        }
        Ok(Some(saved))
    }

    /// Writes beside, then renames: a crash leaves the last whole checkpoint.
    pub(crate) fn write(&self, network: usize, saved: &Saved) -> Result<(), TrainError> {
        std::fs::create_dir_all(&self.dir).map_err(|source| io(&self.dir, source))?;
        let path = self.file(network);
        let beside = path.with_extension("partial");
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::File::create(&beside)?;
            file.write_all(&saved.encode())?;
            file.sync_all()?;
            std::fs::rename(&beside, &path)
        };
        write().map_err(|source| io(&path, source))
    }
}

fn io(path: &Path, source: std::io::Error) -> TrainError {
    TrainError::CheckpointIo { path: path.to_owned(), source }
}

/// A run between two epochs, on the host.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Saved {
    header: Header,
    /// Weights, first moments, second moments, best weights.
    arrays: [Vec<f32>; 4],
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    fingerprint: String,
    n_weights: usize,
    steps: u64,
    best_epoch: usize,
    best_loss_bits: u64,
    /// One line per epoch: counts as they are, floats as bits.
    history: Vec<[u64; 9]>,
}

impl Saved {
    pub(crate) fn of(
        fingerprint: &str,
        state: &State,
        best: &Best,
        history: &[EpochRecord],
    ) -> Result<Self, TrainError> {
        let read = |t: &Tensor<1>| {
            t.clone().try_into_vec_as::<f32>().map_err(|e| DeviceError::Compute { message: e.to_string() })
        };
        let arrays = [read(&state.weights)?, read(&state.first)?, read(&state.second)?, read(&best.weights)?];
        let header = Header {
            fingerprint: fingerprint.to_owned(),
            n_weights: arrays[0].len(),
            steps: state.steps,
            best_epoch: best.epoch,
            best_loss_bits: best.loss.to_bits(),
            history: history.iter().map(to_bits).collect(),
        };
        Ok(Self { header, arrays })
    }

    pub(crate) fn restore(self, device: &Device) -> (State, Best, Vec<EpochRecord>) {
        let upload = |values: Vec<f32>| {
            let n = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [n]), device)
        };
        let [weights, first, second, best] = self.arrays.map(upload);
        let state = State { weights, first, second, steps: self.header.steps };
        let best =
            Best { weights: best, loss: f64::from_bits(self.header.best_loss_bits), epoch: self.header.best_epoch };
        (state, best, self.header.history.iter().map(from_bits).collect())
    }

    fn encode(&self) -> Vec<u8> {
        let header = serde_json::to_vec(&self.header).expect("integers and text always serialize");
        let mut bytes = Vec::with_capacity(PREFIX_BYTES + header.len() + 16 * self.header.n_weights + DIGEST_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&(header.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend(self.arrays.iter().flatten().flat_map(|w| w.to_le_bytes()));
        let digest = blake3::hash(&bytes);
        bytes.extend_from_slice(digest.as_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let Some((content, digest)) = bytes.split_last_chunk::<DIGEST_BYTES>() else {
            return Err(format!("{} bytes", bytes.len()));
        };
        if blake3::hash(content).as_bytes() != digest {
            return Err("its digest does not match".to_owned());
        }
        let rest = content.strip_prefix(MAGIC).ok_or("it does not begin as a checkpoint does")?;
        let (version, rest) = rest.split_first_chunk::<4>().ok_or("no version")?;
        if u32::from_le_bytes(*version) != VERSION {
            return Err(format!("version {}, expected {VERSION}", u32::from_le_bytes(*version)));
        }
        let (length, rest) = rest.split_first_chunk::<4>().ok_or("no header")?;
        let (header, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or("no header")?;
        let header: Header = serde_json::from_slice(header).map_err(|e| e.to_string())?;
        let floats: Vec<f32> = rest.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if floats.len() != 4 * header.n_weights || header.n_weights == 0 {
            return Err(format!("{} numbers, expected {}", floats.len(), 4 * header.n_weights));
        }
        let part = |i: usize| floats[i * header.n_weights..(i + 1) * header.n_weights].to_vec();
        Ok(Self { arrays: [part(0), part(1), part(2), part(3)], header })
    }
}

/// Which measure of rank a line of the history holds; 0 means none.
const AUC: u64 = 1;
const GINI: u64 = 2;

fn to_bits(r: &EpochRecord) -> [u64; 9] {
    [
        r.network as u64,
        r.epoch as u64,
        r.train_loss.to_bits(),
        r.validation_loss.to_bits(),
        if r.validation_gini.is_some() { GINI } else { u64::from(r.validation_auc.is_some()) },
        r.validation_gini.or(r.validation_auc).unwrap_or(0.0).to_bits(),
        r.learning_rate.to_bits(),
        r.rows_per_second.to_bits(),
        r.seconds.to_bits(),
    ]
}

fn from_bits(line: &[u64; 9]) -> EpochRecord {
    let float = |i: usize| f64::from_bits(line[i]);
    EpochRecord {
        network: line[0] as usize,
        epoch: line[1] as usize,
        train_loss: float(2),
        validation_loss: float(3),
        validation_auc: (line[4] == AUC).then(|| float(5)),
        validation_gini: (line[4] == GINI).then(|| float(5)),
        learning_rate: float(6),
        rows_per_second: float(7),
        seconds: float(8),
    }
}

/// Identifies everything that decides a run's bits: data, network, settings, seed, device.
pub(crate) fn fingerprint(job: &FitJob<'_>, spec: &NetworkSpec) -> String {
    let mut hasher = blake3::Hasher::new();
    let json = |value: Result<Vec<u8>, serde_json::Error>| value.expect("plain data always serialize");
    hasher.update(&json(serde_json::to_vec(spec)));
    hasher.update(&json(serde_json::to_vec(job.settings)));
    hasher.update(&job.model.frequency_scale.to_le_bytes());
    hasher.update(&job.seed.to_le_bytes());
    hasher.update(job.device.info.backend.as_bytes());
    hasher.update(job.device.info.adapter.as_bytes());
    for data in [job.train, job.validation] {
        update(&mut hasher, data);
    }
    hasher.finalize().to_hex().to_string()
}

fn update(hasher: &mut blake3::Hasher, data: &Dataset) {
    for floats in [&data.continuous, &data.binary, &data.target, &data.weight] {
        hasher.update(&(size_of_val(floats.as_slice()) as u64).to_le_bytes());
        update_values(hasher, floats, f32::to_le_bytes);
    }
    update_values(hasher, &data.categorical, u32::to_le_bytes);
    if let Some(sequence) = &data.sequence {
        update_values(hasher, sequence.offsets(), |offset| (offset as u64).to_le_bytes());
        update_values(hasher, sequence.values(), f32::to_le_bytes);
    }
}

/// Numbers whose bytes are hashed at once: a copy of all of them would be as large as the data.
const HASHED: usize = 1 << 14;

fn update_values<T: Copy, const N: usize>(hasher: &mut blake3::Hasher, values: &[T], bytes: impl Fn(T) -> [u8; N]) {
    let mut buffer = Vec::with_capacity(HASHED.min(values.len()) * N);
    for part in values.chunks(HASHED) {
        buffer.clear();
        buffer.extend(part.iter().flat_map(|value| bytes(*value)));
        hasher.update(&buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        let record = EpochRecord {
            network: 0,
            epoch: 1,
            train_loss: 0.1 + 0.2,
            validation_loss: 1.0 / 3.0,
            validation_auc: None,
            validation_gini: Some(0.7),
            learning_rate: 2e-3,
            rows_per_second: 1e5,
            seconds: 0.7,
        };
        let header = Header {
            fingerprint: "f".into(),
            n_weights: 2,
            steps: 7,
            best_epoch: 1,
            best_loss_bits: (1.0_f64 / 3.0).to_bits(),
            history: vec![to_bits(&record)],
        };
        let arrays = [vec![0.1, -0.0], vec![1e-40, 2.0], vec![3.0, 4.0], vec![5.0, f32::MIN_POSITIVE]];
        Saved { header, arrays }
    }

    #[test]
    fn a_checkpoint_comes_back_to_the_bit() {
        let (before, after) = (saved(), Saved::decode(&saved().encode()).expect("just written"));
        let bits = |s: &Saved| s.arrays.concat().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&before), bits(&after));
        assert_eq!(before.header, after.header);
        let record = from_bits(&after.header.history[0]);
        assert_eq!((record.train_loss, record.validation_auc, record.validation_gini), (0.1 + 0.2, None, Some(0.7)));
    }

    #[test]
    fn a_cut_or_flipped_checkpoint_is_refused() {
        let bytes = saved().encode();
        for end in 0..bytes.len() {
            assert!(Saved::decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        let mut flipped = bytes;
        flipped[40] ^= 4;
        assert!(Saved::decode(&flipped).is_err());
    }

    #[test]
    fn another_run_s_checkpoint_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints::new(folder.path().join("checkpoints"));
        assert!(checkpoints.read(0, "f").expect("no folder yet").is_none());
        checkpoints.write(0, &saved()).expect("a writable folder");
        assert_eq!(checkpoints.read(0, "f").expect("its own"), Some(saved()));
        assert!(matches!(checkpoints.read(0, "g"), Err(TrainError::CheckpointForeign { .. })));
        checkpoints.clear().expect("a writable folder");
        assert!(checkpoints.read(0, "f").expect("cleared").is_none());
    }
}
