//! Text from data files and experiment files, made harmless in markup.

use std::fmt::Write;

use askama::filters::Escaper;

/// `text` for the content or a quoted attribute of HTML and SVG.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&#38;"),
            '<' => escaped.push_str("&#60;"),
            '>' => escaped.push_str("&#62;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            // Control characters are not allowed in SVG and would hide text in HTML.
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The escaper of Markdown templates: no markup, no table borders, no line breaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Markdown;

impl Escaper for Markdown {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> std::fmt::Result {
        for character in text.chars() {
            match character {
                '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => write!(dest, "\\{character}")?,
                '<' => dest.write_str("&lt;")?,
                '>' => dest.write_str("&gt;")?,
                '&' => dest.write_str("&amp;")?,
                c if c.is_control() => dest.write_char(' ')?,
                c => dest.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// At most `n_chars` characters, with an ellipsis where some were cut.
pub(crate) fn shorten(text: &str, n_chars: usize) -> String {
    if text.chars().count() <= n_chars {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(n_chars.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(escape("<b a='\"'>\u{0}"), "&#60;b a=&#39;&#34;&#39;&#62;\u{fffd}");
        let mut cell = String::new();
        Markdown.write_escaped_str(&mut cell, "a|b\n<i> _x_").expect("writing to a string cannot fail");
        assert_eq!(cell, "a\\|b &lt;i&gt; \\_x\\_");
    }

    #[test]
    fn cutting_counts_characters_not_bytes() {
        assert_eq!(shorten("né-né-né", 4), "né-…");
        assert_eq!(shorten("né", 2), "né");
    }
}
