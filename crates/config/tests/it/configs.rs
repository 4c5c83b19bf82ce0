//! The experiment files of the project, and the files that are made from the code.

use std::path::{Path, PathBuf};

use tenure_config::{Overrides, defaults, load, lock, parse, resolve, schema};

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs")
}

#[test]
fn the_schema_is_current() {
    let path = configs().join("experiment.schema.json");
    if std::env::var_os("TENURE_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&schema()).expect("a schema is JSON");
        std::fs::write(&path, format!("{text}\n")).expect("configs/ can be written");
    }
    // Values are compared, not texts: the order of keys is up to how serde_json was built.
    let kept: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&path).expect("readable")).expect("JSON");
    assert_eq!(kept, schema(), "run `TENURE_BLESS=1 cargo test -p tenure-config`");
}

#[test]
fn default_toml_is_current_and_says_what_an_empty_file_means() {
    let text = defaults();
    let path = configs().join("default.toml");
    if std::env::var_os("TENURE_BLESS").is_some() {
        std::fs::write(&path, &text).expect("configs/ can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("readable");
    assert!(kept == text, "configs/default.toml is not current: run `TENURE_BLESS=1 cargo test -p tenure-config`");
    let said = parse(&text, "experiment.toml", &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render()));
    let meant = parse("[data]\nsource = \"synthetic\"\n", "experiment.toml", &Overrides::default());
    assert_eq!(Ok(said), meant);
}

#[test]
fn every_config_resolves_and_its_lock_gives_the_same_plan() {
    let mut n_files = 0;
    for entry in std::fs::read_dir(configs()).expect("configs/ is there") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        n_files += 1;
        let resolved = resolve(&path, &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render()));
        let text = std::fs::read_to_string(&path).expect("readable");
        assert!(text.starts_with("#:schema ./experiment.schema.json\n"), "{}", path.display());
        let locked = lock(&resolved.plan, &resolved.origins);
        let again =
            parse(&locked, "config.lock.toml", &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render()));
        assert_eq!(again, resolved.plan, "{}", path.display());
    }
    assert!(n_files >= 6, "found {n_files}");
}

#[test]
fn files_start_at_the_experiment_and_overrides_at_the_current_folder() {
    let plan = load(&configs().join("telco.toml"), &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render()));
    assert!(plan.data.files[0].ends_with("configs/../data/telco.csv"), "{}", plan.data.files[0]);
    let set = Overrides { set: vec!["data.files=[\"here.csv\"]".into()] };
    let plan = load(&configs().join("telco.toml"), &set).unwrap_or_else(|e| panic!("{}", e.render()));
    let here = std::path::absolute("here.csv").expect("a current folder");
    assert_eq!(plan.data.files, [here.to_string_lossy()]);
}
