//! `configs/default.toml`: every knob once, at its default, with one line about it.

use crate::catalogue::{describe, knobs, sections};
use crate::reader::Knob;

const HEADER: &str = "\
#:schema ./experiment.schema.json
# Every knob of an experiment file, at its default. A key that stands behind a `#` has no default; its value is an example.
# Your own file needs only what differs. This one is made from the code: `TENURE_BLESS=1 cargo test -p tenure-config` writes it.
#
# Lengths of time are whole numbers with a unit: w, d, h, m (minutes), s. Times without a zone are UTC.
# Relative paths in `data` start at the experiment file's folder; `run.dir` starts at the folder where the program runs.
# The values of [model] and [train] are those of preset \"default\"; \"fast\" and \"best\" bring their own.
";

/// Values to show where there is no default.
const EXAMPLES: &[(&str, &str)] = &[
    ("device.adapter", "\"RTX\""),
    ("data.amount", "\"Quantity * UnitPrice\""),
    ("data.positive", "\"Yes\""),
    ("data.time_format", "\"%Y%m%d\""),
    ("data.id_key_file", "\"secret.key\""),
    ("data.columns", "customer_id = \"id\""),
    ("data.types", "zip_code = \"category\""),
    ("time.train_horizon", "\"90d\""),
    ("time.lookback", "\"365d\""),
    ("time.active_within", "\"180d\""),
    ("split.group", "\"household\""),
    ("split.column", "\"part\""),
    ("split.holdout", "\"holdout.txt\""),
    ("segments.value", "\"TotalCharges\""),
    ("segments.memory", "\"1GB\""),
    ("segments.at", "\"2011-12-10\""),
    ("segments.compare_back", "\"90d\""),
    ("gates.min_auc", "0.7"),
    ("gates.max_log_loss", "0.6"),
    ("gates.max_ece", "0.05"),
    ("gates.min_gini", "0.5"),
    ("gates.min_spearman", "0.3"),
    ("gates.max_value_ratio", "1.2"),
];

/// The text of `configs/default.toml`. It resolves to the plan of a file that says nothing but
/// `data.source = "synthetic"`.
pub fn defaults() -> String {
    let mut out = String::from(HEADER);
    for section in sections() {
        let about = describe(section).unwrap_or_default();
        out.extend(["\n# ", &about, "\n[", section, "]\n"]);
        for knob in knobs().iter().filter(|knob| knob.section == section && !knob.is_map) {
            out.push_str(&entry(knob));
        }
        for knob in knobs().iter().filter(|knob| knob.section == section && knob.is_map) {
            let path = format!("{section}.{}", knob.key);
            let about = describe(&path).unwrap_or_default();
            let names = knob.expected.trim_start_matches("one of ").replace('"', "");
            out.extend(["\n# ", &about, " Any of ", &names, ".\n[", &path, "]\n# ", example(&path), "\n"]);
        }
    }
    out
}

fn entry(knob: &Knob) -> String {
    let path = format!("{}.{}", knob.section, knob.key);
    let mut about = describe(&path).unwrap_or_default();
    if let Some(names) = knob.expected.strip_prefix("one of ") {
        about = format!("{about} Any of {}.", names.replace('"', ""));
    }
    let line = match (path.as_str(), &knob.default) {
        ("data.source", _) => "source = \"synthetic\"".into(),
        (_, Some(value)) => format!("{} = {value}", knob.key),
        (_, None) => format!("# {} = {}", knob.key, example(&path)),
    };
    format!("# {about}\n{line}\n")
}

fn example(path: &str) -> &'static str {
    EXAMPLES.iter().find(|(known, _)| *known == path).map_or("", |(_, example)| example)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, Overrides, parse};

    #[test]
    fn every_knob_without_default_has_an_example_that_reads() {
        for knob in knobs().iter().filter(|knob| knob.default.is_none()) {
            let path = format!("{}.{}", knob.section, knob.key);
            if path == "data.source" {
                continue;
            }
            assert_ne!(example(&path), "", "{path}");
            let separator = if knob.is_map { "." } else { "=" };
            let set = vec![format!("{path}{separator}{}", example(&path))];
            let result = parse("[data]\nsource = \"synthetic\"", "x.toml", &Overrides { set });
            let codes: Vec<Code> =
                result.err().iter().flat_map(crate::ConfigErrors::errors).map(crate::ConfigError::code).collect();
            assert!(codes.iter().all(|code| *code == Code::NoEffect), "{path}: {codes:?}");
        }
    }

    #[test]
    fn every_knob_and_section_is_described() {
        for knob in knobs() {
            let path = format!("{}.{}", knob.section, knob.key);
            assert!(describe(&path).is_some_and(|text| text.ends_with('.')), "{path}: {:?}", describe(&path));
            assert!(describe(&knob.section).is_some(), "{}", knob.section);
        }
    }
}
