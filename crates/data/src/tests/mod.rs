//! The loader from outside: files in, tables or errors out.

mod bad_data;
mod customers;
mod events;
mod inference;
mod shared_data;

use std::path::{Path, PathBuf};

use polars::prelude::{Column, DataFrame, ParquetWriter};
use tempfile::TempDir;
use tenure_config::{Overrides, Plan};
use tenure_table::{Table, Timestamp, Values};

use crate::{DataError, Loaded, Silent, load_at};

/// 2026-01-01T00:00:00Z: what the tests call now.
const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

/// Files in a folder of their own.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).expect("room on disk");
        }
        Self { folder }
    }

    fn text(name: &str, text: &str) -> Self {
        Self::new(&[(name, text.as_bytes())])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn add_parquet(&self, name: &str, columns: Vec<Column>) {
        let file = std::fs::File::create(self.path(name)).expect("room on disk");
        let mut frame = DataFrame::new_infer_height(columns).expect("columns of one length");
        ParquetWriter::new(file).finish(&mut frame).expect("room on disk");
    }

    /// A plan from the experiment file `text`, in which `DIR` stands for the folder.
    fn plan(&self, text: &str) -> Plan {
        let folder = self.folder.path().to_string_lossy();
        match tenure_config::parse(&text.replace("DIR", &folder), "test.toml", &Overrides::default()) {
            Ok(plan) => plan,
            Err(errors) => panic!("{}", errors.render()),
        }
    }

    fn load(&self, text: &str) -> Result<Loaded, DataError> {
        load_at(&self.plan(text), NOW, &mut Silent)
    }

    fn load_well(&self, text: &str) -> Loaded {
        self.load(text).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The whole text of an error as the program shows it, with the folder's name taken out.
    fn told(&self, error: &DataError) -> String {
        let mut text = format!("error[{}]: {error}", error.code());
        if let Some(hint) = error.hint() {
            text.push_str(&format!("\n  hint: {hint}"));
        }
        text.replace(&format!("{}/", self.folder.path().to_string_lossy()), "")
    }

    fn rejected(&self, loaded: &mut Loaded) -> String {
        let path = self.path("rejected.csv");
        loaded.rejected.write_rejected(&path).expect("room on disk");
        let text = std::fs::read_to_string(&path).expect("just written");
        text.replace(&format!("{}/", self.folder.path().to_string_lossy()), "")
    }
}

fn numbers<'a>(table: &'a Table, name: &str) -> &'a [f32] {
    match table.column(name).map(|column| &column.values) {
        Some(Values::Numeric(values)) => values,
        other => panic!("`{name}` is {other:?}"),
    }
}

fn levels(table: &Table, name: &str) -> Vec<Option<String>> {
    match table.column(name).map(|column| &column.values) {
        Some(Values::Category(levels)) => {
            (0..levels.codes.len()).map(|row_idx| levels.get(row_idx).map(str::to_string)).collect()
        }
        other => panic!("`{name}` is {other:?}"),
    }
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    match table.column(name).map(|column| &column.values) {
        Some(Values::Text(texts)) => texts.iter().map(str::to_string).collect(),
        other => panic!("`{name}` is {other:?}"),
    }
}

/// A file of the folder of public data sets beside the checkout, where there is one.
fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    let path = path.canonicalize().ok().filter(|path| path.is_file());
    if path.is_none() {
        println!("skipped: shared/data/{name} is not there");
    }
    path
}
