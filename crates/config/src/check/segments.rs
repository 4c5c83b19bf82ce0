//! The task `segments`: which sections it reads, and whether its own settings fit together.

use super::Check;
use crate::code::Code;
use crate::{Cutoffs, SegmentCriterion, SegmentMetric, Task};

pub(super) fn check(check: &mut Check<'_>) {
    if check.plan.experiment.task != Task::Segments {
        return;
    }
    unread(check);
    range(check);
    gap_of_angles(check);
    tiers(check);
    if !check.has_events() {
        dates_without_events(check);
    }
}

/// Nothing is predicted, so nothing is split, trained or gated, and there is no label.
fn unread(check: &mut Check<'_>) {
    let hint = "segments predict nothing: leave it out";
    for path in [
        "time.train_horizon",
        "time.returns",
        "features.lifetime",
        "evaluate.pool",
        "split",
        "model",
        "train",
        "gates",
        "time.horizon",
        "time.gap",
        "time.n_train",
        "time.step",
    ] {
        refuse(check, path, hint);
    }
    if matches!(check.plan.time.cutoffs, Cutoffs::At(_)) {
        refuse(check, "time.cutoffs", "the date is `segments.at`");
    }
    if check.plan.segments.k.is_some() {
        for key in ["segments.k_min", "segments.k_max", "segments.criterion"] {
            if check.is_given(key) {
                check.report(Code::NoEffect, &[key], format!("`{key}` has no effect"), |error| {
                    error
                        .with_expected("k = \"auto\" beside it")
                        .with_found("a number of segments")
                        .with_hint("leave out one of the two")
                });
            }
        }
    }
}

fn refuse(check: &mut Check<'_>, path: &str, hint: &str) {
    if !check.is_given(path) {
        return;
    }
    let what = if path.contains('.') { format!("`{path}`") } else { format!("[{path}]") };
    check.report(Code::NoEffect, &[path, "experiment.task"], format!("{what} has no effect"), |error| {
        error.with_expected("task = \"churn\" beside it").with_found("task = \"segments\"").with_hint(hint)
    });
}

fn range(check: &mut Check<'_>) {
    let (low, high) = (check.plan.segments.k_min, check.plan.segments.k_max);
    if low > high {
        let keys = ["segments.k_max", "segments.k_min"];
        check.report(Code::Contradiction, &keys, "there is no number of segments to try".into(), |error| {
            error
                .with_expected(format!("k_max of at least k_min ({low})"))
                .with_found(high.to_string())
                .with_hint("k_min = 3 and k_max = 10 are usual")
        });
    }
}

/// References of the gap statistic fill a box; directions have none.
fn gap_of_angles(check: &mut Check<'_>) {
    let segments = &check.plan.segments;
    if segments.metric == SegmentMetric::Cosine && segments.criterion == SegmentCriterion::Gap {
        let keys = ["segments.criterion", "segments.metric"];
        check.report(Code::Contradiction, &keys, "the gap statistic is not defined for angles".into(), |error| {
            error
                .with_expected("another criterion, or metric = \"euclidean\"")
                .with_found("criterion = \"gap\" with metric = \"cosine\"")
                .with_hint("criterion = \"silhouette\"")
        });
    }
}

fn tiers(check: &mut Check<'_>) {
    let is_in_vain = !check.has_events() && check.plan.segments.value.is_none();
    if check.is_given("segments.tiers") && is_in_vain && !check.plan.segments.tiers.is_empty() {
        let keys = ["segments.tiers", "segments.value"];
        check.report(Code::NoEffect, &keys, "`segments.tiers` has no effect".into(), |error| {
            error
                .with_expected("the column of `segments.value` beside it")
                .with_found("a customer table without one")
                .with_hint("value = \"TotalCharges\", or leave the tiers out")
        });
    }
}

fn dates_without_events(check: &mut Check<'_>) {
    for key in ["segments.at", "segments.compare_back"] {
        if check.is_given(key) {
            let source = check.plan.data.source;
            check.report(Code::NoEffect, &[key], format!("`{key}` has no effect"), |error| {
                error
                    .with_expected("source = \"events\" beside it")
                    .with_found(format!("source = \"{source}\""))
                    .with_hint("a customer table is one picture, without dates: leave it out")
            });
        }
    }
}
