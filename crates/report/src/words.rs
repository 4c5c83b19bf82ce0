//! Results in words: one figure for each claim, its interval beside it.

use tenure_evaluate::{Comparison, Estimate, Measure, Metric};

use crate::number::{fixed, percent, signed};
use crate::results::Evaluation;

/// Decimals of AUC, log loss and the like.
pub(crate) const DIGITS: usize = 3;

/// `0.832 to 0.859`; a dash where there is no interval.
pub(crate) fn range(estimate: &Estimate, digits: usize) -> String {
    estimate.interval.map_or("–".to_owned(), |interval| {
        format!("{} to {}", fixed(interval.low, digits), fixed(interval.high, digits))
    })
}

/// Which way a paired difference points, once its interval is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Better,
    Worse,
    Undecided,
}

impl Verdict {
    /// The verdict on a difference; undecided where its interval covers zero or there is none.
    pub(crate) fn of(higher_is_better: Option<bool>, difference: &Estimate) -> Self {
        let Some(interval) = difference.interval else { return Self::Undecided };
        match (higher_is_better, interval.low > 0.0, interval.high < 0.0) {
            (Some(true), true, _) | (Some(false), _, true) => Self::Better,
            (Some(true), _, true) | (Some(false), true, _) => Self::Worse,
            _ => Self::Undecided,
        }
    }
}

/// The verdict on the difference "model less baseline"; undecided where its interval covers zero or there is none.
pub(crate) fn verdict<M: Measure>(comparison: &Comparison<M>) -> Verdict {
    Verdict::of(comparison.metric.higher_is_better(), &comparison.difference)
}

/// What a paired difference says: better, worse, or not to be told apart.
pub(crate) fn difference(comparison: &Comparison, other: &str) -> String {
    let (name, value) = (&comparison.name, comparison.difference.value);
    let Some(interval) = comparison.difference.interval else {
        return format!("{} {name} than {other}, without an interval", signed(value, DIGITS));
    };
    let share = percent(interval.confidence);
    let (a, b) = (interval.low.abs(), interval.high.abs());
    let sizes = || format!("({share} interval {} to {})", fixed(a.min(b), DIGITS), fixed(a.max(b), DIGITS));
    match verdict(comparison) {
        Verdict::Better => format!("better than {other} by {} {name} {}", fixed(value.abs(), DIGITS), sizes()),
        Verdict::Worse => format!("worse than {other} by {} {name} {}", fixed(value.abs(), DIGITS), sizes()),
        Verdict::Undecided => format!(
            "not distinguishable from {other} ({name} {}, {share} interval {} to {})",
            signed(value, DIGITS),
            signed(interval.low, DIGITS),
            signed(interval.high, DIGITS),
        ),
    }
}

/// The finding of a run in one sentence: its AUC beside its strongest baseline.
pub(crate) fn headline(evaluation: &Evaluation) -> String {
    let auc = format!("AUC {}", fixed(evaluation.model.metrics.auc.value, DIGITS));
    let Some((baseline, comparison)) = evaluation
        .strongest_baseline()
        .and_then(|baseline| baseline.comparison(Metric::Auc).map(|comparison| (baseline, comparison)))
    else {
        return auc;
    };
    let (name, size) = (&baseline.name, fixed(comparison.difference.value.abs(), DIGITS));
    match verdict(comparison) {
        Verdict::Better => format!("{auc}, better than {name} by {size}"),
        Verdict::Worse => format!("{auc}, worse than {name} by {size}"),
        Verdict::Undecided => format!("{auc}, not distinguishable from {name}"),
    }
}

/// The first letter in upper case.
pub(crate) fn capitalized(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use tenure_evaluate::Interval;

    use super::*;

    fn comparison(metric: Metric, value: f64, low: f64, high: f64) -> Comparison {
        let interval = Interval { low, high, standard_error: 0.0, confidence: 0.95, resamples: 1000 };
        Comparison {
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
    fn a_clear_difference_is_said_with_its_interval() {
        let text = |value, low, high| difference(&comparison(Metric::Auc, value, low, high), "logistic regression");
        assert_eq!(
            text(0.0121, 0.0041, 0.0199),
            "better than logistic regression by 0.012 AUC (95% interval 0.004 to 0.020)"
        );
        assert_eq!(
            text(-0.0121, -0.0199, -0.0041),
            "worse than logistic regression by 0.012 AUC (95% interval 0.004 to 0.020)"
        );
    }

    #[test]
    fn less_log_loss_is_better() {
        assert_eq!(verdict(&comparison(Metric::LogLoss, -0.02, -0.03, -0.01)), Verdict::Better);
        assert_eq!(verdict(&comparison(Metric::LogLoss, 0.02, 0.01, 0.03)), Verdict::Worse);
    }

    #[test]
    fn an_interval_around_zero_decides_nothing() {
        let text = difference(&comparison(Metric::Auc, 0.002, -0.003, 0.007), "the recency rule");
        assert_eq!(text, "not distinguishable from the recency rule (AUC +0.002, 95% interval −0.003 to +0.007)");
    }
}
