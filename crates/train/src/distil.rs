//! Distillation: one plain network learns what an ensemble answers (Hinton, Vinyals, Dean, arXiv 1503.02531).
//!
//! The student is a multilayer perceptron on the magnitudes as they are, which a bundle can carry. It learns from the
//! training rows, whose targets are blends of the teacher's calibrated probability and the label, and from rows made by
//! mixing columns of training rows, which the teacher alone labels. It stops on validation rows against the teacher.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_artifact::{Calibration, Head, Preprocessor};
use tenure_config as plan;
use tenure_encode::Dataset;
use tenure_model::{ChosenDevice, describe};

use crate::{FitJob, Labels, Observer, TrainError, Trained, fit};

/// Hidden layers are whole panels of the edge's kernels.
const WIDTH_STEP: usize = 16;
/// Wider students than this are never needed for what a table of customers holds.
const MAX_WIDTH: usize = 1_024;
/// Bytes that an output of an 8-bit hidden layer takes beside its weights: bias, multiplier, shift.
const BYTES_PER_OUTPUT: usize = 9;
/// Probabilities are kept this far from 0 and 1 where they become weights.
const FLOOR: f64 = 1e-6;

/// What is to be distilled.
#[derive(Clone, Copy, Debug)]
pub struct DistilJob<'a> {
    /// The rows that the teacher learned from.
    pub train: &'a Dataset,
    /// Rows to stop on; never rows of the test partition.
    pub validation: &'a Dataset,
    /// The encoders of both, which say which inputs are one column.
    pub preprocessor: &'a Preprocessor,
    /// The same rows as the student reads them.
    pub student: StudentRows<'a>,
    /// The ensemble.
    pub teacher: &'a Trained,
    /// From its raw to its calibrated probability.
    pub calibration: &'a Calibration,
    /// Size and schedule.
    pub settings: &'a plan::Distill,
    /// What the teacher was, and how it was trained; the student takes over what `settings` does not say.
    pub model: &'a plan::Model,
    /// See `model`.
    pub train_settings: &'a plan::Train,
    /// Every random choice is derived from it.
    pub seed: u64,
    /// Where.
    pub device: &'a ChosenDevice,
}

/// A teacher's rows through encoders of the student's own, which read the same columns in the same order.
#[derive(Clone, Copy, Debug)]
pub struct StudentRows<'a> {
    /// Training rows, in the teacher's order.
    pub train: &'a Dataset,
    /// Validation rows, in the teacher's order.
    pub validation: &'a Dataset,
    /// The encoders of both.
    pub preprocessor: &'a Preprocessor,
}

/// Trains the student of an ensemble.
pub fn distil(job: DistilJob<'_>, observer: &mut dyn Observer) -> Result<Trained, TrainError> {
    let model = student_model(job.model, job.settings, job.student.train);
    let settings = student_settings(job.train_settings, job.settings);
    let train = job.student_rows()?;
    let validation = soft_copies(job.student.validation, &job.teach(job.validation)?);
    let fit_job = FitJob {
        train: &train,
        validation: &validation,
        labels: Labels::ChurnProbability,
        model: &model,
        settings: &settings,
        seed: job.seed,
        device: job.device,
    };
    fit(fit_job, observer, None)
}

impl DistilJob<'_> {
    /// The teacher's calibrated probability of each row.
    fn teach(&self, rows: &Dataset) -> Result<Vec<f64>, TrainError> {
        Ok(self.teacher.predict(rows)?.into_iter().map(|p| self.calibration.apply(p)).collect())
    }

    /// Training rows with blended targets, then the mixed rows with the teacher's.
    fn student_rows(&self) -> Result<Dataset, TrainError> {
        let share = self.settings.label_share;
        let mut rows = self.student.train.clone();
        for (target, taught) in rows.target.iter_mut().zip(self.teach(self.train)?) {
            *target = (share * f64::from(*target) + (1.0 - share) * taught) as f32;
        }
        if self.settings.mixed_rows > 0 {
            // The seed makes the same choices on both sides: one made row, read by the teacher and by the student.
            let taught = self.teach(&mix(self.train, self.preprocessor, self.settings, self.seed))?;
            let mut mixed = mix(self.student.train, self.student.preprocessor, self.settings, self.seed);
            mixed.target = taught.into_iter().map(|p| p as f32).collect();
            append(&mut rows, mixed);
        }
        Ok(rows)
    }
}

/// The width, a multiple of 16, of a student whose 8-bit network fits in a budget; at least 16.
///
/// `n_inputs` are the inputs after embedding, I. The network takes `I·D + (blocks − 1)·D² + D·16` bytes of weights, with
/// the few bytes that each output takes beside them.
///
/// ```
/// assert_eq!(tenure_train::student_width(64, 2, 20_000), 96); // 64-96-96-1
/// ```
pub fn student_width(n_inputs: usize, blocks: usize, network_bytes: usize) -> usize {
    let bytes = |d: usize| {
        let first = (n_inputs.next_multiple_of(4) + BYTES_PER_OUTPUT) * d;
        first + (blocks - 1) * (d + BYTES_PER_OUTPUT) * d + WIDTH_STEP * d
    };
    let fits = |d: &usize| bytes(*d) <= network_bytes;
    (WIDTH_STEP..=MAX_WIDTH).step_by(WIDTH_STEP).take_while(fits).last().unwrap_or(WIDTH_STEP)
}

fn student_model(teacher: &plan::Model, settings: &plan::Distill, rows: &Dataset) -> plan::Model {
    let plain = plan::Model {
        kind: plan::ModelKind::Mlp,
        members: 1,
        blocks: settings.blocks,
        width: WIDTH_STEP,
        dropout: 0.0,
        activation: plan::Activation::Relu,
        numeric_embedding: plan::NumericEmbedding::None,
        ..*teacher
    };
    let n_inputs = describe(&plain, &rows.layout, Head::Binary).map_or(1, |spec| spec.input_width());
    plan::Model { width: student_width(n_inputs, settings.blocks, settings.network_bytes), ..plain }
}

/// Soft targets need neither smoothing nor balancing, and the schedule ends at zero, so nothing stops early.
fn student_settings(teacher: &plan::Train, settings: &plan::Distill) -> plan::Train {
    plan::Train {
        epochs: settings.epochs,
        patience: settings.epochs,
        batch_size: settings.batch_size,
        learning_rate: settings.learning_rate,
        schedule: plan::Schedule::Cosine,
        clip_norm: 1.0,
        weight_decay: 1e-4,
        label_smoothing: 0.0,
        class_weight: plan::ClassWeight::None,
        seeds: 1,
        checkpoint_every: 0,
        ..*teacher
    }
}

/// Each row twice: positive with weight `p`, negative with weight `1 − p`. Its log loss is then the cross-entropy
/// against `p`, which says more than one draw from it.
fn soft_copies(rows: &Dataset, p: &[f64]) -> Dataset {
    let places: Vec<u32> = (0..rows.n_rows() as u32).flat_map(|row_idx| [row_idx, row_idx]).collect();
    let mut copies = rows.take(&places);
    for (row_idx, p) in p.iter().enumerate() {
        let p = p.clamp(FLOOR, 1.0 - FLOOR) as f32;
        let weight = rows.weight[row_idx];
        copies.target[2 * row_idx..][..2].copy_from_slice(&[1.0, 0.0]);
        copies.weight[2 * row_idx..][..2].copy_from_slice(&[p * weight, (1.0 - p) * weight]);
    }
    copies
}

/// Rows whose columns come from different training rows: a base row, of which a share of the columns is replaced by
/// those of another row each. All inputs that one raw column gave move together.
fn mix(rows: &Dataset, preprocessor: &Preprocessor, settings: &plan::Distill, seed: u64) -> Dataset {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::MAX);
    let n_rows = rows.n_rows() as u32;
    let mut bases: Vec<u32> = (0..settings.mixed_rows as u32).map(|i| i % n_rows).collect();
    bases.shuffle(&mut rng);
    let mut mixed = rows.take(&bases);
    let (f, g, c) = rows.layout.widths();
    for row_idx in 0..mixed.n_rows() {
        let (mut at_f, mut at_g, mut at_c) = (0, 0, 0);
        for input in &preprocessor.inputs {
            let (w_f, w_g, w_c) = input.encoder.widths();
            let donor = rng.random_range(0..n_rows) as usize;
            if rng.random::<f64>() < settings.mix_share {
                mixed.continuous[row_idx * f + at_f..][..w_f]
                    .copy_from_slice(&rows.continuous_row(donor)[at_f..][..w_f]);
                mixed.binary[row_idx * g + at_g..][..w_g].copy_from_slice(&rows.binary_row(donor)[at_g..][..w_g]);
                mixed.categorical[row_idx * c + at_c..][..w_c]
                    .copy_from_slice(&rows.categorical_row(donor)[at_c..][..w_c]);
            }
            (at_f, at_g, at_c) = (at_f + w_f, at_g + w_g, at_c + w_c);
        }
    }
    mixed
}

fn append(rows: &mut Dataset, more: Dataset) {
    rows.continuous.extend(more.continuous);
    rows.binary.extend(more.binary);
    rows.categorical.extend(more.categorical);
    rows.target.extend(more.target);
    rows.weight.extend(more.weight);
}

#[cfg(test)]
mod tests {
    use tenure_artifact::{Encoder, InputColumn, Levels, Magnitude, OneHot, Scale};

    use super::*;

    const SETTINGS: plan::Distill = plan::Distill {
        scales: plan::StudentScales::Compact,
        network_bytes: 20_000,
        blocks: 2,
        label_share: 0.1,
        mixed_rows: 600,
        mix_share: 0.5,
        epochs: 1,
        batch_size: 64,
        learning_rate: 1e-3,
    };

    /// A magnitude with an indicator of missing values, and three levels.
    fn preprocessor() -> Preprocessor {
        let scale = Scale::Robust { median: 0.0, width: 1.0 };
        let magnitude = Magnitude { scale, min: 0.0, max: 99.0, missing_indicator: true };
        let levels = Levels::new(vec!["a".into(), "b".into(), "c".into()]);
        let inputs = vec![
            InputColumn::new("x", Encoder::Magnitude(magnitude)),
            InputColumn::new("plan", Encoder::OneHot(OneHot::new(levels, false))),
        ];
        Preprocessor::new(inputs, vec![vec![]], vec![])
    }

    /// Row `i` has the magnitude `i`, an indicator that says whether `i` is odd, and the level `i % 3`.
    fn rows(n: usize) -> Dataset {
        let binary = |i: usize| {
            let level = |l: usize| f32::from(u8::from(i % 3 == l));
            [(i % 2) as f32, level(0), level(1), level(2)]
        };
        Dataset {
            layout: preprocessor().layout,
            continuous: (0..n).map(|i| i as f32).collect(),
            binary: (0..n).flat_map(binary).collect(),
            categorical: vec![],
            target: (0..n).map(|i| (i % 2) as f32).collect(),
            weight: vec![1.0; n],
        }
    }

    #[test]
    fn a_made_row_takes_whole_columns_from_other_rows() {
        let mixed = mix(&rows(90), &preprocessor(), &SETTINGS, 3);
        assert_eq!(mixed.n_rows(), 600);
        let mut n_crossed = 0;
        for row_idx in 0..mixed.n_rows() {
            let (x, binary) = (mixed.continuous_row(row_idx)[0], mixed.binary_row(row_idx));
            assert_eq!(binary[0], (x as usize % 2) as f32, "the indicator stays with its magnitude");
            assert_eq!(binary[1..].iter().sum::<f32>(), 1.0, "a row has one level");
            n_crossed += usize::from(binary[1 + x as usize % 3] == 0.0);
        }
        // Three rows of four change a column, and two of three donors have another level: 300 of 600, give or take 12.
        assert!((240..360).contains(&n_crossed), "{n_crossed}");
        assert_eq!(mixed, mix(&rows(90), &preprocessor(), &SETTINGS, 3));
        assert_ne!(mixed, mix(&rows(90), &preprocessor(), &SETTINGS, 4));
    }

    #[test]
    fn two_weighted_copies_are_the_cross_entropy() {
        let copies = soft_copies(&rows(3), &[0.25, 0.5, 1.0]);
        assert_eq!(copies.target, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(copies.weight[..4], [0.25, 0.75, 0.5, 0.5]);
        assert!(copies.weight[5] > 0.0 && copies.weight[5] < 1e-5);
        assert_eq!(copies.continuous, [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn a_budget_too_small_for_anything_still_gives_a_network() {
        assert_eq!(student_width(400, 2, 1_024), WIDTH_STEP);
        assert_eq!(student_width(4, 2, usize::MAX), MAX_WIDTH);
    }
}
