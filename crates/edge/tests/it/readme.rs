//! The README's way from a bundle to a score in C and in a browser, in its very commands.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What the README calls the bundle of a run.
const BUNDLE: &str = "runs/<run>/bundle.tenure";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

fn golden() -> PathBuf {
    root().join("crates/edge/tests/golden/v1-churn-8.tenure")
}

/// The only command of the README that begins so.
fn command(start: &str) -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let mut found = readme.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| line.starts_with(start));
    let command = found.next().unwrap_or_else(|| panic!("the README has no command `{start}`")).to_owned();
    assert_eq!(found.next(), None, "`{start}` twice");
    command
}

/// Where nested builds go, and what the README calls it.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme")
}

/// Runs a command of the README in the workspace's root, with its paths made real.
fn run(command: &str, folder: &Path) -> Output {
    let real = |command: &str| {
        command
            .replace(BUNDLE, &golden().display().to_string())
            .replace("target/release", &target().join("release").display().to_string())
            .replace(" site", &format!(" {}", folder.join("site").display()))
            .replace("./score", &folder.join("score").display().to_string())
            .replace("-o score", &format!("-o {}", folder.join("score").display()))
    };
    Command::new("bash")
        .args(["-ec", &real(command)])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_NET_OFFLINE", "true")
        .output()
        .expect("bash starts")
}

fn succeed(command: &str, folder: &Path) -> String {
    let output = run(command, folder);
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "{command}\n{stdout}{stderr}");
    stdout
}

fn has(program: &str) -> bool {
    Command::new("which").arg(program).output().is_ok_and(|output| output.status.success())
}

fn has_wasm() -> bool {
    let printed =
        Command::new("rustc").args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]).output();
    printed.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

#[test]
fn a_c_program_scores_as_the_readme_says() {
    if !has("cc") || !has("cargo") {
        return skipped("no C compiler, or no cargo");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-c");
    std::fs::create_dir_all(&folder).expect("a folder");
    succeed(&command("cargo rustc --release -p tenure-edge --features capi"), &folder);
    succeed(&command("cc "), &folder);
    // The README's columns are those of its own run; the golden bundle has others.
    let scored =
        command("./score").replace(&command("./score")["./score ".len() + BUNDLE.len()..], " spend=30 plan=gold");
    let printed = succeed(&scored, &folder);
    assert!(printed.contains("0."), "{printed}");
    succeed(&format!("./score {BUNDLE}"), &folder);
}

#[test]
fn a_browser_scores_as_the_readme_says() {
    if !has_wasm() {
        return skipped("rustup target add wasm32-unknown-unknown");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-wasm");
    std::fs::create_dir_all(&folder).expect("a folder");
    succeed(&command("crates/edge/wasm/build.sh"), &folder);
    let page = folder.join("site/demo.html");
    assert!(page.is_file());
    if has("node") {
        let node = root().join("crates/edge/tests/node.js");
        let command = format!("node {} {} {BUNDLE}", node.display(), folder.join("site").display());
        succeed(&command, &folder);
    } else {
        skipped("no node");
    }
    if has("chromium") {
        let profile = folder.join("profile");
        let shown = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("file://{}", page.display()))
            .output()
            .expect("it starts");
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(shown.contains("own samples reproduced to the bit"), "{shown}");
    } else {
        skipped("no chromium");
    }
}
