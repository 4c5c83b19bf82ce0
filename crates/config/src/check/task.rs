//! What the task asks of the data and of the model.

use tenure_table::Role;

use super::Check;
use crate::code::Code;
use crate::kind::write_span;
use crate::{Kernels, Offset, Pool, Returns, Source, SplitKind, Task};

pub(super) fn check(check: &mut Check<'_>) {
    if check.plan.experiment.task == Task::Segments {
        return; // predicts nothing; its own check refuses what it does not read
    }
    if check.plan.experiment.task.predicts_value() {
        amounts(check);
        train_horizon(check);
    } else {
        value_settings(check);
    }
    lifetime_models(check);
    sequence(check);
    holdout(check);
    gates(check);
}

/// Value is money: without amounts an event log cannot say what a customer was worth.
fn amounts(check: &mut Check<'_>) {
    let data = &check.plan.data;
    let has_amount = data.amount.is_some() || data.columns.iter().any(|(_, role)| *role == Role::Amount);
    if data.source == Source::Events && !has_amount {
        let task = check.plan.experiment.task;
        let keys = ["data.columns", "experiment.task"];
        check.report(Code::RoleCount, &keys, "no column has the role `amount`".into(), |error| {
            error
                .with_expected(format!("one, because task = \"{task}\" predicts money"))
                .with_found("none")
                .with_hint("in [data.columns], total = \"amount\", or in [data], amount = \"Quantity * UnitPrice\"")
        });
    }
}

fn train_horizon(check: &mut Check<'_>) {
    let Some(train) = check.plan.time.train_horizon else { return };
    let horizon = check.plan.time.horizon;
    if train > horizon {
        let keys = ["time.train_horizon", "time.horizon"];
        check.report(Code::Contradiction, &keys, "`time.train_horizon` is longer than the horizon".into(), |error| {
            error
                .with_expected(format!("at most {}", write_span(horizon)))
                .with_found(write_span(train))
                .with_hint("leave it out: training cutoffs then have labels as long as the test cutoff's")
        });
    }
    if check.plan.experiment.task == Task::ChurnClv {
        let keys = ["time.train_horizon", "experiment.task"];
        let message = "`time.train_horizon` cannot go with a probability of churn".to_owned();
        check.report(Code::Contradiction, &keys, message, |error| {
            error
                .with_expected("task = \"clv\"")
                .with_found("task = \"churn+clv\"")
                .with_hint("churn in a shorter window is another event: leave the key out, or predict value alone")
        });
    }
    let model = &check.plan.model;
    if train < horizon && model.kind.is_network() && model.offset == Offset::None {
        let message = "a shorter `time.train_horizon` needs a forecast that carries it to the horizon".to_owned();
        check.report(Code::Contradiction, &["time.train_horizon", "model.offset"], message, |error| {
            error
                .with_expected("model.offset = \"pareto_nbd\" or \"bg_nbd\" beside it")
                .with_found("offset = \"none\"")
                .with_hint("in [model], offset = \"pareto_nbd\": the network then learns value / forecast")
        });
    }
}

/// Settings that only a prediction of value reads. One at its default does nothing by itself, and is let pass.
fn value_settings(check: &mut Check<'_>) {
    let plan = check.plan;
    let settings = [
        ("time.train_horizon", plan.time.train_horizon.is_some()),
        ("time.returns", plan.time.returns != Returns::Ignore),
        ("model.offset", plan.model.offset != Offset::None),
        ("evaluate.pool", plan.evaluate.pool != Pool::None),
    ];
    for (key, _) in settings.into_iter().filter(|(_, is_set)| *is_set) {
        only_with(check, key, "task = \"clv\" or \"churn+clv\"");
    }
}

fn only_with(check: &mut Check<'_>, key: &str, expected: &str) {
    if check.is_given(key) {
        let task = check.plan.experiment.task;
        check.report(Code::NoEffect, &[key, "experiment.task"], format!("`{key}` has no effect"), |error| {
            error
                .with_expected(format!("{expected} beside it"))
                .with_found(format!("task = \"{task}\""))
                .with_hint("leave the key out, or set another task in [experiment]")
        });
    }
}

/// Models of purchases and dropout are fitted to events, and forecast value.
fn lifetime_models(check: &mut Check<'_>) {
    let (kind, offset) = (check.plan.model.kind, check.plan.model.offset);
    let task = check.plan.experiment.task;
    if !kind.is_network() && task != Task::Clv {
        let message = format!("kind = \"{kind}\" predicts value only");
        check.report(Code::Contradiction, &["model.kind", "experiment.task"], message, |error| {
            error
                .with_expected("task = \"clv\" beside it")
                .with_found(format!("task = \"{task}\""))
                .with_hint("a network, kind = \"tabm\" for one, predicts churn and value")
        });
    }
    if !kind.is_network() && offset != Offset::None {
        let message = "`model.offset` has no effect".to_owned();
        check.report(Code::NoEffect, &["model.offset", "model.kind"], message, |error| {
            error
                .with_expected("a network, such as kind = \"tabm\"")
                .with_found(format!("kind = \"{kind}\""))
                .with_hint("leave the offset out")
        });
    }
    if check.has_events() {
        return;
    }
    let wanted = [("model.kind", !kind.is_network()), ("model.offset", offset != Offset::None)];
    for (key, _) in wanted.into_iter().filter(|(_, is_wanted)| *is_wanted) {
        let message = format!("`{key}` needs the events of each customer");
        check.report(Code::Contradiction, &[key, "data.source"], message, |error| {
            error
                .with_expected("source = \"events\"")
                .with_found("a table with one row for each customer")
                .with_hint("a network learns from a customer table: kind = \"tabm\", offset = \"none\"")
        });
    }
}

/// Purchases one by one are read from a log, by a network, with the tensor library's steps.
fn sequence(check: &mut Check<'_>) {
    let plan = check.plan;
    if !plan.model.sequence.is_on() {
        return;
    }
    let name = plan.model.sequence.kind;
    if plan.model.sequence.inputs.is_empty() {
        check.report(Code::BadList, &["model.sequence.inputs"], "`model.sequence.inputs` is empty".into(), |error| {
            error
                .with_expected("at least one of \"amount\", \"gap\", \"age\", \"category\"")
                .with_found("[]")
                .with_hint("leave it out")
        });
    }
    if !check.has_events() {
        let keys = ["model.sequence.kind", "data.source"];
        let message = "`model.sequence` needs the events of each customer".to_owned();
        check.report(Code::Contradiction, &keys, message, |error| {
            error
                .with_expected("source = \"events\"")
                .with_found("a table with one row for each customer")
                .with_hint("leave [model.sequence] out: the columns of the table are all that is known")
        });
    }
    if !plan.model.kind.is_network() {
        let kind = plan.model.kind;
        let keys = ["model.sequence.kind", "model.kind"];
        check.report(Code::NoEffect, &keys, "`model.sequence` has no effect".into(), |error| {
            error
                .with_expected("a network, such as kind = \"tabm\"")
                .with_found(format!("kind = \"{kind}\""))
                .with_hint("leave [model.sequence] out")
        });
    }
    if plan.train.kernels == Kernels::Fused {
        let message = "fused kernels know no sequences of purchases".to_owned();
        check.report(Code::Contradiction, &["train.kernels", "model.sequence.kind"], message, |error| {
            error
                .with_expected("kernels = \"auto\" or \"plain\"")
                .with_found(format!("kernels = \"fused\" with sequence.kind = \"{name}\""))
                .with_hint("leave `train.kernels` out: \"auto\" takes plain kernels here")
        });
    }
}

fn holdout(check: &mut Check<'_>) {
    let kind = check.plan.split.kind;
    if check.plan.split.holdout.is_some() && kind != SplitKind::Temporal {
        let message = "`split.holdout` has no effect".to_owned();
        check.report(Code::NoEffect, &["split.holdout", "split.kind"], message, |error| {
            error
                .with_expected("kind = \"temporal\" beside it")
                .with_found(format!("kind = \"{kind}\""))
                .with_hint("a column of a customer table says who tests: kind = \"column\"")
        });
    }
}

fn gates(check: &mut Check<'_>) {
    let task = check.plan.experiment.task;
    if !task.predicts_churn() {
        for key in ["gates.min_auc", "gates.max_log_loss", "gates.max_ece"] {
            only_with(check, key, "task = \"churn\" or \"churn+clv\"");
        }
    }
    if !task.predicts_value() {
        for key in ["gates.min_gini", "gates.min_spearman", "gates.max_value_ratio"] {
            only_with(check, key, "task = \"clv\" or \"churn+clv\"");
        }
    }
}
