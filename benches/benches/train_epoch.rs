//! One epoch over 4,096 rows of 16 magnitudes and 32 indicators: every architecture at the default preset's sizes, on both
//! CPU backends, and every value head beside churn on one network. Run with the program's allocator; the upload of rows and the look at 512 validation rows are included.
//!
//! The loss is checked: a broken step would be a fast one.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tenure_artifact::{ContinuousInput, InputLayout};
use tenure_config as plan;
use tenure_encode::Dataset;
use tenure_model::{ChosenDevice, select_device};
use tenure_train::{FitJob, Labels, Silent, fit};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const N_ROWS: usize = 4096;

fn rows(n: usize, shift: usize) -> Dataset {
    let uniform = |i: usize, k: usize| (((i + shift) * 7919 + k * 104_729) % 997) as f32 / 997.0;
    let magnitude = |j: usize| ContinuousInput {
        name: format!("x{j}"),
        source: format!("x{j}"),
        quantiles: (0..ContinuousInput::N_QUANTILES).map(|q| q as f32 / 192.0).collect(),
    };
    let score = |i: usize| uniform(i, 0) - uniform(i, 1) + uniform(i, 40) - 0.3;
    Dataset {
        layout: InputLayout {
            continuous: (0..16).map(magnitude).collect(),
            binary: (0..32).map(|j| format!("g{j}")).collect(),
            categorical: vec![],
            sequence: vec![],
            sequence_levels: vec![],
        },
        continuous: (0..16 * n).map(|i| uniform(i / 16, i % 16)).collect(),
        binary: (0..32 * n).map(|i| f32::from(u8::from(uniform(i / 32, 50 + i % 32) > 0.5))).collect(),
        categorical: vec![],
        target: (0..n).map(|i| f32::from(u8::from(score(i) > 0.0))).collect(),
        sequence: None,
        weight: vec![1.0; n],
    }
}

/// The same rows with a value instead of a label: 0, or spread over two orders of magnitude.
fn with_values(rows: &Dataset) -> Dataset {
    let value = |(i, y): (usize, &f32)| y * (1.0 + (i * 7919 % 997) as f32 / 10.0);
    Dataset { target: rows.target.iter().enumerate().map(value).collect(), ..rows.clone() }
}

fn cpu(kind: plan::DeviceKind) -> ChosenDevice {
    select_device(&plan::Device { kind, adapter: None, allow_software: false }).expect("the CPU is always there")
}

fn epoch(criterion: &mut Criterion) {
    let churn = (rows(N_ROWS, 0), rows(512, N_ROWS));
    let value = (with_values(&churn.0), with_values(&churn.1));
    let mut group = criterion.benchmark_group("train_epoch");
    group.sample_size(10).throughput(criterion::Throughput::Elements(N_ROWS as u64));
    for device in [cpu(plan::DeviceKind::Cpu), cpu(plan::DeviceKind::Ndarray)] {
        use plan::ModelHead::{Binary, Ordinal, ZiGamma, Ziln, ZilnMixture};
        for (name, variant, head) in [
            ("tabm-full", plan::TabmVariant::Full, Binary),
            ("tabm-full-ziln", plan::TabmVariant::Full, Ziln),
            ("tabm-full-ziln_mixture", plan::TabmVariant::Full, ZilnMixture),
            ("tabm-full-ordinal", plan::TabmVariant::Full, Ordinal),
            ("tabm-full-zi_gamma", plan::TabmVariant::Full, ZiGamma),
            ("tabm-mini", plan::TabmVariant::Mini, Binary),
            ("tabm-packed", plan::TabmVariant::Packed, Binary),
        ] {
            let has_value = head.predicts_value();
            let (labels, data) = if has_value { (Labels::Value, &value) } else { (Labels::Churn, &churn) };
            let text = format!(
                "[data]\nsource = \"synthetic\"\n[model]\nvariant = \"{variant}\"\n[train]\nepochs = 1\ncheckpoint_every = 0\n"
            );
            let plan = tenure_config::parse(&text, "bench.toml", &plan::Overrides::default()).expect("a valid file");
            let model = plan::Model { head, ..plan.model.clone() };
            let (k, d, b) = (plan.model.members, plan.model.width, plan.train.batch_size);
            group.bench_function(format!("{}/{name}/K{k}-D{d}-B{b}", device.info.backend), |bencher| {
                bencher.iter(|| {
                    let job = FitJob {
                        train: &data.0,
                        validation: &data.1,
                        labels,
                        model: &model,
                        settings: &plan.train,
                        seed: 1,
                        device: &device,
                        n_threads: tenure_train::n_cores(),
                    };
                    let trained = fit(job, &mut Silent, None).expect("a job that trains");
                    let loss = trained.history()[0].train_loss;
                    assert!(loss < if has_value { 4.0 } else { 0.69 }, "{loss}");
                    black_box(trained)
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, epoch);
criterion_main!(benches);
