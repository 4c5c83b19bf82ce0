//! `tenure compress`: a finished run into one small file.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};
use tenure_artifact::Preprocessor;
use tenure_artifact::bundle::Network;
use tenure_compress::{CompressJob, Compressed, RowSets, Step, Teacher, compress};
use tenure_config::{Overrides, Plan, Resolved, Setting, StudentScales, Task, resolve};
use tenure_encode::{Dataset, compact, recode, transform};
use tenure_evaluate::{Bootstrap, Profit};
use tenure_model::ChosenDevice;
use tenure_table::Role;
use tenure_train::{DistilJob, StudentRows, Trained, distil};

use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::run_dir::{RunDir, write_whole};
use crate::seeds;
use crate::stages::finished::FinishedFold;
use crate::stages::learn::calibrate;
use crate::stages::prepare::DataLock;

/// The metadata that say how text files of raw rows are read.
pub const READ: &str = "read";
/// The metadata that name the column of ids.
pub const ID: &str = "id";
/// The name of a run's bundle.
pub const BUNDLE: &str = "bundle.tenure";

/// Compresses the run that the user names.
pub fn run(args: &args::Compress, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    let dir = RunDir::open_complete(&args.run)?;
    let resolved = resolve(&dir.file(RunDir::LOCK), &Overrides { set: args.set.clone() })?;
    let Some(fold_idx) = args.fold.checked_sub(1) else {
        return Err(Failure::usage("there is no fold 0", "folds count from 1"));
    };
    let target = args.output.clone().unwrap_or_else(|| dir.file(BUNDLE));
    of_run(&dir, &resolved, fold_idx, &target, output, progress)
}

/// Compresses a complete run: `compress.json` tells what was measured, and the bundle is written when its gates pass.
pub fn of_run(
    dir: &RunDir,
    resolved: &Resolved,
    fold_idx: usize,
    target: &Path,
    output: Output,
    progress: &mut Progress,
) -> Result<Exit, Failure> {
    let plan = &resolved.plan;
    if plan.experiment.task != Task::Churn {
        let message = format!("the run's task is `{}`", plan.experiment.task);
        return Err(Failure::usage(message, "only runs of task `churn` are compressed so far"));
    }
    let device = tenure_model::select_device(&plan.device)?;
    let fold = FinishedFold::load(dir, plan, fold_idx, &device, progress)?;
    let views = StudentViews::of(&fold, plan.distill.scales)?;
    let student = teach(plan, &fold, &views, fold_idx, &device, progress)?;
    let made = shrink(dir, resolved, (&fold, &views), fold_idx, &student, progress)?;
    dir.write_json("compress.json", &made)?;
    if made.passed() {
        write_whole(target, &made.file)?;
    }
    let place = made.passed().then_some(target);
    output.result(|| text(&made, place), || summary(&made, place));
    Ok(if made.passed() { Exit::Done } else { Exit::Gate })
}

/// The fold's rows as the student reads them.
struct StudentViews {
    preprocessor: Preprocessor,
    train: Dataset,
    validation: Dataset,
    test: Dataset,
}

impl StudentViews {
    fn of(fold: &FinishedFold, scales: StudentScales) -> Result<Self, Failure> {
        if scales == StudentScales::Teacher {
            let (preprocessor, train) = (fold.preprocessor.clone(), fold.train.clone());
            return Ok(Self { preprocessor, train, validation: fold.validation.clone(), test: fold.test.clone() });
        }
        let (preprocessor, table) = (compact(&fold.preprocessor), &fold.loaded.table);
        let recode = |data: &Dataset, rows: &[u32]| recode(&preprocessor, data, table, rows);
        let train = recode(&fold.train, &fold.partition.train)?;
        let validation = transform(&preprocessor, table, &fold.partition.validation)?;
        let test = transform(&preprocessor, table, &fold.partition.test)?;
        Ok(Self { preprocessor, train, validation, test })
    }
}

/// Distils the fold's networks into one.
fn teach(
    plan: &Plan,
    fold: &FinishedFold,
    views: &StudentViews,
    fold_idx: usize,
    device: &ChosenDevice,
    progress: &mut Progress,
) -> Result<Trained, Failure> {
    progress.begin("distil", Some(plan.distill.epochs as u64));
    let job = DistilJob {
        train: &fold.train,
        validation: &fold.validation,
        preprocessor: &fold.preprocessor,
        student: StudentRows { train: &views.train, validation: &views.validation, preprocessor: &views.preprocessor },
        teacher: &fold.trained,
        calibration: &fold.calibration,
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

/// Quantizes the student and measures every step through the edge runtime.
fn shrink(
    dir: &RunDir,
    resolved: &Resolved,
    (fold, views): (&FinishedFold, &StudentViews),
    fold_idx: usize,
    student: &Trained,
    progress: &mut Progress,
) -> Result<Compressed, Failure> {
    progress.begin("quantize and measure", None);
    let plan = &resolved.plan;
    let network = &student.networks()[0];
    let carried = Network::from_spec(network.spec(), &network.weights()?)
        .map_err(|error| Failure::integrity(error.to_string(), "this is a defect of Tenure: please report it"))?;
    let clock = Instant::now();
    let raw = fold.trained.predict(&fold.test)?;
    let batch_us = clock.elapsed().as_secs_f64() * 1e6 / fold.test.n_rows().max(1) as f64;
    let calibrated: Vec<f64> = raw.into_iter().map(|p| fold.calibration.apply(p)).collect();
    let student_test = student.predict(&views.test)?;
    let n_weights: usize = fold.trained.networks().iter().map(|network| network.spec().n_weights()).sum();
    let (evaluate, seed) = (&plan.evaluate, plan.experiment.seed);
    let calibration_seed = seeds::derive(seed, "calibrate student", fold_idx);
    let metadata = metadata(dir, resolved, fold, fold_idx)?;
    let made = compress(&CompressJob {
        student: &carried,
        preprocessor: &views.preprocessor,
        table: &fold.loaded.table,
        rows: RowSets {
            train: &fold.partition.train,
            validation: &fold.partition.validation,
            test: &fold.partition.test,
        },
        teacher: Teacher { test: &calibrated, size_bytes: 4 * n_weights, batch_us, student_test: &student_test },
        settings: &plan.quantize,
        calibrate: &|scored| Ok(calibrate(evaluate.calibration, scored, calibration_seed)?.map),
        profit: Profit {
            contact_cost: evaluate.profit.contact_cost,
            customer_value: evaluate.profit.customer_value,
            success_rate: evaluate.profit.success_rate,
        },
        bootstrap: Bootstrap {
            resamples: evaluate.bootstrap,
            confidence: evaluate.confidence,
            seed: seeds::derive(seed, "bootstrap", 0),
        },
        seed: seeds::derive(seed, "samples", fold_idx),
        metadata: &metadata,
    })?;
    progress.end();
    Ok(made)
}

/// Where the bundle comes from, and how files of its raw rows are read.
fn metadata(
    dir: &RunDir,
    resolved: &Resolved,
    fold: &FinishedFold,
    fold_idx: usize,
) -> Result<Vec<(String, String)>, Failure> {
    let plan = &resolved.plan;
    let path = dir.path().canonicalize().unwrap_or_else(|_| dir.path().to_path_buf());
    let run = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let lock: DataLock = dir.read_json("data.lock.json", "the record of a run's data")?;
    let digests: Vec<&str> = lock.files.iter().map(|file| file.blake3.as_str()).collect();
    let id = fold.loaded.table.with_role(Role::Id).map(|column| column.name.clone()).unwrap_or_default();
    let pairs = [
        ("run", run),
        ("fold", (fold_idx + 1).to_string()),
        ("seed", plan.experiment.seed.to_string()),
        ("tenure", env!("CARGO_PKG_VERSION").to_owned()),
        ("revision", env!("TENURE_GIT_REVISION").to_owned()),
        ("data", digests.join(" ")),
        ("source", plan.data.source.to_string()),
        (ID, id),
        (READ, reading(resolved)),
    ];
    Ok(pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.into(), value)).collect())
}

/// The settings by which text files are read, one `section.key=value` a line.
fn reading(resolved: &Resolved) -> String {
    let is_wanted = |setting: &&Setting| match setting.section.as_str() {
        "data" => ["missing", "time_zone", "time_format"].contains(&setting.key.as_str()),
        section => section == "data.csv",
    };
    let line = |setting: &Setting| Some(format!("{}.{}={}", setting.section, setting.key, setting.value.as_deref()?));
    resolved.origins.settings().iter().filter(is_wanted).filter_map(line).collect::<Vec<_>>().join("\n")
}

fn text(made: &Compressed, place: Option<&Path>) -> String {
    let mut lines = vec![
        format!(
            "student {}; {} training, {} validation, {} test rows",
            made.shape, made.n_rows[0], made.n_rows[1], made.n_rows[2]
        ),
        format!(
            "{:14} {:>11} {:>8} {:>9} {:>28} {:>10} {:>10}",
            "", "bytes", "AUC", "log loss", "AUC against the teacher", "µs, single", "µs, batch"
        ),
    ];
    lines.extend(made.steps.iter().map(line));
    if let Some(best) = made.candidates.first() {
        let bias = if best.correct_bias { "corrected" } else { "not corrected" };
        lines.push(format!(
            "ranges by {}, biases {bias}: the nearest to the student on validation rows",
            best.ranges.name()
        ));
    }
    for gate in &made.gates {
        let verdict = if gate.passed { "passed" } else { "FAILED" };
        lines.push(format!("{} {verdict}: bound {}, found {:.6}", gate.gate, gate.bound, gate.found));
    }
    lines.push(match place {
        Some(place) => format!("bundle: {}", place.display()),
        None => "no bundle was written".into(),
    });
    lines.push(String::new());
    lines.join("\n")
}

fn line(step: &Step) -> String {
    let against = step.against_teacher.first().map_or(String::new(), |auc| match auc.difference.interval {
        Some(interval) => format!("{:+.4} [{:+.4}, {:+.4}]", auc.difference.value, interval.low, interval.high),
        None => format!("{:+.4}", auc.difference.value),
    });
    let single = step.latency.single_us.map_or("-".into(), |us| format!("{us:.2}"));
    format!(
        "{:14} {:>11} {:>8.4} {:>9.4} {against:>28} {single:>10} {:>10.2}",
        step.name, step.size_bytes, step.auc, step.log_loss, step.latency.batch_us
    )
}

fn summary(made: &Compressed, place: Option<&Path>) -> Value {
    let mut value = json!(made);
    value["bundle"] = json!(place.map(PathBuf::from));
    value
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
