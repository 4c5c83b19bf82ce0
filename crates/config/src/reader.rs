//! Reads a tree key by key: each key once, with its kind and default, and every error is kept until the end.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::code::Code;
use crate::error::ConfigError;
use crate::kind::Kind;
use crate::nearest::nearest;
use crate::origin::{Origin, Setting};
use crate::source::{Site, Source};
use crate::tree::{self, Entry, Item, Table, Value};

/// A key as the reader asked for it.
#[derive(Clone, Debug)]
pub(crate) struct Knob {
    pub(crate) section: String,
    pub(crate) key: &'static str,
    /// The default as TOML; none where there is none.
    pub(crate) default: Option<String>,
    /// The kind as a JSON schema; null unless the reader makes a catalogue.
    pub(crate) schema: Json,
    pub(crate) expected: String,
    /// Whether the key is a table of column names.
    pub(crate) is_map: bool,
}

/// Everything that reading a tree leaves behind.
pub(crate) struct Reader {
    root: Table,
    file: Arc<Source>,
    pub(crate) errors: Vec<ConfigError>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) knobs: Vec<Knob>,
    /// Where keys (`train.epochs`) and sections (`train`) stand.
    sites: Vec<(String, Site)>,
    /// Keys whose value was refused; checks that read them would only repeat the complaint.
    refused: Vec<String>,
    unknown: Vec<(String, Entry)>,
    is_catalogue: bool,
}

impl Reader {
    pub(crate) fn new(root: Table, file: Arc<Source>) -> Self {
        Self {
            root,
            file,
            errors: Vec::new(),
            settings: Vec::new(),
            knobs: Vec::new(),
            sites: Vec::new(),
            refused: Vec::new(),
            unknown: Vec::new(),
            is_catalogue: false,
        }
    }

    /// A reader of an empty file, which learns every knob with its schema.
    pub(crate) fn catalogue() -> Self {
        let file = Arc::new(Source { name: String::new(), text: String::new(), is_file: true });
        Self { is_catalogue: true, ..Self::new(Table::default(), file) }
    }

    /// The section of this name; an empty one where the file has none.
    pub(crate) fn section(&mut self, name: &'static str) -> Section<'_> {
        let entry = self.root.take(name);
        self.open(name.into(), entry)
    }

    fn open(&mut self, path: String, entry: Option<Entry>) -> Section<'_> {
        let mut table = Table::default();
        if let Some(entry) = entry {
            self.sites.push((path.clone(), entry.key_site.clone()));
            let (site, found) = (entry.item.site.clone(), entry.item.value.describe());
            if let Value::Table(inner) = entry.item.value {
                table = inner;
            } else {
                let error = ConfigError::new(Code::WrongType, site, format!("`{path}` has the wrong type"));
                let expected = format!("a section [{path}] with keys");
                let hint = format!("write [{path}] on a line of its own, and its keys below it");
                self.errors.push(error.with_expected(expected).with_found(found).with_hint(hint));
                self.refused.push(path.clone());
            }
        }
        Section { reader: self, path, table, fallback: Origin::Default }
    }

    /// Refuses what no section asked for. Called once, after every section was read.
    pub(crate) fn finish(&mut self) {
        let rest = std::mem::take(&mut self.root.entries);
        self.unknown.extend(rest.into_iter().map(|entry| (String::new(), entry)));
        for (section, entry) in std::mem::take(&mut self.unknown) {
            let names = self.names_in(&section);
            let near = nearest(&entry.key, names.iter().map(String::as_str));
            if let Some(near) = near {
                // The key that was meant is there after all; nobody should be told that it is missing.
                self.refused.push(if section.is_empty() { near.into() } else { format!("{section}.{near}") });
            }
            let error = self.unknown_key(&section, &entry, &names, near);
            self.errors.push(error);
        }
    }

    fn unknown_key(&self, section: &str, entry: &Entry, names: &[String], near: Option<&str>) -> ConfigError {
        let is_table = matches!(entry.item.value, Value::Table(_));
        let place = if section.is_empty() { "at the top".to_owned() } else { format!("in [{section}]") };
        let what = if section.is_empty() && is_table { "section" } else { "key" };
        let elsewhere = self.knobs.iter().find(|knob| knob.key == entry.key && knob.section != section);
        let hint = match (near, elsewhere) {
            (_, Some(knob)) if !is_table => format!("`{}` belongs in [{}]", knob.key, knob.section),
            (Some(near), _) => format!("did you mean `{near}`?"),
            _ => "configs/default.toml lists every section and key".into(),
        };
        ConfigError::new(Code::UnknownKey, entry.key_site.clone(), format!("unknown {what} `{}` {place}", entry.key))
            .with_expected(format!("one of {}", names.join(", ")))
            .with_found(tree::key(&entry.key))
            .with_hint(hint)
    }

    /// The valid names in a section, subsections included; of the whole file where `section` is empty.
    fn names_in(&self, section: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for knob in &self.knobs {
            let full = format!("{}.{}", knob.section, knob.key);
            let prefix = if section.is_empty() { String::new() } else { format!("{section}.") };
            if let Some(rest) = full.strip_prefix(&prefix) {
                let name = rest.split('.').next().unwrap_or(rest).to_owned();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Where a key or section stands, if it was given.
    pub(crate) fn site(&self, path: &str) -> Option<&Site> {
        self.sites.iter().find(|(known, _)| known == path).map(|(_, site)| site)
    }

    /// Where a key stands, else its section, else the top of the file.
    pub(crate) fn site_or_section(&self, path: &str) -> Site {
        let mut path = path;
        loop {
            if let Some(site) = self.site(path) {
                return site.clone();
            }
            match path.rsplit_once('.') {
                Some((section, _)) => path = section,
                None => return Site::top(&self.file),
            }
        }
    }

    /// Whether the key, or the whole section, was refused.
    pub(crate) fn is_refused(&self, path: &str) -> bool {
        self.refused.iter().any(|refused| path == refused || path.starts_with(&format!("{refused}.")))
    }
}

/// One section while its keys are being read.
pub(crate) struct Section<'r> {
    reader: &'r mut Reader,
    path: String,
    table: Table,
    fallback: Origin,
}

impl Section<'_> {
    /// From now on, defaults come from here.
    pub(crate) fn defaults_from(&mut self, origin: Origin) {
        self.fallback = origin;
    }

    /// A key with a default.
    pub(crate) fn get<K: Kind>(&mut self, key: &'static str, kind: &K, default: K::Value) -> K::Value {
        let written = kind.write(&default);
        self.declare(key, kind, Some(written.clone()), false);
        self.read(key, kind, &format!("leave the line out for the default, {written}")).unwrap_or_else(|| {
            self.settle(key, Some(written), self.fallback);
            default
        })
    }

    /// A key without a default.
    pub(crate) fn find<K: Kind>(&mut self, key: &'static str, kind: &K) -> Option<K::Value> {
        self.declare(key, kind, None, false);
        let value = self.read(key, kind, "the line may be left out");
        if value.is_none() {
            self.settle(key, None, self.fallback);
        }
        value
    }

    /// Whether a key that was asked for has its value from the file or from `--set`.
    pub(crate) fn was_given(&self, key: &str) -> bool {
        let settled = self.reader.settings.iter().rev().find(|s| s.section == self.path && s.key == key);
        settled.is_some_and(|setting| matches!(setting.origin, Origin::File { .. } | Origin::Set))
    }

    /// A table of column names, each with a value of one kind, in the order of the file.
    pub(crate) fn map<K: Kind>(&mut self, key: &'static str, kind: &K) -> Vec<(String, K::Value)> {
        self.declare(key, kind, None, true);
        let mut values = Vec::new();
        let mut inner = self.sub(key);
        for entry in std::mem::take(&mut inner.table.entries) {
            if let Some(value) = inner.accept(&entry, kind, "leave the line out, and the values of the column decide") {
                values.push((entry.key, value));
            }
        }
        values
    }

    /// A section within this one.
    pub(crate) fn sub(&mut self, key: &'static str) -> Section<'_> {
        let entry = self.table.take(key);
        let path = format!("{}.{key}", self.path);
        self.reader.open(path, entry)
    }

    fn declare<K: Kind>(&mut self, key: &'static str, kind: &K, default: Option<String>, is_map: bool) {
        self.reader.knobs.push(Knob {
            section: self.path.clone(),
            key,
            default,
            schema: if self.reader.is_catalogue { kind.schema() } else { Json::Null },
            expected: kind.expected(),
            is_map,
        });
    }

    fn read<K: Kind>(&mut self, key: &'static str, kind: &K, otherwise: &str) -> Option<K::Value> {
        let entry = self.table.take(key)?;
        self.accept(&entry, kind, otherwise)
    }

    /// Reads one entry; `otherwise` is the hint of an error that has none.
    fn accept<K: Kind>(&mut self, entry: &Entry, kind: &K, otherwise: &str) -> Option<K::Value> {
        let full = format!("{}.{}", self.path, tree::key(&entry.key));
        self.reader.sites.push((full.clone(), entry.item.site.clone()));
        match kind.read(&full, &entry.item) {
            Ok(value) => {
                let written = kind.write(&value);
                self.settle(&entry.key, Some(written), origin_of(&entry.item));
                Some(value)
            }
            Err(mut errors) => {
                for error in &mut errors {
                    error.advise(|| otherwise.into());
                }
                self.reader.errors.extend(errors);
                self.reader.refused.push(full);
                None
            }
        }
    }

    fn settle(&mut self, key: &str, value: Option<String>, origin: Origin) {
        let section = self.path.clone();
        self.reader.settings.push(Setting { section, key: key.into(), value, origin, applies: true });
    }
}

impl Drop for Section<'_> {
    /// What nobody asked for is unknown; it is judged when every section's keys are known.
    fn drop(&mut self) {
        for entry in std::mem::take(&mut self.table.entries) {
            self.reader.unknown.push((self.path.clone(), entry));
        }
    }
}

fn origin_of(item: &Item) -> Origin {
    if item.site.source.is_file { Origin::File { line: item.site.line_column().0 } } else { Origin::Set }
}
