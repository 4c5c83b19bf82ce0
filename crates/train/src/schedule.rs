//! How the learning rate, and with `RealMLP` the regularisation, move over a run.

use std::f64::consts::{PI, TAU};

use tenure_config::Schedule;

/// The factor on the peak rate when a share `t` in `[0, 1)` of all steps is done.
pub(crate) fn rate(schedule: Schedule, t: f64) -> f64 {
    const WARM_UP: f64 = 0.05;
    match schedule {
        Schedule::Constant => 1.0,
        Schedule::Cosine if t < WARM_UP => t / WARM_UP,
        Schedule::Cosine => 0.5 * (1.0 + (PI * (t - WARM_UP) / (1.0 - WARM_UP)).cos()),
        Schedule::Coslog4 => 0.5 * (1.0 - (TAU * (1.0 + 15.0 * t).log2()).cos()),
    }
}

/// `RealMLP`'s factor on dropout and weight decay: 1 for the first half, then a half cosine to 0.
pub(crate) fn flat_cosine(t: f64) -> f64 {
    if t < 0.5 { 1.0 } else { 0.5 * (1.0 + (PI * (2.0 * t - 1.0)).cos()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coslog4_has_four_cycles_of_growing_length() {
        for t in [0.0, 1.0 / 15.0, 3.0 / 15.0, 7.0 / 15.0, 1.0] {
            assert!(rate(Schedule::Coslog4, t).abs() < 1e-12, "valley at {t}");
        }
        let peak = (0.5_f64.exp2() - 1.0) / 15.0;
        assert!((rate(Schedule::Coslog4, peak) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn cosine_warms_up_and_ends_at_zero() {
        assert_eq!(rate(Schedule::Cosine, 0.0), 0.0);
        assert!((rate(Schedule::Cosine, 0.05) - 1.0).abs() < 1e-12);
        assert!((rate(Schedule::Cosine, 0.525) - 0.5).abs() < 1e-12);
        assert!(rate(Schedule::Cosine, 1.0).abs() < 1e-12);
    }

    #[test]
    fn flat_cosine_is_flat_then_falls() {
        assert_eq!(flat_cosine(0.25), 1.0);
        assert!((flat_cosine(0.75) - 0.5).abs() < 1e-12);
        assert!(flat_cosine(1.0).abs() < 1e-12);
    }
}
