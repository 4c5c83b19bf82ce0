//! Values to positions, and the round values worth a label.

use crate::figure::Unit;

/// A linear map from a domain of values to a range of positions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    domain: (f64, f64),
    range: (f64, f64),
}

impl Scale {
    /// The domain as given. A domain without length is widened, so that positions stay finite.
    pub(crate) fn new(low: f64, high: f64) -> Self {
        let (low, high) = if low.is_finite() && high.is_finite() { (low, high) } else { (0.0, 1.0) };
        let half = if low == 0.0 { 0.5 } else { low.abs() / 2.0 };
        let domain = if high > low { (low, high) } else { (low - half, low + half) };
        Self { domain, range: (0.0, 1.0) }
    }

    /// The domain grown outward to round values.
    pub(crate) fn nice(low: f64, high: f64, n_ticks: usize) -> Self {
        let plain = Self::new(low, high);
        let step = step(plain.domain.1 - plain.domain.0, n_ticks);
        Self::new((plain.domain.0 / step).floor() * step, (plain.domain.1 / step).ceil() * step)
    }

    /// A round domain around the finite values among `values`.
    pub(crate) fn around(values: impl IntoIterator<Item = f64>, n_ticks: usize) -> Self {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        Self::nice(low, high, n_ticks)
    }

    /// The same domain over other positions.
    pub(crate) fn to(self, start: f64, end: f64) -> Self {
        Self { range: (start, end), ..self }
    }

    /// The position of `value`; values outside the domain are held at its ends.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = ((value - self.domain.0) / (self.domain.1 - self.domain.0)).clamp(0.0, 1.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// Lowest value.
    pub(crate) fn low(&self) -> f64 {
        self.domain.0
    }

    /// Highest value.
    pub(crate) fn high(&self) -> f64 {
        self.domain.1
    }

    /// Round values in the domain, about `n_ticks` of them, with labels that need no more digits than they have.
    pub(crate) fn ticks(&self, n_ticks: usize, unit: Unit) -> Vec<(f64, String)> {
        let step = step(self.domain.1 - self.domain.0, n_ticks);
        let first = (self.domain.0 / step - 1e-9).ceil() as i64;
        let last = (self.domain.1 / step + 1e-9).floor() as i64;
        let largest = self.domain.0.abs().max(self.domain.1.abs());
        let values = (first..=last).map(|i| i as f64 * step);
        values.map(|value| (value, unit.tick(value, step, largest))).collect()
    }
}

/// Least and greatest finite value.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |found, value| match found {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// A step of 1, 2 or 5 times a power of ten that cuts `length` into about `n_ticks` parts.
fn step(length: f64, n_ticks: usize) -> f64 {
    let rough = length / n_ticks.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let factor = match rough / power {
        f if f < 1.5 => 1.0,
        f if f < 3.5 => 2.0,
        f if f < 7.5 => 5.0,
        _ => 10.0,
    };
    factor * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let labels: Vec<String> =
            Scale::new(0.397, 0.522).ticks(4, Unit::Plain).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0.40", "0.42", "0.44", "0.46", "0.48", "0.50", "0.52"]);
    }

    #[test]
    fn positions_of_a_domain_without_length_are_finite() {
        let scale = Scale::around([3.0, 3.0, f64::NAN], 4).to(0.0, 100.0);
        assert!((scale.at(3.0) - 50.0).abs() < 1e-9);
        assert!(Scale::around([], 4).at(0.5).is_finite());
    }

    #[test]
    fn a_nice_domain_holds_its_values() {
        let scale = Scale::nice(-0.013, 0.094, 5);
        assert!(scale.low() <= -0.013 && scale.high() >= 0.094);
    }
}
