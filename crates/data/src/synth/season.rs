//! When customers buy: the yearly and weekly shape of the purchase intensity.

use std::f64::consts::TAU;

use tenure_table::{Span, Timestamp};

use crate::events::parts;

/// Half the distance between the best and the worst day of the year.
const YEARLY_AMPLITUDE: f64 = 0.25;
/// The best day of the year: late November.
const PEAK_DAY_OF_YEAR: f64 = 329.0;
const DAYS_PER_YEAR: f64 = 365.25;
/// Monday first; their mean is 1.
const WEEKDAYS: [f64; 7] = [0.90, 0.90, 0.95, 1.00, 1.15, 1.25, 0.85];

/// Relative intensity `s(t)`, constant within each day of the span, and its integral.
#[derive(Clone, Debug)]
pub(crate) struct Season {
    /// One for each day.
    intensity: Vec<f64>,
    /// `cumulative[d]` is the integral of `s` over the first `d` days.
    cumulative: Vec<f64>,
}

impl Season {
    /// The season of `n_days` days from midnight `start`.
    pub(crate) fn new(start: Timestamp, n_days: usize) -> Self {
        let intensity: Vec<f64> = (0..).take(n_days).map(|day| intensity(start + Span::days(day))).collect();
        let mut cumulative = vec![0.0];
        for value in &intensity {
            cumulative.push(cumulative[cumulative.len() - 1] + value);
        }
        Self { intensity, cumulative }
    }

    /// `s` on each day.
    pub(crate) fn intensity(&self) -> &[f64] {
        &self.intensity
    }

    /// The integral of `s` from the start to `days`.
    pub(crate) fn integral(&self, days: f64) -> f64 {
        let day = (days as usize).min(self.intensity.len() - 1);
        self.cumulative[day] + (days - day as f64) * self.intensity[day]
    }

    /// The time in days at which the integral reaches `integral`, or none where it never does within the span; `from_day`
    /// is a day not after it.
    pub(crate) fn when(&self, integral: f64, from_day: usize) -> Option<f64> {
        let after = self.cumulative[from_day..].partition_point(|&sum| sum <= integral);
        let day = (from_day + after).checked_sub(1)?;
        let intensity = self.intensity.get(day)?;
        Some(day as f64 + (integral - self.cumulative[day]) / intensity)
    }
}

fn intensity(day: Timestamp) -> f64 {
    let weekday = parts(day.0)[1] as usize;
    let day_of_year = day.0.div_euclid(Span::DAY.0) as f64 % DAYS_PER_YEAR;
    let yearly = 1.0 + YEARLY_AMPLITUDE * (TAU * (day_of_year - PEAK_DAY_OF_YEAR) / DAYS_PER_YEAR).cos();
    yearly * WEEKDAYS[weekday]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_averages_to_one_and_peaks_in_november() {
        let season = Season::new(Timestamp(Span::days(19_358).0), 4 * 365 + 1);
        let mean = season.integral(1461.0) / 1461.0;
        assert!((mean - 1.0).abs() < 0.002, "mean intensity {mean}");
        let week = |day: usize| season.intensity()[day..day + 7].iter().sum::<f64>();
        assert!(week(326) > 1.2 * 7.0 && week(146) < 0.8 * 7.0);
    }

    #[test]
    fn when_inverts_the_integral() {
        let season = Season::new(Timestamp(0), 40);
        for days in [0.0, 0.5, 1.0, 17.25, 39.999] {
            let found = season.when(season.integral(days), 0).expect("within the span");
            assert!((found - days).abs() < 1e-9, "{days} came back as {found}");
        }
        assert_eq!(season.when(season.integral(40.0), 3), None);
    }
}
