//! Training on value: what is known of made customers is found again, the same bits twice, and what is refused.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_artifact::math::{normal_quantile, sigmoid};
use tenure_config as plan;
use tenure_encode::Dataset;
use tenure_train::{Checkpoints, Labels, Silent, TrainError, Trained};

use super::{Job, StopAfter, device, rows};

/// Customers whose expected value is known: P(buys) and the log-normal's mean follow their inputs.
pub(super) struct Made {
    pub(super) data: Dataset,
    expected: Vec<f64>,
}

/// Value in one horizon; with `n_horizons` of two, three times as much in a second one that contains the first.
pub(super) fn made(n: usize, shift: usize, labels: Labels, n_horizons: usize) -> Made {
    const SIGMA: f64 = 0.7;
    let mut data = rows(n, shift);
    let mut rng = ChaCha8Rng::seed_from_u64(shift as u64);
    let (mut target, mut expected) = (Vec::new(), Vec::new());
    for row in 0..n {
        let x: Vec<f64> = data.continuous_row(row).iter().map(|v| f64::from(*v)).collect();
        let (p, mu) = (sigmoid(1.5 * x[0] - 0.3), 3.0 + x[1] + 0.5 * f64::from(data.binary_row(row)[0]));
        let buys = rng.random::<f64>() < p;
        let value = if buys { (mu + SIGMA * normal_quantile(rng.random())).exp() } else { 0.0 };
        if labels == Labels::ChurnAndValue {
            target.push(f32::from(u8::from(!buys)));
        }
        target.extend([value as f32, 3.0 * value as f32].into_iter().take(n_horizons));
        expected.push(p * (mu + 0.5 * SIGMA * SIGMA).exp());
    }
    data.target = target;
    Made { data, expected }
}

fn job(labels: Labels, n_horizons: usize) -> Job {
    let data = |n, shift| made(n, shift, labels, n_horizons).data;
    let model = plan::Model { head: plan::ModelHead::Ziln, churn_weight: 0.5, ..Job::small().model };
    Job { train: data(200, 0), validation: data(100, 200), labels, model, ..Job::small() }
}

/// Losses and predictions as bits.
fn bits(trained: &Trained, data: &Dataset) -> Vec<u64> {
    let losses = trained.history().iter().flat_map(|r| [r.train_loss, r.validation_loss]);
    let values = trained.predict_values(data, &[0.5]).expect("rows of the same layout");
    let values = values.into_iter().flat_map(|v| [v.expected, v.p_buys, v.quantiles].concat());
    losses.chain(values).map(f64::to_bits).collect()
}

const EVERY_TASK: [(Labels, usize); 3] = [(Labels::Value, 1), (Labels::Value, 2), (Labels::ChurnAndValue, 1)];

#[test]
fn one_seed_gives_one_run_to_the_bit() {
    for kind in [plan::DeviceKind::Cpu, plan::DeviceKind::Ndarray] {
        for (labels, n_horizons) in EVERY_TASK {
            let job = Job { device: device(kind), ..job(labels, n_horizons) };
            assert_eq!(bits(&job.run(), &job.validation), bits(&job.run(), &job.validation), "{labels:?} on {kind}");
        }
    }
}

#[test]
fn a_broken_run_ends_with_the_bits_of_an_unbroken_one() {
    for (labels, n_horizons) in EVERY_TASK {
        let mut job = job(labels, n_horizons);
        job.settings.seeds = 2;
        let unbroken = job.run();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let checkpoints = Checkpoints::new(folder.path());
        let stopped = job.fit(&mut StopAfter(4), Some(&checkpoints));
        assert!(matches!(stopped, Err(TrainError::Stopped { epoch: 4 })), "{stopped:?}");
        let resumed = job.fit(&mut Silent, Some(&checkpoints)).expect("the rest of the run");
        assert_eq!(bits(&resumed, &job.validation), bits(&unbroken, &job.validation), "{labels:?}");
        let ranks = |t: &Trained| t.history().iter().map(|r| r.validation_gini).collect::<Vec<_>>();
        assert_eq!(ranks(&resumed), ranks(&unbroken));
        assert!(ranks(&resumed).iter().all(Option::is_some));
    }
}

#[test]
fn a_model_folder_scores_with_the_same_bits() {
    let job = job(Labels::ChurnAndValue, 2);
    let trained = job.run();
    let folder = tempfile::tempdir().expect("a temporary folder");
    trained.save(folder.path()).expect("a writable folder");
    let again = Trained::load(folder.path(), &job.device, job.settings.kernels).expect("what was saved");
    let values = |t: &Trained| t.predict_values(&job.validation, &[0.1, 0.9]).expect("scores");
    assert_eq!(values(&again), values(&trained));
    assert_eq!(again.predict(&job.validation).expect("scores"), trained.predict(&job.validation).expect("scores"));
}

/// A network that can afford to learn: a minute's fraction, no more.
fn able(labels: Labels, n_horizons: usize) -> Job {
    let mut job = job(labels, n_horizons);
    job.train = made(6000, 0, labels, n_horizons).data;
    job.validation = made(1500, 6000, labels, n_horizons).data;
    job.model = plan::Model { dropout: 0.0, ..job.model };
    job.settings = plan::Train { epochs: 30, batch_size: 256, label_smoothing: 0.0, ..job.settings };
    job
}

#[test]
fn known_expected_values_are_found_again() {
    let test = made(4000, 7500, Labels::Value, 1);
    let happened: Vec<f64> = test.data.target.iter().map(|v| f64::from(*v)).collect();
    let trained = able(Labels::Value, 1).run();
    let said = &trained.predict_values(&test.data, &[0.05, 0.95]).expect("scores")[0];

    let share = gini(&said.expected, &happened) / gini(&test.expected, &happened);
    assert!(share > 0.97, "{share} of the truth's Gini");
    let (predicted, truth) = (said.expected.iter().sum::<f64>(), test.expected.iter().sum::<f64>());
    assert!((predicted / truth - 1.0).abs() < 0.05, "{predicted} against {truth}");
    let actual: f64 = happened.iter().sum();
    assert!((predicted / actual - 1.0).abs() < 0.1, "{predicted} against {actual}");

    // Four standard errors of a share of 4,000 customers, and a point for what training leaves.
    let within = (0..4000).filter(|&row| happened[row] <= said.quantile_row(row)[1]).count() as f64 / 4000.0;
    assert!((within - 0.95).abs() < 0.025, "{within} at or below the .95 quantile");
    assert!(said.p_buys.iter().all(|p| (0.0..=1.0).contains(p)));
}

/// Where nothing was bought the distribution function is drawn between 0 and its atom.
#[test]
fn the_probability_integral_transform_is_uniform() {
    let test = made(4000, 7500, Labels::Value, 1);
    let happened: Vec<f64> = test.data.target.iter().map(|v| f64::from(*v)).collect();
    let trained = able(Labels::Value, 1).run();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let at = trained.predict_cdf(&test.data, 0, &happened).expect("scores");
    let mut counts = [0; 10];
    for (p, value) in at.into_iter().zip(&happened) {
        let p = if *value > 0.0 { p } else { p * rng.random::<f64>() };
        counts[((10.0 * p) as usize).min(9)] += 1;
    }
    // 400 each, within four standard errors and a twentieth.
    assert!(counts.iter().all(|n: &i32| (n - 400).abs() < 96), "{counts:?}");
}

#[test]
fn longer_horizons_never_hold_less_and_churn_is_learnt_beside_value() {
    let test = made(2000, 7500, Labels::ChurnAndValue, 2);
    let trained = able(Labels::ChurnAndValue, 2).run();
    let said = trained.predict_values(&test.data, &[]).expect("scores");
    for row in 0..2000 {
        assert!(said[1].expected[row] >= said[0].expected[row] * (1.0 - 1e-9));
        assert!(said[1].p_buys[row] >= said[0].p_buys[row] - 1e-12);
    }
    let longer: Vec<f64> = test.expected.iter().map(|e| 3.0 * e).collect();
    for (said, truth) in said.iter().zip([&test.expected, &longer]) {
        let ratio = said.expected.iter().sum::<f64>() / truth.iter().sum::<f64>();
        assert!((ratio - 1.0).abs() < 0.08, "{ratio}");
    }
    // Who churns buys nothing, so the churn logit must say what P(buys) says.
    let churn = trained.predict(&test.data).expect("scores");
    let apart = churn.iter().zip(&said[0].p_buys).map(|(c, b)| (1.0 - c - b).abs()).sum::<f64>() / 2000.0;
    assert!(apart < 0.03, "{apart}");
}

#[test]
fn every_head_ranks_customers_as_the_truth_does() {
    use plan::ModelHead::{Ordinal, ZiGamma, ZilnMixture};
    let test = made(2000, 7500, Labels::Value, 1);
    for head in [ZilnMixture, Ordinal, ZiGamma] {
        let mut job = able(Labels::Value, 1);
        job.model.head = head;
        job.settings.epochs = 15;
        let trained = job.run();
        assert_eq!(bits(&job.run(), &test.data), bits(&trained, &test.data), "{head}");
        let said = &trained.predict_values(&test.data, &[0.5, 0.9]).expect("scores")[0];
        let share = gini(&said.expected, &test.expected) / gini(&test.expected, &test.expected);
        assert!(share > 0.97, "{head}: {share}");
        let ratio = said.expected.iter().sum::<f64>() / test.expected.iter().sum::<f64>();
        assert!((ratio - 1.0).abs() < 0.1, "{head}: {ratio}");
        assert!((0..2000).all(|row| said.quantile_row(row)[0] <= said.quantile_row(row)[1]), "{head}");
    }
    let mut job = job(Labels::Value, 2);
    job.model.head = Ordinal;
    assert_eq!(job.refused().code(), "TRN0018");
}

#[test]
fn a_linear_network_learns_value_too() {
    let mut job = able(Labels::Value, 1);
    job.model.kind = plan::ModelKind::Logistic;
    job.model.numeric_embedding = plan::NumericEmbedding::None;
    let test = made(2000, 7500, Labels::Value, 1);
    let said = &job.run().predict_values(&test.data, &[]).expect("scores")[0];
    let share = gini(&said.expected, &test.expected) / gini(&test.expected, &test.expected);
    assert!(share > 0.97, "{share}");
}

#[test]
fn what_a_task_does_not_answer_is_refused() {
    let value = job(Labels::Value, 1);
    let churn = Job::small();
    let (said_value, said_churn) = (value.run(), churn.run());
    assert_eq!(said_value.predict(&value.validation).expect_err("no churn").code(), "TRN0017");
    assert_eq!(said_churn.predict_values(&churn.validation, &[]).expect_err("no value").code(), "TRN0017");
    let mut binary = job(Labels::Value, 1);
    binary.model.head = plan::ModelHead::Binary;
    assert_eq!(binary.refused().code(), "TRN0016");
    let mut nothing = job(Labels::Value, 1);
    nothing.train.target.fill(0.0);
    assert_eq!(nothing.refused().code(), "TRN0015");
    let mut all = job(Labels::Value, 1);
    all.train.target.fill(20.0);
    assert!(all.run().predict_values(&all.validation, &[0.5]).expect("scores")[0].p_buys[0] > 0.9);
}

/// The raw Gini `2 · mean(gain) − 1` of a ranking of values.
fn gini(ranking: &[f64], values: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| ranking[*b].total_cmp(&ranking[*a]));
    let total: f64 = values.iter().sum();
    let mut above = 0.0;
    let gains = order.into_iter().map(|i| {
        above += values[i];
        above / total
    });
    2.0 * gains.sum::<f64>() / values.len() as f64 - 1.0
}
