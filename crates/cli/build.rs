//! Tells the program which revision it was built from, so that a run can say so.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=../../.git/logs/HEAD");
    let revision = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok();
    let revision = revision.filter(|output| output.status.success());
    let revision = revision.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!("cargo::rustc-env=TENURE_GIT_REVISION={}", revision.unwrap_or_else(|| "unknown".into()));
}
