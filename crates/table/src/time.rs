//! Exact time: instants and spans in whole microseconds.

use core::ops::{Add, Sub};

/// An instant: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Timestamp(pub i64);

/// A length of time in microseconds; never negative where a plan holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Span(pub i64);

impl Span {
    /// One second.
    pub const SECOND: Self = Self(1_000_000);
    /// One day of 86,400 seconds.
    pub const DAY: Self = Self(86_400 * Self::SECOND.0);

    /// `n_days` days of 86,400 seconds.
    pub const fn days(n_days: i64) -> Self {
        Self(n_days * Self::DAY.0)
    }

    /// The span in days, with its fraction.
    pub fn as_days(self) -> f64 {
        self.0 as f64 / Self::DAY.0 as f64
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;

    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;

    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Span;

    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_added_and_taken_away_is_exact() {
        let start = Timestamp(1_234_567);
        let end = start + Span::days(90);
        assert_eq!(end - start, Span::days(90));
        assert_eq!(end - Span::days(90), start);
        assert_eq!(Span::days(3).as_days(), 3.0);
    }
}
