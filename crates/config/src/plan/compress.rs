//! `[distill]` and `[quantize]`: from a run's networks to the bundle.

use serde::{Deserialize, Serialize};

/// `[distill]`: one small network learns what the run's ensemble answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Distill {
    /// The scales of magnitudes that the student reads.
    pub scales: StudentScales,
    /// Bytes that the student's network may take with 8-bit weights, preprocessing apart; its width follows.
    pub network_bytes: usize,
    /// Hidden layers of the student.
    pub blocks: usize,
    /// Weight of the true label beside the ensemble's probability, for rows that have one.
    pub label_share: f64,
    /// Rows made by mixing columns of training rows, which the ensemble labels; 0 makes none.
    pub mixed_rows: usize,
    /// Share of a made row's columns that come from other rows.
    pub mix_share: f64,
    /// At most this many passes over the student's rows.
    pub epochs: usize,
    /// Rows per step.
    pub batch_size: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
}

/// `[quantize]`: the student into the numbers that are shipped, and what that may cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Quantize {
    /// The numbers of the shipped network.
    pub precision: Precision,
    /// Training rows that the ranges of activations are taken from.
    pub calibration_rows: usize,
    /// Whether the student goes on learning while it is rounded to integers.
    pub aware: Aware,
    /// By `auto` it does where the integers are farther than this from the student in single precision, in nats a validation
    /// row.
    pub aware_above: f64,
    /// Passes over the student's rows while it is rounded.
    pub aware_epochs: usize,
    /// AUC on the test rows that the bundle may lose against the run's networks.
    pub max_auc_loss: f64,
    /// Log loss on the test rows that the bundle may add to that of the run's networks.
    pub max_log_loss_rise: f64,
    /// Normalized Gini of value on the test rows that the bundle may lose against the run's predictions.
    pub max_gini_loss: f64,
    /// By how much of it the sum of expected values on the test rows may change.
    pub max_total_change: f64,
}

choices! {
    /// The scales of magnitudes that a student reads.
    StudentScales {
        /// Lines of at most eight segments along the teacher's scales: small and fast.
        Compact = "compact",
        /// Those of the teacher.
        Teacher = "teacher",
    }
}

choices! {
    /// Whether a student learns while it is rounded to integers.
    Aware {
        /// Where rounding alone has moved its answers.
        Auto = "auto",
        /// Always; the integers nearer to the ensemble on validation rows are shipped.
        Always = "always",
        /// Never.
        Never = "never",
    }
}

choices! {
    /// The numbers of the shipped network.
    Precision {
        /// 8-bit integers, one scale per output.
        Int8 = "int8",
        /// 4-bit weights in all layers but the last, else as int8: half the bytes.
        Int4 = "int4",
        /// Single precision.
        F32 = "f32",
    }
}
