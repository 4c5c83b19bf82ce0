//! `tenure run` and `tenure rerun`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use serde_json::json;
use tenure_config::{Overrides, Resolved, Sweep, lock, resolve};

use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::pipeline::{self, Job, Outcome};
use crate::progress::Progress;
use crate::run_dir::RunDir;

/// Runs an experiment, every point of a sweep, or what is left of an unfinished run.
pub fn run(args: &args::Run, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    if let Some(run) = &args.resume {
        let dir = RunDir::open_unfinished(run)?;
        let resolved = resolve(&dir.file(RunDir::LOCK), &Overrides::default())?;
        return one(&resolved, &dir, output, progress);
    }
    let file = args.file.as_deref().expect("clap asks for the file unless a run is resumed");
    let sweep = Sweep::parse(&args.sweep)?;
    let resolved = resolve_points(file, &args.set, &sweep)?;
    let mut exit = Exit::Done;
    let is_sweep = sweep.points().len() > 1;
    for (resolved, point) in resolved.iter().zip(sweep.points()) {
        let dir = create(resolved, if is_sweep { &point.name } else { "" })?;
        let outcome = one(resolved, &dir, output, progress)?;
        exit = if exit == Exit::Done { outcome } else { exit };
    }
    Ok(exit)
}

/// Every point resolves before the first one runs: a sweep must not fail at its last point.
fn resolve_points(file: &Path, set: &[String], sweep: &Sweep) -> Result<Vec<Resolved>, Failure> {
    let resolve_point = |point: &tenure_config::Point| {
        let set = set.iter().chain(&point.set).cloned().collect();
        resolve(file, &Overrides { set })
    };
    Ok(sweep.points().iter().map(resolve_point).collect::<Result<_, _>>()?)
}

fn create(resolved: &Resolved, point: &str) -> Result<RunDir, Failure> {
    let plan = &resolved.plan;
    let name = [plan.experiment.name.as_str(), point].into_iter().filter(|part| !part.is_empty());
    let name = name.collect::<Vec<_>>().join("-");
    Ok(RunDir::create(Path::new(&plan.run.dir), &name, &lock(plan, &resolved.origins), Utc::now())?)
}

fn one(resolved: &Resolved, dir: &RunDir, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    progress.say(&format!("run: {}", dir.path().display()));
    let outcome = execute(resolved, dir, progress)?;
    output.result(|| outcome.text(dir), || outcome.json(dir));
    let bundled = if resolved.plan.run.bundle {
        super::compress::of_run(dir, resolved, 0, &dir.file(super::compress::BUNDLE), output, progress)?
    } else {
        Exit::Done
    };
    Ok(if outcome.passes() { bundled } else { Exit::Gate })
}

fn execute(resolved: &Resolved, dir: &RunDir, progress: &mut Progress) -> Result<Outcome, Failure> {
    let job = Job { resolved, dir, started: started(dir), interrupted: &on_interrupt(dir) };
    pipeline::run(&job, progress)
}

/// When the run began: now, unless it is resumed and says so itself.
fn started(dir: &RunDir) -> DateTime<Utc> {
    let recorded = || -> Option<DateTime<Utc>> {
        let record: serde_json::Value = dir.read_json("run.json", "the record of a run").ok()?;
        record["started_at"].as_str()?.parse().ok()
    };
    recorded().unwrap_or_else(Utc::now)
}

/// The first Ctrl-C asks training to stop after its epoch and checkpoint; the second ends the program at once.
fn on_interrupt(dir: &RunDir) -> Arc<AtomicBool> {
    let asked = Arc::new(AtomicBool::new(false));
    let (flag, path) = (Arc::clone(&asked), dir.path().display().to_string());
    // A second run of a sweep finds the handler set already; its own flag then stays unset and Ctrl-C still ends it.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        anstream::eprintln!(
            "\nstopping after this epoch (again to stop at once); `tenure run --resume {path}` goes on"
        );
    });
    asked
}

/// Runs a finished run's experiment again and compares the metrics.
pub fn rerun(args: &args::Rerun, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    let before = RunDir::open_complete(&args.run)?;
    let resolved = resolve(&before.file(RunDir::LOCK), &Overrides::default())?;
    let dir = create(&resolved, "rerun")?;
    progress.say(&format!("run: {}", dir.path().display()));
    // With the first run's record beside it, the load refuses data that have changed.
    dir.write("data.lock.json", before.read("data.lock.json")?.as_bytes())?;
    execute(&resolved, &dir, progress)?;
    if before.read("metrics.json")? != dir.read("metrics.json")? {
        return Err(Failure::integrity(
            format!("the metrics differ: compare {} and {}", before.path().display(), dir.path().display()),
            "another device, driver or version computes other bits; `tenure compare` says whether it matters",
        ));
    }
    let (old, new) = (before.path().display().to_string(), dir.path().display().to_string());
    output.result(
        || format!("{new} has the metrics of {old}, to the bit\n"),
        || json!({ "run": old, "rerun": new, "identical": true }),
    );
    Ok(Exit::Done)
}
