//! Small tables whose figures a spreadsheet gives.

use crate::tests::assert_near;
use crate::{Targeting, ValueMetric, Valued, gain_curve, perfect_gain_curve, targeting_curve, value_deciles};

const PREDICTED: [f64; 5] = [50.0, 40.0, 30.0, 20.0, 10.0];
const ACTUAL: [f64; 5] = [10.0, 0.0, 5.0, 0.0, 5.0];

fn five() -> Valued {
    Valued::new(&PREDICTED, &ACTUAL, None).expect("valid rows")
}

fn of(metric: ValueMetric, valued: &Valued) -> f64 {
    metric.of(valued).expect("defined")
}

#[test]
fn gini_by_cumulative_sums() {
    // Gains .5 .5 .75 .75 1, mean .7; perfect .5 .75 1 1 1, mean .85.
    assert_near("raw", of(ValueMetric::RawGini, &five()), 0.4, 1e-15);
    assert_near("normalized", of(ValueMetric::NormalizedGini, &five()), 0.4 / 0.7, 1e-15);
    let reversed = five().with_predictions(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("valid rows");
    // Gains .25 .25 .5 .5 1, mean .5.
    assert_near("reversed", of(ValueMetric::RawGini, &reversed), 0.0, 1e-15);
}

#[test]
fn a_constant_prediction_ranks_nothing() {
    let constant = five().with_predictions(&[7.0; 5]).expect("valid rows");
    assert_near("raw", of(ValueMetric::RawGini, &constant), 1.0 / 5.0, 1e-15);
    let many =
        Valued::new(&vec![7.0; 10_000], &(0..10_000).map(f64::from).collect::<Vec<_>>(), None).expect("valid rows");
    assert_near("of many rows", of(ValueMetric::NormalizedGini, &many), 0.0, 4e-4);
}

#[test]
fn errors_by_sums_and_roots() {
    // Differences 40 40 25 20 5.
    assert_near("MAE", of(ValueMetric::Mae, &five()), 26.0, 1e-13);
    assert_near("RMSE", of(ValueMetric::Rmse, &five()), (4250.0_f64 / 5.0).sqrt(), 1e-13);
    assert_near("ratio", of(ValueMetric::TotalRatio, &five()), 150.0 / 20.0, 1e-13);
    let weighted = Valued::new(&PREDICTED, &ACTUAL, Some(&[1.0, 0.0, 2.0, 0.0, 1.0])).expect("valid rows");
    assert_near("weighted MAE", of(ValueMetric::Mae, &weighted), (40.0 + 2.0 * 25.0 + 5.0) / 4.0, 1e-13);
    let logs = Valued::new(&[0.0, 3.0], &[3.0, 0.0], None).expect("valid rows");
    assert_near("MSLE", of(ValueMetric::Msle, &logs), 4.0_f64.ln().powi(2), 1e-14);
}

#[test]
fn correlations_by_averaged_ranks() {
    // Ranks of the predictions 5 4 3 2 1; of the values 5 1.5 3.5 1.5 3.5.
    // CORREL: covariance sum 10 · … = Σ (r − 3)(s − 3) = 4 − 1.5 + 0 + 1.5 − 1 = 3; Σ (r − 3)² = 10, Σ (s − 3)² = 9.
    assert_near("Spearman", of(ValueMetric::Spearman, &five()), 3.0 / 90.0_f64.sqrt(), 1e-14);
    // Buyers only: predictions 50 30 10 rank 3 2 1, values 10 5 5 rank 3 1.5 1.5.
    assert_near("buyers", of(ValueMetric::SpearmanNonzero, &five()), 1.5 / (2.0_f64 * 1.5).sqrt(), 1e-14);
    // Σ (p − 30)(y − 4) = 120 − 40 + 0 + 40 − 20 = 100; Σ (p − 30)² = 1000, Σ (y − 4)² = 70.
    assert_near("Pearson", of(ValueMetric::Pearson, &five()), 100.0 / 70_000.0_f64.sqrt(), 1e-14);
}

#[test]
fn large_offsets_do_not_disturb_a_correlation() {
    let moved = |values: &[f64]| values.iter().map(|v| v + 1e9).collect::<Vec<_>>();
    let far = Valued::new(&moved(&PREDICTED), &moved(&ACTUAL), None).expect("valid rows");
    assert_near("Pearson", of(ValueMetric::Pearson, &far), of(ValueMetric::Pearson, &five()), 1e-12);
}

#[test]
fn gain_curves_end_at_everything() {
    let points = |curve: Vec<crate::GainPoint>| {
        curve.iter().map(|point| (point.customer_share, point.value_share)).collect::<Vec<_>>()
    };
    let found = points(gain_curve(&five(), 100).expect("some value"));
    assert_eq!(found, [(0.0, 0.0), (0.2, 0.5), (0.4, 0.5), (0.6, 0.75), (0.8, 0.75), (1.0, 1.0)]);
    let perfect = points(perfect_gain_curve(&five(), 100).expect("some value"));
    assert_eq!(perfect, [(0.0, 0.0), (0.2, 0.5), (0.6, 1.0), (1.0, 1.0)]);
    assert_near("top 30 %", of(ValueMetric::GainAt { share: 0.3 }, &five()), 0.5, 1e-15);
    assert_near("top 50 %", of(ValueMetric::GainAt { share: 0.5 }, &five()), 0.625, 1e-15);
}

#[test]
fn deciles_share_out_a_run_of_equal_predictions() {
    // Fifteen rows: the first five predicted 4, the others 1; a decile holds 1.5 rows.
    let predicted: Vec<f64> = (0..15).map(|i| if i < 5 { 4.0 } else { 1.0 }).collect();
    let actual: Vec<f64> = (0..15).map(|i| if i < 5 { f64::from(i) } else { 3.0 }).collect();
    let table = value_deciles(&Valued::new(&predicted, &actual, None).expect("valid rows"));
    assert_eq!(table.len(), 10);
    for decile in &table[..3] {
        assert_near("mass", decile.mass, 1.5, 1e-12);
        assert_near("mean", decile.mean_actual, 2.0, 1e-12);
        assert_near("predicted", decile.mean_predicted, 4.0, 1e-12);
        assert_near("relative error", decile.relative_error.expect("some value"), 1.0, 1e-12);
    }
    // Half a row of the first run, one of the second.
    assert_near("border", table[3].mean_actual, (0.5 * 2.0 + 3.0) / 1.5, 1e-12);
    assert_eq!((table[3].predicted_max, table[3].predicted_min), (4.0, 1.0));
    assert_near("last", table[9].mean_actual, 3.0, 1e-12);
    assert_near("shares", table.iter().filter_map(|decile| decile.value_share).sum(), 1.0, 1e-12);
}

#[test]
fn targeting_earns_margin_less_cost() {
    // Margin .5, cost 1: contacting 1 to 5 customers earns 4 3 4.5 3.5 5.
    let targeting = Targeting { contact_cost: 1.0, margin: 0.5 };
    let curve = targeting_curve(&five(), targeting, 100).expect("sound costs");
    let profits: Vec<f64> = curve.points.iter().map(|point| point.profit).collect();
    assert_eq!(profits, [0.0, 4.0, 3.0, 4.5, 3.5, 5.0]);
    assert_eq!((curve.best.contacted_share, curve.best.profit), (1.0, 5.0));
    // All are predicted above the break-even value of 2.
    assert_eq!((curve.break_even, curve.chosen.profit, curve.chosen.predicted_min), (Some(2.0), 5.0, Some(10.0)));
    assert_near("per row", of(ValueMetric::ProfitPerRow { targeting }, &five()), 1.0, 1e-15);
    // By actual value: 10, then the two fives, then nobody worth a contact.
    let perfect: Vec<f64> = curve.perfect.iter().map(|point| point.profit).collect();
    assert_eq!(perfect, [0.0, 4.0, 7.0, 5.0]);
    let dear = targeting_curve(&five(), Targeting { contact_cost: 30.0, margin: 1.0 }, 100).expect("sound costs");
    assert_eq!((dear.chosen.contacted_share, dear.chosen.profit), (0.6, 15.0 - 90.0));
    assert_eq!((dear.best.contacted_share, dear.best.profit), (0.0, 0.0));
}

#[test]
fn negative_amounts_have_errors_and_ranks() {
    let returns = Valued::new(&[5.0, -1.0, 0.0], &[3.0, -2.0, 0.0], None).expect("finite amounts");
    assert_near("MAE", of(ValueMetric::Mae, &returns), 1.0, 1e-15);
    assert_near("Spearman", of(ValueMetric::Spearman, &returns), 1.0, 1e-15);
    assert_eq!(returns.n_nonzero(), 2);
}
