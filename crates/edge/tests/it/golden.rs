//! One file per format version and task stays in the repository: whatever was written is read for ever.
//!
//! `TENURE_BLESS=1` writes the files of the present version; those of earlier versions are never written again.

use std::fs;
use std::path::PathBuf;

use tenure_edge::{Kernel, Model, Workspace};

use crate::made::{compact_bundle, mixed_bundle};

const CASES: [(u32, &str, u8); 11] = [
    (1, "churn", 8),
    (1, "churn", 4),
    (1, "value", 32),
    (1, "segment", 8),
    (1, "compact", 8),
    (2, "money", 32),
    (2, "money", 8),
    (2, "joint", 8),
    (2, "angle", 8),
    (3, "ratio", 8),
    (3, "both", 8),
];
/// What is written now; files of earlier versions are never written again.
const BLESSED: u32 = 3;

fn made(case: &str, bits: u8) -> Vec<u8> {
    if case == "compact" { compact_bundle().to_bytes() } else { mixed_bundle(case, bits).to_bytes() }
}

fn path(version: u32, case: &str, bits: u8) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(format!("v{version}-{case}-{bits}.tenure"))
}

#[test]
fn every_golden_bundle_reproduces_its_samples_on_every_kernel() {
    for (version, case, bits) in CASES {
        let path = path(version, case, bits);
        if version == BLESSED && std::env::var_os("TENURE_BLESS").is_some() {
            fs::write(&path, made(case, bits)).unwrap();
        }
        let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for kernel in Kernel::available() {
            let model = Model::from_bytes(&file).unwrap().with_kernel(kernel).unwrap();
            let task = match case {
                "compact" => "churn",
                "money" | "ratio" => "value",
                "joint" | "both" => "churn+value",
                "angle" => "segment",
                same => same,
            };
            assert_eq!((model.task(), model.samples().len()), (task, 6));
            assert_eq!(model.verify(&mut Workspace::new(&model)), Ok(()), "{}, {kernel:?}", path.display());
        }
    }
}

#[test]
fn the_writer_writes_the_golden_bundles_of_its_version() {
    for (version, case, bits) in CASES {
        assert!(fs::read(path(version, case, bits)).unwrap() == made(case, bits), "{case}, {bits} bits");
    }
}
