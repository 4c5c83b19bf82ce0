//! The whole text of every refusal.

use insta::assert_snapshot;

use super::made;
use crate::{
    Bootstrap, EvaluateError, Pit, Targeting, ValueMetric, ValueSettings, ValueSliceSettings, Valued, evaluate_value,
    explain, gain_curve, interval_coverage, slice_values_by, targeting_curve,
};

fn text<T: std::fmt::Debug>(result: Result<T, EvaluateError>) -> String {
    let error = result.expect_err("refused");
    assert!(explain(error.code()).is_some(), "{} has no page", error.code());
    format!("{} {error}", error.code())
}

fn valued(predicted: &[f64], actual: &[f64]) -> Valued {
    Valued::new(predicted, actual, None).expect("valid rows")
}

#[test]
fn rows_that_do_not_fit_together() {
    assert_snapshot!(text(Valued::new(&[1.0], &[1.0, 2.0], None)), @"EVA0001 actual values: expected 1 values, one for each score, found 2");
    assert_snapshot!(text(Valued::new(&[1.0], &[1.0], Some(&[]))), @"EVA0001 weights: expected 1 values, one for each score, found 0");
    assert_snapshot!(text(Valued::new(&[], &[], None)), @"EVA0002 there are no rows to evaluate");
    assert_snapshot!(text(made().plain().in_clusters(&[1])), @"EVA0001 clusters: expected 400 values, one for each score, found 1");
    assert_snapshot!(text(made().plain().with_predictions(&[1.0])), @"EVA0001 predictions: expected 400 values, one for each score, found 1");
    let settings = ValueSliceSettings { bootstrap: Bootstrap { resamples: 0, confidence: 0.9, seed: 0 }, min_rows: 1 };
    assert_snapshot!(text(slice_values_by(&made().plain(), "plan", &[None], &settings)), @"EVA0001 levels: expected 400 values, one for each score, found 1");
}

#[test]
fn impossible_values() {
    assert_snapshot!(text(Valued::new(&[1.0, f64::INFINITY], &[0.0, 0.0], None)), @"EVA0019 row 1: expected a predicted value that is finite, found inf");
    assert_snapshot!(text(Valued::new(&[1.0, 2.0], &[f64::NAN, 0.0], None)), @"EVA0020 row 0: expected an actual value that is finite, found NaN");
    assert_snapshot!(text(Valued::new(&[1.0], &[1.0], Some(&[-1.0]))), @"EVA0005 row 0: expected a weight that is finite and not negative, found -1");
    assert_snapshot!(text(Valued::new(&[1.0], &[1.0], Some(&[0.0]))), @"EVA0006 the weights of all 1 rows are zero");
    assert_snapshot!(text(Pit::new(&[0.1, 0.6], &[0.2, 0.5], None)), @"EVA0025 row 1: expected 0 <= F(y-) <= F(y) <= 1, found F(y-) = 0.6 and F(y) = 0.5");
    assert_snapshot!(text(Pit::new(&[f64::NAN], &[0.5], None)), @"EVA0025 row 0: expected 0 <= F(y-) <= F(y) <= 1, found F(y-) = NaN and F(y) = 0.5");
    assert_snapshot!(text(interval_coverage(&[2.0], &[1.0], &[1.5], None, 0.8, 0.95)), @"EVA0026 row 0: expected a lower end at or below the upper end, found 2 and 1");
    assert_snapshot!(text(interval_coverage(&[1.0], &[2.0], &[f64::NAN], None, 0.8, 0.95)), @"EVA0020 row 0: expected an actual value that is finite, found NaN");
}

#[test]
fn sets_without_value() {
    let nobody_buys = valued(&[3.0, 1.0], &[0.0, 0.0]);
    assert_snapshot!(text(ValueMetric::NormalizedGini.of(&nobody_buys)), @"EVA0022 normalized Gini is undefined: the actual values of the 2 rows add up to nothing");
    assert_snapshot!(text(ValueMetric::RawGini.of(&nobody_buys)), @"EVA0022 Gini coefficient is undefined: the actual values of the 2 rows add up to nothing");
    assert_snapshot!(text(ValueMetric::TotalRatio.of(&nobody_buys)), @"EVA0022 predicted / actual total is undefined: the actual values of the 2 rows add up to nothing");
    assert_snapshot!(text(ValueMetric::SpearmanNonzero.of(&nobody_buys)), @"EVA0022 Spearman (buyers) is undefined: the actual values of the 2 rows add up to nothing");
    assert_snapshot!(text(gain_curve(&nobody_buys, 10)), @"EVA0022 the gain curve is undefined: the actual values of the 2 rows add up to nothing");
    assert_snapshot!(text(ValueMetric::Spearman.of(&nobody_buys)), @"EVA0023 Spearman is undefined: every row has the same actual value");
    assert_snapshot!(text(ValueMetric::DecileMape.of(&nobody_buys)), @"EVA0024 decile MAPE is undefined: the actual values of decile 1 add up to nothing");
    assert_eq!(ValueMetric::Mae.of(&nobody_buys), Ok(2.0));
}

#[test]
fn sets_without_spread() {
    let constant = valued(&[2.0, 2.0, 2.0], &[0.0, 1.0, 3.0]);
    assert_snapshot!(text(ValueMetric::Spearman.of(&constant)), @"EVA0023 Spearman is undefined: every row has the same prediction");
    assert_snapshot!(text(ValueMetric::SpearmanNonzero.of(&constant)), @"EVA0023 Spearman (buyers) is undefined: every row has the same prediction");
    assert_snapshot!(text(ValueMetric::Pearson.of(&constant)), @"EVA0023 Pearson is undefined: every row has the same prediction");
    let alike = valued(&[1.0, 2.0], &[5.0, 5.0]);
    assert_snapshot!(text(ValueMetric::NormalizedGini.of(&alike)), @"EVA0023 normalized Gini is undefined: every row has the same actual value");
}

#[test]
fn negative_amounts_where_shares_are_asked_for() {
    let returns = valued(&[5.0, -1.0], &[3.0, -2.0]);
    assert_snapshot!(text(ValueMetric::NormalizedGini.of(&returns)), @"EVA0021 normalized Gini is undefined: row 1 has the negative actual value -2");
    assert_snapshot!(text(ValueMetric::GainAt { share: 0.1 }.of(&returns)), @"EVA0021 share of value in the top is undefined: row 1 has the negative actual value -2");
    assert_snapshot!(text(ValueMetric::Msle.of(&returns)), @"EVA0021 MSLE is undefined: row 1 has the negative prediction -1");
}

#[test]
fn settings_out_of_range() {
    let valued = made().plain();
    assert_snapshot!(text(ValueMetric::GainAt { share: 10.0 }.of(&valued)), @"EVA0012 share: expected a share above 0 and at most 1, found 10");
    let targeting = Targeting { contact_cost: -1.0, margin: 0.5 };
    assert_snapshot!(text(targeting_curve(&valued, targeting, 10)), @"EVA0012 contact_cost: expected an amount of at least 0, found -1");
    let targeting = Targeting { contact_cost: 1.0, margin: 20.0 };
    assert_snapshot!(text(targeting_curve(&valued, targeting, 10)), @"EVA0012 margin: expected a share from 0 to 1, found 20");
    let settings = ValueSettings { targeting: Some(targeting), ..ValueSettings::default() };
    assert_snapshot!(text(evaluate_value(&valued, &settings)), @"EVA0012 margin: expected a share from 0 to 1, found 20");
    assert_snapshot!(text(Bootstrap { resamples: 5, confidence: 95.0, seed: 0 }.estimate_values(&valued, &[])), @"EVA0012 confidence: expected a share between 0 and 1, found 95");
    let pit = Pit::new(&[0.1], &[0.2], None).expect("sound");
    assert_snapshot!(text(pit.histogram(0)), @"EVA0012 PIT bins: expected at least 1, found 0");
    assert_snapshot!(text(pit.coverage(1.0, 0.95)), @"EVA0012 nominal coverage: expected a share between 0 and 1, found 1");
}
