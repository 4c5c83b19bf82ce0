//! Value results in words: one figure for each claim, its interval beside it.

use tenure_evaluate::{Estimate, ValueComparison, ValueMetric};

use super::results::{ValueJudgement, ValueTarget};
use crate::number::{self, fixed, percent, signed};
use crate::words::{DIGITS, Verdict, verdict};

/// Metrics in the unit of the value, or its logarithm: shown with three significant digits instead of three decimals.
const fn is_amount(metric: ValueMetric) -> bool {
    matches!(
        metric,
        ValueMetric::MeanActual
            | ValueMetric::MeanPredicted
            | ValueMetric::Mae
            | ValueMetric::Rmse
            | ValueMetric::ProfitPerRow { .. }
    )
}

/// A metric's value with the digits that suit it.
pub(crate) fn value(metric: ValueMetric, value: f64) -> String {
    match metric {
        ValueMetric::DecileMape | ValueMetric::GainAt { .. } | ValueMetric::NonzeroShare => percent(value),
        _ if is_amount(metric) => three_digits(value),
        _ => fixed(value, DIGITS),
    }
}

/// An amount with as many decimals as make three digits, so that figures of one size line up.
fn three_digits(value: f64) -> String {
    match value.abs() {
        size if size >= 99.95 => number::amount(value.round()),
        size if size >= 9.995 => fixed(value, 1),
        size if size >= 0.9995 => fixed(value, 2),
        _ => fixed(value, 3),
    }
}

/// Its interval, `0.832 to 0.859`; a dash where there is none.
pub(crate) fn range(metric: ValueMetric, estimate: &Estimate) -> String {
    estimate.interval.map_or("–".to_owned(), |interval| {
        format!("{} to {}", value(metric, interval.low), value(metric, interval.high))
    })
}

/// Value and interval in one cell; a dash where the metric is undefined.
pub(crate) fn cell(metric: ValueMetric, estimate: Option<&Estimate>) -> String {
    estimate.map_or("–".to_owned(), |estimate| match estimate.interval {
        Some(_) => format!("{} ({})", value(metric, estimate.value), range(metric, estimate)),
        None => value(metric, estimate.value),
    })
}

/// A difference with its sign.
pub(crate) fn signed_value(metric: ValueMetric, difference: f64) -> String {
    let text = value(metric, difference);
    if is_amount(metric) || matches!(metric, ValueMetric::DecileMape | ValueMetric::GainAt { .. }) {
        return if difference > 0.0 { format!("+{text}") } else { text };
    }
    signed(difference, DIGITS)
}

/// What a paired difference says: better, worse, or not to be told apart.
pub(crate) fn difference(comparison: &ValueComparison, other: &str) -> String {
    let (metric, name, found) = (comparison.metric, &comparison.name, comparison.difference.value);
    let Some(interval) = comparison.difference.interval else {
        return format!("{} {name} than {other}, without an interval", signed_value(metric, found));
    };
    let share = percent(interval.confidence);
    let size = |side: &str| {
        let (a, b) = (interval.low.abs(), interval.high.abs());
        format!(
            "{side} than {other} by {} {name} ({share} interval {} to {})",
            value(metric, found.abs()),
            value(metric, a.min(b)),
            value(metric, a.max(b))
        )
    };
    match verdict(comparison) {
        Verdict::Better => size("better"),
        Verdict::Worse => size("worse"),
        Verdict::Undecided => format!(
            "not distinguishable from {other} ({name} {}, {share} interval {} to {})",
            signed_value(metric, found),
            signed_value(metric, interval.low),
            signed_value(metric, interval.high),
        ),
    }
}

/// The finding of a run in one sentence: how well it ranks customers by value, beside its strongest baseline.
pub(crate) fn headline(judgement: &ValueJudgement) -> String {
    let metrics = &judgement.model.metrics;
    let Some(gini) = &metrics.normalized_gini else {
        return format!("Mean absolute error {}", three_digits(metrics.mae.value));
    };
    let claim = format!("Normalized Gini {}", fixed(gini.value, DIGITS));
    let Some((baseline, comparison)) = judgement
        .strongest_baseline()
        .and_then(|baseline| baseline.comparison(ValueMetric::NormalizedGini).map(|comparison| (baseline, comparison)))
    else {
        return claim;
    };
    let (name, size) = (&baseline.name, fixed(comparison.difference.value.abs(), DIGITS));
    match verdict(comparison) {
        Verdict::Better => format!("{claim}, better than {name} by {size}"),
        Verdict::Worse => format!("{claim}, worse than {name} by {size}"),
        Verdict::Undecided => format!("{claim}, not distinguishable from {name}"),
    }
}

/// What the headline means for somebody who wants to act on it.
pub(crate) fn plain(judgement: &ValueJudgement, target: &ValueTarget) -> String {
    let metrics = &judgement.model.metrics;
    let mut sentences = Vec::new();
    if let Some(gain) = &metrics.top_decile_gain {
        let random = "10% at random";
        sentences.push(format!(
            "The tenth of the customers that it ranks highest brought {} of all {} ({random})",
            percent(gain.value),
            target.quantity
        ));
    }
    if let Some(ratio) = &metrics.total_ratio {
        sentences.push(total(ratio, target));
    }
    sentences.join(". ") + "."
}

/// Whether the predicted total is right.
pub(crate) fn total(ratio: &Estimate, target: &ValueTarget) -> String {
    let is_right = ratio.interval.is_some_and(|interval| interval.low <= 1.0 && 1.0 <= interval.high);
    let (quantity, off) = (&target.quantity, off(ratio.value));
    let way = if ratio.value < 1.0 { "below" } else { "above" };
    let chance = if is_right { ", within chance" } else { "" };
    format!("The predicted total {quantity} is {off} {way} the actual one{chance}")
}

/// How far a ratio is from 1, to a tenth of a percent.
pub(crate) fn off(ratio: f64) -> String {
    percent(((ratio - 1.0).abs() * 1e3).round() / 1e3)
}

/// An amount with its unit.
pub(crate) fn amount(found: f64, target: &ValueTarget) -> String {
    let gap = if target.unit.is_empty() { "" } else { " " };
    format!("{}{gap}{}", number::significant(found), target.unit)
}

/// The title of an axis of amounts.
pub(crate) fn axis(what: &str, target: &ValueTarget) -> String {
    if target.unit.is_empty() { what.to_owned() } else { format!("{what} ({})", target.unit) }
}

#[cfg(test)]
mod tests {
    use tenure_evaluate::Interval;

    use super::*;

    fn comparison(metric: ValueMetric, value: f64, low: f64, high: f64) -> ValueComparison {
        let interval = Interval { low, high, standard_error: 0.0, confidence: 0.95, resamples: 1000 };
        ValueComparison {
            metric,
            name: metric.name().to_owned(),
            model: value,
            baseline: 0.0,
            difference: Estimate { value, interval: Some(interval) },
            share_better: None,
            p_value: None,
        }
    }

    #[test]
    fn less_error_is_better_and_amounts_have_their_digits() {
        assert_eq!(
            difference(&comparison(ValueMetric::Rmse, -12.3456, -20.0, -4.5), "the naive rate"),
            "better than the naive rate by 12.3 RMSE (95% interval 4.50 to 20.0)"
        );
        assert_eq!(
            difference(&comparison(ValueMetric::NormalizedGini, -0.0123, -0.02, -0.004), "Pareto/NBD"),
            "worse than Pareto/NBD by 0.012 normalized Gini (95% interval 0.004 to 0.020)"
        );
    }

    #[test]
    fn an_interval_around_zero_decides_nothing() {
        assert_eq!(
            difference(&comparison(ValueMetric::Mae, 0.5, -1.25, 2.25), "zero"),
            "not distinguishable from zero (MAE +0.500, 95% interval −1.25 to +2.25)"
        );
    }

    #[test]
    fn a_total_is_right_when_its_interval_holds_one() {
        let target = ValueTarget { quantity: "spend".to_owned(), ..ValueTarget::default() };
        let interval = |low, high| Interval { low, high, standard_error: 0.0, confidence: 0.95, resamples: 9 };
        let ratio = |value, low, high| Estimate { value, interval: Some(interval(low, high)) };
        assert_eq!(
            total(&ratio(0.94, 0.85, 1.04), &target),
            "The predicted total spend is 6% below the actual one, within chance"
        );
        assert_eq!(total(&ratio(1.2, 1.1, 1.3), &target), "The predicted total spend is 20% above the actual one");
    }
}
