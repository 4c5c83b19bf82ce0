//! Figures as a reader wants them: few digits, thousands apart, a true minus sign.

/// `value` with `digits` decimals; a dash where it is undefined.
pub(crate) fn fixed(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.digits$}", value.abs());
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if value < 0.0 && !is_zero { format!("−{text}") } else { text }
}

/// A difference with its sign.
pub(crate) fn signed(value: f64, digits: usize) -> String {
    let text = fixed(value, digits);
    if value > 0.0 && text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) { format!("+{text}") } else { text }
}

/// A whole number with its thousands apart.
pub(crate) fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// An amount: without decimals from 1,000 on, else with two (none where it is whole).
pub(crate) fn amount(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let digits = if value.abs() >= 1000.0 || value == value.round() { 0 } else { 2 };
    let text = format!("{:.digits$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if value < 0.0 && text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) { "−" } else { "" };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

/// A share as a percentage: one decimal below 10 % and above 90 %, none between.
pub(crate) fn percent(share: f64) -> String {
    let hundredths = share * 100.0;
    let digits = usize::from(hundredths != hundredths.round() && !(10.0..=90.0).contains(&hundredths.abs()));
    format!("{}%", fixed(hundredths, digits))
}

/// A share as a percentage with one decimal.
pub(crate) fn percent1(share: f64) -> String {
    format!("{}%", fixed(share * 100.0, 1))
}

/// A value of unknown size with about three significant digits.
pub(crate) fn significant(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    if size >= 100.0 || value == 0.0 {
        return amount(value.round());
    }
    let magnitude = size.log10().floor() as i32;
    if magnitude < -4 {
        return format!("{value:.1e}").replace('-', "−");
    }
    let text = fixed(value, (2 - magnitude) as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bytes in the unit that fits.
pub(crate) fn bytes(size_bytes: u64) -> String {
    let size = size_bytes as f64;
    match size_bytes {
        0..1_000 => format!("{size_bytes} B"),
        1_000..1_000_000 => format!("{} kB", fixed(size / 1e3, 0)),
        1_000_000..1_000_000_000 => format!("{} MB", fixed(size / 1e6, 1)),
        _ => format!("{} GB", fixed(size / 1e9, 1)),
    }
}

/// A length of time in the unit that fits.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 0.9995 => format!("{} ms", fixed(s * 1e3, 0)),
        s if s < 99.95 => format!("{} s", fixed(s, 1)),
        s => format!("{} min {} s", (s.round() / 60.0).floor(), fixed(s.round() % 60.0, 0)),
    }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_negative_zero_and_a_true_minus() {
        assert_eq!(fixed(-0.0004, 3), "0.000");
        assert_eq!(fixed(-0.0123, 3), "−0.012");
        assert_eq!(signed(0.0004, 3), "0.000");
        assert_eq!(signed(0.012, 3), "+0.012");
        assert_eq!(fixed(f64::NAN, 3), "–");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(999), "999");
        assert_eq!(amount(-12_345.678), "−12,346");
        assert_eq!(amount(12.5), "12.50");
    }

    #[test]
    fn digits_follow_the_size() {
        assert_eq!(significant(0.012_345), "0.0123");
        assert_eq!(significant(3.0), "3");
        assert_eq!(significant(12_345.6), "12,346");
        assert_eq!(significant(0.000_001_2), "1.2e−6");
        assert_eq!(percent(0.265_4), "27%");
        assert_eq!(percent(0.031_2), "3.1%");
        assert_eq!(percent(1.0), "100%");
    }

    #[test]
    fn times_carry_over_to_minutes_without_sixty_seconds() {
        assert_eq!(duration(0.0421), "42 ms");
        assert_eq!(duration(59.96), "60.0 s");
        assert_eq!(duration(119.7), "2 min 0 s");
    }
}
