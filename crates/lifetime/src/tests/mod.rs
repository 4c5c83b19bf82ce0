//! Tests of the whole crate.

mod cdnow;

pub(crate) fn assert_near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: expected {expected} within {tolerance:e}, found {found}");
}
