//! Period by period: what a customer bought in each of the last periods, and the slope through them.

use tenure_table::Span;

use super::{Definition, Family, History, RowWriter, latest, spend, suffix};
use crate::events::log::LogSchema;

/// Lag `k` is the period `[cutoff - k P, cutoff - (k - 1) P)`.
#[derive(Debug)]
pub(crate) struct Lags {
    pub(crate) period: Span,
    pub(crate) count: usize,
    pub(crate) has_amount: bool,
}

impl Lags {
    fn back(&self, n_periods: usize) -> Span {
        Span(self.period.0.saturating_mul(i64::try_from(n_periods).unwrap_or(i64::MAX)))
    }

    fn describe_lag(&self, lag: usize, schema: &LogSchema) -> Vec<Definition> {
        let p = suffix(self.period);
        let place = format!("in [cutoff - {lag} * {p}, cutoff - {} * {p})", lag - 1);
        let new = |name: String, unit, text: String| Definition::new(schema, name, unit, text).over(self.back(lag));
        let mut definitions = vec![new(format!("n_purchases_{p}_lag{lag}"), "purchases", format!("purchases {place}"))];
        if self.has_amount {
            let text = format!("sum of purchases' amounts {place}");
            definitions.push(new(format!("spend_sum_{p}_lag{lag}"), "money", text).reading(&schema.amount));
        }
        definitions
    }

    fn describe_slopes(&self, schema: &LogSchema) -> Vec<Definition> {
        let p = suffix(self.period);
        let text =
            |of: &str| format!("least-squares slope of {of} per period over the last {} periods of {p}", self.count);
        let new = |name: String, unit, of| Definition::new(schema, name, unit, text(of)).over(self.back(self.count));
        let mut definitions = vec![new(format!("purchase_slope_{p}"), "purchases/period", "purchases")];
        if self.has_amount {
            definitions.push(new(format!("spend_slope_{p}"), "money/period", "spend").reading(&schema.amount));
        }
        definitions
    }
}

impl Family for Lags {
    fn describe(&self, schema: &LogSchema) -> Vec<Definition> {
        let mut definitions: Vec<_> = (1..=self.count).flat_map(|lag| self.describe_lag(lag, schema)).collect();
        if self.count >= 2 {
            definitions.extend(self.describe_slopes(schema));
        }
        definitions
    }

    fn compute(&self, history: &History<'_>, row: &mut RowWriter<'_, '_>) {
        let (mut count_slope, mut spend_slope) = (Slope::over(self.count), Slope::over(self.count));
        for lag in 1..=self.count {
            let purchases = history.purchases_between(self.back(lag), self.back(lag - 1));
            let (count, money, last) = (purchases.len() as f64, spend(purchases), latest(purchases));
            row.number(count, last);
            if self.has_amount {
                row.number(money, last);
            }
            count_slope.add(lag, count);
            spend_slope.add(lag, money);
        }
        if self.count >= 2 {
            let last = latest(history.trailing(self.back(self.count)));
            row.number(count_slope.value(), last);
            if self.has_amount {
                row.number(spend_slope.value(), last);
            }
        }
    }
}

/// Least squares through equally spaced points: `sum((x - mean x) y) / sum((x - mean x)^2)`, time running forward.
struct Slope {
    mean_lag: f64,
    sum: f64,
    sum_of_squares: f64,
}

impl Slope {
    fn over(n_lags: usize) -> Self {
        Self { mean_lag: f64::midpoint(n_lags as f64, 1.0), sum: 0.0, sum_of_squares: 0.0 }
    }

    fn add(&mut self, lag: usize, value: f64) {
        let x = self.mean_lag - lag as f64;
        self.sum += x * value;
        self.sum_of_squares += x * x;
    }

    fn value(&self) -> f64 {
        self.sum / self.sum_of_squares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_slope() {
        let mut slope = Slope::over(4);
        for (lag, value) in [(1, 9.0), (2, 7.0), (3, 5.0), (4, 3.0)] {
            slope.add(lag, value);
        }
        assert_eq!(slope.value(), 2.0, "three periods ago 3, now 9");
    }
}
