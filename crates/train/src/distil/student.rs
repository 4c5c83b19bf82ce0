//! A student that goes on learning while it is rounded to integers.

use burn::tensor::{Tensor, TensorData};
use tenure_artifact::bundle::Scheme;
use tenure_config as plan;
use tenure_model::{ChosenDevice, Graph, Network};

use super::Lesson;
use crate::epoch::EpochPlan;
use crate::optimizer::State;
use crate::plain::Plain;
use crate::{FitJob, TrainError, Trained, n_cores};

/// The peak learning rate, as a share of the student's: it is nearly there.
const RATE_SHARE: f64 = 0.1;
/// Draws other orders of rows than the student has seen before.
const STREAM: usize = 1;

/// A student, and what it learned from.
pub struct Student {
    pub(super) trained: Trained,
    pub(super) lesson: Lesson,
    pub(super) model: plan::Model,
    pub(super) settings: plan::Train,
    pub(super) seed: u64,
}

impl Student {
    /// The student, of one plain network.
    pub fn trained(&self) -> &Trained {
        &self.trained
    }

    /// The student after so many epochs more, in which it answers as integers of this scheme and learns from the same
    /// targets: quantization-aware training.
    pub fn rounded(&self, scheme: &Scheme, epochs: usize, device: &ChosenDevice) -> Result<Trained, TrainError> {
        let learning_rate = RATE_SHARE * self.settings.learning_rate;
        let settings = plan::Train { epochs, learning_rate, ..self.settings };
        let job = FitJob {
            train: &self.lesson.train,
            validation: &self.lesson.validation,
            labels: self.lesson.labels,
            model: &self.model,
            settings: &settings,
            seed: self.seed,
            device,
            n_threads: n_cores(),
        };
        let network = &self.trained.networks()[0];
        let (spec, weights) = (network.spec(), network.weights()?);
        let steps = Plain::rounded(&job, spec, scheme);
        let n = weights.len();
        let mut state = State::start(Tensor::from_data(TensorData::new(weights, [n]), &device.device));
        for epoch in 1..=epochs {
            let plan = EpochPlan::new(&job, spec, STREAM, epoch);
            let loss = steps.epoch(&mut state, &plan)? / plan.order.len() as f64;
            if !loss.is_finite() {
                return Err(TrainError::NonFinite { epoch, loss, learning_rate });
            }
        }
        let learned = Network::with_flat(Graph::new(spec, &device.device), state.weights);
        Ok(Trained::new(vec![learned], Vec::new(), device.device.clone(), self.trained.kernels().clone()))
    }
}
