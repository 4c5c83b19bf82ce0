//! The network and how it was trained.

use serde::{Deserialize, Deserializer, Serialize};
use tenure_evaluate::DependencePoint;

/// The network and how it was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingFacts {
    /// The network in words: `TabM (full), 32 members, 3 × 256`.
    pub network: String,
    /// Trained parameters of one network.
    pub n_parameters: u64,
    /// Networks whose probabilities are averaged (partitions times seeds).
    pub n_networks: usize,
    /// Training rows read per second, over all epochs.
    pub rows_per_second: Option<f64>,
    /// One curve for each network.
    pub curves: Vec<LearningCurve>,
}

/// Loss by epoch of one network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LearningCurve {
    /// The partition: `holdout`, `fold 1`.
    pub partition: String,
    /// Which network of this partition, from 0.
    pub seed_idx: usize,
    /// Mean training loss of each epoch, in nats; NaN where training diverged.
    #[serde(deserialize_with = "null_is_nan")]
    pub train_loss: Vec<f64>,
    /// Validation loss after each epoch, in nats; NaN where training diverged.
    #[serde(deserialize_with = "null_is_nan")]
    pub validation_loss: Vec<f64>,
    /// The epoch whose weights were kept, from 1.
    pub best_epoch: usize,
}

/// JSON has no NaN and writes `null` instead.
fn null_is_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    let values = Vec::<Option<f64>>::deserialize(deserializer)?;
    Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect())
}

/// Mean prediction of the model when one feature is set to a value on every row and the others stay as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartialDependence {
    /// The feature.
    pub feature: String,
    /// Where it was set, and what came out.
    pub shape: DependenceShape,
}

/// Partial dependence by the kind of feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum DependenceShape {
    /// Over a magnitude.
    Numeric {
        /// Values the feature was set to, ascending.
        values: Vec<f64>,
        /// Mean predicted probability at each, and how rows differ.
        points: Vec<DependencePoint>,
        /// Edges of a histogram of the feature on the same rows, one more than `counts`.
        edges: Vec<f64>,
        /// Rows in each bin.
        counts: Vec<u64>,
    },
    /// Over levels.
    Category {
        /// Levels the feature was set to.
        levels: Vec<String>,
        /// Mean predicted probability at each, and how rows differ.
        points: Vec<DependencePoint>,
        /// Rows of each level.
        counts: Vec<u64>,
    },
}
