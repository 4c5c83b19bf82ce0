//! Distillation: one plain network learns what an ensemble answers (Hinton, Vinyals, Dean, arXiv 1503.02531).
//!
//! The student is a multilayer perceptron on the magnitudes as they are, which a bundle can carry. It learns from the
//! training rows, whose targets are blends of what the teacher says and the label, and from rows made by mixing columns of
//! training rows, which the teacher alone labels. Customers whose labels are not to be seen, but of whom it is known what
//! they are, teach it too by what the teacher says of them. It stops on validation rows against the teacher.
//!
//! Of churn it learns the calibrated probability. Of value it learns a zero-inflated log-normal, whatever family the teacher
//! has and whatever stands between its networks and its answer (a level set on validation rows, a forecast that they
//! correct): the teacher's probability of buying, its expected value, and the spread of its distribution. Where the forecast
//! is one of the raw columns, the student corrects it as the teacher does: a network of both would have to learn the
//! product, and would not follow the forecast to customers and times beyond the training rows.

mod mix;
mod student;
mod targets;
mod teacher;

use tenure_artifact::{Head, Preprocessor};
use tenure_config as plan;
use tenure_encode::Dataset;
use tenure_model::{ChosenDevice, describe};

use self::mix::Mixture;
use self::targets::{append, blended, relative, soft_copies, spread};
use crate::{FitJob, Labels, Observer, TrainError, fit, n_cores};

pub use self::student::Student;
pub use self::teacher::{Taught, TaughtValues, Teacher, TeacherForecast, TeacherValue};

/// Hidden layers are whole panels of the edge's kernels.
const WIDTH_STEP: usize = 16;
/// Wider students than this are never needed for what a table of customers holds.
const MAX_WIDTH: usize = 1_024;
/// Bytes that an output of an 8-bit hidden layer takes beside its weights: bias, multiplier, shift.
const BYTES_PER_OUTPUT: usize = 9;

/// What is to be distilled.
#[derive(Clone, Copy, Debug)]
pub struct DistilJob<'a> {
    /// The rows that the teacher learned from.
    pub train: &'a Dataset,
    /// Rows to stop on; never rows of the test partition.
    pub validation: &'a Dataset,
    /// Rows whose labels nobody looks at, which the ensemble judges for the student to learn from; perhaps none.
    pub unlabelled: &'a Dataset,
    /// The encoders of all, which say which inputs are one column.
    pub preprocessor: &'a Preprocessor,
    /// The same rows as the student reads them, with the labels in the units of the data.
    pub student: StudentRows<'a>,
    /// The ensemble, and what stands between it and its answers.
    pub teacher: Teacher<'a>,
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
    /// Unlabelled rows, in the teacher's order.
    pub unlabelled: &'a Dataset,
    /// The encoders of all.
    pub preprocessor: &'a Preprocessor,
}

/// Trains the student of an ensemble.
pub fn distil(job: DistilJob<'_>, observer: &mut dyn Observer) -> Result<Student, TrainError> {
    let model = student_model(job.model, job.settings, job.student.train);
    let settings = student_settings(job.train_settings, job.settings);
    let lesson = job.lesson()?;
    let fit_job = FitJob {
        train: &lesson.train,
        validation: &lesson.validation,
        labels: lesson.labels,
        model: &model,
        settings: &settings,
        seed: job.seed,
        device: job.device,
        n_threads: n_cores(),
    };
    let trained = fit(fit_job, observer, None)?;
    Ok(Student { trained, lesson, model, settings, seed: job.seed })
}

/// Rows with targets for the student.
struct Lesson {
    train: Dataset,
    validation: Dataset,
    labels: Labels,
}

impl DistilJob<'_> {
    fn lesson(&self) -> Result<Lesson, TrainError> {
        let teacher = &self.teacher;
        let share = self.settings.label_share;
        let hidden = teacher.hidden_forecast();
        let taught = teacher.teach(self.train, hidden.map(|forecast| forecast.train))?;
        let of_validation = teacher.teach(self.validation, hidden.map(|forecast| forecast.validation))?;
        let mixed = self.mixed()?;
        let of_unlabelled = teacher.teach(self.unlabelled, hidden.map(|forecast| forecast.unlabelled))?;
        let labels = teacher.labels();
        if labels == Labels::ChurnProbability {
            let mut train = blended(self.student.train, &taught.churn, share);
            append(&mut train, blended(self.student.unlabelled, &of_unlabelled.churn, 0.0));
            if let Some((mixed, taught)) = &mixed {
                append(&mut train, blended(mixed, &taught.churn, 0.0));
            }
            return Ok(Lesson {
                train,
                validation: soft_copies(self.student.validation, &of_validation.churn),
                labels,
            });
        }
        let mut train = match teacher.carried_forecast() {
            Some(forecast) => spread(&relative(self.student.train, forecast.train), &taught, share),
            None => spread(self.student.train, &taught, share),
        };
        append(&mut train, spread(self.student.unlabelled, &of_unlabelled, 0.0));
        if let Some((mixed, taught)) = &mixed {
            append(&mut train, spread(mixed, taught, 0.0));
        }
        Ok(Lesson { train, validation: spread(self.student.validation, &of_validation, 0.0), labels })
    }

    /// Mixed rows as the student reads them, with what the teacher says of them.
    fn mixed(&self) -> Result<Option<(Dataset, Taught)>, TrainError> {
        if self.settings.mixed_rows == 0 || !self.teacher.can_judge_mixed_rows() {
            return Ok(None);
        }
        let mixture = Mixture::draw(self.train.n_rows(), self.preprocessor.inputs.len(), self.settings, self.seed);
        let taught = self.teacher.teach(&mixture.apply(self.train, self.preprocessor), None)?;
        Ok(Some((mixture.apply(self.student.train, self.student.preprocessor), taught)))
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
        head: plan::ModelHead::Ziln,
        members: 1,
        blocks: settings.blocks,
        width: WIDTH_STEP,
        dropout: 0.0,
        activation: plan::Activation::Relu,
        numeric_embedding: plan::NumericEmbedding::None,
        sequence: plan::Sequence { kind: plan::SequenceKind::None, ..teacher.sequence.clone() },
        ..*teacher
    };
    let n_inputs = describe(&plain, &rows.layout, rows.n_rows(), Head::Binary).map_or(1, |spec| spec.input_width());
    plan::Model { width: student_width(n_inputs, settings.blocks, settings.network_bytes), ..plain }
}

/// Soft targets need neither smoothing nor balancing, and the schedule ends at zero, so nothing stops early.
fn student_settings(teacher: &plan::Train, settings: &plan::Distill) -> plan::Train {
    plan::Train {
        epochs: settings.epochs,
        max_steps: 0,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_too_small_for_anything_still_gives_a_network() {
        assert_eq!(student_width(400, 2, 1_024), WIDTH_STEP);
        assert_eq!(student_width(4, 2, usize::MAX), MAX_WIDTH);
    }
}
