//! The whole text of every refusal.

use insta::assert_snapshot;

use super::made;
use crate::{
    Bootstrap, EvaluateError, ImportanceStudy, Judged, Method, Metric, Profit, Ranked, Reliability, Scored, Settings,
    deciles, delong, dependence_point, evaluate_binary, explain, fit_calibration, profit_curve, slice_by,
    summarise_folds,
};

fn text<T: std::fmt::Debug>(result: Result<T, EvaluateError>) -> String {
    let error = result.expect_err("refused");
    assert!(explain(error.code()).is_some(), "{} has no page", error.code());
    format!("{} {error}", error.code())
}

const YES_NO: [bool; 2] = [true, false];
const BOOTSTRAP: Bootstrap = Bootstrap { resamples: 20, confidence: 0.95, seed: 1 };

#[test]
fn rows_that_do_not_fit_together() {
    assert_snapshot!(text(Scored::new(&[0.5], &YES_NO, None)), @"EVA0001 outcomes: expected 1 values, one for each score, found 2");
    assert_snapshot!(text(Scored::new(&[0.5, 0.1], &YES_NO, Some(&[1.0]))), @"EVA0001 weights: expected 2 values, one for each score, found 1");
    assert_snapshot!(text(made().plain().in_clusters(&[1, 2])), @"EVA0001 clusters: expected 400 values, one for each score, found 2");
    assert_snapshot!(text(Scored::new(&[], &[], None)), @"EVA0002 there are no rows to evaluate");
    assert_snapshot!(text(slice_by(&made().plain(), "plan", &[Some("gold")], &slice_settings())), @"EVA0001 levels: expected 400 values, one for each score, found 1");
}

#[test]
fn impossible_values() {
    assert_snapshot!(text(Scored::new(&[0.5, f64::NAN], &YES_NO, None)), @"EVA0003 row 1: the score is NaN");
    assert_snapshot!(text(Ranked::new(&[f64::NAN, 3.0], &YES_NO, None)), @"EVA0003 row 0: the score is NaN");
    assert_snapshot!(text(Scored::new(&[0.5, 1.000_000_1], &YES_NO, None)), @"EVA0004 row 1: expected a probability from 0 to 1, found 1.0000001");
    assert_snapshot!(text(Scored::new(&[-0.1, 0.5], &YES_NO, None)), @"EVA0004 row 0: expected a probability from 0 to 1, found -0.1");
    assert_snapshot!(text(Scored::new(&[0.5, f64::INFINITY], &YES_NO, None)), @"EVA0004 row 1: expected a probability from 0 to 1, found inf");
    assert_snapshot!(text(Scored::new(&[0.5, 0.5], &YES_NO, Some(&[1.0, -2.0]))), @"EVA0005 row 1: expected a weight that is finite and not negative, found -2");
    assert_snapshot!(text(Scored::new(&[0.5, 0.5], &YES_NO, Some(&[f64::NAN, 1.0]))), @"EVA0005 row 0: expected a weight that is finite and not negative, found NaN");
    assert_snapshot!(text(Scored::new(&[0.5, 0.5], &YES_NO, Some(&[0.0, 0.0]))), @"EVA0006 the weights of all 2 rows are zero");
    assert_snapshot!(text(dependence_point(&[], None)), @"EVA0002 there are no rows to evaluate");
}

#[test]
fn one_class() {
    let churners = Scored::new(&[0.5, 0.6], &[true, true], None).expect("valid rows");
    let loyal = Scored::new(&[0.5, 0.6, 0.7], &[false; 3], None).expect("valid rows");
    assert_snapshot!(text(Metric::Auc.of(&churners)), @"EVA0007 AUC is undefined: none of the 2 rows is negative");
    assert_snapshot!(text(Metric::Auc.of(&loyal)), @"EVA0007 AUC is undefined: none of the 3 rows is positive");
    assert_snapshot!(text(Metric::AveragePrecision.of(&loyal)), @"EVA0007 average precision is undefined: none of the 3 rows is positive");
    assert_snapshot!(text(Metric::Ks.of(&loyal)), @"EVA0007 KS is undefined: none of the 3 rows is positive");
    assert_snapshot!(text(Metric::TopLift { share: 0.1 }.of(&loyal)), @"EVA0007 lift is undefined: none of the 3 rows is positive");
    assert_snapshot!(text(Metric::BrierSkill.of(&churners)), @"EVA0007 Brier skill is undefined: none of the 2 rows is negative");
    assert_snapshot!(text(Metric::Recall { threshold: 0.5 }.of(&loyal)), @"EVA0007 recall is undefined: none of the 3 rows is positive");
    assert_snapshot!(text(Metric::Specificity { threshold: 0.5 }.of(&churners)), @"EVA0007 specificity is undefined: none of the 2 rows is negative");
    assert_snapshot!(text(Metric::F1 { threshold: 0.9 }.of(&loyal)), @"EVA0007 F1 is undefined: none of the 3 rows is positive");
    assert_snapshot!(text(deciles(&loyal)), @"EVA0007 lift is undefined: none of the 3 rows is positive");
    assert_snapshot!(text(fit_calibration(&loyal, Method::Platt)), @"EVA0007 calibration is undefined: none of the 3 rows is positive");
    assert_snapshot!(text(evaluate_binary(&loyal, &Settings::default())), @"EVA0007 KS is undefined: none of the 3 rows is positive");
    assert!(Metric::LogLoss.of(&loyal).is_ok() && Metric::Brier.of(&loyal).is_ok());
}

#[test]
fn weights_can_empty_a_class() {
    let scored = Scored::new(&[0.5, 0.6], &YES_NO, Some(&[0.0, 1.0])).expect("some weight");
    assert_snapshot!(text(Metric::Auc.of(&scored)), @"EVA0007 AUC is undefined: none of the 2 rows is positive");
}

#[test]
fn thresholds_that_flag_nobody() {
    assert_snapshot!(text(Metric::Precision { threshold: 0.99 }.of(&made().plain())), @"EVA0008 precision is undefined: no row reaches the threshold 0.99");
}

#[test]
fn settings_out_of_range() {
    let scored = made().plain();
    assert_snapshot!(text(Metric::Ece { bins: 0 }.of(&scored)), @"EVA0012 bins: expected at least 1, found 0");
    assert_snapshot!(text(Metric::TopLift { share: 1.5 }.of(&scored)), @"EVA0012 share: expected a share above 0 and at most 1, found 1.5");
    assert_snapshot!(text(Bootstrap { confidence: 95.0, ..BOOTSTRAP }.estimate(&scored, &[Metric::Auc])), @"EVA0012 confidence: expected a share between 0 and 1, found 95");
    assert_snapshot!(text(Reliability::new(&scored, crate::Binning::EqualMass, 5, 1.0)), @"EVA0012 confidence: expected a share between 0 and 1, found 1");
    let profit = Profit { contact_cost: 1.0, customer_value: 10.0, success_rate: 1.5 };
    assert_snapshot!(text(profit_curve(&scored, profit, 10)), @"EVA0012 success_rate: expected a share from 0 to 1, found 1.5");
    assert_snapshot!(text(profit_curve(&scored, Profit { contact_cost: -1.0, ..profit }, 10)), @"EVA0012 contact_cost: expected an amount of at least 0, found -1");
    assert_snapshot!(text(Profit { success_rate: 0.0, ..profit }.break_even()), @"EVA0013 there is no break-even threshold: customer value 10 times success rate 0 is zero");
    assert_snapshot!(text(ImportanceStudy::new(Judged::Scores(scored, Metric::Auc), 1, 0, BOOTSTRAP).map(|study| study.n_tasks())), @"EVA0012 repeats: expected at least 1, found 0");
    assert_snapshot!(text(summarise_folds(&[], &made().plain(), &[Metric::Auc])), @"EVA0002 there are no rows to evaluate");
}

#[test]
fn comparisons_that_are_not_paired() {
    let made = made();
    let mut outcomes = made.outcomes.clone();
    outcomes[7] = !outcomes[7];
    let other = Scored::new(&made.probabilities, &outcomes, None).expect("valid rows");
    assert_snapshot!(text(BOOTSTRAP.compare(&made.plain(), &other, &[Metric::Auc])), @"EVA0010 row 7: the outcome differs between the two models");
    assert_snapshot!(text(BOOTSTRAP.compare(&made.plain(), &made.weighted(), &[Metric::Auc])), @"EVA0010 row 1: the weight differs between the two models");
    let short = Scored::new(&made.probabilities[..10], &made.outcomes[..10], None).expect("valid rows");
    assert_snapshot!(text(BOOTSTRAP.compare(&made.plain(), &short, &[Metric::Auc])), @"EVA0001 the baseline's rows: expected 400 values, one for each score, found 10");
}

#[test]
fn methods_that_do_not_apply() {
    let made = made();
    let ranked = Ranked::new(&made.probabilities, &made.outcomes, None).expect("valid rows");
    assert_snapshot!(text(Metric::LogLoss.of(&ranked)), @"EVA0009 log loss is undefined: the scores rank the rows but are not probabilities");
    assert_snapshot!(text(delong(made.weighted().ranked(), 0.95)), @"EVA0014 DeLong's variance needs independent rows of equal weight; use the bootstrap");
    let lone = Ranked::new(&[0.1, 0.2, 0.3], &[true, false, false], None).expect("valid rows");
    assert_snapshot!(text(delong(&lone, 0.95)), @"EVA0015 DeLong's variance needs at least 2 rows of each class, found 1 positive and 2 negative");
    let reversed: Vec<f64> = made.probabilities.iter().map(|p| 1.0 - p).collect();
    let reversed = Scored::new(&reversed, &made.outcomes, None).expect("valid rows");
    assert_snapshot!(text(fit_calibration(&reversed, Method::Platt)), @"EVA0016 Platt calibration is constant: higher scores do not go with more positive rows");
    assert_snapshot!(text(fit_calibration(&reversed, Method::Beta)), @"EVA0016 beta calibration is constant: higher scores do not go with more positive rows");
    let constant = Scored::new(&[0.3; 4], &[true, false, true, false], None).expect("valid rows");
    assert_snapshot!(text(fit_calibration(&constant, Method::Isotonic)), @"EVA0016 isotonic calibration is constant: higher scores do not go with more positive rows");
}

#[test]
fn scores_that_nobody_asked_for() {
    let made = made();
    let mut study =
        ImportanceStudy::new(Judged::Scores(made.plain(), Metric::Auc), 1, 1, BOOTSTRAP).expect("sound settings");
    study.record(&made.probabilities).expect("asked for");
    assert_snapshot!(text(study.record(&made.probabilities)), @"EVA0018 scores were recorded, but every permutation has been scored already");
}

fn slice_settings() -> crate::SliceSettings {
    crate::SliceSettings { bootstrap: BOOTSTRAP, min_rows: 5, bins: 5, threshold: 0.5 }
}
