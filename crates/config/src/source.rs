//! Where a value was written: a text, a span in it, and the line and column of both.

use std::ops::Range;
use std::sync::Arc;

/// A text that values come from: the experiment file, or one `--set`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// What the user calls it: a path, or `--set`.
    pub(crate) name: String,
    /// The whole text.
    pub(crate) text: String,
    /// Whether it is the experiment file.
    pub(crate) is_file: bool,
}

/// A place in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) source: Arc<Source>,
    /// Bytes of `source.text`; both ends lie on character boundaries.
    pub(crate) span: Range<usize>,
}

impl Site {
    /// The site of `span`, moved onto character boundaries and into the text where it is not.
    pub(crate) fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        let text = &source.text;
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
        Self { source: Arc::clone(source), span: start..end }
    }

    /// The very beginning.
    pub(crate) fn top(source: &Arc<Source>) -> Self {
        Self::new(source, 0..0)
    }

    /// Line and column of the beginning, both from 1; columns count characters.
    pub(crate) fn line_column(&self) -> (usize, usize) {
        let before = &self.source.text[..self.span.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The line of the beginning without its end, and how many of its characters the span covers (at least one).
    pub(crate) fn snippet(&self) -> (&str, usize) {
        let text = &self.source.text;
        let line_start = text[..self.span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[line_start..].find('\n').map_or(text.len(), |offset| line_start + offset);
        let line = text[line_start..line_end].trim_end_matches('\r');
        let covered_end = self.span.end.clamp(self.span.start, (line_start + line.len()).max(self.span.start));
        (line, text[self.span.start..covered_end].chars().count().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source { name: "a.toml".into(), text: text.into(), is_file: true })
    }

    #[test]
    fn columns_count_characters_and_lines_end_before_crlf() {
        let source = source("a = 1\r\né = \"ü\"\r\n");
        let site = Site::new(&source, 12..16);
        assert_eq!(site.line_column(), (2, 5));
        assert_eq!(site.snippet(), ("é = \"ü\"", 3));
    }

    #[test]
    fn a_span_over_several_lines_covers_the_rest_of_its_first() {
        let source = source("a = [\n1,\n]\n");
        assert_eq!(Site::new(&source, 4..10).snippet(), ("a = [", 1));
        assert_eq!(Site::new(&source, 99..120).line_column(), (4, 1));
    }
}
