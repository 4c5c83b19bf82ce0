//! What an epoch does, whatever computes it: the order of its rows, its steps' rates and masks, all from the seed.

use std::ops::Range;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tenure_artifact::{Backbone, Head, NetworkSpec};
use tenure_config::Schedule;

use crate::dropout::Draws;
use crate::fit::FitJob;
use crate::plain::mask_shape;
use crate::schedule::{flat_cosine, rate};

/// One epoch.
pub(crate) struct EpochPlan {
    /// Training rows, each once.
    pub(crate) order: Vec<u32>,
    pub(crate) steps: Vec<Step>,
    pub(crate) draws: Draws,
}

/// One step.
pub(crate) struct Step {
    /// Places in the order.
    pub(crate) rows: Range<usize>,
    pub(crate) learning_rate: f64,
    pub(crate) decay: f64,
    /// Where the mask of each hidden layer begins among the draws; none without dropout.
    pub(crate) mask_starts: Vec<usize>,
}

impl EpochPlan {
    /// Epoch `epoch`, from 1, of a network of the ensemble.
    pub(crate) fn new(job: &FitJob<'_>, spec: &NetworkSpec, network: usize, epoch: usize) -> Self {
        let (n_rows, n_epochs) = (job.train.n_rows(), job.settings.epochs as f64);
        let n_batches = n_rows.div_ceil(job.settings.batch_size.max(1));
        let mut rng = stream(job.seed, network, epoch);
        let order = shuffled(n_rows, &mut rng);
        let (decay, noise) =
            regularisation(&spec.backbone, &spec.head, job.settings.schedule, (epoch - 1) as f64 / n_epochs);
        let units = |n: usize| mask_shape(spec, n).iter().product();
        let hidden = spec.backbone.hidden();
        let share = hidden.map_or(0.0, |h| h.dropout) * noise;
        let largest = units(n_rows.div_ceil(n_batches));
        let mut draws = Draws::new(share, hidden.map_or(0, |h| h.blocks), largest, &mut rng);
        let mut step = |batch: usize| {
            let t = (epoch as f64 - 1.0 + batch as f64 / n_batches as f64) / n_epochs;
            // Batches differ by one row at most, so that none is a remainder with a noisy gradient.
            let rows = batch * n_rows / n_batches..(batch + 1) * n_rows / n_batches;
            Step {
                learning_rate: job.settings.learning_rate * rate(job.settings.schedule, t),
                decay: job.settings.weight_decay * decay,
                mask_starts: draws.next(units(rows.len())),
                rows,
            }
        };
        let steps = (0..n_batches).map(&mut step).collect();
        Self { order, steps, draws }
    }

    /// The rate of the last step.
    pub(crate) fn last_rate(&self) -> f64 {
        self.steps.last().map_or(0.0, |step| step.learning_rate)
    }
}

/// The factors on weight decay and on dropout when a share `t` of the epochs is done.
///
/// Of values sums count, not ranks alone: where their rate ends at zero, dropout ends too, or a network that has learned
/// with units missing keeps its lowest and highest answers nearer to the middle than the data say.
fn regularisation(backbone: &Backbone, head: &Head, schedule: Schedule, t: f64) -> (f64, f64) {
    if matches!(backbone, Backbone::Realmlp(_)) {
        return (flat_cosine(t), flat_cosine(t));
    }
    let fades = schedule == Schedule::Cosine && head.value().is_some();
    (1.0, if fades { flat_cosine(t) } else { 1.0 })
}

/// The random numbers of one epoch of one network; epoch 0 draws the starting weights.
pub(crate) fn stream(seed: u64, network: usize, epoch: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((network as u64) << 32) | epoch as u64);
    rng
}

fn shuffled(n_rows: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let end = u32::try_from(n_rows).ok().filter(|n| i32::try_from(*n).is_ok()).expect("fewer than 2³¹ rows");
    let mut order: Vec<u32> = (0..end).collect();
    order.shuffle(rng);
    order
}

#[cfg(test)]
mod tests {
    use tenure_artifact::{Activation, Hidden, LabelStatistics, ValueFamily, ValueHead};

    use super::*;

    #[test]
    fn dropout_fades_where_amounts_are_learned_on_a_schedule_that_ends() {
        let statistics = LabelStatistics { rate: 0.5, log_mean: 0.0, log_sd: 1.0 };
        let value = ValueHead { family: ValueFamily::Ziln, log_unit: 0.0, log_cap: 9.0, horizons: vec![statistics] };
        let hidden = || Hidden { blocks: 1, width: 4, activation: Activation::Relu, dropout: 0.1 };
        let (mlp, realmlp) = (Backbone::Mlp(hidden()), Backbone::Realmlp(hidden()));
        let value = Head::Value(value);
        let (decay, noise) = regularisation(&mlp, &value, Schedule::Cosine, 0.99);
        assert!(decay == 1.0 && noise < 0.01);
        assert_eq!(regularisation(&mlp, &value, Schedule::Constant, 0.99), (1.0, 1.0));
        assert_eq!(regularisation(&mlp, &Head::Binary, Schedule::Cosine, 0.99), (1.0, 1.0));
        let (decay, noise) = regularisation(&realmlp, &Head::Binary, Schedule::Constant, 0.99);
        assert!(decay < 0.01 && noise < 0.01);
    }
}
