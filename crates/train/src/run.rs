//! One network from its start, or its checkpoint, to the weights of its best epoch.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_artifact::{Backbone, Head, NetworkSpec};
use tenure_model::{Graph, Network, cross_entropy, initial_weights, value_losses};

use crate::checkpoint::{Checkpoints, Saved};
use crate::dropout::Masks;
use crate::fit::FitJob;
use crate::optimizer::{AdamW, State};
use crate::resident::{Resident, Rows};
use crate::schedule::{flat_cosine, rate};
use crate::score::Validation;
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
    pub(crate) n_threads: usize,
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
    optimizer: AdamW,
    rows: Resident,
    validation: Validation,
    state: State,
    best: Best,
    history: Vec<EpochRecord>,
}

impl<'a> Run<'a> {
    /// Prepares a network: from its checkpoint where there is one, else from weights drawn from the seed.
    pub(crate) fn start(setting: &'a Setting<'a>, network: usize) -> Result<Self, TrainError> {
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
            optimizer: AdamW::new(spec, job.settings.beta2, job.settings.clip_norm, device),
            rows: Resident::upload(job.train, &spec.head, job.settings, device),
            validation: Validation::upload(job.validation, spec, device),
            state,
            best,
            history,
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
            self.write_checkpoint()?;
            let progress = self.progress(record);
            let flow = observer.lock().unwrap_or_else(PoisonError::into_inner).epoch(&progress);
            if flow == ControlFlow::Break(()) {
                return Err(TrainError::Stopped { epoch: record.epoch });
            }
        }
        Ok((Network::with_flat(self.graph, self.best.weights), self.history))
    }

    fn is_over(&self) -> bool {
        let (done, settings) = (self.history.len(), self.setting.job.settings);
        done >= settings.epochs || done - self.best.epoch >= settings.patience.max(1)
    }

    fn write_checkpoint(&self) -> Result<(), TrainError> {
        let every = self.setting.job.settings.checkpoint_every;
        let Some(checkpoints) = self.setting.checkpoints.filter(|_| every > 0) else { return Ok(()) };
        if !self.history.len().is_multiple_of(every) && !self.is_over() {
            return Ok(());
        }
        let saved = Saved::of(&self.setting.fingerprint, &self.state, &self.best, &self.history)?;
        checkpoints.write(self.network, &saved)
    }

    fn progress(&self, record: EpochRecord) -> Progress {
        let (n_epochs, n_networks) = (self.setting.job.settings.epochs, self.setting.job.settings.seeds.max(1));
        let per_epoch = record.seconds / record.epoch as f64;
        let waiting = n_networks.saturating_sub(self.network + 1) / self.setting.n_threads.max(1);
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
        let network = Network::with_flat(self.graph.clone(), self.state.weights.clone());
        let score = self.validation.score(&network)?;
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
            rows_per_second: self.rows.n_rows() as f64 / seconds.max(1e-9),
            seconds: self.history.last().map_or(0.0, |r| r.seconds) + seconds,
        })
    }

    /// Every batch once, in an order drawn from the seed. The loss is read once, at the end.
    fn train_epoch(&mut self, epoch: usize) -> Result<(f64, f64), TrainError> {
        let job = &self.setting.job;
        let device = &job.device.device;
        let (n_rows, n_epochs) = (self.rows.n_rows(), job.settings.epochs as f64);
        let n_batches = n_rows.div_ceil(job.settings.batch_size.max(1));
        let mut rng = stream(job.seed, self.network, epoch);
        let order = shuffled(n_rows, &mut rng, device);
        let regularisation = self.regularisation((epoch - 1) as f64 / n_epochs);
        let mut masks = self.masks(regularisation, n_rows.div_ceil(n_batches), &mut rng);
        let mut total = Tensor::<1>::zeros([1], device);
        let mut learning_rate = 0.0;
        for batch in 0..n_batches {
            let t = (epoch as f64 - 1.0 + batch as f64 / n_batches as f64) / n_epochs;
            learning_rate = job.settings.learning_rate * rate(job.settings.schedule, t);
            // Batches differ by one row at most, so that none is a remainder with a noisy gradient.
            let (start, end) = (batch * n_rows / n_batches, (batch + 1) * n_rows / n_batches);
            let rows = self.rows.gather(order.clone().narrow(0, start, end - start));
            let (gradient, loss) = self.gradient(&rows, &masks.next(self.mask_shape(end - start)), end - start);
            let decay = job.settings.weight_decay * regularisation;
            self.state = self.optimizer.step(self.state.clone(), gradient, learning_rate, decay);
            total = total + loss;
        }
        let total: f32 =
            total.try_into_scalar().map_err(|e| tenure_model::DeviceError::Compute { message: e.to_string() })?;
        Ok((f64::from(total) / n_rows as f64, learning_rate))
    }

    /// The factor on dropout and weight decay.
    fn regularisation(&self, t: f64) -> f64 {
        if matches!(self.setting.spec.backbone, Backbone::Realmlp(_)) { flat_cosine(t) } else { 1.0 }
    }

    fn masks(&self, regularisation: f64, n_rows: usize, rng: &mut ChaCha8Rng) -> Masks {
        let hidden = self.setting.spec.backbone.hidden();
        let share = hidden.map_or(0.0, |h| h.dropout) * regularisation;
        let largest = self.mask_shape(n_rows).iter().product();
        Masks::draw(share, hidden.map_or(0, |h| h.blocks), largest, rng, &self.setting.job.device.device)
    }

    fn mask_shape(&self, n_rows: usize) -> [usize; 3] {
        let backbone = self.setting.spec.backbone;
        [backbone.members(), n_rows, backbone.hidden().map_or(0, |h| h.width)]
    }

    /// The gradient of the batch's mean loss `[P]`, and the sum of its losses `[1]`.
    fn gradient(&self, rows: &Rows, masks: &[Tensor<3>], n_rows: usize) -> (Tensor<1>, Tensor<1>) {
        let track = |leaf: Tensor<1>| leaf.autodiff().require_grad();
        let leaves: Vec<Tensor<1>> = self.graph.leaves(&self.state.weights).into_iter().map(track).collect();
        let loss = match &self.setting.spec.head {
            Head::Binary => churn_loss(self.graph.forward(&leaves, &rows.batch, masks), rows),
            head => value_loss(head, &self.graph.outputs(&leaves, &rows.batch, masks), rows),
        };
        let mut gradients = loss.clone().div_scalar(n_rows as f64).backward();
        let of = |leaf: &Tensor<1>| {
            let none = || Tensor::zeros(leaf.dims(), &self.setting.job.device.device);
            leaf.grad_remove(&mut gradients).unwrap_or_else(none)
        };
        (Tensor::cat(leaves.iter().map(of).collect(), 0), loss.inner())
    }
}

/// Sum over rows of the mean of the members' losses, never the loss of their mean: each member learns as if alone.
///
/// # Shapes
/// `logits [B, K]` → `[1]`
fn churn_loss(logits: Tensor<2>, rows: &Rows) -> Tensor<1> {
    (cross_entropy(logits, rows.target.clone()).mean_dim(1) * rows.weight.clone()).sum()
}

/// The same for a head that says something of value. Members are averaged at scoring by their distributions, so that the
/// ensemble's expected value is the mean of the members' expected values: the mean of log-normals is no log-normal, and
/// the mean of their parameters would forget how far the members disagree.
///
/// # Shapes
/// `outputs [K, B, O]` → `[1]`
fn value_loss(head: &Head, outputs: &Tensor<3>, rows: &Rows) -> Tensor<1> {
    let [_, b, _] = outputs.dims();
    let loss = value_losses(head, outputs, &rows.target).mean_dim(0);
    (loss.reshape([b, 1]) * rows.weight.clone()).sum()
}

/// The random numbers of one epoch of one network; epoch 0 draws the starting weights.
fn stream(seed: u64, network: usize, epoch: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((network as u64) << 32) | epoch as u64);
    rng
}

fn shuffled(n_rows: usize, rng: &mut ChaCha8Rng, device: &Device) -> Tensor<1, Int> {
    let end = i32::try_from(n_rows).expect("fewer than 2³¹ rows");
    let mut order: Vec<i32> = (0..end).collect();
    order.shuffle(rng);
    Tensor::from_data(TensorData::new(order, [n_rows]), device)
}
