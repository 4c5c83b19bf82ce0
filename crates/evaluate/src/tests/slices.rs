//! Slices, folds, importance, dependence.

use super::{assert_near, made};
use crate::{
    Bootstrap, ImportanceStudy, Judged, MISSING_LEVEL, Metric, Scored, SliceSettings, ValueMetric, Valued, bands,
    dependence_grid, dependence_point, slice_by, summarise_folds,
};

const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 100, confidence: 0.95, seed: 1 };

#[test]
fn levels_that_cannot_be_judged_are_listed_with_the_reason() {
    let made = made();
    let levels: Vec<Option<&str>> = (0..400)
        .map(|row| match row {
            0..200 => Some("gold"),
            200..205 => Some("tiny"),
            205..300 => None,
            _ if made.outcomes[row] => Some("gold"),
            _ => Some("loyal only"),
        })
        .collect();
    let settings = SliceSettings { bootstrap: BOOTSTRAP, min_rows: 20, bins: 5, threshold: 0.5 };
    let table = slice_by(&made.plain(), "plan", &levels, &settings).expect("one level for each row");
    let names: Vec<_> = table.slices.iter().map(|slice| slice.level.as_str()).collect();
    assert_eq!(names, ["gold", MISSING_LEVEL, "loyal only", "tiny"]);
    assert_eq!(table.slices.iter().map(|slice| slice.n_rows).sum::<usize>(), 400);
    let skipped =
        |i: usize| table.slices[i].skipped.as_ref().map(|skipped| (skipped.code.as_str(), skipped.reason.clone()));
    assert!(skipped(0).is_none() && skipped(1).is_none());
    let loyal = table.slices[2].n_rows;
    assert_eq!(skipped(2), Some(("EVA0007", format!("AUC is undefined: none of the {loyal} rows is positive"))));
    assert_eq!(skipped(3), Some(("EVA0017", "5 rows, fewer than the 20 asked for".to_string())));
    let gold: Vec<u32> = (0..400).filter(|&row| levels[row as usize] == Some("gold")).collect();
    let expected = Metric::Auc.of(&made.plain().select(&gold).expect("rows")).expect("both classes");
    let metrics = table.slices[0].metrics.as_ref().expect("judged");
    assert_eq!(metrics.auc.value, expected);
    assert!(metrics.auc.interval.is_some());
}

#[test]
fn bands_keep_equal_values_together() {
    let values = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0];
    let names: Vec<_> = bands(&values, 4).into_iter().flatten().collect();
    assert_eq!(names, ["0 to 1", "0 to 1", "0 to 1", "0 to 1", "0 to 1", "0 to 1", "2 to 3", "2 to 3"]);
    assert_eq!(bands(&[f64::NAN, f64::NAN], 3), [None, None]);
    assert_eq!(bands(&[7.0], 3), [Some("7 to 7".to_string())]);
}

#[test]
fn folds_have_a_mean_a_spread_and_a_pool() {
    let made = made();
    let fold = |k: usize| {
        let rows: Vec<u32> = (0..400).filter(|row| row % 4 == k as u32).collect();
        made.plain().select(&rows).expect("rows")
    };
    let folds: Vec<Scored> = (0..4).map(fold).collect();
    let samples: Vec<_> = folds.iter().map(Into::into).collect();
    let summary = &summarise_folds(&samples, &made.plain(), &[Metric::Brier]).expect("defined")[0];
    assert_near("mean of equal folds", summary.mean, summary.pooled, 1e-12);
    let squares: f64 = summary.per_fold.iter().map(|v| (v - summary.mean).powi(2)).sum();
    assert_near("deviation", summary.standard_deviation, (squares / 3.0).sqrt(), 1e-15);
}

#[test]
fn a_feature_that_matters_is_told_from_one_that_does_not() {
    let made = made();
    let noise: Vec<f64> = (0..400).map(|i| f64::from((i * 31) % 7) / 1000.0).collect();
    let score = |first: &dyn Fn(usize) -> usize, second: &dyn Fn(usize) -> usize| -> Vec<f64> {
        (0..400).map(|row| 0.9 * made.probabilities[first(row)] + noise[second(row)]).collect()
    };
    let own = |row: usize| row;
    let baseline = Scored::new(&score(&own, &own), &made.outcomes, None).expect("valid rows");
    let worth: Vec<f64> = made.outcomes.iter().map(|&outcome| if outcome { 20.0 } else { 5.0 }).collect();
    let values = Valued::new(&score(&own, &own), &worth, None).expect("valid rows");
    let baselines = [
        Judged::Scores(baseline.clone(), Metric::Auc),
        Judged::Scores(baseline, Metric::LogLoss),
        Judged::Values(values, ValueMetric::NormalizedGini),
    ];
    for judged in baselines {
        let mut study = ImportanceStudy::new(judged.clone(), 2, 5, BOOTSTRAP).expect("sound settings");
        assert_eq!(study.n_tasks(), 10);
        while let Some(task) = study.next_task() {
            let shuffled = |row: usize| task.permutation[row] as usize;
            let scores = if task.feature == 0 { score(&shuffled, &own) } else { score(&own, &shuffled) };
            study.record(&scores).expect("asked for");
        }
        let result = study.finish();
        let [signal, idle] = [&result[0], &result[1]];
        assert_eq!((signal.feature, idle.feature, signal.repeats.len()), (0, 1, 5));
        assert!(signal.loss.interval.expect("resampled").low > 0.0);
        assert!(signal.loss.value > 10.0 * idle.loss.value.abs());
        assert_near("mean", signal.loss.value, signal.repeats.iter().sum::<f64>() / 5.0, 1e-15);
    }
}

#[test]
fn dependence_is_a_weighted_mean_with_the_rows_spread() {
    let point = dependence_point(&[0.1, 0.2, 0.3, 0.4, 0.5], Some(&[1.0, 1.0, 1.0, 1.0, 4.0])).expect("valid");
    assert_near("mean", point.mean, 3.0 / 8.0, 1e-15);
    assert_near("low", point.low, 0.14, 1e-15);
    assert_near("high", point.high, 0.46, 1e-15);
    let values: Vec<f64> = (0..=100).map(f64::from).chain([f64::NAN]).collect();
    let grid = dependence_grid(&values, 3);
    assert!(grid.len() == 3 && (grid[0] - 1.0).abs() < 1e-9 && (grid[1] - 50.0).abs() < 1e-9, "{grid:?}");
    assert_eq!(dependence_grid(&[3.0; 10], 5), [3.0]);
    assert_eq!(dependence_grid(&[f64::NAN], 5), Vec::<f64>::new());
}
