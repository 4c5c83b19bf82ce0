//! Paths, which start where the person who wrote them stood.

use std::path::PathBuf;

use serde_json::Value as Json;

use super::{Kind, text};
use crate::error::ConfigError;
use crate::tree::{Item, quote};

/// Folders that relative paths start from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bases {
    /// For paths in the experiment file: its folder.
    pub(crate) file: PathBuf,
    /// For paths in a `--set`: the current folder.
    pub(crate) set: PathBuf,
}

/// A path or glob; its value is absolute where the bases are.
#[derive(Clone)]
pub(crate) struct PathKind {
    bases: Bases,
}

impl PathKind {
    /// Paths that start from these folders.
    pub(crate) const fn new(bases: Bases) -> Self {
        Self { bases }
    }
}

impl Kind for PathKind {
    type Value = String;

    fn read(&self, key: &str, item: &Item) -> Result<String, Vec<ConfigError>> {
        let path = text().read(key, item)?;
        let base = if item.site.source.is_file { &self.bases.file } else { &self.bases.set };
        Ok(if base.as_os_str().is_empty() { path } else { base.join(path).to_string_lossy().into_owned() })
    }

    fn write(&self, value: &String) -> String {
        quote(value)
    }

    fn schema(&self) -> Json {
        text().schema()
    }

    fn expected(&self) -> String {
        "a path".into()
    }
}
