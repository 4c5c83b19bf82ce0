//! One file per format version and task stays in the repository: whatever was written is read for ever.
//!
//! `TENURE_BLESS=1` writes the files of the present version; those of earlier versions are never written again.

use std::fs;
use std::path::PathBuf;

use tenure_edge::{Kernel, Model, Workspace};

use crate::made::{compact_bundle, mixed_bundle};

const CASES: [(&str, u8); 5] = [("churn", 8), ("churn", 4), ("value", 32), ("segment", 8), ("compact", 8)];

fn made(case: &str, bits: u8) -> Vec<u8> {
    if case == "compact" { compact_bundle().to_bytes() } else { mixed_bundle(case, bits).to_bytes() }
}

fn path(version: u32, task: &str, bits: u8) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(format!("v{version}-{task}-{bits}.tenure"))
}

#[test]
fn every_golden_bundle_reproduces_its_samples_on_every_kernel() {
    for (task, bits) in CASES {
        let path = path(1, task, bits);
        if std::env::var_os("TENURE_BLESS").is_some() {
            fs::write(&path, made(task, bits)).unwrap();
        }
        let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for kernel in Kernel::available() {
            let model = Model::from_bytes(&file).unwrap().with_kernel(kernel).unwrap();
            let task = if task == "compact" { "churn" } else { task };
            assert_eq!((model.task(), model.samples().len()), (task, 6));
            assert_eq!(model.verify(&mut Workspace::new(&model)), Ok(()), "{}, {kernel:?}", path.display());
        }
    }
}

#[test]
fn the_writer_writes_the_golden_bundles_of_its_version() {
    for (task, bits) in CASES {
        assert!(fs::read(path(1, task, bits)).unwrap() == made(task, bits), "{task}, {bits} bits");
    }
}
