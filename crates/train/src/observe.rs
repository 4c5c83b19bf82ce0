//! What training tells while it runs.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

/// One pass over the training rows, as kept in a run's history.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Which network of the ensemble over seeds, from 0.
    pub network: usize,
    /// From 1.
    pub epoch: usize,
    /// Weighted mean over rows and members of the loss while weights moved, dropout and smoothing included. Densities of
    /// values are per unit of the data.
    pub train_loss: f64,
    /// Churn: log loss of the mean of members' probabilities on the validation rows. Value: mean over validation rows (and
    /// horizons) of minus the logarithm of the probability, or density, that the mixture of the members' distributions
    /// gives to what happened; with churn, plus its weighted log loss.
    pub validation_loss: f64,
    /// Area under the ROC curve on the validation rows; none where they hold one class only.
    pub validation_auc: Option<f64>,
    /// Normalized Gini of the expected value on the validation rows, in the longest horizon; none for a network that
    /// says nothing of value, and where no validation row has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_gini: Option<f64>,
    /// The rate of the last step.
    pub learning_rate: f64,
    /// Training rows per second, validation included.
    pub rows_per_second: f64,
    /// Since training of this network began, earlier parts of a resumed run included.
    pub seconds: f64,
}

/// What an observer is told after each epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The epoch that ended.
    pub record: EpochRecord,
    /// Networks in the ensemble over seeds.
    pub n_networks: usize,
    /// At most this many epochs per network.
    pub n_epochs: usize,
    /// The epoch of this network with the lowest validation loss so far.
    pub best_epoch: usize,
    /// An upper bound of the time until the ensemble is trained, as if no network stopped early.
    pub seconds_left: f64,
}

/// Is told of progress, and may stop it.
pub trait Observer: Send {
    /// Called after each epoch, and after its checkpoint where one is due. `Break` ends training with
    /// [`TrainError::Stopped`](crate::TrainError::Stopped).
    fn epoch(&mut self, progress: &Progress) -> ControlFlow<()>;
}

/// Hears nothing and never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn epoch(&mut self, _progress: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
