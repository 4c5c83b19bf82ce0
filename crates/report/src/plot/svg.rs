//! A small writer of SVG: marks with classes, so that the page's style sheet decides colours, light or dark.

use std::fmt::Write;

use crate::escape::escape;

/// A drawing under way. Coordinates are in CSS pixels of a page of natural size.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    body: String,
}

/// Which side of its position a text keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (px(from.0), px(from.1), px(to.0), px(to.1));
        self.push(format_args!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#));
    }

    /// A polyline through `points`; a point that is not finite interrupts it.
    pub(crate) fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let d = path_data(points);
        if !d.is_empty() {
            self.push(format_args!(r#"<path class="{class}" d="{d}"/>"#));
        }
    }

    /// A rectangle whose tip a pointer reveals.
    pub(crate) fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64), tip: &str) {
        let (x, y, w, h) = (px(at.0), px(at.1), px(size.0.max(0.0)), px(size.1.max(0.0)));
        let title = title(tip);
        self.push(format_args!(r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}">{title}</rect>"#));
    }

    /// A dot whose tip a pointer reveals.
    pub(crate) fn dot(&mut self, class: &str, at: (f64, f64), radius: f64, tip: &str) {
        let (x, y, r, title) = (px(at.0), px(at.1), px(radius), title(tip));
        self.push(format_args!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}">{title}</circle>"#));
    }

    /// A text, escaped.
    pub(crate) fn text(&mut self, class: &str, anchor: Anchor, at: (f64, f64), text: &str) {
        self.label(class, anchor, at, text, "");
    }

    /// A text whose tip a pointer reveals.
    pub(crate) fn label(&mut self, class: &str, anchor: Anchor, at: (f64, f64), text: &str, tip: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, text, title) = (px(at.0), px(at.1), escape(text), title(tip));
        self.push(format_args!(r#"<text class="{class}" text-anchor="{anchor}" x="{x}" y="{y}">{title}{text}</text>"#));
    }

    /// The element, named for readers who do not see it.
    pub(crate) fn finish(self, size: (f64, f64), name: &str) -> String {
        let (w, h, name, body) = (px(size.0), px(size.1), escape(name), self.body);
        format!(r#"<svg viewBox="0 0 {w} {h}" role="img" aria-label="{name}">{body}</svg>"#)
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        self.body.write_fmt(element).expect("writing to a string cannot fail");
        self.body.push('\n');
    }
}

/// Positions to a tenth of a pixel: finer is invisible and only makes the page larger.
fn px(value: f64) -> f64 {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

fn title(tip: &str) -> String {
    if tip.is_empty() { String::new() } else { format!("<title>{}</title>", escape(tip)) }
}

fn path_data(points: &[(f64, f64)]) -> String {
    let mut data = String::new();
    let mut pen_down = false;
    for &(x, y) in points {
        if !(x.is_finite() && y.is_finite()) {
            pen_down = false;
            continue;
        }
        let command = if pen_down { 'L' } else { 'M' };
        write!(data, "{command}{} {}", px(x), px(y)).expect("writing to a string cannot fail");
        pen_down = true;
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_tips_are_escaped() {
        let mut svg = Svg::default();
        svg.label("t", Anchor::End, (1.0, 2.04), "<script>", "a \"b\"");
        let element = svg.finish((10.0, 10.0), "x & y");
        assert!(element.contains(r#"aria-label="x &#38; y""#), "{element}");
        assert!(element.contains(r#"x="1" y="2"><title>a &#34;b&#34;</title>&#60;script&#62;</text>"#), "{element}");
    }

    #[test]
    fn a_missing_point_lifts_the_pen() {
        assert_eq!(path_data(&[(0.0, 0.0), (1.0, 1.0), (f64::NAN, 2.0), (3.0, 3.0)]), "M0 0L1 1M3 3");
    }
}
