//! Intervals: their seeds, clusters, coverage, and the comparison of two models.

use super::{assert_near, made};
use crate::{Bootstrap, EvaluateError, Metric, Scored, delong};

const METRICS: [Metric; 5] =
    [Metric::Auc, Metric::AveragePrecision, Metric::LogLoss, Metric::Brier, Metric::Ece { bins: 10 }];

fn bootstrap(resamples: usize, seed: u64) -> Bootstrap {
    Bootstrap { resamples, confidence: 0.95, seed }
}

fn with_threads<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a thread pool").install(work)
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let scored = made().weighted();
    let run = |n_threads| with_threads(n_threads, || bootstrap(200, 3).estimate(&scored, &METRICS).expect("defined"));
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(5));
}

#[test]
fn the_seed_changes_the_interval_and_not_the_value() {
    let scored = made().plain();
    let [a, b] = [1, 2].map(|seed| bootstrap(200, seed).estimate(&scored, &METRICS[..1]).expect("defined").remove(0));
    assert_eq!(a.value, b.value);
    assert_ne!(a.interval, b.interval);
}

#[test]
fn the_aucs_interval_is_delongs() {
    let scored = made().plain();
    let interval =
        bootstrap(4000, 11).estimate(&scored, &[Metric::Auc]).expect("defined")[0].interval.expect("resampled");
    let closed = delong(scored.ranked(), 0.95).expect("plain rows");
    assert_near("standard error", interval.standard_error, closed.standard_error, 0.05 * closed.standard_error);
    assert_near("low", interval.low, closed.low, 0.15 * closed.standard_error);
    assert_near("high", interval.high, closed.high, 0.15 * closed.standard_error);
}

#[test]
fn the_standard_error_of_a_rate_is_the_textbooks() {
    let scored = made().plain();
    let estimate = bootstrap(4000, 5).estimate(&scored, &[Metric::BaseRate]).expect("defined").remove(0);
    let expected = (estimate.value * (1.0 - estimate.value) / 400.0).sqrt();
    let found = estimate.interval.expect("resampled").standard_error;
    assert_near("standard error", found, expected, 0.05 * expected);
}

#[test]
fn repeated_customers_widen_the_interval() {
    // Each row four times over: without clusters the interval is half as wide as it should be.
    let made = made();
    let four_times = |values: &[f64]| values.iter().flat_map(|v| [*v; 4]).collect::<Vec<_>>();
    let outcomes: Vec<bool> = made.outcomes.iter().flat_map(|y| [*y; 4]).collect();
    let customers: Vec<u32> = (0..1600).map(|row| 1_000_000 - row / 4).collect();
    let rows = Scored::new(&four_times(&made.probabilities), &outcomes, None).expect("valid rows");
    let clustered = rows.clone().in_clusters(&customers).expect("one customer for each row");
    assert_eq!(clustered.ranked().n_clusters(), Some(400));
    let error = |scored: &Scored| {
        bootstrap(1000, 9).estimate(scored, &[Metric::LogLoss]).expect("defined")[0]
            .interval
            .expect("resampled")
            .standard_error
    };
    let single = error(&made.plain());
    assert_near("clustered", error(&clustered), single, 0.1 * single);
    assert_near("as if independent", error(&rows), 0.5 * single, 0.1 * single);
}

#[test]
fn a_model_is_not_better_than_itself() {
    let scored = made().plain();
    let comparison = bootstrap(200, 1).compare(&scored, &scored, &[Metric::Auc]).expect("same rows").remove(0);
    let difference = comparison.difference.interval.expect("resampled");
    assert_eq!((difference.low, difference.high), (0.0, 0.0));
    assert_eq!((comparison.share_better, comparison.p_value), (Some(0.5), Some(1.0)));
    assert!(!comparison.is_better());
}

#[test]
fn a_far_better_model_is_told_so_whichever_way_the_metric_points() {
    let made = made();
    let good: Vec<f64> =
        made.outcomes.iter().zip(&made.probabilities).map(|(y, p)| if *y { 0.5 + 0.4 * p } else { 0.45 * p }).collect();
    let good = Scored::new(&good, &made.outcomes, None).expect("valid rows");
    for comparison in bootstrap(500, 1).compare(&good, &made.plain(), &METRICS[..4]).expect("same rows") {
        assert!(comparison.is_better(), "{}", comparison.name);
        assert_eq!(comparison.share_better, Some(1.0));
        assert_near("p", comparison.p_value.expect("resampled"), 2.0 / 501.0, 1e-15);
        assert_near("difference", comparison.difference.value, comparison.model - comparison.baseline, 0.0);
    }
    let worse = &bootstrap(500, 1).compare(&made.plain(), &good, &[Metric::LogLoss]).expect("same rows")[0];
    assert!(!worse.is_better() && worse.share_better == Some(0.0));
}

#[test]
fn a_probability_model_meets_a_ranking_on_rank_metrics() {
    let made = made();
    let recency: Vec<f64> = made.probabilities.iter().map(|p| (p * 10.0).floor() * 30.0).collect();
    let ranked = crate::Ranked::new(&recency, &made.outcomes, None).expect("valid rows");
    let comparison = &bootstrap(100, 1).compare(&made.plain(), &ranked, &[Metric::Auc]).expect("same rows")[0];
    assert!(comparison.difference.interval.is_some());
    let refused = bootstrap(100, 1).compare(&made.plain(), &ranked, &[Metric::Brier]);
    assert_eq!(refused, Err(EvaluateError::NeedsProbabilities { metric: "Brier score" }));
}

#[test]
fn without_resamples_there_is_no_interval() {
    let estimates = bootstrap(0, 1).estimate(&made().plain(), &METRICS).expect("defined");
    assert!(estimates.iter().all(|estimate| estimate.interval.is_none() && estimate.value.is_finite()));
}

#[test]
fn a_metric_that_most_resamples_leave_undefined_has_no_interval() {
    // Half of the resamples of two rows draw the same row twice.
    let two = Scored::new(&[0.9, 0.1], &[true, false], None).expect("valid rows");
    let estimates = bootstrap(500, 1).estimate(&two, &[Metric::Auc, Metric::Brier]).expect("defined");
    assert!(estimates[0].interval.is_none());
    assert!(estimates[1].interval.is_some());
}

#[test]
fn a_calibration_errors_interval_is_not_inflated() {
    let scored = made().plain();
    let estimate = bootstrap(1000, 1).estimate(&scored, &[Metric::Ece { bins: 10 }]).expect("defined").remove(0);
    let interval = estimate.interval.expect("resampled");
    assert!(0.0 <= interval.low && interval.low <= estimate.value && estimate.value <= interval.high);
}

/// 200 sets of 150 rows from a known model: the 90 % interval of the log loss covers its expectation about nine times in
/// ten (within four standard errors of that share).
#[test]
fn intervals_cover_the_truth() {
    let mut state = 1_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    // E[log loss] for p uniform on 0..1 and y ~ p is twice ∫ −p ln p dp = 1/2.
    let covered = (0..200).filter(|&seed| {
        let p: Vec<f64> = (0..150).map(|_| uniform()).collect();
        let y: Vec<bool> = p.iter().map(|p| uniform() < *p).collect();
        let scored = Scored::new(&p, &y, None).expect("valid rows");
        let bootstrap = Bootstrap { resamples: 400, confidence: 0.9, seed };
        let interval =
            bootstrap.estimate(&scored, &[Metric::LogLoss]).expect("defined")[0].interval.expect("resampled");
        interval.low <= 0.5 && 0.5 <= interval.high
    });
    let share = covered.count() as f64 / 200.0;
    assert!((0.815..=0.985).contains(&share), "{share}");
}
