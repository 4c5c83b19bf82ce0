//! Intervals of value metrics and the comparison of two predictions.

use super::made;
use crate::tests::assert_near;
use crate::{Bootstrap, EvaluateError, ValueMetric, Valued, defined_for};

fn bootstrap(resamples: usize, seed: u64) -> Bootstrap {
    Bootstrap { resamples, confidence: 0.95, seed }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let valued = made().weighted();
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a thread pool");
        pool.install(|| {
            let valued = valued.with_predictions(&valued.predicted).expect("valid rows");
            bootstrap(100, 3).estimate_values(&valued, &ValueMetric::COMPARED).expect("defined")
        })
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(5));
}

#[test]
fn the_standard_error_of_a_mean_is_the_textbooks() {
    let made = made();
    let estimate = bootstrap(4000, 5).estimate_values(&made.plain(), &[ValueMetric::MeanActual]).expect("defined");
    let mean = estimate[0].value;
    let variance = made.actual.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 400.0;
    let found = estimate[0].interval.expect("resampled").standard_error;
    assert_near("standard error", found, (variance / 400.0).sqrt(), 0.05 * (variance / 400.0).sqrt());
}

#[test]
fn repeated_customers_widen_the_interval() {
    let made = made();
    let four_times = |values: &[f64]| values.iter().flat_map(|v| [*v; 4]).collect::<Vec<_>>();
    let customers: Vec<u32> = (0..1600).map(|row| 1_000_000 - row / 4).collect();
    let rows = Valued::new(&four_times(&made.predicted), &four_times(&made.actual), None).expect("valid rows");
    let clustered = rows.clone().in_clusters(&customers).expect("one customer for each row");
    assert_eq!(clustered.n_clusters(), Some(400));
    let error = |valued: &Valued| {
        let estimates = bootstrap(1000, 9).estimate_values(valued, &[ValueMetric::Spearman]).expect("defined");
        estimates[0].interval.expect("resampled").standard_error
    };
    let single = error(&made.plain());
    assert_near("clustered", error(&clustered), single, 0.1 * single);
    assert_near("as if independent", error(&rows), 0.5 * single, 0.1 * single);
}

#[test]
fn a_far_better_model_is_told_so_whichever_way_the_metric_points() {
    let made = made();
    let good: Vec<f64> = made.actual.iter().zip(&made.predicted).map(|(y, p)| 0.9 * y + 0.05 * p).collect();
    let good = made.plain().with_predictions(&good).expect("valid rows");
    // So good that nobody buys in its last deciles, which leaves decile MAPE undefined.
    let metrics = &ValueMetric::COMPARED[..5];
    assert_eq!(ValueMetric::DecileMape.of(&good), Err(EvaluateError::EmptyDecile { decile: 6 }));
    for comparison in bootstrap(300, 1).compare_values(&good, &made.plain(), metrics).expect("same rows") {
        assert!(comparison.is_better(), "{}", comparison.name);
        assert_eq!(comparison.share_better, Some(1.0));
        assert_near("difference", comparison.difference.value, comparison.model - comparison.baseline, 0.0);
    }
    let worse = &bootstrap(300, 1).compare_values(&made.plain(), &good, &[ValueMetric::Rmse]).expect("same rows")[0];
    assert!(!worse.is_better() && worse.share_better == Some(0.0));
    assert_near("p", worse.p_value.expect("resampled"), 2.0 / 301.0, 1e-15);
}

#[test]
fn a_model_is_not_better_than_itself() {
    let valued = made().plain();
    let comparison =
        &bootstrap(100, 1).compare_values(&valued, &valued, &[ValueMetric::NormalizedGini]).expect("same")[0];
    let interval = comparison.difference.interval.expect("resampled");
    assert_eq!((interval.low, interval.high, comparison.p_value), (0.0, 0.0, Some(1.0)));
    assert!(!comparison.is_better());
}

#[test]
fn only_what_both_define_is_compared() {
    let valued = made().plain();
    let nothing = valued.with_predictions(&[0.0; 400]).expect("valid rows");
    let (defined, undefined) = defined_for(&ValueMetric::COMPARED, &[&valued, &nothing]);
    assert_eq!(
        defined,
        [ValueMetric::NormalizedGini, ValueMetric::Mae, ValueMetric::Rmse, ValueMetric::DecileMape],
        "a constant has no rank correlation"
    );
    assert_eq!(undefined.iter().map(|u| u.code.as_str()).collect::<Vec<_>>(), ["EVA0023", "EVA0023"]);
    assert!(bootstrap(50, 1).compare_values(&valued, &nothing, &defined).is_ok());
}

#[test]
fn comparisons_must_be_of_the_same_rows() {
    let made = made();
    let mut other = made.actual.clone();
    other[7] += 1.0;
    let other = Valued::new(&made.predicted, &other, None).expect("valid rows");
    let refused = bootstrap(10, 1).compare_values(&made.plain(), &other, &[ValueMetric::Mae]);
    assert_eq!(refused, Err(EvaluateError::RowsDiffer { row_idx: 7, what: "actual value" }));
    let refused = bootstrap(10, 1).compare_values(&made.plain(), &made.weighted(), &[ValueMetric::Mae]);
    assert_eq!(refused, Err(EvaluateError::RowsDiffer { row_idx: 1, what: "weight" }));
}

/// 200 sets of 150 rows: the 90 % interval of the mean absolute error covers its expectation about nine times in ten
/// (within four standard errors of that share).
#[test]
fn intervals_cover_the_truth() {
    let mut stream = crate::random::Stream::new(1, 0);
    let mut uniform = move || f64::from(stream.below(1 << 30)) / f64::from(1_u32 << 30);
    // E|p − y| for p and y uniform on 0..1 is 1/3.
    let covered = (0..200).filter(|&seed| {
        let p: Vec<f64> = (0..150).map(|_| uniform()).collect();
        let y: Vec<f64> = (0..150).map(|_| uniform()).collect();
        let valued = Valued::new(&p, &y, None).expect("valid rows");
        let bootstrap = Bootstrap { resamples: 400, confidence: 0.9, seed };
        let estimates = bootstrap.estimate_values(&valued, &[ValueMetric::Mae]).expect("defined");
        let interval = estimates[0].interval.expect("resampled");
        interval.low <= 1.0 / 3.0 && 1.0 / 3.0 <= interval.high
    });
    let share = covered.count() as f64 / 200.0;
    assert!((0.815..=0.985).contains(&share), "{share}");
}
