//! A run is a directory; it is complete when `DONE` is there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something in a run's folder could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RunDirError {
    /// The operating system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what a run writes.
    #[error("{path}: expected {expected}, found something else: {source}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// Why it is not that.
        source: serde_json::Error,
    },
    /// The folder is not a run.
    #[error("{path}: expected the folder of a run, found no `{missing}` in it", path = path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The file that is missing.
        missing: &'static str,
    },
    /// The run is complete; there is nothing to go on with.
    #[error("{path}: this run is complete", path = path.display())]
    Complete {
        /// The folder.
        path: PathBuf,
    },
    /// The run is not complete.
    #[error("{path}: this run is not complete", path = path.display())]
    Incomplete {
        /// The folder.
        path: PathBuf,
    },
}

/// The folder of one run. Every file in it is written whole or not at all.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// The marker of a complete run.
    pub const DONE: &'static str = "DONE";
    /// The resolved experiment, with the origin of each value.
    pub const LOCK: &'static str = "config.lock.toml";

    /// Makes `<dir>/<name>-<utc time>-<8 hex>`; the hex digits are the digest of the lock and the time, so that two
    /// runs of one second differ unless they are the same.
    pub fn create(dir: &Path, name: &str, lock: &str, now: DateTime<Utc>) -> Result<Self, RunDirError> {
        let mut digest = blake3::Hasher::new();
        digest.update(lock.as_bytes()).update(&now.timestamp_micros().to_le_bytes());
        digest.update(&std::process::id().to_le_bytes());
        let hex = digest.finalize().to_hex();
        let path = dir.join(format!("{name}-{}-{}", now.format("%Y%m%dT%H%M%SZ"), &hex.as_str()[..8]));
        fs::create_dir_all(dir).map_err(|source| RunDirError::Io { path: dir.to_path_buf(), source })?;
        fs::create_dir(&path).map_err(|source| RunDirError::Io { path: path.clone(), source })?;
        let run = Self { path };
        run.write(Self::LOCK, lock.as_bytes())?;
        Ok(run)
    }

    /// The run in this folder.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        let run = Self { path: path.to_path_buf() };
        if !run.file(Self::LOCK).is_file() {
            return Err(RunDirError::NotARun { path: run.path, missing: Self::LOCK });
        }
        Ok(run)
    }

    /// The run in this folder, which must be complete.
    pub fn open_complete(path: &Path) -> Result<Self, RunDirError> {
        let run = Self::open(path)?;
        if run.is_complete() { Ok(run) } else { Err(RunDirError::Incomplete { path: run.path }) }
    }

    /// The run in this folder, which must not be complete.
    pub fn open_unfinished(path: &Path) -> Result<Self, RunDirError> {
        let run = Self::open(path)?;
        if run.is_complete() { Err(RunDirError::Complete { path: run.path }) } else { Ok(run) }
    }

    /// The name of the task that the run is of, as `run.json` has it; before there were several it was `churn`.
    pub fn task(&self) -> Result<String, RunDirError> {
        let record: serde_json::Value = self.read_json("run.json", "the record of a run")?;
        Ok(record["task"].as_str().unwrap_or("churn").to_owned())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder of the run.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A folder of the run, made when missing.
    pub fn folder(&self, name: &str) -> Result<PathBuf, RunDirError> {
        let path = self.file(name);
        fs::create_dir_all(&path).map_err(|source| RunDirError::Io { path: path.clone(), source })?;
        Ok(path)
    }

    /// Whether the run is complete.
    pub fn is_complete(&self) -> bool {
        self.file(Self::DONE).is_file()
    }

    /// Writes a file: to a temporary name, to the disk, then under its own name.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        write_whole(&self.file(name), bytes)
    }

    /// Writes a file as indented JSON.
    pub fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), RunDirError> {
        let path = self.file(name);
        let mut text = serde_json::to_vec_pretty(value).map_err(|source| RunDirError::Malformed {
            path,
            expected: "values that JSON can hold",
            source,
        })?;
        text.push(b'\n');
        self.write(name, &text)
    }

    /// Reads a text file of the run.
    pub fn read(&self, name: &str) -> Result<String, RunDirError> {
        let path = self.file(name);
        fs::read_to_string(&path).map_err(|source| RunDirError::Io { path, source })
    }

    /// Reads a JSON file of the run.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str, expected: &'static str) -> Result<T, RunDirError> {
        let text = self.read(name)?;
        serde_json::from_str(&text).map_err(|source| RunDirError::Malformed { path: self.file(name), expected, source })
    }

    /// Marks the run complete; nothing may be written after.
    pub fn finish(&self) -> Result<(), RunDirError> {
        self.write(Self::DONE, b"")
    }
}

/// Writes a file so that a reader, or a crash, sees all of it or nothing.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RunDirError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".partial");
    let temporary = PathBuf::from(temporary);
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, path)).map_err(|source| {
        // The write failed already; a leftover temporary is the lesser trouble.
        let _ = fs::remove_file(&temporary);
        RunDirError::Io { path: path.to_path_buf(), source }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_complete_only_when_it_is_finished() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let run = RunDir::create(dir.path(), "x", "lock", Utc::now()).expect("a run");
        assert!(matches!(RunDir::open_complete(run.path()), Err(RunDirError::Incomplete { .. })));
        run.finish().expect("finished");
        assert!(RunDir::open_complete(run.path()).is_ok());
        assert!(matches!(RunDir::open_unfinished(run.path()), Err(RunDirError::Complete { .. })));
        assert!(matches!(RunDir::open(dir.path()), Err(RunDirError::NotARun { missing: RunDir::LOCK, .. })));
    }

    #[test]
    fn a_file_that_cannot_be_written_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("missing").join("file");
        assert!(matches!(write_whole(&path, b"x"), Err(RunDirError::Io { .. })));
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 0);
    }
}
