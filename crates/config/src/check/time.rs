//! Cutoffs, label windows and how far features look back.

use tenure_table::{Span, Timestamp};

use super::Check;
use crate::code::Code;
use crate::kind::{write_instant, write_span};
use crate::{Cutoffs, Source, SplitKind, Task};

pub(super) fn check(check: &mut Check<'_>) {
    lookback(check);
    // Segments have no labels, so no window of theirs has to fit.
    if check.plan.experiment.task != Task::Segments {
        horizon(check);
        cutoffs(check);
        made_span(check);
    }
}

fn horizon(check: &mut Check<'_>) {
    if check.plan.data.source == Source::Events && !check.is_given("time.horizon") {
        check.report(Code::Missing, &["time.horizon", "time"], "`time.horizon` is missing".into(), |error| {
            error
                .with_expected("the time without a purchase that counts as churn")
                .with_hint("in [time], horizon = \"90d\"; take a few times the usual gap between purchases")
        });
    }
}

fn cutoffs(check: &mut Check<'_>) {
    let Cutoffs::At(cutoffs) = &check.plan.time.cutoffs else { return };
    for key in ["time.n_train", "time.step"] {
        if check.is_given(key) {
            check.report(Code::NoEffect, &[key], format!("`{key}` has no effect"), |error| {
                error
                    .with_expected("cutoffs = \"auto\" beside it")
                    .with_found("a list of cutoffs")
                    .with_hint("leave out the list, or this key")
            });
        }
    }
    if check.plan.split.kind == SplitKind::Temporal {
        training_cutoffs(check, cutoffs);
    }
}

/// Every training label must be known at the test cutoff, or training has seen the future.
fn training_cutoffs(check: &mut Check<'_>, cutoffs: &[Timestamp]) {
    let Some((test, training)) = cutoffs.split_last() else { return };
    let reach = check.plan.time.gap + check.plan.time.label_span_of_training();
    let keys = ["time.cutoffs", "time.horizon", "time.gap"];
    if training.is_empty() {
        check.report(Code::CutoffOverlap, &keys, "one cutoff is not enough".into(), |error| {
            error
                .with_expected("at least two: the last one tests, those before it train")
                .with_found(write_instant(*test))
                .with_hint(format!("put {} or an earlier date before it", write_instant(*test - reach)))
        });
    }
    let late: Vec<Timestamp> = training.iter().copied().filter(|cutoff| *cutoff + reach > *test).collect();
    if let Some(first) = late.first() {
        let message = format!("the label of training cutoff {} reaches past the test cutoff", write_instant(*first));
        check.report(Code::CutoffOverlap, &keys, message, |error| {
            error
                .with_expected(format!(
                    "training cutoffs up to {}: {} of gap and horizon before {}",
                    write_instant(*test - reach),
                    write_span(reach),
                    write_instant(*test),
                ))
                .with_found(format!("a label that ends {}", write_instant(*first + reach)))
                .with_hint("move the test cutoff later, the training cutoffs earlier, or shorten the horizon")
        });
    }
}

/// Made data must be long enough for every cutoff and its label, or there is nothing to train on.
fn made_span(check: &mut Check<'_>) {
    let plan = check.plan;
    let Cutoffs::Auto { n_train, step } = plan.time.cutoffs else { return };
    let reach = plan.time.gap + plan.time.horizon;
    let train_reach = plan.time.gap + plan.time.label_span_of_training();
    let rolled = Span(step.0.saturating_mul(i64::try_from(n_train).unwrap_or(i64::MAX) - 1));
    let needed = reach + train_reach + rolled;
    if plan.data.source == Source::Synthetic && needed >= plan.synthetic.span {
        let keys = ["synthetic.span", "time.horizon", "time.gap", "time.step", "time.n_train"];
        let message = "made customers are not watched for long enough".to_owned();
        check.report(Code::Contradiction, &keys, message, |error| {
            error
                .with_expected(format!(
                    "synthetic.span above {}: the labels of test and training, and {n_train} cutoffs {} apart",
                    write_span(needed),
                    write_span(step),
                ))
                .with_found(write_span(plan.synthetic.span))
                .with_hint("lengthen the span, or shorten the horizon")
        });
    }
}

/// A window that the lookback cuts short would be another feature than its name says.
fn lookback(check: &mut Check<'_>) {
    let Some(lookback) = check.plan.time.lookback else { return };
    let features = &check.plan.features;
    let lags = Span(features.lag_period.0.saturating_mul(i64::try_from(features.n_lags).unwrap_or(i64::MAX)));
    let longest = features.windows.last().copied().unwrap_or_default();
    let active = check.plan.time.active_within.unwrap_or_default();
    let readers = [
        ("features.windows", longest, "windows = [\"30d\"]"),
        ("features.n_lags", lags, "n_lags = 0"),
        ("time.active_within", active, "active_within = \"30d\""),
    ];
    for (key, reach, example) in readers {
        if reach > lookback {
            let is_given = check.is_given(key);
            let keys = if is_given { [key, "time.lookback"] } else { ["time.lookback", key] };
            let from = if is_given { "" } else { ", by default" };
            let message = format!("`{key}` looks further back than `time.lookback`");
            check.report(Code::Lookback, &keys, message, |error| {
                error
                    .with_expected(format!("at most {}", write_span(lookback)))
                    .with_found(format!("{}{from}", write_span(reach)))
                    .with_hint(format!("lengthen the lookback, or shorten the other: {example}"))
            });
        }
    }
}
