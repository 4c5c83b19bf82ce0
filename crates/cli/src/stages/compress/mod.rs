//! A finished fold into a bundle: what the teacher says, the student, the integers.

mod metadata;
mod page;
mod segments;
mod teacher;
mod text;

use std::ops::ControlFlow;

use tenure_artifact::bundle::{Network, Scheme};
use tenure_artifact::{Preprocessor, ValueHead};
use tenure_compress::{ChurnPart, CompressJob, Compressed, RowSets, ValuePart, compress};
use tenure_config::{Plan, Resolved, StudentScales};
use tenure_encode::{Dataset, compact, recode, transform};
use tenure_evaluate::{Bootstrap, EvaluateError, Profit, Scored};
use tenure_model::ChosenDevice;
use tenure_train::{DistilJob, Student, StudentRows, Trained, distil};

use self::teacher::{Lecture, Said};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::run_dir::RunDir;
use crate::seeds;
use crate::stages::finished::FinishedFold;
use crate::stages::learn::calibrate;

pub use self::metadata::{ID, READ};
pub use self::page::page;
pub use self::segments::{compressed_segments, segments_text};
pub use self::text::text;

/// Distils and quantizes one fold of a run, and measures every step on its test rows.
pub fn compressed(
    dir: &RunDir,
    resolved: &Resolved,
    fold_idx: usize,
    progress: &mut Progress,
) -> Result<Compressed, Failure> {
    let plan = &resolved.plan;
    if !plan.model.kind.is_network() {
        return Err(Failure::usage(
            format!("the run's model is `{}`: there is no network to make small", plan.model.kind),
            "a purchase model is a few parameters, and `lifetime.json` has them",
        ));
    }
    let device = tenure_model::select_device(&plan.device)?;
    let fold = FinishedFold::load(dir, plan, fold_idx, &device, progress)?;
    let lecture = Lecture::of(&fold);
    if lecture.learns_hidden_forecast() {
        progress.say(
            "the forecast that the networks correct is not among their inputs: the student learns the product of both from \
             the other features, and from no mixed rows; with `features.lifetime = true` and `model.offset = \"pareto_nbd\"` \
             a run has it as an input",
        );
    }
    let views = StudentViews::of(&fold, plan.distill.scales)?;
    let student = teach(plan, (&fold, &lecture, &views), fold_idx, &device, progress)?;
    let shrinking = Shrinking { plan, fold: &fold, lecture: &lecture, views: &views, fold_idx, device: &device };
    progress.begin("quantize and measure", None);
    let mut metadata = metadata::metadata(dir, resolved, &fold.loaded)?;
    metadata.push(("fold".into(), (fold_idx + 1).to_string()));
    let made = shrinking.shrink(&student, &metadata)?;
    progress.end();
    Ok(made)
}

/// The fold's rows as the student reads them.
struct StudentViews {
    preprocessor: Preprocessor,
    train: Dataset,
    validation: Dataset,
    test: Dataset,
    unlabelled: Dataset,
}

impl StudentViews {
    fn of(fold: &FinishedFold, scales: StudentScales) -> Result<Self, Failure> {
        if scales == StudentScales::Teacher {
            let (preprocessor, train) = (fold.preprocessor.clone(), fold.train.clone());
            let (validation, test) = (fold.validation.clone(), fold.test.clone());
            return Ok(Self { preprocessor, train, validation, test, unlabelled: fold.unlabelled.clone() });
        }
        let (preprocessor, table) = (compact(&fold.preprocessor), &fold.loaded.table);
        let train = recode(&preprocessor, &fold.train, table, &fold.partition.train)?;
        let validation = transform(&preprocessor, table, &fold.partition.validation)?;
        let test = transform(&preprocessor, table, &fold.partition.test)?;
        let unlabelled = transform(&preprocessor, table, &fold.unlabelled_rows)?;
        Ok(Self { preprocessor, train, validation, test, unlabelled })
    }
}

/// Distils the fold's networks into one.
fn teach(
    plan: &Plan,
    (fold, lecture, views): (&FinishedFold, &Lecture<'_>, &StudentViews),
    fold_idx: usize,
    device: &ChosenDevice,
    progress: &mut Progress,
) -> Result<Student, Failure> {
    progress.begin("distil", Some(plan.distill.epochs as u64));
    let job = DistilJob {
        train: &fold.train,
        validation: &fold.validation,
        unlabelled: &fold.unlabelled,
        preprocessor: &fold.preprocessor,
        student: StudentRows {
            train: &views.train,
            validation: &views.validation,
            unlabelled: &views.unlabelled,
            preprocessor: &views.preprocessor,
        },
        teacher: lecture.teacher(),
        settings: &plan.distill,
        model: &plan.model,
        train_settings: &plan.train,
        seed: seeds::derive(plan.experiment.seed, "distil", fold_idx),
        device,
    };
    let student = distil(job, &mut Epochs { progress })?;
    progress.end();
    Ok(student)
}

/// What is known when a student is made small.
struct Shrinking<'a> {
    plan: &'a Plan,
    fold: &'a FinishedFold,
    lecture: &'a Lecture<'a>,
    views: &'a StudentViews,
    fold_idx: usize,
    device: &'a ChosenDevice,
}

/// What the student says in the trainer of training, validation and test rows, one after the other.
#[derive(Default)]
struct StudentSaid {
    churn: Vec<f64>,
    expected: Vec<f64>,
    p_buys: Vec<f64>,
}

impl Shrinking<'_> {
    /// Quantizes the student and measures every step through the edge runtime.
    fn shrink(&self, student: &Student, metadata: &[(String, String)]) -> Result<Compressed, Failure> {
        let spec = student.trained().networks()[0].spec();
        let network = carried(student.trained())
            .map_err(|error| Failure::integrity(error.to_string(), "this is a defect of Tenure: please report it"))?;
        let said = self.lecture.said()?;
        let of_student = self.student_said(student.trained())?;
        let epochs = self.plan.quantize.aware_epochs;
        let retrain = |scheme: &Scheme| carried(&student.rounded(scheme, epochs, self.device)?);
        let (evaluate, seed) = (&self.plan.evaluate, self.plan.experiment.seed);
        let calibration_seed = seeds::derive(seed, "calibrate student", self.fold_idx);
        let fit_map = |scored: &Scored| -> Result<_, EvaluateError> {
            Ok(calibrate(evaluate.calibration, scored, calibration_seed)?.map)
        };
        let partition = &self.fold.partition;
        Ok(compress(&CompressJob {
            student: &network,
            preprocessor: &self.views.preprocessor,
            table: &self.fold.loaded.table,
            rows: RowSets {
                train: &partition.train,
                validation: &partition.validation,
                test: &partition.test,
                unlabelled: &self.fold.unlabelled_rows,
            },
            churn: spec.head.has_churn().then_some(ChurnPart {
                teacher: &said.churn,
                teacher_validation: &said.churn_of_validation,
                student: &of_student.churn,
                calibrate: &fit_map,
                profit: Profit {
                    contact_cost: evaluate.profit.contact_cost,
                    customer_value: evaluate.profit.customer_value,
                    success_rate: evaluate.profit.success_rate,
                },
            }),
            value: spec.head.value().map(|head| self.value_part(&said, &of_student, head)),
            teacher: said.teacher,
            retrain: Some(&retrain),
            settings: &self.plan.quantize,
            bootstrap: Bootstrap {
                resamples: evaluate.bootstrap,
                confidence: evaluate.confidence,
                seed: seeds::derive(seed, "bootstrap", 0),
            },
            seed: seeds::derive(seed, "samples", self.fold_idx),
            metadata,
        })?)
    }

    fn student_said(&self, student: &Trained) -> Result<StudentSaid, Failure> {
        let head = &student.networks()[0].spec().head;
        let mut said = StudentSaid::default();
        // Training rows as anyone may score them: those that were learned from have statistics of targets less their own.
        let train = transform(&self.views.preprocessor, &self.fold.loaded.table, &self.fold.partition.train)?;
        for rows in [&train, &self.views.validation, &self.views.test] {
            if head.has_churn() {
                said.churn.extend(student.predict(rows)?);
            }
            if head.value().is_some() {
                let value = student.predict_values(rows, &[])?.pop().expect("a value network has a horizon");
                said.expected.extend(value.expected);
                said.p_buys.extend(value.p_buys);
            }
        }
        Ok(said)
    }

    fn value_part<'s>(&self, said: &'s Said, of_student: &'s StudentSaid, head: &ValueHead) -> ValuePart<'s> {
        ValuePart {
            teacher: &said.value,
            teacher_validation: &said.value_of_validation,
            teacher_unlabelled: &said.value_of_unlabelled,
            pooled_share: said.pooled_share,
            student: &of_student.expected,
            student_p_buys: &of_student.p_buys,
            log_unit: f64::from(head.log_unit),
            log_cap: f64::from(head.log_cap),
            forecast: self.lecture.carried_forecast(),
        }
    }
}

/// A student's network as a bundle carries it.
fn carried(student: &Trained) -> Result<Network<'static>, Box<dyn std::error::Error + Send + Sync>> {
    let network = &student.networks()[0];
    Ok(Network::from_spec(network.spec(), &network.weights()?)?)
}

/// Shows each epoch of the student.
struct Epochs<'a> {
    progress: &'a mut Progress,
}

impl tenure_train::Observer for Epochs<'_> {
    fn epoch(&mut self, told: &tenure_train::Progress) -> ControlFlow<()> {
        self.progress.at(told.record.epoch as u64);
        let record = &told.record;
        self.progress.detail(&format!("loss {:.4}/{:.4}", record.train_loss, record.validation_loss));
        ControlFlow::Continue(())
    }
}
