//! How much to make, of what, and how dirty.

use tenure_config::{Synthetic, SyntheticKind};
use tenure_table::{Span, Timestamp};

use super::SynthError;

/// 2023-01-01T00:00:00Z, a Sunday.
const START: Timestamp = Timestamp(Span::days(19_358).0);

/// Customers are numbered with 32 bits everywhere else.
const MAX_CUSTOMERS: u64 = 1 << 31;

/// The files' format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynthFormat {
    /// Parquet, a row group for each chunk of customers.
    Parquet,
    /// Comma-separated text with a header.
    Csv,
}

impl SynthFormat {
    /// The ending of file names.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// What to make.
#[derive(Clone, Debug, PartialEq)]
pub struct SynthOptions {
    /// A log or a customer table.
    pub kind: SyntheticKind,
    /// How many customers, at least 1.
    pub n_customers: u64,
    /// Midnight UTC of the first day.
    pub start: Timestamp,
    /// How long customers are watched; whole days.
    pub span: Span,
    /// The truth speaks of the last `horizon` of the span; whole days, shorter than the span.
    pub horizon: Span,
    /// Mean purchases per customer over the span, before dropout.
    pub mean_events: f64,
    /// Further numeric columns of a customer table, at most [`Self::MAX_MEASURES`]: half of them tell of churn, half do not.
    pub n_measures: usize,
    /// Share of attribute values that are missing.
    pub missing: f64,
    /// Share of rows that are dirty.
    pub dirty: f64,
    /// Every random choice is derived from it.
    pub seed: u64,
    /// The files' format.
    pub format: SynthFormat,
}

impl SynthOptions {
    /// The most measures.
    pub const MAX_MEASURES: usize = 1000;

    /// The options of a plan's `[synthetic]`; `horizon` is rounded up to whole days, `span` down.
    pub fn from_plan(synthetic: &Synthetic, seed: u64, horizon: Span) -> Self {
        Self {
            kind: synthetic.kind,
            n_customers: synthetic.n_customers,
            start: START,
            span: Span::days(synthetic.span.0 / Span::DAY.0),
            horizon: Span::days((horizon.0 + Span::DAY.0 - 1) / Span::DAY.0),
            mean_events: synthetic.mean_events,
            n_measures: 0,
            missing: synthetic.missing,
            dirty: synthetic.dirty,
            seed,
            format: SynthFormat::Parquet,
        }
    }

    /// Where the truth's horizon begins.
    pub fn reference(&self) -> Timestamp {
        self.start + self.span - self.horizon
    }

    pub(crate) fn check(&self) -> Result<(), SynthError> {
        let share = |option, value: f64| expect((0.0..1.0).contains(&value), option, "a share in [0, 1)", &value);
        let count = "1 to 2147483648";
        expect((1..=MAX_CUSTOMERS).contains(&self.n_customers), "n_customers", count, &self.n_customers)?;
        let rate = self.mean_events;
        expect(rate > 0.0 && rate.is_finite(), "mean_events", "a number above 0", &rate)?;
        let measures = format!("0 to {}", Self::MAX_MEASURES);
        expect(self.n_measures <= Self::MAX_MEASURES, "n_measures", &measures, &self.n_measures)?;
        share("missing", self.missing)?;
        share("dirty", self.dirty)?;
        let (span, horizon) = (self.span.as_days(), self.horizon.as_days());
        expect(span >= 2.0 && span.fract() == 0.0, "span", "at least 2 whole days", &span)?;
        let bounds = "whole days, at least 1 and fewer than the span";
        expect(horizon >= 1.0 && horizon.fract() == 0.0 && horizon < span, "horizon", bounds, &horizon)
    }
}

fn expect(holds: bool, option: &'static str, expected: &str, found: &impl ToString) -> Result<(), SynthError> {
    if holds {
        return Ok(());
    }
    Err(SynthError::Option { option, expected: expected.to_owned(), found: found.to_string() })
}

#[cfg(test)]
pub(crate) fn test_options(n_customers: u64) -> SynthOptions {
    SynthOptions {
        kind: SyntheticKind::Events,
        n_customers,
        start: START,
        span: Span::days(730),
        horizon: Span::days(90),
        mean_events: 20.0,
        n_measures: 0,
        missing: 0.0,
        dirty: 0.0,
        seed: 7,
        format: SynthFormat::Csv,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_named() {
        assert!(test_options(1).check().is_ok());
        let cases = [
            ("n_customers", SynthOptions { n_customers: 0, ..test_options(1) }),
            ("mean_events", SynthOptions { mean_events: f64::NAN, ..test_options(1) }),
            ("n_measures", SynthOptions { n_measures: 1001, ..test_options(1) }),
            ("missing", SynthOptions { missing: 1.0, ..test_options(1) }),
            ("dirty", SynthOptions { dirty: -0.1, ..test_options(1) }),
            ("span", SynthOptions { span: Span(1), ..test_options(1) }),
            ("horizon", SynthOptions { horizon: Span::days(730), ..test_options(1) }),
        ];
        for (name, options) in cases {
            let Err(SynthError::Option { option, .. }) = options.check() else { panic!("{name} was accepted") };
            assert_eq!(option, name);
        }
    }
}
