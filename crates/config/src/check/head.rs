//! What the network says against what the task asks.

use super::Check;
use crate::code::Code;
use crate::{ClassWeight, Task};

pub(super) fn check(check: &mut Check<'_>) {
    let (task, head) = (check.plan.experiment.task, check.plan.model.head);
    if task == Task::Segments {
        return; // nothing is predicted, so there is no head
    }
    if head.predicts_value() != task.predicts_value() {
        let expected = if task.predicts_value() { "a head that says something of value" } else { "head = \"binary\"" };
        let message = format!("head \"{head}\" cannot answer task \"{task}\"");
        check.report(Code::Contradiction, &["model.head", "experiment.task"], message, |error| {
            error
                .with_expected(expected)
                .with_found(format!("head = \"{head}\""))
                .with_hint("leave `model.head` out: the task chooses it")
        });
    }
    if !task.predicts_churn() {
        let train = &check.plan.train;
        // A lock says every value, so a value that does nothing by itself is let pass.
        let (smooths, balances) = (train.label_smoothing > 0.0, train.class_weight == ClassWeight::Balanced);
        for (key, _) in [("train.label_smoothing", smooths), ("train.class_weight", balances)].iter().filter(|k| k.1) {
            no_effect(check, key);
        }
    }
}

/// Values have no classes.
fn no_effect(check: &mut Check<'_>, key: &str) {
    let task = check.plan.experiment.task;
    check.report(Code::NoEffect, &[key, "experiment.task"], format!("`{key}` has no effect"), |error| {
        error
            .with_expected("a task of churn beside it")
            .with_found(format!("task = \"{task}\""))
            .with_hint("leave it out: values have no classes")
    });
}
