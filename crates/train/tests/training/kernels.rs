//! Fused kernels learn what plain ones learn: the same start, order and masks, and ten steps' losses up to rounding.

use tenure_config as plan;
use tenure_train::{Checkpoints, EpochRecord, KernelsUsed, Labels, TrainError};

use super::value::made;
use super::{Job, StopAfter, bits, device, rows};

/// Ten epochs of one batch each, with dropout, clipping and decay, by both kinds of kernels.
fn both(job: &mut Job) -> [Vec<EpochRecord>; 2] {
    job.settings = plan::Train { batch_size: 10_000, learning_rate: 5e-3, ..job.settings };
    [plan::Kernels::Plain, plan::Kernels::Fused].map(|kernels| {
        job.settings.kernels = kernels;
        let trained = job.run();
        let used = trained.kernels().used;
        assert_eq!(used == KernelsUsed::Fused, kernels == plan::Kernels::Fused);
        trained.history().to_vec()
    })
}

fn assert_same(job: &mut Job, what: &str) {
    let [plain, fused] = both(job);
    assert_eq!((plain.len(), fused.len()), (10, 10));
    for (plain, fused) in plain.iter().zip(&fused) {
        for (plain, fused) in [(plain.train_loss, fused.train_loss), (plain.validation_loss, fused.validation_loss)] {
            assert!((fused / plain - 1.0).abs() < 1e-5, "{what}: plain {plain}, fused {fused}");
        }
    }
}

#[test]
fn every_network_loses_the_same() {
    use plan::{Activation, ModelKind, NumericEmbedding, TabmVariant};
    let kinds = [
        (ModelKind::Tabm, TabmVariant::Full, NumericEmbedding::Pwl, Activation::Relu),
        (ModelKind::Tabm, TabmVariant::Mini, NumericEmbedding::Plr, Activation::Relu),
        (ModelKind::Tabm, TabmVariant::Packed, NumericEmbedding::None, Activation::Relu),
        (ModelKind::Mlp, TabmVariant::Full, NumericEmbedding::Pbld, Activation::Silu),
        (ModelKind::Mlp, TabmVariant::Full, NumericEmbedding::Pwl, Activation::Gelu),
        (ModelKind::Realmlp, TabmVariant::Full, NumericEmbedding::Pbld, Activation::Selu),
        (ModelKind::Logistic, TabmVariant::Full, NumericEmbedding::None, Activation::Relu),
    ];
    for (kind, variant, numeric_embedding, activation) in kinds {
        let mut job = Job::small();
        job.model = plan::Model { kind, variant, numeric_embedding, activation, ..job.model };
        assert_same(&mut job, &format!("{kind} {variant} {numeric_embedding} {activation}"));
    }
}

#[test]
fn every_head_loses_the_same() {
    use plan::ModelHead::{Ordinal, ZiGamma, Ziln, ZilnMixture};
    let tasks = [
        (Labels::Value, 1, Ziln),
        (Labels::Value, 2, Ziln),
        (Labels::ChurnAndValue, 1, Ziln),
        (Labels::Value, 1, ZilnMixture),
        (Labels::Value, 1, Ordinal),
        (Labels::ChurnAndValue, 1, ZiGamma),
    ];
    for (labels, n_horizons, head) in tasks {
        let data = |n, shift| made(n, shift, labels, n_horizons).data;
        let mut job = Job { train: data(200, 0), validation: data(100, 200), labels, ..Job::small() };
        job.model = plan::Model { head, churn_weight: 0.5, ..job.model };
        job.settings.label_smoothing = 0.0;
        assert_same(&mut job, &format!("{labels:?} over {n_horizons}, {head}"));
    }
}

#[test]
fn balanced_classes_and_smoothed_labels_lose_the_same() {
    let mut job = Job { train: rows(333, 0), ..Job::small() };
    job.settings.class_weight = plan::ClassWeight::Balanced;
    job.settings.label_smoothing = 0.1;
    for (i, weight) in job.train.weight.iter_mut().enumerate() {
        *weight = 1.0 + (i % 5) as f32;
    }
    assert_same(&mut job, "balanced, smoothed and weighted");
}

#[test]
fn either_kind_goes_on_from_its_checkpoint() {
    for kernels in [plan::Kernels::Plain, plan::Kernels::Fused] {
        let mut job = Job::small();
        job.settings.kernels = kernels;
        let unbroken = bits(&job.run(), &job.validation);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints::new(folder.path());
        assert!(job.fit(&mut StopAfter(4), Some(&checkpoints)).is_err());
        let resumed = job.fit(&mut super::Silent, Some(&checkpoints)).expect("the rest of the run");
        assert_eq!(bits(&resumed, &job.validation), unbroken, "{kernels}");
    }
}

#[test]
fn fused_kernels_are_refused_where_there_are_none() {
    let mut job = Job { device: device(plan::DeviceKind::Ndarray), ..Job::small() };
    job.settings.kernels = plan::Kernels::Fused;
    let error = job.refused();
    assert!(matches!(error, TrainError::FusedElsewhere { .. }), "{error}");
    job.settings.kernels = plan::Kernels::Auto;
    let trained = job.run();
    assert_eq!(trained.kernels().used, KernelsUsed::Plain);
}
