//! A resolved experiment as a file that resolves to itself.

use crate::origin::{Origin, Origins, Setting};
use crate::{Plan, tree};

const HEADER: &str = "\
# Every value of one run, each with where it came from. Reading this file gives the same plan again:
# no default or preset is consulted.
";

/// `config.lock.toml`: every value that `plan` reads, each with a comment that tells its origin.
///
/// [`crate::parse`] of the text gives `plan` again.
pub fn lock(plan: &Plan, origins: &Origins) -> String {
    let mut out = format!("{HEADER}# Experiment: {}\n", plan.experiment.name);
    for section in origins.sections() {
        let settings: Vec<&Setting> = origins.applied().filter(|setting| setting.section == section).collect();
        if settings.is_empty() {
            continue;
        }
        out.extend(["\n[", section, "]\n"]);
        for setting in settings {
            let value = setting.value.as_deref().unwrap_or_default();
            out.extend([&tree::key(&setting.key), " = ", value, " # ", &described(setting.origin), "\n"]);
        }
    }
    out
}

fn described(origin: Origin) -> String {
    match origin {
        Origin::File { line } => format!("line {line} of the experiment file"),
        other => other.to_string(),
    }
}
