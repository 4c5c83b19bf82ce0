//! Compares settings with each other, once each of them is sound by itself.

mod columns;
mod effect;
mod head;
mod segments;
mod task;
mod time;

use crate::code::Code;
use crate::error::ConfigError;
use crate::read::{Draft, has_events};
use crate::reader::Reader;
use crate::{Plan, Source, Split, SplitKind};

/// Adds what does not fit together to the reader's errors.
pub(crate) fn check(draft: &Draft, reader: &mut Reader) {
    let mut check = Check { plan: &draft.plan, reader, found: Vec::new() };
    if draft.has_source {
        check.files();
        columns::check(&mut check);
        effect::check(&mut check);
        task::check(&mut check);
        segments::check(&mut check);
        if check.has_events() {
            time::check(&mut check);
        }
    } else if !check.reader.is_refused("data.source") {
        check.missing_source();
    }
    check.split();
    check.encode();
    head::check(&mut check);
    let found = check.found;
    reader.errors.extend(found);
}

/// The plan under comparison.
struct Check<'a> {
    plan: &'a Plan,
    reader: &'a Reader,
    found: Vec<ConfigError>,
}

impl Check<'_> {
    /// An error at the first of `keys` that was given, else at the section of the first; nothing where one of them was
    /// refused already.
    fn report(&mut self, code: Code, keys: &[&str], message: String, advise: impl FnOnce(ConfigError) -> ConfigError) {
        if keys.iter().any(|key| self.reader.is_refused(key)) {
            return;
        }
        let given = keys.iter().find_map(|key| self.reader.site(key).cloned());
        let site = given.unwrap_or_else(|| self.reader.site_or_section(keys[0]));
        self.found.push(advise(ConfigError::new(code, site, message)));
    }

    fn is_given(&self, path: &str) -> bool {
        self.reader.site(path).is_some()
    }

    fn has_events(&self) -> bool {
        has_events(self.plan.data.source, self.plan.synthetic.kind)
    }

    fn missing_source(&mut self) {
        self.report(Code::Missing, &["data.source"], "`data.source` is missing".into(), |error| {
            error
                .with_expected("\"events\", \"customers\" or \"synthetic\"")
                .with_hint("a transaction log is \"events\", a table with one row per customer is \"customers\"")
        });
    }

    fn files(&mut self) {
        let data = &self.plan.data;
        if data.source != Source::Synthetic && data.files.is_empty() {
            let (code, what) =
                if self.is_given("data.files") { (Code::BadList, "is empty") } else { (Code::Missing, "is missing") };
            let message = format!("`data.files` {what}, but source = \"{}\" reads files", data.source);
            self.report(code, &["data.files"], message, |error| {
                error
                    .with_expected("at least one path or glob")
                    .with_hint("files = [\"data/*.parquet\"]; relative paths start at this file's folder")
            });
        }
    }

    fn split(&mut self) {
        let Split { kind, test, validation, folds, .. } = &self.plan.split;
        let draws_test = *folds == 0 && matches!(kind, SplitKind::Stratified | SplitKind::Group);
        if draws_test && test + validation >= 1.0 {
            let keys = ["split.validation", "split.test"];
            let message = "`split.test` and `split.validation` leave nothing to train on".to_owned();
            self.report(Code::Contradiction, &keys, message, |error| {
                error
                    .with_expected("a sum below 1")
                    .with_found(format!("{test} + {validation} = {}", test + validation))
                    .with_hint("0.2 each is usual")
            });
        }
        if *folds == 1 {
            self.report(Code::Contradiction, &["split.folds"], "one fold has nothing to train on".into(), |error| {
                error.with_expected("0 (one holdout), or 2 and more").with_found("1").with_hint("5 folds are usual")
            });
        }
        if *folds > 1 && matches!(kind, SplitKind::Temporal | SplitKind::Column) {
            let message = format!("`split.folds` cannot go with kind = \"{kind}\"");
            self.report(Code::Contradiction, &["split.folds", "split.kind"], message, |error| {
                error
                    .with_expected("folds = 0, or kind = \"stratified\" or \"group\"")
                    .with_found(folds.to_string())
                    .with_hint("the test rows of a temporal or column split are given, not drawn")
            });
        }
        self.split_columns();
    }

    /// `group` needs its column, and only `group` has one; the same for `column`.
    fn split_columns(&mut self) {
        let split = &self.plan.split;
        for (kind, key, column) in
            [(SplitKind::Group, "split.group", &split.group), (SplitKind::Column, "split.column", &split.column)]
        {
            if split.kind == kind && column.is_none() {
                self.report(Code::Missing, &[key, "split.kind"], format!("`{key}` is missing"), |error| {
                    error
                        .with_expected(format!("the name of a column, because kind = \"{kind}\""))
                        .with_hint(format!("{kind} = \"household\""))
                });
            }
            if split.kind != kind && column.is_some() {
                let found = split.kind;
                self.report(Code::NoEffect, &[key, "split.kind"], format!("`{key}` has no effect"), |error| {
                    error
                        .with_expected(format!("kind = \"{kind}\" beside it"))
                        .with_found(format!("kind = \"{found}\""))
                        .with_hint(format!("set kind = \"{kind}\", or leave `{kind}` out"))
                });
            }
        }
        if split.kind == SplitKind::Temporal && self.plan.data.source != Source::Events && !self.has_events() {
            let source = self.plan.data.source;
            self.report(
                Code::Contradiction,
                &["split.kind", "data.source"],
                "a temporal split needs events".into(),
                |error| {
                    error
                        .with_expected("kind = \"stratified\", \"group\" or \"column\"")
                        .with_found(format!("kind = \"temporal\" with source = \"{source}\""))
                        .with_hint("rows of a customer table have no cutoff; a column can say which rows test")
                },
            );
        }
    }

    fn encode(&mut self) {
        let encode = &self.plan.encode;
        if encode.target_statistics_min <= encode.one_hot_max {
            let keys = ["encode.target_statistics_min", "encode.one_hot_max"];
            let message = "a category cannot be one-hot and target statistics at once".to_owned();
            let (low, high) = (encode.one_hot_max, encode.target_statistics_min);
            self.report(Code::Contradiction, &keys, message, |error| {
                error
                    .with_expected(format!("target_statistics_min above one_hot_max ({low})"))
                    .with_found(high.to_string())
                    .with_hint(format!("target_statistics_min = {}", low + 1))
            });
        }
    }
}
