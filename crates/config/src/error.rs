//! What is wrong with an experiment file: all of it at once, each with code, place, expectation and hint.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::Serialize;

use crate::code::Code;
use crate::source::{Site, Source};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    code: Code,
    message: String,
    expected: Option<String>,
    found: Option<String>,
    hint: Option<String>,
    site: Site,
}

impl ConfigError {
    /// An error at a place; what was expected, found and advised is added with the methods of these names.
    pub(crate) fn new(code: Code, site: Site, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), expected: None, found: None, hint: None, site }
    }

    pub(crate) fn with_expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn with_found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn with_hint_if(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Gives a hint where there is none yet.
    pub(crate) fn advise(&mut self, hint: impl FnOnce() -> String) {
        self.hint.get_or_insert_with(hint);
    }

    /// A `--set` that is not `section.key=value`.
    pub(crate) fn bad_override(source: &Arc<Source>, found: &str) -> Self {
        let site = Site::new(source, 0..source.text.len());
        Self::new(Code::Override, site, "an override that cannot be read")
            .with_expected("section.key=value")
            .with_found(found)
            .with_hint("for example `--set train.learning_rate=1e-3`")
    }

    /// Stands for the kind of error; `tenure explain CODE` tells more.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What would have been right.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// What stands there instead.
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// How to put it right.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The experiment file's name, or `--set`.
    pub fn file(&self) -> &str {
        &self.site.source.name
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.site.line_column().0
    }

    /// The column, from 1, in characters.
    pub fn column(&self) -> usize {
        self.site.line_column().1
    }

    /// Where it stands in the order of the report: the file from top to bottom, then the overrides.
    fn rank(&self) -> (bool, usize) {
        let is_file = self.site.source.is_file;
        (!is_file, if is_file { self.site.span.start } else { 0 })
    }

    fn write_plain(&self, out: &mut String) -> fmt::Result {
        let (line, column) = self.site.line_column();
        let (text, covered) = self.site.snippet();
        let gutter = " ".repeat(line.to_string().len());
        writeln!(out, "error[{}]: {}", self.code, self.message)?;
        writeln!(out, "{gutter}--> {}:{line}:{column}", self.file())?;
        if !text.trim().is_empty() {
            let indent: String = text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            writeln!(out, "{gutter} |")?;
            writeln!(out, "{line} | {text}")?;
            writeln!(out, "{gutter} | {indent}{}", "^".repeat(covered))?;
        }
        for (label, value) in [("expected", &self.expected), ("found", &self.found), ("hint", &self.hint)] {
            if let Some(value) = value {
                writeln!(out, "{gutter} = {label}: {value}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

impl miette::Diagnostic for ConfigError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let parts = [("expected", &self.expected), ("found", &self.found), ("hint", &self.hint)];
        let lines: Vec<String> = parts
            .into_iter()
            .filter_map(|(label, value)| value.as_ref().map(|value| format!("{label}: {value}")))
            .collect();
        (!lines.is_empty()).then(|| Box::new(lines.join("\n")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.site)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let label = miette::LabeledSpan::underline(self.site.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

impl miette::SourceCode for Site {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn miette::SpanContents<'a> + 'a>, miette::MietteError> {
        let read = self.source.text.read_span(span, lines_before, lines_after)?;
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.source.name.clone(),
            read.data(),
            *read.span(),
            read.line(),
            read.column(),
            read.line_count(),
        )))
    }
}

/// As `--json` shows it.
#[derive(Serialize)]
struct Flat<'a> {
    code: &'static str,
    message: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    expected: Option<&'a str>,
    found: Option<&'a str>,
    hint: Option<&'a str>,
}

impl Serialize for ConfigError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Flat {
            code: self.code.as_str(),
            message: &self.message,
            file: self.file(),
            line: self.line(),
            column: self.column(),
            expected: self.expected(),
            found: self.found(),
            hint: self.hint(),
        }
        .serialize(serializer)
    }
}

/// Everything that is wrong with an experiment, in the order of the file, then of the overrides; never empty.
///
/// As a [`miette::Diagnostic`] it shows each error with its lines; [`ConfigErrors::render`] gives the same as plain
/// text; serialised, it is the list that `--json` prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    errors: Vec<ConfigError>,
}

impl ConfigErrors {
    pub(crate) fn new(mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by_key(ConfigError::rank);
        errors.dedup();
        Self { errors }
    }

    /// The errors.
    pub fn errors(&self) -> &[ConfigError] {
        &self.errors
    }

    /// All errors as plain text without colour, the same on every machine.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for error in &self.errors {
            error.write_plain(&mut out).expect("writing to a string does not fail");
            out.push('\n');
        }
        out.push_str(&self.to_string());
        out.push('\n');
        out
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: std::collections::BTreeSet<&str> = self.errors.iter().map(|error| error.code.as_str()).collect();
        let n = self.errors.len();
        write!(f, "{n} error{} in the experiment; for more: tenure explain", if n == 1 { "" } else { "s" })?;
        codes.into_iter().try_for_each(|code| write!(f, " {code}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl miette::Diagnostic for ConfigErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.errors.iter().map(|error| error as &dyn miette::Diagnostic)))
    }
}

impl Serialize for ConfigErrors {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.errors.serialize(serializer)
    }
}
