//! The way the data goes: the one function that reads as the picture in the README.

use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tenure_config::Resolved;
use tenure_report::{RunFacts, RunResults};

use crate::clock::Clock;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::run_dir::RunDir;
use crate::stages::judge::{TestScores, judge};
use crate::stages::learn::Learner;
use crate::stages::tell::{self, Findings};
use crate::stages::{prepare, study};

/// One run to be made, or gone on with.
pub struct Job<'a> {
    /// The experiment.
    pub resolved: &'a Resolved,
    /// Its folder.
    pub dir: &'a RunDir,
    /// When it began.
    pub started: DateTime<Utc>,
    /// Set when the user wants to stop.
    pub interrupted: &'a AtomicBool,
}

/// `run.json`
#[derive(Serialize)]
struct RunRecord<'a> {
    status: &'static str,
    started_at: String,
    tenure_version: &'static str,
    git_revision: &'static str,
    seed: u64,
    device: Option<&'a tenure_model::DeviceInfo>,
    seconds: &'a [(&'static str, f64)],
}

/// From the experiment to its report; the run is complete when this returns.
pub fn run(job: &Job<'_>, progress: &mut Progress) -> Result<RunResults, Failure> {
    let (plan, dir) = (&job.resolved.plan, job.dir);
    let mut clock = Clock::start();
    job.record("running", None, &clock)?;

    let device = tenure_model::select_device(&plan.device)?;
    progress.say(&format!("device: {} ({}), {}", device.info.adapter, device.info.backend, device.info.reason));

    let loaded = prepare::load(plan, dir, progress)?;
    let partitions = prepare::split(plan, &loaded)?;
    let suspects = prepare::suspects(&loaded, &partitions)?;
    clock.lap("load");

    let learner = Learner { plan, loaded: &loaded, device: &device, dir, interrupted: job.interrupted };
    let folds = learner.learn(partitions, progress)?;
    clock.lap("train");

    let scores = TestScores::of(&loaded, &folds, progress)?;
    tell::predictions(dir, &loaded, &scores, folds.len())?;
    let mut evaluation = judge(plan, &loaded, &folds, &scores, progress)?;
    clock.lap("evaluate");

    evaluation.importance = study::importance(plan, &loaded, &folds[0], progress)?;
    let dependence = study::dependence(plan, &loaded, &folds[0], &evaluation.importance, progress)?;
    clock.lap("explain");

    dir.write_json("metrics.json", &evaluation)?;
    let findings = Findings {
        plan,
        settings: job.resolved.origins.settings(),
        loaded: &loaded,
        device: &device,
        folds: &folds,
        suspects: &suspects,
        evaluation,
        dependence,
    };
    let results = findings.results(job.facts(), &clock);
    tell::documents(dir, plan, &results)?;
    clock.lap("report");

    learner.forget_checkpoints()?;
    job.record("complete", Some(&device.info), &clock)?;
    dir.finish()?;
    Ok(results)
}

impl Job<'_> {
    fn record(
        &self,
        status: &'static str,
        device: Option<&tenure_model::DeviceInfo>,
        clock: &Clock,
    ) -> Result<(), Failure> {
        let record = RunRecord {
            status,
            started_at: self.started.to_rfc3339(),
            tenure_version: env!("CARGO_PKG_VERSION"),
            git_revision: env!("TENURE_GIT_REVISION"),
            seed: self.resolved.plan.experiment.seed,
            device,
            seconds: clock.stages(),
        };
        Ok(self.dir.write_json("run.json", &record)?)
    }

    fn facts(&self) -> RunFacts {
        let experiment = &self.resolved.plan.experiment;
        let folder = self.dir.path().file_name().map(|name| name.to_string_lossy().into_owned());
        RunFacts {
            name: experiment.name.clone(),
            id: folder.unwrap_or_default(),
            task: experiment.task.to_string(),
            started_at: self.started.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            command: format!("tenure rerun {}", self.dir.path().display()),
        }
    }
}
