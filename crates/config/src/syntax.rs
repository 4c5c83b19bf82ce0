//! What the TOML parser complains about, in words that tell what to do.

use std::sync::Arc;

use crate::code::Code;
use crate::error::ConfigError;
use crate::source::{Site, Source};
use crate::tree::quote;

/// Every complaint that stands by itself; after one that throws the parser off its track, the rest is noise.
pub(crate) fn complaints(source: &Arc<Source>, errors: &[toml::de::Error]) -> Vec<ConfigError> {
    let mut complaints: Vec<ConfigError> = Vec::new();
    for error in errors {
        let (complaint, goes_on) = complaint(source, error);
        if complaints.last().is_none_or(|last| last.line() != complaint.line()) {
            complaints.push(complaint);
        }
        if !goes_on {
            break;
        }
    }
    complaints
}

/// A complaint, and whether the parser found its way again behind it.
fn complaint(source: &Arc<Source>, error: &toml::de::Error) -> (ConfigError, bool) {
    let site = Site::new(source, error.span().unwrap_or(0..0));
    let found = source.text[site.span.clone()].lines().next().unwrap_or_default().to_owned();
    let (what, expected) = error.message().split_once(", expected ").unwrap_or((error.message(), ""));
    let new = |site: Site, message: String| ConfigError::new(Code::Syntax, site, message);
    if what.contains("duplicate key") {
        return (twice(source, site, &found), true);
    }
    let is_word = !found.is_empty() && found.chars().all(|c| c.is_ascii_alphabetic() || c == '_' || c == '-');
    if what.contains("must be quoted") || (what.contains("invalid") && is_word) {
        let complaint = new(site, "a text without quotes".into());
        return (
            complaint
                .with_expected("a text in quotes, a number, true or false")
                .with_found(&found)
                .with_hint(format!("write {}", quote(&found))),
            true,
        );
    }
    let hint = match what {
        what if what.contains("comma") => "a comma is missing, or the list that was opened before is not closed",
        what if what.contains("unclosed") || what.contains("string") => "close the quote or bracket that was opened",
        what if what.contains("extra `=`") => "one key = value per line",
        _ => "a line is `[section]`, `key = value` or `# comment`; texts stand in quotes",
    };
    let mut complaint = new(site, format!("not valid TOML: {what}")).with_hint(hint);
    if !expected.is_empty() {
        complaint = complaint.with_expected(expected);
    }
    if !found.trim().is_empty() {
        complaint = complaint.with_found(found);
    }
    (complaint, false)
}

/// A key or section for the second time.
fn twice(source: &Arc<Source>, site: Site, name: &str) -> ConfigError {
    let before = &source.text[..site.span.start];
    let is_key_of_columns = before
        .lines()
        .rev()
        .find(|line| line.trim_start().starts_with('['))
        .is_some_and(|line| line.contains("data.columns") && !before.ends_with('['));
    let hint = if is_key_of_columns {
        "a column has one role; a sensitive column is never a feature"
    } else {
        "write it once; a second [section] of the same name counts as twice"
    };
    let name = if before.ends_with('[') { format!("[{name}]") } else { format!("`{name}`") };
    ConfigError::new(Code::Syntax, site, format!("{name} is written twice"))
        .with_expected("each key and each section once")
        .with_found(format!("{name} for the second time"))
        .with_hint(hint)
}
