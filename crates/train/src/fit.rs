//! Training of the whole ensemble over seeds.

use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use tenure_config as plan;
use tenure_encode::Dataset;
use tenure_model::{ChosenDevice, describe};

use crate::checkpoint::{Checkpoints, fingerprint};
use crate::kernels::choose_kernels;
use crate::labels::{fit_head, log_unit_share};
use crate::run::{Run, Setting};
use crate::together::SideBySide;
use crate::trained::check_sequence;
use crate::{EpochRecord, Labels, Observer, TrainError, Trained};

/// What is to be trained.
#[derive(Clone, Copy, Debug)]
pub struct FitJob<'a> {
    /// Rows to learn from.
    pub train: &'a Dataset,
    /// Rows to stop on; never rows of the test partition.
    pub validation: &'a Dataset,
    /// What the target columns hold.
    pub labels: Labels,
    /// The network.
    pub model: &'a plan::Model,
    /// How it is trained.
    pub settings: &'a plan::Train,
    /// Every random choice is derived from it.
    pub seed: u64,
    /// Where.
    pub device: &'a ChosenDevice,
    /// Threads of the CPU that it may take; what is learned does not depend on them.
    pub n_threads: usize,
}

/// Trains `settings.seeds` networks and keeps of each the weights of its best epoch, of as many as
/// [`plan::Train::passes`] says for these rows.
///
/// With `checkpoints`, networks go on where a broken run left them. On the CPU, networks are trained side by side; the
/// result is the same in whatever order they end.
pub fn fit(
    job: FitJob<'_>,
    observer: &mut dyn Observer,
    checkpoints: Option<&Checkpoints>,
) -> Result<Trained, TrainError> {
    check(&job)?;
    let n_rows = job.train.n_rows();
    let settings = plan::Train { epochs: job.settings.passes(n_rows), ..job.settings.clone() };
    let job = FitJob { settings: &settings, ..job };
    let head = fit_head(job.model, job.labels, job.train)?;
    let spec = describe(job.model, &job.train.layout, n_rows, head)?;
    let kernels = choose_kernels(job.settings.kernels, job.model.sequence.is_on(), job.device)?;
    let setting = Setting {
        job,
        spec: &spec,
        fingerprint: fingerprint(&job, &spec),
        log_unit_share: log_unit_share(&spec.head, job.train),
        checkpoints,
        at_once: at_once(&job),
        kernels: kernels.used,
        halted: AtomicBool::new(false),
    };
    let outcomes = train_all(&setting, observer)?;
    let (networks, histories): (Vec<_>, Vec<Vec<EpochRecord>>) = outcomes.into_iter().unzip();
    Ok(Trained::new(networks, histories.concat(), job.device.device.clone(), kernels))
}

fn check(job: &FitJob<'_>) -> Result<(), TrainError> {
    let n_rows = job.train.n_rows();
    if n_rows < 2 {
        return Err(TrainError::TooFewRows { n_rows });
    }
    if job.validation.n_rows() == 0 {
        return Err(TrainError::NoValidation);
    }
    let label = job.train.target[0];
    if job.labels == Labels::Churn && job.train.target.iter().all(|y| *y == label) {
        return Err(TrainError::OneClass { label });
    }
    let (expected, found) = (job.train.n_targets(), job.validation.n_targets());
    if expected != found {
        return Err(TrainError::Targets { labels: job.labels, found });
    }
    let (expected, found) = (job.train.layout.widths(), job.validation.layout.widths());
    if expected != found {
        return Err(TrainError::Layout { expected, found });
    }
    check_sequence(job.model.sequence.is_on(), &job.train.layout, &job.validation.layout)
}

type Outcome = (tenure_model::Network, Vec<EpochRecord>);

/// Networks in the order of their seeds. An error in one ends the others at their next epoch.
fn train_all(setting: &Setting<'_>, observer: &mut dyn Observer) -> Result<Vec<Outcome>, TrainError> {
    let networks: Vec<usize> = (0..setting.job.settings.seeds.max(1)).collect();
    let observer = Mutex::new(observer);
    let together = SideBySide { at_once: setting.at_once, n_threads: setting.job.n_threads, halted: &setting.halted };
    together.run(networks, |_, network, n_threads| Run::start(setting, network, n_threads)?.finish(&observer))
}

/// Networks trained at once: a GPU does one after the other.
fn at_once(job: &FitJob<'_>) -> usize {
    if job.device.info.kind == plan::DeviceKind::Gpu { 1 } else { job.n_threads.min(job.settings.seeds).max(1) }
}
