//! A bundle as a C header: an array for firmware that links the edge runtime.

use std::fmt::Write;

use tenure_artifact::bundle::{Bundle, BundleError};

const PER_LINE: usize = 16;

/// A C (C99 and newer) or C++ header with the bundle's bytes as `NAME`, 64-byte aligned, and `NAME_size`.
///
/// `name` is made an identifier. The columns stand in a comment, in the order of a row.
pub fn header(file: &[u8], name: &str) -> Result<String, BundleError> {
    let found = Bundle::describe(file)?;
    let name = identifier(name);
    let guard = format!("TENURE_{}_H", name.to_uppercase());
    let mut text = String::with_capacity(file.len() * 6 + 2048);
    text.push_str("/* A Tenure bundle, for tenure_load() of tenure.h. Made by `tenure export --format header`.\n");
    let _ = writeln!(text, " * task {}, digest {:016x}, columns in the order of a row:", found.task, found.digest);
    for (column, kind) in &found.inputs {
        let _ = writeln!(text, " *   {}: {kind}", comment(column));
    }
    for threshold in &found.thresholds {
        let _ = writeln!(text, " * threshold {}: {}", comment(&threshold.name), threshold.at);
    }
    let _ = write!(text, " */\n#ifndef {guard}\n#define {guard}\n\n#include <stddef.h>\n\n{ALIGN}");
    let _ = writeln!(text, "static const size_t {name}_size = {};", file.len());
    let _ = writeln!(text, "TENURE_ALIGNED_64 static const unsigned char {name}[{}] = {{", file.len());
    for line in file.chunks(PER_LINE) {
        text.push_str("  ");
        for byte in line {
            text.push_str(&format!("0x{byte:02x},"));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "}};\n\n#endif /* {guard} */");
    Ok(text)
}

/// Alignment as each dialect spells it.
const ALIGN: &str = "\
#ifndef TENURE_ALIGNED_64
#  if defined(__cplusplus) && __cplusplus >= 201103L
#    define TENURE_ALIGNED_64 alignas(64)
#  elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#    define TENURE_ALIGNED_64 _Alignas(64)
#  elif defined(__GNUC__)
#    define TENURE_ALIGNED_64 __attribute__((aligned(64)))
#  else
#    define TENURE_ALIGNED_64
#  endif
#endif

";

/// A C identifier of this name.
fn identifier(name: &str) -> String {
    let mut name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "bundle_");
    }
    name
}

/// Text that neither ends a comment nor its line.
fn comment(text: &str) -> String {
    text.replace("*/", "* /").replace("/*", "/ *").replace(['\n', '\r', '\\'], " ")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use tenure_artifact::bundle::{Answer, Centroids, Policy};
    use tenure_artifact::{Encoder, InputColumn};

    use super::*;

    fn bundle() -> Vec<u8> {
        Bundle {
            inputs: vec![InputColumn::new("phone */ int x; /*", Encoder::Presence)],
            network: None,
            answer: Answer::Segment(Centroids::new(&[0.0, 1.0], 1)),
            thresholds: vec![],
            policy: Policy::default(),
            samples: vec![],
            metadata: vec![],
            signature: None,
        }
        .to_bytes()
    }

    /// The program prints alignment, size, sum and last byte of the array.
    const PROGRAM: &str = "#include <stdio.h>\n#include <stdint.h>\n#include \"b.h\"\nint main(void) {\n\
        unsigned long sum = 0; for (size_t i = 0; i < b_size; i++) sum += b[i] * (unsigned long)(i + 1);\n\
        printf(\"%d %zu %lu\\n\", (int)((uintptr_t)b % 64), sizeof b, sum); return 0; }\n";

    #[test]
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    fn a_c_compiler_reads_the_same_bytes() {
        if Command::new("cc").arg("--version").output().is_err() {
            eprintln!("skipped: no C compiler");
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        let file = bundle();
        std::fs::write(dir.path().join("b.h"), header(&file, "b").expect("a whole bundle")).expect("written");
        let sum: u64 = file.iter().zip(1..).map(|(byte, place)| u64::from(*byte) * place).sum();
        for (standard, source) in [("c99", "m.c"), ("c11", "m.c"), ("c++11", "m.cpp")] {
            let source = dir.path().join(source);
            std::fs::write(&source, PROGRAM).expect("written");
            let program = dir.path().join("m");
            let compiled = Command::new("cc")
                .args(["-Wall", "-Wextra", "-Werror", "-o"])
                .arg(&program)
                .arg(format!("-std={standard}"))
                .arg(&source)
                .output()
                .expect("the compiler starts");
            let said = String::from_utf8_lossy(&compiled.stderr).into_owned();
            if standard.starts_with("c++") && said.contains("cc1plus") {
                eprintln!("skipped: no C++ compiler");
                continue;
            }
            assert!(compiled.status.success(), "{standard}: {said}");
            let printed = Command::new(&program).output().expect("it runs").stdout;
            assert_eq!(String::from_utf8_lossy(&printed), format!("0 {} {sum}\n", file.len()), "{standard}");
        }
    }

    #[test]
    fn names_become_identifiers() {
        assert_eq!(["my-model", "2026", ""].map(identifier), ["my_model", "bundle_2026", "bundle_"]);
    }
}
