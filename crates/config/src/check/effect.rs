//! Settings that nothing would read: better refused than silently without effect.

use super::Check;
use crate::code::Code;
use crate::{Source, Task};

pub(super) fn check(check: &mut Check<'_>) {
    let source = check.plan.data.source;
    if !check.has_events() {
        for section in ["time", "features"] {
            refuse(check, section, "source = \"events\"", &format!("[{section}] describes event logs: leave it out"));
        }
    }
    if source != Source::Synthetic {
        refuse(check, "synthetic", "source = \"synthetic\"", "leave the section out, or set data.source");
    }
    match source {
        Source::Synthetic => {
            for key in ["data.files", "data.attributes", "data.amount", "data.positive"] {
                let is_empty_list = key == "data.files" && check.plan.data.files.is_empty()
                    || key == "data.attributes" && check.plan.data.attributes.is_empty();
                if !is_empty_list {
                    refuse(check, key, "source = \"events\" or \"customers\"", "made data come from [synthetic]");
                }
            }
        }
        Source::Customers => {
            if check.plan.experiment.task == Task::Clv {
                refuse(check, "data.positive", "task = \"churn\"", "the target of task = \"clv\" is an amount");
            }
            for key in ["data.amount", "data.deduplicate"] {
                refuse(check, key, "source = \"events\"", "leave it out: rows of a customer table are customers");
            }
            if !check.plan.data.attributes.is_empty() {
                refuse(check, "data.attributes", "source = \"events\"", "put the columns into the customer table");
            }
        }
        Source::Events => {
            refuse(check, "data.positive", "source = \"customers\"", "the label of events is computed from [time]");
        }
    }
}

fn refuse(check: &mut Check<'_>, path: &str, expected: &str, hint: &str) {
    if !check.is_given(path) {
        return;
    }
    let source = check.plan.data.source;
    let what = if path.contains('.') { format!("`{path}`") } else { format!("[{path}]") };
    check.report(Code::NoEffect, &[path, "data.source"], format!("{what} has no effect"), |error| {
        error
            .with_expected(format!("{expected} beside it"))
            .with_found(format!("source = \"{source}\""))
            .with_hint(hint)
    });
}
