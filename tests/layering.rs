//! Who may know whom: the dependency table of the README's code map, walked through `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// A heavy dependency, and the only crates that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("burn", &["tenure-model", "tenure-train"]),
    ("cubecl", &["tenure-kernels"]),
    ("wgpu", &["tenure-model"]),
    ("polars", &["tenure-data"]),
    ("polars-arrow", &["tenure-data"]),
    ("clap", &["tenure"]),
    ("indicatif", &["tenure"]),
    ("mimalloc", &["tenure"]),
    ("criterion", &["tenure-benches"]),
    ("ed25519-compact", &["tenure-signing"]),
];

/// Crate → the crates of the workspace it may use. The program and the test crates may use all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("tenure-table", &[]),
    ("tenure-artifact", &["tenure-table"]),
    ("tenure-edge", &["tenure-artifact", "tenure-table"]),
    ("tenure-evaluate", &["tenure-artifact"]),
    ("tenure-lifetime", &[]),
    ("tenure-config", &["tenure-table"]),
    ("tenure-data", &["tenure-config", "tenure-table"]),
    ("tenure-encode", &["tenure-config", "tenure-artifact", "tenure-table"]),
    ("tenure-kernels", &[]),
    ("tenure-cluster", &["tenure-kernels"]),
    ("tenure-model", &["tenure-artifact", "tenure-config"]),
    (
        "tenure-train",
        &["tenure-model", "tenure-encode", "tenure-evaluate", "tenure-config", "tenure-artifact", "tenure-kernels"],
    ),
    ("tenure-segments", &["tenure-evaluate"]),
    ("tenure-compress", &["tenure-artifact", "tenure-edge", "tenure-evaluate", "tenure-config", "tenure-table"]),
    ("tenure-report", &["tenure-evaluate", "tenure-segments", "tenure-table"]),
    ("tenure-explain", &[]),
    ("tenure-export", &["tenure-artifact"]),
    ("tenure-signing", &["tenure-artifact"]),
];

/// The crates that end up on a device: nothing outside the workspace may be in their closure.
const EDGE_CLOSURE: &[&str] = &["tenure-edge", "tenure-artifact", "tenure-table"];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(crate::tenure::root().join("Cargo.toml"))
        .other_options(vec!["--locked".into(), "--offline".into()])
        .exec()
        .expect("cargo metadata reads the workspace")
}

/// For each crate of the workspace, the names it depends on other than for its tests.
fn direct_dependencies(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let names =
                package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal).map(|d| d.name.clone());
            (package.name.to_string(), names.collect())
        })
        .collect()
}

#[test]
fn heavy_dependencies_live_in_their_homes_only() {
    for (name, dependencies) in direct_dependencies(&metadata()) {
        for (heavy, homes) in HOMES {
            assert!(
                !dependencies.contains(*heavy) || homes.contains(&name.as_str()),
                "{name} depends on {heavy}, which only {homes:?} may know"
            );
        }
    }
}

#[test]
fn crates_use_only_the_crates_below_them() {
    let direct = direct_dependencies(&metadata());
    for (name, allowed) in MAY_USE {
        let used: BTreeSet<_> = direct[*name].iter().filter(|d| d.starts_with("tenure")).collect();
        for dependency in used {
            assert!(allowed.contains(&dependency.as_str()), "{name} uses {dependency}, which is not below it");
        }
    }
    let listed: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    for name in direct.keys().filter(|n| !["tenure", "tenure-tests", "tenure-benches"].contains(&n.as_str())) {
        assert!(listed.contains(name.as_str()), "{name} is not in the table of layers: say what it may use");
    }
}

#[test]
fn the_edge_closure_is_the_workspace_alone() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        if !EDGE_CLOSURE.contains(&package.name.as_str()) {
            continue;
        }
        let outside: Vec<_> = package
            .dependencies
            .iter()
            .filter(|d| d.kind == DependencyKind::Normal && !d.optional && !EDGE_CLOSURE.contains(&d.name.as_str()))
            .map(|d| d.name.as_str())
            .collect();
        assert!(outside.is_empty(), "{} must stand alone, yet depends on {outside:?}", package.name);
    }
}

#[test]
fn wgpu_is_the_one_that_cubecl_brings() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("metadata resolves");
    let dependency_of = |owner: &str| -> BTreeSet<PackageId> {
        let nodes = resolve.nodes.iter().filter(|node| metadata[&node.id].name == owner);
        nodes.flat_map(|node| node.dependencies.clone()).filter(|id| metadata[id].name == "wgpu").collect()
    };
    let ours = dependency_of("tenure-model");
    assert!(!ours.is_empty(), "tenure-model names wgpu");
    assert_eq!(ours, dependency_of("cubecl-wgpu"), "two copies of wgpu: adapters listed are not adapters used");
}

#[test]
fn cubecl_is_the_one_that_burn_brings() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("metadata resolves");
    let of = |owner: &str| -> BTreeSet<(PackageId, Vec<String>)> {
        let nodes = resolve.nodes.iter().filter(|node| metadata[&node.id].name == owner);
        let found = nodes.flat_map(|node| node.dependencies.clone()).filter(|id| metadata[id].name == "cubecl");
        let features = |id: &PackageId| {
            let node = resolve.nodes.iter().find(|node| &node.id == id).expect("what is used is resolved");
            node.features.iter().map(ToString::to_string).collect()
        };
        found.map(|id| (id.clone(), features(&id))).collect()
    };
    let ours = of("tenure-kernels");
    assert_eq!(ours.len(), 1, "tenure-kernels names cubecl");
    assert_eq!(ours, of("burn-wgpu"), "two copies of cubecl: kernels and tensors would not share a device");
}

#[test]
fn heavy_crates_are_built_once() {
    let metadata = metadata();
    for heavy in ["burn", "burn-core", "cubecl-core", "polars-core", "wgpu", "wgpu-core", "naga"] {
        let n_versions = metadata.packages.iter().filter(|package| package.name == heavy).count();
        assert_eq!(n_versions, 1, "{heavy} is in the lock file {n_versions} times");
    }
}
