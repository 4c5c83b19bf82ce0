//! Files into a validated table, and the run's record of them.

use serde::{Deserialize, Serialize};
use tenure_config::Plan;
use tenure_data::{FileDigest, Loaded};
use tenure_encode::{Partition, leakage, partition};

use super::value::forecast;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::run_dir::RunDir;
use crate::seeds;

/// `data.lock.json`: enough to tell whether the data are still the same.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataLock {
    /// Files in the order read.
    pub files: Vec<LockedFile>,
    /// Rows in the files.
    pub n_rows_read: u64,
    /// Rows kept.
    pub n_rows_kept: u64,
    /// First and last event, microseconds since the Unix epoch.
    pub time_range_us: Option<(i64, i64)>,
}

/// One file as it was when read.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedFile {
    /// Its path.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// Digest of its bytes, hexadecimal.
    pub blake3: String,
    /// Its rows.
    pub n_rows: u64,
}

impl DataLock {
    /// The record of this load.
    pub fn of(loaded: &Loaded) -> Self {
        let lock = |file: &FileDigest| LockedFile {
            path: file.path.display().to_string(),
            size_bytes: file.size_bytes,
            blake3: file.blake3.clone(),
            n_rows: file.n_rows,
        };
        Self {
            files: loaded.files.iter().map(lock).collect(),
            n_rows_read: loaded.validation.n_read,
            n_rows_kept: loaded.validation.n_kept,
            time_range_us: loaded.events.as_ref().map(|events| (events.first.0, events.last.0)),
        }
    }
}

/// Loads what the plan names, with the forecasts of purchase models among the features where the plan asks for them.
pub fn read(plan: &Plan, progress: &mut Progress) -> Result<Loaded, Failure> {
    let mut loaded = tenure_data::load(plan, progress)?;
    if plan.features.lifetime {
        progress.begin("fit purchase models", None);
        forecast::add_features(&mut loaded)?;
    }
    progress.end();
    Ok(loaded)
}

/// Loads what the plan names and leaves the record in the run: files, lineage, rejected rows.
///
/// Where the run has a record already (it is resumed), the data must still be what they were.
pub fn load(plan: &Plan, dir: &RunDir, progress: &mut Progress) -> Result<Loaded, Failure> {
    let mut loaded = read(plan, progress)?;
    let lock = DataLock::of(&loaded);
    if dir.file("data.lock.json").is_file() {
        let before: DataLock = dir.read_json("data.lock.json", "the record of a run's data")?;
        if before != lock {
            return Err(Failure::integrity(
                "the data are not what they were when this run began",
                "put the files back, or start a new run; data.lock.json has their digests",
            ));
        }
    }
    dir.write_json("data.lock.json", &lock)?;
    dir.write_json("validation.json", &loaded.validation)?;
    if let Some(events) = &loaded.events {
        dir.write_json("features.json", &events.lineage)?;
    }
    if loaded.rejected.n_rows() > 0 {
        loaded.rejected.write_rejected(&dir.file("rejected.csv"))?;
    }
    Ok(loaded)
}

/// Which rows train, validate and test.
pub fn split(plan: &Plan, loaded: &Loaded) -> Result<Vec<Partition>, Failure> {
    let seed = seeds::derive(plan.experiment.seed, "split", 0);
    Ok(partition(&loaded.table, &plan.split, seed)?)
}

/// Columns that tell the label by themselves, on the first partition's training rows.
pub fn suspects(loaded: &Loaded, partitions: &[Partition]) -> Result<Vec<leakage::Suspect>, Failure> {
    Ok(leakage::suspects(&loaded.table, &partitions[0].train)?)
}
