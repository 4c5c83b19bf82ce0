//! From a file or a text, with overrides, to a plan.

use std::path::Path;
use std::sync::Arc;

use crate::code::Code;
use crate::error::{ConfigError, ConfigErrors};
use crate::kind::{Bases, folder_name};
use crate::origin::Origins;
use crate::reader::Reader;
use crate::source::{Site, Source};
use crate::{Plan, check, read, tree};

/// Values that win over the experiment file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Each `section.key=value`, the value in TOML or, where it is none, a text: `train.learning_rate=1e-3`,
    /// `time.horizon=60d`, `data.files=["a.csv","b.csv"]`. Later ones win. Paths start at the current folder.
    pub set: Vec<String>,
}

/// A plan, and where each of its values came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The plan.
    pub plan: Plan,
    /// The origin of each value.
    pub origins: Origins,
}

/// The plan of the experiment file at `path`.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Plan, ConfigErrors> {
    resolve(path, overrides).map(|resolved| resolved.plan)
}

/// The plan of an experiment file's text; `name` stands for it in messages, and relative paths stay as they are.
pub fn parse(text: &str, name: &str, overrides: &Overrides) -> Result<Plan, ConfigErrors> {
    resolve_text(text, name, overrides).map(|resolved| resolved.plan)
}

/// Like [`load`], with origins. Relative paths become absolute: those in the file start at its folder, those in
/// overrides at the current one, so that the lock means the same files wherever it lies.
pub fn resolve(path: &Path, overrides: &Overrides) -> Result<Resolved, ConfigErrors> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| unreadable(&name, &cause))?;
    let full = std::path::absolute(path).map_err(|cause| unreadable(&name, &cause))?;
    let here = std::path::absolute(".").map_err(|cause| unreadable(&name, &cause))?;
    let bases = Bases { file: full.parent().unwrap_or(Path::new("/")).to_owned(), set: here };
    resolve_at(text, name, overrides, &bases)
}

/// Like [`parse`], with origins.
pub fn resolve_text(text: &str, name: &str, overrides: &Overrides) -> Result<Resolved, ConfigErrors> {
    resolve_at(text.into(), name.into(), overrides, &Bases::default())
}

fn resolve_at(text: String, name: String, overrides: &Overrides, bases: &Bases) -> Result<Resolved, ConfigErrors> {
    let stem = stem(&name);
    let file = Arc::new(Source { name, text, is_file: true });
    let tree = merged(&file, overrides).map_err(ConfigErrors::new)?;
    let mut reader = Reader::new(tree, file);
    let draft = read::draft(&mut reader, &stem, bases);
    check::check(&draft, &mut reader);
    if !reader.errors.is_empty() {
        return Err(ConfigErrors::new(reader.errors));
    }
    let mut origins = Origins { settings: reader.settings };
    origins.mark_unused(&draft.plan);
    Ok(Resolved { plan: draft.plan, origins })
}

/// The file's tree with the overrides on top.
fn merged(file: &Arc<Source>, overrides: &Overrides) -> Result<tree::Table, Vec<ConfigError>> {
    let mut errors = Vec::new();
    let mut root = tree::parse(file).unwrap_or_else(|found| {
        errors.extend(found);
        tree::Table::default()
    });
    for text in &overrides.set {
        match tree::parse_override(text) {
            Ok(table) => root.merge(table),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(root) } else { Err(errors) }
}

/// The experiment's name where the file gives none: the file's own, without folder and ending.
fn stem(name: &str) -> String {
    let stem = Path::new(name).file_stem().map(|stem| folder_name(&stem.to_string_lossy())).unwrap_or_default();
    if stem.is_empty() { "experiment".into() } else { stem }
}

fn unreadable(name: &str, cause: &std::io::Error) -> ConfigErrors {
    let source = Arc::new(Source { name: name.into(), text: String::new(), is_file: true });
    let hint = match cause.kind() {
        std::io::ErrorKind::InvalidData => "save the file as UTF-8; a data file is named in `data.files` instead",
        std::io::ErrorKind::PermissionDenied => "make the file readable for you",
        _ => "`tenure init DATA` writes an experiment file for your data",
    };
    let error = ConfigError::new(Code::Unreadable, Site::top(&source), "the experiment file cannot be read")
        .with_expected("a text file in UTF-8")
        .with_found(cause.to_string())
        .with_hint(hint);
    ConfigErrors::new(vec![error])
}
