//! Training as a whole: golden losses, the same bits twice, the same bits after a break, and what is refused.

#[path = "training/kernels.rs"]
mod kernels;
#[path = "training/sequence.rs"]
mod sequence;
#[path = "training/value.rs"]
mod value;

use std::ops::ControlFlow;

use tenure_artifact::{CategoricalInput, ContinuousInput, InputLayout};
use tenure_config as plan;
use tenure_encode::Dataset;
use tenure_model::{ChosenDevice, adapters, select_device};
use tenure_train::{
    Checkpoints, EpochRecord, FitJob, Labels, Observer, Progress, Silent, TrainError, Trained, fit, n_cores,
};

/// Two magnitudes, one indicator and a category; the label follows a curved rule with noise.
fn rows(n: usize, shift: usize) -> Dataset {
    let uniform = |i: usize, k: usize| (((i + shift) * 7919 + k * 104_729) % 997) as f32 / 997.0;
    let bit = |i: usize, k: usize| usize::from(uniform(i, k) > 0.5);
    let label = |i: usize| {
        let (a, b) = (2.0 * uniform(i, 1) - 1.0, 2.0 * uniform(i, 2) - 1.0);
        let score = 1.5 * a * a - b + 0.7 * bit(i, 3) as f32 + (uniform(i * i + 1, 5) - 0.5);
        f32::from(u8::from(score > 0.6))
    };
    let magnitude = |name: &str| ContinuousInput {
        name: name.into(),
        source: name.into(),
        quantiles: (0..ContinuousInput::N_QUANTILES).map(|q| q as f32 / 96.0 - 1.0).collect(),
    };
    Dataset {
        layout: InputLayout {
            continuous: vec![magnitude("a"), magnitude("b")],
            binary: vec!["g".into()],
            categorical: vec![CategoricalInput { name: "c".into(), n_levels: 4 }],
            sequence: vec![],
            sequence_levels: vec![],
        },
        continuous: (0..2 * n).map(|i| 2.0 * uniform(i / 2, 1 + i % 2) - 1.0).collect(),
        binary: (0..n).map(|i| bit(i, 3) as f32).collect(),
        categorical: (0..n).map(|i| (uniform(i, 4) * 4.0) as u32).collect(),
        target: (0..n).map(label).collect(),
        sequence: None,
        weight: vec![1.0; n],
    }
}

fn model() -> plan::Model {
    plan::Model {
        kind: plan::ModelKind::Tabm,
        preset: plan::Preset::Fast,
        head: plan::ModelHead::Binary,
        churn_weight: 1.0,
        n_components: 3,
        n_buckets: 6,
        variant: plan::TabmVariant::Full,
        members: 4,
        blocks: 2,
        width: 16,
        dropout: 0.1,
        activation: plan::Activation::Relu,
        numeric_embedding: plan::NumericEmbedding::Pwl,
        numeric_embedding_width: 4,
        n_bins: 8,
        n_frequencies: 4,
        frequency_scale: 0.1,
        offset: plan::Offset::None,
        sequence: plan::Sequence { kind: plan::SequenceKind::None, length: 8, width: 6, inputs: vec![] },
    }
}

fn settings() -> plan::Train {
    plan::Train {
        epochs: 10,
        max_steps: 0,
        batch_size: 64,
        learning_rate: 5e-3,
        weight_decay: 1e-3,
        beta2: 0.999,
        schedule: plan::Schedule::Cosine,
        clip_norm: 1.0,
        patience: 10,
        label_smoothing: 0.02,
        class_weight: plan::ClassWeight::None,
        seeds: 1,
        checkpoint_every: 1,
        kernels: plan::Kernels::Auto,
    }
}

fn device(kind: plan::DeviceKind) -> ChosenDevice {
    select_device(&plan::Device { kind, adapter: None, allow_software: true }).expect("a device that is there")
}

fn cpu() -> ChosenDevice {
    device(plan::DeviceKind::Cpu)
}

/// Everything a test varies; the rest is the same small job.
struct Job {
    train: Dataset,
    validation: Dataset,
    labels: Labels,
    model: plan::Model,
    settings: plan::Train,
    device: ChosenDevice,
    n_threads: usize,
}

impl Job {
    fn small() -> Self {
        Self {
            train: rows(200, 0),
            validation: rows(100, 200),
            labels: Labels::Churn,
            model: model(),
            settings: settings(),
            device: cpu(),
            n_threads: n_cores(),
        }
    }

    fn fit(&self, observer: &mut dyn Observer, checkpoints: Option<&Checkpoints>) -> Result<Trained, TrainError> {
        let job = FitJob {
            train: &self.train,
            validation: &self.validation,
            labels: self.labels,
            model: &self.model,
            settings: &self.settings,
            seed: 7,
            device: &self.device,
            n_threads: self.n_threads,
        };
        fit(job, observer, checkpoints)
    }

    fn run(&self) -> Trained {
        self.fit(&mut Silent, None).expect("a job that trains")
    }

    fn refused(&self) -> TrainError {
        self.fit(&mut Silent, None).expect_err("a job that does not train")
    }
}

/// Losses and predictions as bits; times differ from run to run.
fn bits(trained: &Trained, data: &Dataset) -> Vec<u64> {
    let losses = |r: &EpochRecord| [r.train_loss.to_bits(), r.validation_loss.to_bits()];
    let predictions = trained.predict(data).expect("rows of the same layout");
    trained.history().iter().flat_map(losses).chain(predictions.iter().map(|p| p.to_bits())).collect()
}

/// Ten epochs of one batch each: ten steps. Constants from flex, x86-64 with AVX2.
#[test]
fn ten_steps_lose_what_they_always_lost() {
    use plan::Kernels::{Auto, Fused, Plain};
    let ndarray = device(plan::DeviceKind::Ndarray);
    let mut devices = vec![(cpu(), Plain, 2e-6), (cpu(), Fused, 2e-6), (ndarray, Auto, 2e-5)];
    // A GPU that the CPU imitates would need minutes.
    if adapters().iter().any(|a| a.usable() && !a.software) {
        devices.push((device(plan::DeviceKind::Gpu), Auto, 1e-4));
    }
    for (device, kernels, tolerance) in devices {
        let mut job = Job { device, ..Job::small() };
        job.settings = plan::Train { batch_size: 200, learning_rate: 0.02, kernels, ..job.settings };
        job.settings.schedule = plan::Schedule::Constant;
        let trained = job.run();
        let found: Vec<f64> = trained.history().iter().map(|r| r.train_loss).collect();
        assert_eq!(found.len(), GOLDEN.len());
        for (f, g) in found.iter().zip(GOLDEN) {
            assert!((f - g).abs() < tolerance, "{}: {found:?}, expected {GOLDEN:?}", job.device.info.backend);
        }
    }
}

const GOLDEN: [f64; 10] =
    [0.696_657, 0.691_898, 0.689_234, 0.686_812, 0.683_076, 0.679_262, 0.672_423, 0.666_939, 0.655_375, 0.645_154];

#[test]
fn one_seed_gives_one_run_to_the_bit() {
    for kind in [plan::DeviceKind::Cpu, plan::DeviceKind::Ndarray] {
        let job = Job { device: device(kind), ..Job::small() };
        assert_eq!(bits(&job.run(), &job.validation), bits(&job.run(), &job.validation), "{kind}");
    }
}

/// Wide enough for every product to run on several threads.
#[test]
fn threads_do_not_change_the_bits() {
    let mut job = Job { train: rows(1024, 0), ..Job::small() };
    job.model = plan::Model { width: 192, members: 8, ..job.model };
    job.settings = plan::Train { epochs: 3, batch_size: 512, ..job.settings };
    assert_eq!(bits(&job.run(), &job.validation), bits(&job.run(), &job.validation));
}

#[test]
fn networks_trained_at_once_are_the_ones_trained_in_turn() {
    let mut job = Job::small();
    job.settings.seeds = 3;
    let both = job.run();
    assert_eq!(both.networks().len(), 3);
    for n_threads in [1, 2, 3, 5] {
        job.n_threads = n_threads;
        assert_eq!(bits(&both, &job.validation), bits(&job.run(), &job.validation), "{n_threads} threads");
    }
    let order: Vec<usize> = both.history().iter().map(|r| r.network).collect();
    assert!(order.is_sorted(), "{order:?}");
}

struct StopAfter(usize);

impl Observer for StopAfter {
    fn epoch(&mut self, progress: &Progress) -> ControlFlow<()> {
        if progress.record.epoch == self.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[test]
fn a_broken_run_ends_with_the_bits_of_an_unbroken_one() {
    for seeds in [1, 2] {
        let mut job = Job::small();
        job.settings.seeds = seeds;
        let unbroken = bits(&job.run(), &job.validation);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints::new(folder.path());
        for epoch in [3, 4, 8] {
            let stopped = job.fit(&mut StopAfter(epoch), Some(&checkpoints));
            assert!(matches!(stopped, Err(TrainError::Stopped { epoch: e }) if e == epoch), "{stopped:?}");
        }
        let resumed = job.fit(&mut Silent, Some(&checkpoints)).expect("the rest of the run");
        assert_eq!(bits(&resumed, &job.validation), unbroken);
    }
}

/// A kill between two checkpoints throws epochs away; they are trained again to the same bits.
#[test]
fn epochs_after_the_last_checkpoint_are_trained_again() {
    let mut job = Job::small();
    let unbroken = bits(&job.run(), &job.validation);
    job.settings.checkpoint_every = 4;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let checkpoints = Checkpoints::new(folder.path());
    assert!(job.fit(&mut StopAfter(6), Some(&checkpoints)).is_err());
    let resumed = job.fit(&mut Silent, Some(&checkpoints)).expect("the rest of the run");
    assert_eq!(bits(&resumed, &job.validation), unbroken);
}

#[test]
fn a_checkpoint_of_other_data_is_refused() {
    let mut job = Job::small();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let checkpoints = Checkpoints::new(folder.path());
    assert!(job.fit(&mut StopAfter(2), Some(&checkpoints)).is_err());
    job.train.continuous[0] += 0.5;
    let error = job.fit(&mut Silent, Some(&checkpoints)).expect_err("other data");
    assert!(matches!(error, TrainError::CheckpointForeign { .. }), "{error}");
}

#[test]
fn a_model_folder_scores_with_the_same_bits() {
    let mut job = Job::small();
    job.settings.seeds = 2;
    let trained = job.run();
    let folder = tempfile::tempdir().expect("a temporary folder");
    trained.save(folder.path()).expect("a writable folder");
    let again = Trained::load(folder.path(), &job.device, job.settings.kernels).expect("what was saved");
    assert_eq!(again.predict(&job.validation).expect("scores"), trained.predict(&job.validation).expect("scores"));
    assert_eq!(again.predict_members(&job.validation).expect("scores").len(), 2 * 4);
}

#[test]
fn every_kind_learns_a_curved_rule_better_than_the_base_rate() {
    use plan::{ModelKind, NumericEmbedding, TabmVariant};
    let kinds = [
        (ModelKind::Tabm, TabmVariant::Full, NumericEmbedding::Pwl),
        (ModelKind::Tabm, TabmVariant::Mini, NumericEmbedding::Plr),
        (ModelKind::Tabm, TabmVariant::Packed, NumericEmbedding::None),
        (ModelKind::Mlp, TabmVariant::Full, NumericEmbedding::Pbld),
        (ModelKind::Realmlp, TabmVariant::Full, NumericEmbedding::Pbld),
        (ModelKind::Logistic, TabmVariant::Full, NumericEmbedding::None),
    ];
    for (kind, variant, numeric_embedding) in kinds {
        let mut job = Job { train: rows(600, 0), validation: rows(300, 600), ..Job::small() };
        job.model = plan::Model { kind, variant, numeric_embedding, ..job.model };
        job.settings = plan::Train { epochs: 30, learning_rate: 2e-2, label_smoothing: 0.0, ..job.settings };
        let trained = job.run();
        let best = trained.history().iter().map(|r| r.validation_loss).fold(f64::INFINITY, f64::min);
        let rate = f64::from(job.validation.target.iter().sum::<f32>()) / 300.0;
        let entropy = -rate * rate.ln() - (1.0 - rate) * (1.0 - rate).ln();
        assert!(best < 0.9 * entropy, "{kind} {variant} {numeric_embedding}: {best}, base rate {entropy}");
    }
}

#[test]
fn the_best_epoch_s_weights_are_kept() {
    let mut job = Job::small();
    job.settings = plan::Train { epochs: 60, learning_rate: 0.1, patience: 5, ..job.settings };
    job.settings.schedule = plan::Schedule::Constant;
    let trained = job.run();
    let losses: Vec<f64> = trained.history().iter().map(|r| r.validation_loss).collect();
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let last_best = losses.iter().position(|l| *l == best).expect("one is lowest");
    assert_eq!(losses.len(), (last_best + 1 + 5).min(60), "patience counts from the best epoch");
    let loss = |p: f64, y: f32| if y > 0.5 { -p.ln() } else { -(1.0 - p).ln() };
    let predictions = trained.predict(&job.validation).expect("scores");
    let found: f64 = predictions.iter().zip(&job.validation.target).map(|(p, y)| loss(*p, *y)).sum::<f64>() / 100.0;
    assert!((found - best).abs() < 1e-9, "{found} {best}");
}

#[test]
fn batches_of_one_row_and_batches_longer_than_the_data_train() {
    for batch_size in [1, 1000] {
        let mut job = Job { train: rows(21, 0), ..Job::small() };
        job.settings = plan::Train { batch_size, epochs: 2, ..job.settings };
        assert_eq!(job.run().history().len(), 2);
    }
}

#[test]
fn a_diverging_run_is_refused_with_its_epoch_and_rate() {
    let mut job = Job::small();
    job.settings = plan::Train { learning_rate: 1e30, clip_norm: 0.0, ..job.settings };
    job.settings.schedule = plan::Schedule::Constant;
    let error = job.refused();
    assert!(matches!(error, TrainError::NonFinite { learning_rate, .. } if learning_rate == 1e30), "{error}");
    assert_eq!(error.code(), "TRN0005");
}

#[test]
fn rows_that_cannot_teach_are_refused() {
    let (mut single, mut unvalidated, mut one_class, mut empty, mut other) =
        (Job::small(), Job::small(), Job::small(), Job::small(), Job::small());
    single.train = rows(1, 0);
    unvalidated.validation = rows(0, 0);
    one_class.train.target.fill(1.0);
    for data in [&mut empty.train, &mut empty.validation] {
        data.layout = InputLayout::default();
        (data.continuous, data.binary, data.categorical) = (vec![], vec![], vec![]);
    }
    other.validation.layout.binary.clear();
    other.validation.binary.clear();
    let codes = [single, unvalidated, one_class, other, empty].map(|job| job.refused().code());
    assert_eq!(codes, ["TRN0001", "TRN0002", "TRN0003", "TRN0004", "MDL0001"]);
}

#[test]
fn balanced_classes_raise_the_mean_prediction_of_the_rarer_class() {
    let mut job = Job { train: rows(400, 0), ..Job::small() };
    let positive = job.train.target.iter().sum::<f32>() / 400.0;
    let mean = |job: &Job| job.run().predict(&job.validation).expect("scores").iter().sum::<f64>() / 100.0;
    let plain = mean(&job);
    job.settings.class_weight = plan::ClassWeight::Balanced;
    let balanced = mean(&job);
    assert!((balanced > plain) == (positive < 0.5), "{positive} {plain} {balanced}");
}
