//! One evaluation from end to end, and the JSON that reports and gates read.

use super::{assert_near, made};
use crate::{BinaryEvaluation, Bootstrap, Metric, Profit, Scored, Settings, evaluate_binary};

fn settings() -> Settings {
    Settings {
        bootstrap: Bootstrap { resamples: 100, confidence: 0.9, seed: 4 },
        bins: 10,
        threshold: 0.6,
        profit: Some(Profit { contact_cost: 10.0, customer_value: 100.0, success_rate: 0.25 }),
        ..Settings::default()
    }
}

#[test]
fn every_field_holds_the_metric_of_its_name() {
    let scored = made().weighted();
    let evaluation = evaluate_binary(&scored, &settings()).expect("both classes");
    let of = |metric: Metric| metric.of(&scored).expect("defined");
    let m = &evaluation.metrics;
    for (estimate, metric) in [
        (&m.base_rate, Metric::BaseRate),
        (&m.mean_probability, Metric::MeanProbability),
        (&m.auc, Metric::Auc),
        (&m.average_precision, Metric::AveragePrecision),
        (&m.log_loss, Metric::LogLoss),
        (&m.brier, Metric::Brier),
        (&m.brier_skill, Metric::BrierSkill),
        (&m.ece, Metric::Ece { bins: 10 }),
        (&m.ece_equal_width, Metric::EceEqualWidth { bins: 10 }),
        (&m.mce, Metric::Mce { bins: 10 }),
        (&m.ks, Metric::Ks),
        (&m.top_decile_lift, Metric::TopLift { share: 0.1 }),
    ] {
        assert_eq!(estimate.value, of(metric), "{}", metric.name());
        assert!(estimate.interval.is_some(), "{}", metric.name());
    }
    let at = &evaluation.at_threshold;
    let threshold = 0.6;
    for (estimate, metric) in [
        (&at.flagged_share, Metric::FlaggedShare { threshold }),
        (&at.precision, Metric::Precision { threshold }),
        (&at.recall, Metric::Recall { threshold }),
        (&at.specificity, Metric::Specificity { threshold }),
        (&at.f1, Metric::F1 { threshold }),
        (&at.accuracy, Metric::Accuracy { threshold }),
        (&at.profit_per_row, Metric::ProfitPerRow { threshold, profit: settings().profit.expect("given") }),
    ] {
        assert_eq!(estimate.as_ref().map(|e| e.value), Some(of(metric)), "{}", metric.name());
    }
    assert!(evaluation.undefined.is_empty());
    assert_near("KS threshold", evaluation.ks_threshold, 67.0 / 101.0, 1e-15);
    assert_near("constant", evaluation.constant.brier, evaluation.reliability.decomposition.uncertainty, 1e-15);
    assert_eq!(evaluation.reliability.expected_error, m.ece.value);
}

#[test]
fn json_brings_back_the_same_evaluation() {
    let evaluation = evaluate_binary(&made().plain(), &settings()).expect("both classes");
    let text = serde_json::to_string(&evaluation).expect("only finite numbers");
    assert!(!text.contains("NaN"));
    let read: BinaryEvaluation = serde_json::from_str(&text).expect("its own JSON");
    // The reader may be off by the last bit of a number.
    assert_near("AUC", read.metrics.auc.value, evaluation.metrics.auc.value, 1e-15);
    assert_eq!((read.counts, read.settings), (evaluation.counts, evaluation.settings));
    assert_eq!((read.roc.len(), read.deciles.len()), (evaluation.roc.len(), evaluation.deciles.len()));
    assert_eq!((read.roc[0], read.profit.is_some()), (evaluation.roc[0], true));
}

/// The names that `metrics.json` promises.
#[test]
fn field_names_are_stable() {
    let evaluation = evaluate_binary(&made().plain(), &settings()).expect("both classes");
    let json = serde_json::to_value(&evaluation).expect("serializes");
    let names =
        |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>().join(" ");
    insta::assert_snapshot!(names(&json), @"at_threshold constant counts deciles histogram ks_threshold metrics precision_recall profit reliability reliability_equal_width roc settings undefined");
    insta::assert_snapshot!(names(&json["metrics"]), @"auc average_precision base_rate brier brier_skill ece ece_equal_width ks log_loss mce mean_probability top_decile_lift");
    insta::assert_snapshot!(names(&json["metrics"]["auc"]["interval"]), @"confidence high low resamples standard_error");
    insta::assert_snapshot!(names(&json["at_threshold"]), @"accuracy confusion f1 flagged_share precision profit_per_row recall specificity");
    insta::assert_snapshot!(names(&json["reliability"]), @"binning curve decomposition expected_error expected_error_if_calibrated largest_error n_bins");
}

#[test]
fn what_a_small_set_leaves_undefined_is_listed() {
    let three = Scored::new(&[0.4, 0.3, 0.2], &[true, false, false], None).expect("valid rows");
    let evaluation = evaluate_binary(&three, &settings()).expect("both classes");
    let listed: Vec<_> = evaluation.undefined.iter().map(|u| (u.metric.as_str(), u.code.as_str())).collect();
    assert!(listed.contains(&("precision", "EVA0008")), "{listed:?}");
    assert!(listed.contains(&("AUC", "EVA0011")), "{listed:?}");
    assert!(evaluation.at_threshold.precision.is_none() && evaluation.metrics.auc.interval.is_none());
}
