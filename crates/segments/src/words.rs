//! Numbers as a sentence has them.

/// A share as a percentage: whole from 10 % on, one decimal below.
pub(crate) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 9.95 || percent == 0.0 { format!("{percent:.0}%") } else { format!("{percent:.1}%") }
}

/// A number with thousands apart: whole from 100 on, and with no more than one decimal below.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".into();
    }
    let size = value.abs();
    let text = if size >= 100.0 {
        grouped(&format!("{size:.0}"))
    } else if size >= 1.0 || size == 0.0 {
        let text = format!("{size:.1}");
        text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
    } else {
        format!("{size:.2}")
    };
    if value < 0.0 { format!("−{text}") } else { text }
}

/// A count with thousands apart.
pub(crate) fn count(n: usize) -> String {
    grouped(&n.to_string())
}

/// Days: whole from 10 on.
pub(crate) fn days(days: f64) -> String {
    plural(if days >= 10.0 { days.round_ties_even() } else { days }, "day", "days")
}

/// `1 day`, `3 days`.
pub(crate) fn plural(value: f64, one: &str, many: &str) -> String {
    let text = number(value);
    if text == "1" { format!("1 {one}") } else { format!("{text} {many}") }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn grouped(digits: &str) -> String {
    let n = digits.len();
    let comma = |(i, c): (usize, char)| {
        let comma = (i > 0 && (n - i).is_multiple_of(3)).then_some(',');
        comma.into_iter().chain([c])
    };
    digits.chars().enumerate().flat_map(comma).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_true() {
        let found = [0.0, 1.0, 4.5, 12.04, 99.96, 1234.5, -1_234_567.0, 0.123].map(number);
        assert_eq!(found, ["0", "1", "4.5", "12", "100", "1,234", "−1,234,567", "0.12"]);
        assert_eq!([0.5, 0.0321, 0.0996, 1.0, 0.0].map(percent), ["50%", "3.2%", "10%", "100%", "0%"]);
        assert_eq!([1.0, 2.5, 65.1, 225.5].map(days), ["1 day", "2.5 days", "65 days", "226 days"]);
        assert_eq!(joined(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
