//! Where a bundle comes from, and how files of its raw rows are read.

use tenure_config::{Resolved, Setting};
use tenure_data::Loaded;
use tenure_table::Role;

use crate::failure::Failure;
use crate::run_dir::RunDir;
use crate::stages::prepare::DataLock;

/// The metadata that say how text files of raw rows are read.
pub const READ: &str = "read";
/// The metadata that name the column of ids.
pub const ID: &str = "id";

/// What every bundle of a run carries.
pub fn metadata(dir: &RunDir, resolved: &Resolved, loaded: &Loaded) -> Result<Vec<(String, String)>, Failure> {
    let plan = &resolved.plan;
    let path = dir.path().canonicalize().unwrap_or_else(|_| dir.path().to_path_buf());
    let run = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let lock: DataLock = dir.read_json("data.lock.json", "the record of a run's data")?;
    let digests: Vec<&str> = lock.files.iter().map(|file| file.blake3.as_str()).collect();
    let id = loaded.table.with_role(Role::Id).map(|column| column.name.clone()).unwrap_or_default();
    let pairs = [
        ("run", run),
        ("seed", plan.experiment.seed.to_string()),
        ("tenure", env!("CARGO_PKG_VERSION").to_owned()),
        ("revision", env!("TENURE_GIT_REVISION").to_owned()),
        ("data", digests.join(" ")),
        ("source", plan.data.source.to_string()),
        (ID, id),
        (READ, reading(resolved)),
    ];
    Ok(pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.into(), value)).collect())
}

/// The settings by which text files are read, one `section.key=value` a line.
fn reading(resolved: &Resolved) -> String {
    let is_wanted = |setting: &&Setting| match setting.section.as_str() {
        "data" => ["missing", "time_zone", "time_format"].contains(&setting.key.as_str()),
        section => section == "data.csv",
    };
    let line = |setting: &Setting| Some(format!("{}.{}={}", setting.section, setting.key, setting.value.as_deref()?));
    resolved.origins.settings().iter().filter(is_wanted).filter_map(line).collect::<Vec<_>>().join("\n")
}
