//! What holds for any predictions, and brute force.

use proptest::prelude::*;

use crate::tests::assert_near;
use crate::{
    Bootstrap, EvaluateError, GainPoint, Targeting, ValueMetric, Valued, gain_curve, perfect_gain_curve,
    targeting_curve, value_deciles,
};

const ALL: [ValueMetric; 14] = [
    ValueMetric::MeanActual,
    ValueMetric::MeanPredicted,
    ValueMetric::NonzeroShare,
    ValueMetric::TotalRatio,
    ValueMetric::RawGini,
    ValueMetric::NormalizedGini,
    ValueMetric::Spearman,
    ValueMetric::SpearmanNonzero,
    ValueMetric::Pearson,
    ValueMetric::Mae,
    ValueMetric::Rmse,
    ValueMetric::Msle,
    ValueMetric::DecileMape,
    ValueMetric::GainAt { share: 0.25 },
];

type Rows = (Vec<f64>, Vec<f64>, Vec<f64>);

/// Predictions on a grid of 9 and values on a grid of 6 with many zeros (so that ties are common), and weights.
fn rows(n_rows: std::ops::Range<usize>) -> impl Strategy<Value = Rows> {
    let row = (0_u32..9, prop_oneof![Just(0_u32), 0_u32..6], 1_u32..5);
    prop::collection::vec(row, n_rows).prop_map(|rows| {
        let column = |pick: fn(&(u32, u32, u32)) -> f64| rows.iter().map(pick).collect::<Vec<_>>();
        (
            column(|row| 2.5 * f64::from(row.0)),
            column(|row| 4.0 * f64::from(row.1)),
            column(|row| 0.5 * f64::from(row.2)),
        )
    })
}

fn valued((predicted, actual, weights): &Rows) -> Valued {
    Valued::new(predicted, actual, Some(weights)).expect("valid rows")
}

/// Near, or undefined for the same reason.
fn assert_same(metric: ValueMetric, found: Result<f64, EvaluateError>, expected: Result<f64, EvaluateError>) {
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert_near(metric.name(), found, expected, 1e-9 * expected.abs().max(1.0)),
        (Err(found), Err(expected)) => assert_eq!(found.code(), expected.code(), "{}", metric.name()),
        (found, expected) => panic!("{}: {found:?} against {expected:?}", metric.name()),
    }
}

/// Mean over every order of the rows that keeps predictions descending of `2 · mean(gain) − 1`.
fn gini_over_all_orders((predicted, actual, weights): &Rows) -> f64 {
    let total: f64 = actual.iter().zip(weights).map(|(y, w)| y * w).sum();
    let mut ginis = Vec::new();
    permute(&mut (0..predicted.len()).collect(), 0, &mut |order| {
        if order.windows(2).all(|pair| predicted[pair[0]] >= predicted[pair[1]]) {
            let (mut sum, mut area) = (0.0, 0.0);
            for &row in order {
                sum += weights[row] * actual[row];
                area += weights[row] * sum;
            }
            ginis.push(2.0 * area / (weights.iter().sum::<f64>() * total) - 1.0);
        }
    });
    ginis.iter().sum::<f64>() / ginis.len() as f64
}

fn permute(order: &mut Vec<usize>, fixed: usize, visit: &mut impl FnMut(&[usize])) {
    if fixed == order.len() {
        return visit(order);
    }
    for i in fixed..order.len() {
        order.swap(fixed, i);
        permute(order, fixed + 1, visit);
        order.swap(fixed, i);
    }
}

/// The averaged rank of each value by counting, and Pearson's correlation by the textbook's sums.
fn spearman_by_counting(predicted: &[f64], actual: &[f64]) -> Option<f64> {
    let rank = |values: &[f64], value: f64| {
        let below = values.iter().filter(|other| **other < value).count() as f64;
        let tied = values.iter().filter(|other| **other == value).count() as f64;
        below + 0.5 * (tied + 1.0)
    };
    let n = predicted.len() as f64;
    let r: Vec<f64> = predicted.iter().map(|&value| rank(predicted, value)).collect();
    let s: Vec<f64> = actual.iter().map(|&value| rank(actual, value)).collect();
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let ones = vec![1.0; r.len()];
    let covariance = |a: &[f64], b: &[f64]| n * sum(a, b) - sum(a, &ones) * sum(b, &ones);
    let spread = covariance(&r, &r) * covariance(&s, &s);
    (spread > 1e-9).then(|| covariance(&r, &s) / spread.sqrt())
}

proptest! {
    #[test]
    fn gini_is_the_mean_over_all_orders_of_ties(rows in rows(2..7)) {
        prop_assume!(rows.1.iter().any(|&y| y > 0.0));
        let found = ValueMetric::RawGini.of(&valued(&rows)).expect("some value");
        assert_near("Gini", found, gini_over_all_orders(&rows), 1e-12);
    }

    #[test]
    fn spearman_is_what_counting_gives((predicted, actual, _) in rows(2..40)) {
        let plain = Valued::new(&predicted, &actual, None).expect("valid rows");
        match spearman_by_counting(&predicted, &actual) {
            Some(expected) => assert_near("Spearman", ValueMetric::Spearman.of(&plain).expect("spread"), expected, 1e-9),
            None => prop_assert!(ValueMetric::Spearman.of(&plain).is_err()),
        }
        let bought: Vec<usize> = (0..actual.len()).filter(|&row| actual[row] != 0.0).collect();
        let [p, y] = [&predicted, &actual].map(|values| bought.iter().map(|&row| values[row]).collect::<Vec<_>>());
        match spearman_by_counting(&p, &y) {
            Some(expected) => {
                let found = ValueMetric::SpearmanNonzero.of(&plain).expect("spread");
                assert_near("Spearman of buyers", found, expected, 1e-9);
            }
            None => prop_assert!(ValueMetric::SpearmanNonzero.of(&plain).is_err()),
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(rows in rows(1..50), turn in 0_usize..50) {
        let turn = turn % rows.0.len();
        let mut turned = rows.clone();
        for column in [&mut turned.0, &mut turned.1, &mut turned.2] {
            column.rotate_left(turn);
        }
        for metric in ALL {
            assert_same(metric, metric.of(&valued(&turned)), metric.of(&valued(&rows)));
        }
    }

    #[test]
    fn order_metrics_see_only_the_order_and_no_unit(rows in rows(2..50), unit in 0.01..1e4) {
        let original = valued(&rows);
        let moved: Vec<f64> = rows.0.iter().map(|p| (0.3 * p).exp() - 5.0).collect();
        let dearer: Vec<f64> = rows.1.iter().map(|y| y * unit).collect();
        let heavier: Vec<f64> = rows.2.iter().map(|w| w * unit).collect();
        let other = Valued::new(&moved, &dearer, Some(&heavier)).expect("valid rows");
        for metric in [
            ValueMetric::RawGini,
            ValueMetric::NormalizedGini,
            ValueMetric::Spearman,
            ValueMetric::SpearmanNonzero,
            ValueMetric::GainAt { share: 0.1 },
        ] {
            assert_same(metric, metric.of(&other), metric.of(&original));
        }
    }

    #[test]
    fn equal_weights_are_no_weights((predicted, actual, _) in rows(1..40), weight in 0.1..9.0) {
        let plain = Valued::new(&predicted, &actual, None).expect("valid rows");
        let weighted = Valued::new(&predicted, &actual, Some(&vec![weight; actual.len()])).expect("valid rows");
        for metric in ALL {
            assert_same(metric, metric.of(&weighted), metric.of(&plain));
        }
    }

    #[test]
    fn no_prediction_gains_more_than_the_truth(rows in rows(2..50)) {
        let set = valued(&rows);
        let right = set.with_predictions(&rows.1).expect("valid rows");
        if let Ok(gini) = ValueMetric::NormalizedGini.of(&set) {
            // Of weighted rows the order by value is not quite the best: a heavy row counts itself at once.
            prop_assert!(gini <= 1.0 + 1e-9);
            assert_near("of the truth", ValueMetric::NormalizedGini.of(&right).expect("spread"), 1.0, 1e-12);
        }
        if let (Ok(gain), Ok(perfect)) = (gain_curve(&set, 500), perfect_gain_curve(&set, 500)) {
            prop_assert!(gain.iter().all(|point| point.value_share <= height(&perfect, point.customer_share) + 1e-9));
        }
        if let Ok(rho) = ValueMetric::Spearman.of(&right) {
            assert_near("Spearman of the truth", rho, 1.0, 1e-12);
        }
    }

    #[test]
    fn deciles_add_up(rows in rows(1..60)) {
        let set = valued(&rows);
        let table = value_deciles(&set);
        let sum = |pick: fn(&crate::ValueDecile) -> f64| table.iter().map(pick).sum::<f64>();
        let total = |values: &[f64]| values.iter().zip(&rows.2).map(|(v, w)| v * w).sum::<f64>();
        assert_near("mass", sum(|d| d.mass), rows.2.iter().sum(), 1e-9);
        assert_near("actual", sum(|d| d.mass * d.mean_actual), total(&rows.1), 1e-9);
        assert_near("predicted", sum(|d| d.mass * d.mean_predicted), total(&rows.0), 1e-9);
        prop_assert!(table.windows(2).all(|pair| pair[0].predicted_min >= pair[1].predicted_max));
    }

    #[test]
    fn the_chosen_targets_earn_what_the_metric_says(rows in rows(1..60), contact_cost in 0.0..20.0) {
        let targeting = Targeting { contact_cost, margin: 0.6 };
        let curve = targeting_curve(&valued(&rows), targeting, 500).expect("sound costs");
        let bound = contact_cost / 0.6;
        let profit: f64 = (0..rows.0.len())
            .filter(|&row| rows.0[row] >= bound)
            .map(|row| rows.2[row] * (0.6 * rows.1[row] - contact_cost))
            .sum();
        assert_near("profit", curve.chosen.profit, profit, 1e-9);
        let mass: f64 = rows.2.iter().sum();
        let per_row = ValueMetric::ProfitPerRow { targeting }.of(&valued(&rows)).expect("sound costs");
        assert_near("per row", per_row * mass, profit, 1e-9);
        prop_assert!(curve.points.iter().all(|point| point.profit <= curve.best.profit + 1e-9));
    }

    #[test]
    fn a_resample_is_the_set_of_the_rows_it_drew(rows in rows(2..25), seed in any::<u64>()) {
        // One resample's percentile interval has no width, so two equal ends are the metric of that resample.
        let set = valued(&rows);
        let bootstrap = Bootstrap { resamples: 8, confidence: 0.5, seed };
        for counts in bootstrap.replicates(rows.0.len(), |_, counts| counts.to_vec()) {
            let drawn: Vec<u32> =
                counts.iter().zip(0..).flat_map(|(&n, row)| std::iter::repeat_n(row, n as usize)).collect();
            let copy = set.select(&drawn).expect("valid rows");
            let mass: Vec<f64> = rows.2.iter().zip(&counts).map(|(w, &n)| w * f64::from(n)).collect();
            let view = crate::value::view::ValueView::new(&set, &mass);
            for metric in ALL {
                assert_same(metric, metric.of_view(&view), metric.of(&copy));
            }
        }
    }
}

/// The height of a curve, by interpolation.
fn height(curve: &[GainPoint], share: f64) -> f64 {
    let after = curve.iter().position(|point| point.customer_share >= share).unwrap_or(curve.len() - 1);
    let (a, b) = (curve[after.saturating_sub(1)], curve[after]);
    let run = b.customer_share - a.customer_share;
    if run <= 0.0 {
        b.value_share
    } else {
        a.value_share + (share - a.customer_share) / run * (b.value_share - a.value_share)
    }
}
