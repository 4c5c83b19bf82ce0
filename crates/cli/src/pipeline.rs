//! The way the data goes: what every run has in common, and which task's stages come between.

mod churn;
mod value;

use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use tenure_config::{Plan, Resolved, Task};
use tenure_model::{ChosenDevice, DeviceInfo};
use tenure_report::segments::SegmentResults;
use tenure_report::{RunFacts, RunResults};
use tenure_train::KernelsChoice;

use crate::clock::Clock;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::run_dir::RunDir;
use crate::stages::value::results::ValueResults;
use crate::stages::{learn, segments};
use crate::summary;

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

/// What a run found out, by its task.
pub enum Outcome {
    /// Who leaves.
    Churn(Box<RunResults>),
    /// What customers are worth.
    Value(Box<ValueResults>),
    /// Who customers are.
    Segments(Box<SegmentResults>),
}

/// `run.json`
#[derive(Serialize)]
struct RunRecord<'a> {
    status: &'static str,
    task: &'static str,
    started_at: String,
    tenure_version: &'static str,
    git_revision: &'static str,
    seed: u64,
    device: Option<&'a DeviceInfo>,
    kernels: Option<&'a KernelsChoice>,
    seconds: &'a [(&'static str, f64)],
}

/// From the experiment to its report; the run is complete when this returns.
pub fn run(job: &Job<'_>, progress: &mut Progress) -> Result<Outcome, Failure> {
    match job.plan().experiment.task {
        Task::Churn => trained(job, progress, |course| Ok(Outcome::Churn(Box::new(churn::run(course)?)))),
        Task::Clv | Task::ChurnClv => {
            trained(job, progress, |course| Ok(Outcome::Value(Box::new(value::run(course)?))))
        }
        // Seconds long, and without a network: an unfinished run of segments is begun anew in its folder.
        Task::Segments => Ok(Outcome::Segments(Box::new(segments::run(job, progress)?))),
    }
}

/// A task that trains networks on a device.
fn trained(
    job: &Job<'_>,
    progress: &mut Progress,
    stages: impl FnOnce(&mut Course<'_>) -> Result<Outcome, Failure>,
) -> Result<Outcome, Failure> {
    let mut clock = Clock::start();
    job.record("running", None, None, &clock)?;

    let device = tenure_model::select_device(&job.plan().device)?;
    progress.say(&format!("device: {} ({}), {}", device.info.adapter, device.info.backend, device.info.reason));
    let kernels = job.kernels(&device)?;
    progress.say(&format!("kernels: {}, {}", kernels.used, kernels.reason));

    let outcome = stages(&mut Course { job, device: &device, clock: &mut clock, progress })?;
    clock.lap("report");

    learn::forget_checkpoints(job.dir)?;
    job.record("complete", Some(&device.info), Some(&kernels), &clock)?;
    job.dir.finish()?;
    Ok(outcome)
}

/// What the stages of a task are given.
struct Course<'a> {
    job: &'a Job<'a>,
    device: &'a ChosenDevice,
    clock: &'a mut Clock,
    progress: &'a mut Progress,
}

impl Job<'_> {
    fn plan(&self) -> &Plan {
        &self.resolved.plan
    }

    /// What computes training steps.
    fn kernels(&self, device: &ChosenDevice) -> Result<KernelsChoice, Failure> {
        let plan = self.plan();
        Ok(tenure_train::choose_kernels(plan.train.kernels, plan.model.sequence.is_on(), device)?)
    }

    /// Writes `run.json`.
    pub fn record(
        &self,
        status: &'static str,
        device: Option<&DeviceInfo>,
        kernels: Option<&KernelsChoice>,
        clock: &Clock,
    ) -> Result<(), Failure> {
        let record = RunRecord {
            status,
            task: self.plan().experiment.task.name(),
            started_at: self.started.to_rfc3339(),
            tenure_version: env!("CARGO_PKG_VERSION"),
            git_revision: env!("TENURE_GIT_REVISION"),
            seed: self.plan().experiment.seed,
            device,
            kernels,
            seconds: clock.stages(),
        };
        Ok(self.dir.write_json("run.json", &record)?)
    }

    /// Which run it is.
    pub fn facts(&self) -> RunFacts {
        let experiment = &self.plan().experiment;
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

impl Outcome {
    /// Whether every gate is passed.
    pub fn passes(&self) -> bool {
        let gates = match self {
            Self::Churn(results) => &results.gates,
            Self::Value(results) => &results.gates,
            Self::Segments(_) => return true,
        };
        gates.iter().all(|gate| gate.passed)
    }

    /// What a person reads when a run ends.
    pub fn text(&self, dir: &RunDir) -> String {
        match self {
            Self::Churn(results) => summary::text(results, dir.path()),
            Self::Value(results) => results.text(dir.path()),
            Self::Segments(results) => summary::segments_text(results, dir.path()),
        }
    }

    /// What a program reads when a run ends.
    pub fn json(&self, dir: &RunDir) -> Value {
        match self {
            Self::Churn(results) => summary::json(results, dir.path()),
            Self::Value(results) => results.json(dir.path()),
            Self::Segments(results) => summary::segments_json(results, dir.path()),
        }
    }
}
