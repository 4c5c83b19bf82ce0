//! One network from its start, or its checkpoint, to the weights of its best epoch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use tenure_artifact::NetworkSpec;
use tenure_model::{DeviceError, Graph, Network, initial_weights};

use crate::checkpoint::{Checkpoints, Saved};
use crate::epoch::{EpochPlan, stream};
use crate::fit::FitJob;
use crate::fused::Fused;
use crate::kernels::KernelsUsed;
use crate::optimizer::State;
use crate::plain::Plain;
use crate::score::{Forward, Validation};
use crate::{EpochRecord, Observer, Progress, TrainError};

/// What all networks of an ensemble have in common.
pub(crate) struct Setting<'a> {
    pub(crate) job: FitJob<'a>,
    pub(crate) spec: &'a NetworkSpec,
    /// Identifies data, network, settings, seed and device.
    pub(crate) fingerprint: String,
    /// What the mean loss in the head's unit of value lacks of the mean loss in the units of the data.
    pub(crate) log_unit_share: f64,
    pub(crate) checkpoints: Option<&'a Checkpoints>,
    /// Networks trained at once.
    pub(crate) at_once: usize,
    /// What computes their steps.
    pub(crate) kernels: KernelsUsed,
    /// Set when one of them has failed.
    pub(crate) halted: AtomicBool,
}

/// What computes the steps of one network.
enum Steps<'a> {
    Plain(Box<Plain>),
    Fused(Box<Fused<'a>>),
}

impl<'a> Steps<'a> {
    fn new(setting: &Setting<'a>, n_threads: usize, state: &State) -> Result<Self, DeviceError> {
        let (job, spec) = (&setting.job, setting.spec);
        match setting.kernels {
            KernelsUsed::Plain => Ok(Self::Plain(Box::new(Plain::new(job, spec)))),
            KernelsUsed::Fused => Ok(Self::Fused(Box::new(Fused::new(job, spec, n_threads, state)?))),
        }
    }

    /// Goes through the steps of an epoch; gives the sum of all losses.
    fn epoch(&mut self, state: &mut State, plan: &EpochPlan) -> Result<f64, DeviceError> {
        match self {
            Self::Plain(plain) => plain.epoch(state, plan),
            Self::Fused(fused) => Ok(fused.epoch(state, plan)),
        }
    }
}

/// The best weights so far.
#[derive(Clone, Debug)]
pub(crate) struct Best {
    pub(crate) weights: Tensor<1>,
    pub(crate) loss: f64,
    /// 0 before the first epoch.
    pub(crate) epoch: usize,
}

/// One network in training.
pub(crate) struct Run<'a> {
    setting: &'a Setting<'a>,
    network: usize,
    graph: Graph,
    steps: Steps<'a>,
    validation: Validation<'a>,
    state: State,
    best: Best,
    history: Vec<EpochRecord>,
    last_checkpoint: Instant,
}

/// A checkpoint waits for the disk, which takes as long as an epoch of a small table. A kill costs this much work at most.
const BETWEEN_CHECKPOINTS: Duration = Duration::from_secs(2);

impl<'a> Run<'a> {
    /// Prepares a network, to be trained with so many threads: from its checkpoint where there is one, else from weights
    /// drawn from the seed.
    pub(crate) fn start(setting: &'a Setting<'a>, network: usize, n_threads: usize) -> Result<Self, TrainError> {
        let (job, spec) = (&setting.job, setting.spec);
        let device = &job.device.device;
        let saved = setting.checkpoints.map(|c| c.read(network, &setting.fingerprint)).transpose()?.flatten();
        let (state, best, history) = match saved {
            Some(saved) => saved.restore(device),
            None => Self::fresh(setting, network),
        };
        Ok(Self {
            setting,
            network,
            graph: Graph::new(spec, device),
            steps: Steps::new(setting, n_threads, &state)?,
            validation: Validation::new(job.validation, spec, device, setting.kernels),
            state,
            best,
            history,
            last_checkpoint: Instant::now(),
        })
    }

    fn fresh(setting: &Setting<'_>, network: usize) -> (State, Best, Vec<EpochRecord>) {
        let job = &setting.job;
        let seed = stream(job.seed, network, 0).next_u64();
        let weights = initial_weights(setting.spec, job.model.frequency_scale, seed);
        let n = weights.len();
        let weights = Tensor::from_data(TensorData::new(weights, [n]), &job.device.device);
        let best = Best { weights: weights.clone(), loss: f64::INFINITY, epoch: 0 };
        (State::start(weights), best, Vec::new())
    }

    /// Trains until the last epoch, or until patience is out.
    pub(crate) fn finish(
        mut self,
        observer: &Mutex<&mut dyn Observer>,
    ) -> Result<(Network, Vec<EpochRecord>), TrainError> {
        while !self.is_over() {
            let record = self.epoch()?;
            self.history.push(record);
            let progress = self.progress(record);
            let flow = observer.lock().unwrap_or_else(PoisonError::into_inner).epoch(&progress);
            let stops = flow.is_break() || self.setting.halted.load(Ordering::Acquire);
            self.write_checkpoint(stops || self.is_over())?;
            if stops {
                return Err(TrainError::Stopped { epoch: record.epoch });
            }
        }
        Ok((Network::with_flat(self.graph, self.best.weights), self.history))
    }

    fn is_over(&self) -> bool {
        let (done, settings) = (self.history.len(), self.setting.job.settings);
        done >= settings.epochs || done - self.best.epoch >= settings.patience.max(1)
    }

    /// Writes a checkpoint where one is due; `last` where no epoch follows.
    fn write_checkpoint(&mut self, last: bool) -> Result<(), TrainError> {
        let every = self.setting.job.settings.checkpoint_every;
        let Some(checkpoints) = self.setting.checkpoints.filter(|_| every > 0) else { return Ok(()) };
        let is_due = self.history.len().is_multiple_of(every) || self.is_over();
        if !is_due || !(last || self.last_checkpoint.elapsed() >= BETWEEN_CHECKPOINTS) {
            return Ok(());
        }
        let saved = Saved::of(&self.setting.fingerprint, &self.state, &self.best, &self.history)?;
        checkpoints.write(self.network, &saved)?;
        self.last_checkpoint = Instant::now();
        Ok(())
    }

    fn progress(&self, record: EpochRecord) -> Progress {
        let (n_epochs, n_networks) = (self.setting.job.settings.epochs, self.setting.job.settings.seeds.max(1));
        let per_epoch = record.seconds / record.epoch as f64;
        let waiting = n_networks.saturating_sub(self.network + 1) / self.setting.at_once.max(1);
        let epochs_left = n_epochs - record.epoch + waiting * n_epochs;
        Progress {
            record,
            n_networks,
            n_epochs,
            best_epoch: self.best.epoch,
            seconds_left: per_epoch * epochs_left as f64,
        }
    }

    /// One pass over the training rows, and a look at the validation rows.
    fn epoch(&mut self) -> Result<EpochRecord, TrainError> {
        let clock = Instant::now();
        let epoch = self.history.len() + 1;
        let (loss, learning_rate) = self.train_epoch(epoch)?;
        if !loss.is_finite() {
            return Err(TrainError::NonFinite { epoch, loss, learning_rate });
        }
        let score = match &mut self.steps {
            Steps::Plain(_) => {
                let network = Network::with_flat(self.graph.clone(), self.state.weights.clone());
                self.validation.score(Forward::Tensors(&network))?
            }
            // The trainer has the state's weights.
            Steps::Fused(fused) => self.validation.score(Forward::Fused(fused.trainer()))?,
        };
        if !score.loss.is_finite() {
            return Err(TrainError::NonFinite { epoch, loss: score.loss, learning_rate });
        }
        if score.loss < self.best.loss {
            self.best = Best { weights: self.state.weights.clone(), loss: score.loss, epoch };
        }
        let seconds = clock.elapsed().as_secs_f64();
        Ok(EpochRecord {
            network: self.network,
            epoch,
            train_loss: loss + self.setting.log_unit_share,
            validation_loss: score.loss,
            validation_auc: score.auc,
            validation_gini: score.gini,
            learning_rate,
            rows_per_second: self.setting.job.train.n_rows() as f64 / seconds.max(1e-9),
            seconds: self.history.last().map_or(0.0, |r| r.seconds) + seconds,
        })
    }

    /// Every batch once, in an order drawn from the seed: the mean loss, and the last step's rate.
    fn train_epoch(&mut self, epoch: usize) -> Result<(f64, f64), TrainError> {
        let plan = EpochPlan::new(&self.setting.job, self.setting.spec, self.network, epoch);
        let total = self.steps.epoch(&mut self.state, &plan)?;
        Ok((total / plan.order.len() as f64, plan.last_rate()))
    }
}
