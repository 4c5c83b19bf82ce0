//! Training on the last purchases of each row: what only their order tells is learned, the same bits twice and after a
//! break, and what is refused.

use tenure_artifact::CategoricalInput;
use tenure_config as plan;
use tenure_encode::Dataset;
use tenure_table::Sequences;
use tenure_train::{Checkpoints, KernelsUsed, Silent, TrainError, Trained};

use super::{Job, StopAfter, bits, device, rows};

/// Rows of up to five events whose label is whether the last one is larger than the first: no sum of them tells.
fn ordered(n: usize, shift: usize) -> Dataset {
    let mut data = rows(n, shift);
    let mut sequences = Sequences::new(vec!["amount".into()]);
    for row in 0..n {
        let i = row + shift;
        let size = |event: usize| ((i * 7919 + event * (i + 11) * 613) % 997) as f32 / 498.5 - 1.0;
        let events: Vec<f32> = (0..row % 6).map(size).collect();
        data.target[row] = match events[..] {
            [first, .., last] => f32::from(u8::from(last > first)),
            _ => data.target[row],
        };
        sequences.push_row(&events);
    }
    data.layout.sequence = sequences.names().to_vec();
    data.sequence = Some(sequences);
    data
}

fn job() -> Job {
    let mut job = Job::small();
    (job.train, job.validation) = (ordered(200, 0), ordered(100, 200));
    job.model.sequence.kind = plan::SequenceKind::Gru;
    job
}

#[test]
fn what_only_the_order_of_events_tells_is_learned() {
    let mut job = job();
    (job.train, job.validation) = (ordered(2_400, 0), ordered(600, 2_400));
    job.settings = plan::Train { epochs: 60, patience: 60, learning_rate: 1e-2, ..job.settings };
    let auc = |trained: &Trained| trained.history().iter().filter_map(|r| r.validation_auc).fold(0.0, f64::max);
    let with = auc(&job.run());
    job.model.sequence.kind = plan::SequenceKind::None;
    let without = auc(&job.run());
    // A third of the rows have fewer than two events; their label follows from the features.
    assert!(with > 0.95 && without < 0.85, "AUC {with} with sequences, {without} without");
}

/// Rows of one to four events whose label is whether the last one is of an odd level: their numbers do not tell.
fn levelled(n: usize, shift: usize) -> Dataset {
    let mut data = rows(n, shift);
    let mut sequences = Sequences::new(vec!["amount".into(), "shop".into()]);
    for row in 0..n {
        let i = row + shift;
        let level = |event: usize| (i * 7919 + event * (i + 11) * 613) % 997 % 6;
        let events: Vec<f32> = (0..=row % 4).flat_map(|event| [(event as f32).cos(), level(event) as f32]).collect();
        data.target[row] = (level(row % 4) % 2) as f32;
        sequences.push_row(&events);
    }
    data.layout.sequence = vec!["amount".into()];
    data.layout.sequence_levels = vec![CategoricalInput { name: "shop".into(), n_levels: 6 }];
    data.sequence = Some(sequences);
    data
}

#[test]
fn what_only_the_levels_of_events_tell_is_learned() {
    let mut job = job();
    (job.train, job.validation) = (levelled(2_400, 0), levelled(600, 2_400));
    job.settings = plan::Train { epochs: 30, patience: 30, learning_rate: 1e-2, ..job.settings };
    let auc = |trained: &Trained| trained.history().iter().filter_map(|r| r.validation_auc).fold(0.0, f64::max);
    let with = auc(&job.run());
    for data in [&mut job.train, &mut job.validation] {
        let alike = data.sequence.take().map(|events| events.map(|place, value| if place == 1 { 0.0 } else { value }));
        data.sequence = alike;
    }
    let without = auc(&job.run());
    assert!(with > 0.95 && without < 0.8, "AUC {with} with levels, {without} without");
}

#[test]
fn one_seed_gives_one_run_to_the_bit_on_every_device() {
    for kind in [plan::DeviceKind::Cpu, plan::DeviceKind::Ndarray] {
        let job = Job { device: device(kind), ..job() };
        assert_eq!(bits(&job.run(), &job.validation), bits(&job.run(), &job.validation), "on {kind}");
    }
}

#[test]
fn a_broken_run_ends_with_the_bits_of_an_unbroken_one() {
    let mut job = job();
    job.settings.seeds = 2;
    let unbroken = job.run();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let checkpoints = Checkpoints::new(folder.path());
    let stopped = job.fit(&mut StopAfter(4), Some(&checkpoints));
    assert!(matches!(stopped, Err(TrainError::Stopped { epoch: 4 })), "{stopped:?}");
    let resumed = job.fit(&mut Silent, Some(&checkpoints)).expect("the rest of the run");
    assert_eq!(bits(&resumed, &job.validation), bits(&unbroken, &job.validation));
    job.train.sequence = job.train.sequence.map(|events| events.map(|_, value| -value));
    let foreign = job.fit(&mut Silent, Some(&checkpoints)).expect_err("other events");
    assert_eq!(foreign.code(), "TRN0009");
}

#[test]
fn a_model_folder_scores_with_the_same_bits_whatever_rows_come_together() {
    let job = job();
    let trained = job.run();
    let folder = tempfile::tempdir().expect("a temporary folder");
    trained.save(folder.path()).expect("a writable folder");
    let again = Trained::load(folder.path(), &job.device, job.settings.kernels).expect("what was saved");
    let all = trained.predict(&job.validation).expect("scores");
    assert_eq!(again.predict(&job.validation).expect("scores"), all);
    for (row, expected) in all.iter().enumerate().step_by(7) {
        let alone = trained.predict(&job.validation.take(&[row as u32])).expect("scores")[0];
        assert!((alone - expected).abs() < 1e-6, "row {row}: {alone} alone, {expected} among others");
    }
}

#[test]
fn sequences_take_plain_kernels_and_rows_that_have_them() {
    let mut job = job();
    let trained = job.run();
    assert_eq!(trained.kernels().used, KernelsUsed::Plain);
    assert_eq!(trained.predict(&rows(10, 0)).expect_err("no events").code(), "TRN0021");
    job.settings.kernels = plan::Kernels::Fused;
    assert_eq!(job.refused().code(), "TRN0020");
    let without = Job { train: rows(200, 0), validation: rows(100, 200), ..self::job() };
    assert_eq!(without.refused().code(), "MDL0003");
}
