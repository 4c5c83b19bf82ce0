//! One evaluation from end to end, its slices, and the JSON that reports and gates read.

use super::made;
use crate::tests::assert_near;
use crate::{
    Bootstrap, MISSING_LEVEL, Targeting, ValueEvaluation, ValueMetric, ValueSettings, ValueSliceSettings, Valued,
    evaluate_value, slice_values_by,
};

const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 60, confidence: 0.9, seed: 4 };

fn settings() -> ValueSettings {
    let targeting = Some(Targeting { contact_cost: 5.0, margin: 0.3 });
    ValueSettings { bootstrap: BOOTSTRAP, targeting, ..ValueSettings::default() }
}

#[test]
fn every_field_holds_the_metric_of_its_name() {
    let valued = made().weighted();
    let evaluation = evaluate_value(&valued, &settings()).expect("sound");
    let targeting = settings().targeting.expect("given");
    for metric in [
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
        ValueMetric::GainAt { share: 0.1 },
        ValueMetric::ProfitPerRow { targeting },
    ] {
        let estimate = evaluation.metrics.get(metric).expect("every metric is defined here");
        assert_eq!(estimate.value, metric.of(&valued).expect("defined"), "{}", metric.name());
        assert!(estimate.interval.is_some(), "{}", metric.name());
    }
    assert_eq!(evaluation.metrics.get(ValueMetric::GainAt { share: 0.2 }), None);
    assert!(evaluation.undefined.is_empty());
    let mape = evaluation.deciles.iter().filter_map(|decile| decile.relative_error).sum::<f64>() / 10.0;
    assert_near("decile MAPE", mape, evaluation.metrics.decile_mape.as_ref().expect("defined").value, 1e-12);
}

#[test]
fn json_brings_back_the_same_evaluation() {
    let evaluation = evaluate_value(&made().plain(), &settings()).expect("sound");
    let text = serde_json::to_string(&evaluation).expect("only finite numbers");
    assert!(!text.contains("NaN") && !text.contains("null,\"low\""));
    let read: ValueEvaluation = serde_json::from_str(&text).expect("its own JSON");
    assert_eq!((read.counts.n_rows, read.settings), (400, evaluation.settings));
    assert_eq!(read.deciles.len(), 10);
    assert_eq!(read.gain.first(), evaluation.gain.first());
}

/// The names that `metrics.json` promises.
#[test]
fn field_names_are_stable() {
    let evaluation = evaluate_value(&made().plain(), &settings()).expect("sound");
    let json = serde_json::to_value(&evaluation).expect("serializes");
    let names =
        |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ");
    insta::assert_snapshot!(names(&json), @"counts deciles gain metrics perfect_gain settings targeting undefined");
    insta::assert_snapshot!(names(&json["metrics"]), @"decile_mape mae mean_actual mean_predicted msle nonzero_share normalized_gini pearson profit_per_row raw_gini rmse spearman spearman_nonzero top_decile_gain total_ratio");
    insta::assert_snapshot!(names(&json["counts"]), @"n_clusters n_nonzero n_rows total_actual total_predicted weight");
}

#[test]
fn a_set_in_which_nobody_bought_is_still_told_of() {
    let valued = Valued::new(&[3.0, 2.0, 1.0, 0.5], &[0.0; 4], None).expect("valid rows");
    let evaluation = evaluate_value(&valued, &settings()).expect("sound");
    assert_eq!((evaluation.metrics.mae.value, evaluation.metrics.mean_actual.value), (1.625, 0.0));
    assert!(evaluation.metrics.normalized_gini.is_none() && evaluation.gain.is_empty());
    let reasons: Vec<_> = evaluation.undefined.iter().map(|why| (why.metric.as_str(), why.code.as_str())).collect();
    for expected in [("normalized Gini", "EVA0022"), ("Spearman", "EVA0023"), ("gain curve", "EVA0022")] {
        assert!(reasons.contains(&expected), "{reasons:?}");
    }
}

#[test]
fn slices_add_up_and_say_what_is_undefined() {
    let made = made();
    let levels: Vec<Option<&str>> = (0..400)
        .map(|row| match row {
            0..5 => Some("tiny"),
            5..60 => None,
            _ if made.actual[row] == 0.0 => Some("idle"),
            _ => Some("gold"),
        })
        .collect();
    let settings = ValueSliceSettings { bootstrap: BOOTSTRAP, min_rows: 10 };
    let table = slice_values_by(&made.plain(), "plan", &levels, &settings).expect("one level for each row");
    let names: Vec<_> = table.slices.iter().map(|slice| slice.level.as_str()).collect();
    assert_eq!(names, ["idle", "gold", MISSING_LEVEL, "tiny"]);
    let shares = table.slices.iter().filter_map(|slice| slice.metrics.as_ref()?.value_share);
    let tiny: f64 = made.actual[..5].iter().sum::<f64>() / made.actual.iter().sum::<f64>();
    assert_near("value shares", shares.sum(), 1.0 - tiny, 1e-12);
    let idle = table.slices[0].metrics.as_ref().expect("large enough");
    assert!(idle.normalized_gini.is_none() && idle.mean_actual.value == 0.0);
    assert_eq!(table.slices[0].undefined.len(), 3);
    assert_eq!(table.slices[3].undefined[0].code, "EVA0017");
    let gold: Vec<u32> = (60..400).filter(|&row| made.actual[row as usize] != 0.0).collect();
    let alone = made.plain().select(&gold).expect("valid rows");
    let judged = table.slices[1].metrics.as_ref().expect("large enough");
    assert_eq!(judged.mae.value, ValueMetric::Mae.of(&alone).expect("defined"));
}
