//! The rectangle a plot is drawn in: two axes with round ticks, a faint grid, titles with units.

use crate::figure::Unit;
use crate::plot::scale::Scale;
use crate::plot::svg::{Anchor, Svg};

/// Natural width of a figure that takes half the page, in CSS pixels.
pub(crate) const WIDTH: f64 = 440.0;
/// Natural height of most figures.
pub(crate) const HEIGHT: f64 = 300.0;
/// Room for one character of a label at the largest size the style sheet gives it (on a phone).
pub(crate) const CHARACTER: f64 = 7.6;

const TOP: f64 = 26.0;
const BOTTOM: f64 = 46.0;
const RIGHT: f64 = 16.0;

/// One axis: its scale (positions are set by the frame), what it shows, in which unit.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) scale: Scale,
    pub(crate) title: String,
    pub(crate) unit: Unit,
    pub(crate) n_ticks: usize,
}

impl Axis {
    pub(crate) fn new(scale: Scale, title: impl Into<String>, unit: Unit) -> Self {
        Self { scale, title: title.into(), unit, n_ticks: 5 }
    }

    /// A share from none to all.
    pub(crate) fn share(title: impl Into<String>) -> Self {
        Self::new(Scale::new(0.0, 1.0), title, Unit::Share)
    }

    pub(crate) fn ticks(self, n_ticks: usize) -> Self {
        Self { n_ticks, ..self }
    }
}

/// A drawing with its axes in place.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) svg: Svg,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
    size: (f64, f64),
}

impl Frame {
    /// A frame of the usual size.
    pub(crate) fn new(x: &Axis, y: &Axis) -> Self {
        Self::sized((WIDTH, HEIGHT), x, y)
    }

    /// A frame of this size.
    pub(crate) fn sized(size: (f64, f64), x: &Axis, y: &Axis) -> Self {
        let y_ticks = y.scale.ticks(y.n_ticks, y.unit);
        let longest = y_ticks.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(1);
        let left = (longest as f64 * CHARACTER + 12.0).max(30.0);
        let mut frame = Self {
            svg: Svg::default(),
            x: x.scale.to(left, size.0 - RIGHT),
            y: y.scale.to(size.1 - BOTTOM, TOP),
            size,
        };
        frame.draw_y(y, &y_ticks, left);
        frame.draw_x(x);
        frame
    }

    fn draw_y(&mut self, axis: &Axis, ticks: &[(f64, String)], left: f64) {
        for (value, label) in ticks {
            let y = self.y.at(*value);
            self.svg.line("grid", (left, y), (self.size.0 - RIGHT, y));
            self.svg.text("tick", Anchor::End, (left - 7.0, y + 4.0), label);
        }
        self.svg.text("axis", Anchor::Start, (2.0, 12.0), &axis.title);
    }

    fn draw_x(&mut self, axis: &Axis) {
        let bottom = self.size.1 - BOTTOM;
        self.svg.line("base", (self.x.at(self.x.low()), bottom), (self.size.0 - RIGHT, bottom));
        for (value, label) in axis.scale.ticks(axis.n_ticks, axis.unit) {
            let x = self.x.at(value);
            self.svg.line("base", (x, bottom), (x, bottom + 4.0));
            self.svg.text("tick", Anchor::Middle, (x, bottom + 18.0), &label);
        }
        self.svg.text("axis", Anchor::End, (self.size.0 - RIGHT + 4.0, self.size.1 - 8.0), &axis.title);
    }

    /// A value's position.
    pub(crate) fn at(&self, point: (f64, f64)) -> (f64, f64) {
        (self.x.at(point.0), self.y.at(point.1))
    }

    /// A line through values.
    pub(crate) fn curve(&mut self, class: &str, values: impl IntoIterator<Item = (f64, f64)>) {
        let points: Vec<_> = values.into_iter().map(|value| self.at(value)).collect();
        self.svg.path(class, &points);
    }

    /// A dot at a value.
    pub(crate) fn dot(&mut self, class: &str, value: (f64, f64), tip: &str) {
        let at = self.at(value);
        self.svg.dot(class, at, 4.0, tip);
    }

    /// A vertical line over the whole height at a value.
    pub(crate) fn rule_x(&mut self, class: &str, value: f64) {
        let x = self.x.at(value);
        self.svg.line(class, (x, TOP), (x, self.size.1 - BOTTOM));
    }

    /// A horizontal line over the whole width at a value.
    pub(crate) fn rule_y(&mut self, class: &str, value: f64) {
        let y = self.y.at(value);
        let (from, to) = ((self.x.at(self.x.low()), y), (self.x.at(self.x.high()), y));
        self.svg.line(class, from, to);
    }

    /// A bar from the axis to `height` between two values of x.
    pub(crate) fn bar(&mut self, class: &str, span: (f64, f64), height: f64, tip: &str) {
        let (left, right) = (self.x.at(span.0), self.x.at(span.1));
        let (zero, top) = (self.y.at(0.0), self.y.at(height));
        let at = (left + 0.5, top.min(zero));
        self.svg.rect(class, at, (right - left - 1.0, (zero - top).abs()), tip);
    }

    /// The finished drawing.
    pub(crate) fn finish(self, name: &str) -> String {
        self.svg.finish(self.size, name)
    }
}
