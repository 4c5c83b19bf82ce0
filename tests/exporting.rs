//! Bundles in other formats, as a user asks for them. What ONNX Runtime makes of them: `benches/peers/export.py`.

use std::fs;
use std::path::PathBuf;

use crate::tenure::{root, run, succeed};

fn golden(name: &str) -> PathBuf {
    root().join(format!("crates/edge/tests/golden/{name}.tenure"))
}

#[test]
fn every_format_is_written_and_the_same_each_time() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let formats = [
        ("onnx", "v1-value-32", b"\x08\x08\x12\x06".as_slice()),
        ("onnx-int8", "v1-compact-8", b"\x08\x08\x12\x06"),
        ("safetensors", "v1-segment-8", b""),
        ("header", "v1-churn-4", b"/* A Tenure bundle"),
    ];
    for (format, bundle, start) in formats {
        let mut made = Vec::new();
        for name in ["one", "two"] {
            let target = dir.path().join(name);
            let bundle = golden(bundle);
            succeed([
                "export".as_ref(),
                bundle.as_os_str(),
                "--format".as_ref(),
                format.as_ref(),
                "-o".as_ref(),
                target.as_os_str(),
            ]);
            let text = fs::read(&target).expect("written");
            made.push(String::from_utf8_lossy(&text).replace("TWO", "ONE").replace("two", "one").into_bytes());
            assert!(text.starts_with(start), "{format}");
        }
        assert_eq!(made[0], made[1], "{format}");
    }
}

#[test]
fn a_format_that_has_no_words_for_a_bundle_says_which_has() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let target = dir.path().join("x");
    let refused = |format: &str, bundle: PathBuf| {
        let done = run([
            "export".as_ref(),
            bundle.as_os_str(),
            "--format".as_ref(),
            format.as_ref(),
            "-o".as_ref(),
            target.as_os_str(),
        ]);
        assert!(!target.exists(), "{format}");
        (done.code, done.stderr)
    };
    let (code, said) = refused("onnx", golden("v1-churn-8"));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("needs a network in f32, found one in int8") && said.contains("`onnx-int8` says"), "{said}");
    let (code, said) = refused("onnx-int8", golden("v1-value-32"));
    assert_eq!(code, 2, "{said}");
    let (code, said) = refused("header", root().join("README.md"));
    assert_eq!(code, 5, "{said}");
    assert!(said.contains("not a Tenure bundle"), "{said}");
}
