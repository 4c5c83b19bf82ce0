//! The program as its users start it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The folder that holds `Cargo.toml`.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests folder lies in the workspace").to_path_buf()
}

/// A real data file, or none where the folder of public data is missing; a test without it says that it is skipped.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let path = root().join("../shared/data").join(name);
    if path.is_file() {
        return Some(path.canonicalize().expect("a file that is there has a path"));
    }
    eprintln!("skipped: {} is not here; configs/ say where the public original is", path.display());
    None
}

/// The program with these arguments, in the workspace's root, with no terminal.
pub fn command<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenure-under-test"));
    command.args(arguments).current_dir(root()).env("NO_COLOR", "1");
    command
}

/// What the program did.
pub struct Done {
    /// Its exit code.
    pub code: i32,
    /// Its results.
    pub stdout: String,
    /// Its messages.
    pub stderr: String,
}

/// Runs the program to its end.
pub fn run<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Done {
    finished(&command(arguments).output().expect("the program starts"))
}

/// Runs the program to an end without errors and gives its standard output.
pub fn succeed<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> String {
    let done = run(arguments);
    assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
    done.stdout
}

/// What became of a process.
pub fn finished(output: &Output) -> Done {
    Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The only run in a folder of runs.
pub fn only_run(runs: &Path) -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir(runs)
        .expect("the folder of runs is there")
        .map(|entry| entry.expect("the folder can be listed").path())
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// `--set run.dir="…"`
pub fn into(runs: &Path) -> [String; 2] {
    ["--set".into(), format!("run.dir={:?}", runs.display().to_string())]
}

/// `--set data.files=["…"]`
pub fn reading(file: &Path) -> [String; 2] {
    ["--set".into(), format!("data.files=[{:?}]", file.display().to_string())]
}

/// These arguments, with runs in this folder.
pub fn arguments(fixed: &[&str], more: &[&str], runs: &Path) -> Vec<String> {
    fixed.iter().chain(more).map(ToString::to_string).chain(into(runs)).collect()
}

/// What a file of JSON holds.
pub fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Fails unless a run that is killed after its first checkpoint is not complete, and resumes to the metrics of one that
/// was not killed. `arguments` are those of a run in a folder, with enough epochs that the kill falls before the end.
pub fn check_resuming(arguments: impl Fn(&Path) -> Vec<String>) {
    let folder = || tempfile::tempdir().expect("a temporary folder");
    let (whole, killed) = (folder(), folder());
    succeed(arguments(whole.path()));

    let mut child = command(arguments(killed.path())).spawn().expect("the program starts");
    let checkpoint = wait_for_checkpoint(killed.path());
    child.kill().expect("it runs");
    child.wait().expect("it was started");
    let run = only_run(killed.path());
    assert!(checkpoint.is_file() && !run.join("DONE").exists());
    assert!(!run.join("metrics.json").exists(), "the run was over before it was killed");

    succeed(["run".as_ref(), "--quiet".as_ref(), "--resume".as_ref(), run.as_os_str()]);
    assert!(run.join("DONE").exists());
    let metrics = |run: &Path| json(&run.join("metrics.json"));
    assert_eq!(metrics(&run), metrics(&only_run(whole.path())));
}

fn wait_for_checkpoint(runs: &Path) -> PathBuf {
    let begin = Instant::now();
    loop {
        let run = std::fs::read_dir(runs).ok().and_then(|mut entries| entries.next());
        let run = run.map(|entry| entry.expect("the folder can be listed").path());
        let checkpoint = run.map(|run| run.join("checkpoints/partition-0/network-0.checkpoint"));
        if let Some(checkpoint) = checkpoint.filter(|checkpoint| checkpoint.is_file()) {
            return checkpoint;
        }
        assert!(begin.elapsed() < Duration::from_mins(4), "no checkpoint was written");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Whether an adapter is there. In CI one must be: it installs software Vulkan and says so.
pub fn gpu_or_skip() -> bool {
    let found = tenure_model::adapters().iter().any(tenure_model::AdapterInfo::usable);
    let required = std::env::var_os("TENURE_REQUIRE_GPU").is_some();
    assert!(found || !required, "TENURE_REQUIRE_GPU is set, and no driver offers an adapter that can be used");
    if !found {
        eprintln!("skipped: no driver offers an adapter that can be used");
    }
    found
}
