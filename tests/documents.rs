//! Documents that cannot rot: paths and commands named in them exist.

use std::collections::BTreeSet;
use std::fs;

use tenure_config::{Overrides, load, parse};

use crate::tenure::{root, succeed};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Words between backticks.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with("    ")).flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether a code span claims to be a path of this repository.
fn looks_like_path(span: &str) -> bool {
    let tops = ["crates/", "configs/", "tests/", "benches/", "kernels/", ".ci/"];
    tops.iter().any(|top| span.starts_with(top)) && !span.contains(['<', '*', ' ', '{'])
}

#[test]
fn every_path_named_in_the_documents_exists() {
    for document in ["README.md", "CHANGELOG.md"] {
        let text = read(document);
        for span in code_spans(&text).filter(|span| looks_like_path(span)) {
            assert!(root().join(span).exists(), "{document} names `{span}`, which does not exist");
        }
    }
}

#[test]
fn ci_runs_the_test_command_of_the_readme() {
    let command = "cargo test --release --workspace";
    assert!(read("README.md").lines().any(|line| line.trim() == command), "README.md lacks `{command}`");
    assert!(read(".ci/run").lines().any(|line| line.trim() == command), ".ci/run does not call `{command}`");
}

#[test]
fn every_crate_stands_in_the_code_map() {
    let readme = read("README.md");
    let folders = fs::read_dir(root().join("crates")).expect("crates/ is there");
    for folder in folders {
        let name = folder.expect("crates/ can be listed").file_name();
        let path = format!("crates/{}", name.to_string_lossy());
        assert!(readme.contains(&format!("`{path}`")), "the code map of README.md lacks `{path}`");
    }
}

#[test]
fn every_verb_named_in_the_readme_exists() {
    let readme = read("README.md");
    let indented = readme.lines().filter_map(|line| line.strip_prefix("    "));
    let commands = code_spans(&readme).chain(indented).filter_map(|text| text.strip_prefix("tenure "));
    let verbs: BTreeSet<&str> = commands.filter_map(|rest| rest.split_whitespace().next()).collect();
    assert!(verbs.len() >= 8, "{verbs:?}");
    for verb in verbs {
        succeed(["help", verb]);
    }
}

#[test]
fn the_experiments_in_the_readme_are_valid() {
    let readme = read("README.md");
    let blocks: Vec<&str> = readme.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        if let Err(errors) = parse(block, "README.md", &Overrides::default()) {
            panic!("{block}\n{}", errors.render());
        }
    }
}

#[test]
fn every_config_resolves() {
    for entry in fs::read_dir(root().join("configs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        if let Err(errors) = load(&path, &Overrides::default()) {
            panic!("{}", errors.render());
        }
    }
}
