//! What an ensemble says of one customer's value: an atom at 0 and a mixture of positive distributions.

use alloc::vec::Vec;

use super::shape::Shape;
use crate::math::{exp, ln};

/// A distribution of one value, in the units of the data.
///
/// # Example
/// ```
/// use tenure_artifact::{LabelStatistics, ValueFamily, ValueHead};
///
/// let spread = LabelStatistics { rate: 0.5, log_mean: 0.0, log_sd: 1.0 };
/// let head = ValueHead { family: ValueFamily::Ziln, log_unit: 0.0, log_cap: 9.0, horizons: vec![spread] };
/// let mut value = head.predictive();
/// // Logits 0, ln 20 and a standard deviation of softplus(0) = ln 2.
/// head.add_member(&[0.0, 20_f64.ln(), 0.0], 0, 1.0, &mut value);
/// assert_eq!(value.p_buys(), 0.5);
/// assert!((value.mean() - 0.5 * 20.0 * (0.5 * 2_f64.ln().powi(2)).exp()).abs() < 1e-12);
/// // Half of the distribution is the atom at 0, and the median of the rest is 20.
/// assert_eq!((value.quantile(0.3), value.cdf(0.0)), (0.0, 0.5));
/// assert!((value.quantile(0.75) - 20.0).abs() < 1e-9 && (value.cdf(20.0) - 0.75).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Predictive {
    log_unit: f64,
    log_cap: f64,
    /// Logarithms outside count as at the nearer bound.
    bounds: (f64, f64),
    zero: f64,
    /// Weights and distributions.
    parts: Vec<(f64, Shape)>,
}

/// Steps of a quantile's search; each halves the bracket at least.
const MAX_STEPS: usize = 200;

impl Predictive {
    pub(super) fn new(log_unit: f64, log_cap: f64, bounds: (f64, f64)) -> Self {
        Self { log_unit, log_cap, bounds, zero: 0.0, parts: Vec::new() }
    }

    /// Forgets all members, to be filled anew.
    pub fn clear(&mut self) {
        self.zero = 0.0;
        self.parts.clear();
    }

    pub(super) fn add_zero(&mut self, weight: f64) {
        self.zero += weight;
    }

    pub(super) fn add_positive(&mut self, weight: f64, shape: Shape) {
        self.parts.push((weight, shape));
    }

    /// The probability of a value above 0.
    pub fn p_buys(&self) -> f64 {
        self.parts.iter().map(|(weight, _)| weight).sum()
    }

    /// The expected value. No part of the mixture counts for more than the head's cap.
    pub fn mean(&self) -> f64 {
        let of = |(weight, shape): &(f64, Shape)| weight * exp(shape.log_mean().min(self.log_cap));
        self.parts.iter().map(of).sum::<f64>() * exp(self.log_unit)
    }

    /// The probability of a value of at most `value`; 0 below 0.
    pub fn cdf(&self, value: f64) -> f64 {
        if value < 0.0 {
            return 0.0;
        }
        (self.zero + self.positive_cdf(ln(value) - self.log_unit)).clamp(0.0, 1.0)
    }

    fn positive_cdf(&self, x: f64) -> f64 {
        self.parts.iter().map(|(weight, shape)| weight * shape.cdf(x)).sum()
    }

    /// Natural logarithm of the probability of 0, or of the density at a value above 0 (per unit of the data).
    pub fn log_density(&self, value: f64) -> f64 {
        if value <= 0.0 {
            return ln(self.zero);
        }
        let x = (ln(value) - self.log_unit).clamp(self.bounds.0, self.bounds.1);
        // The greatest term is taken out, so that the sum neither overflows nor vanishes.
        let log_term = |(weight, shape): &(f64, Shape)| ln(*weight) + shape.log_density(x);
        let greatest = self.parts.iter().map(log_term).fold(f64::NEG_INFINITY, f64::max);
        if greatest == f64::NEG_INFINITY {
            return greatest;
        }
        let sum: f64 = self.parts.iter().map(|part| exp(log_term(part) - greatest)).sum();
        greatest + ln(sum) - x - self.log_unit
    }

    /// Bounds of all parts.
    fn span(&self) -> (f64, f64) {
        let ranges = self.parts.iter().map(|(_, shape)| shape.range());
        let join = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
        ranges.fold((f64::INFINITY, f64::NEG_INFINITY), join)
    }

    /// The smallest value that is not exceeded with probability `p`, for `p` in `(0, 1)`.
    ///
    /// Newton's method on the logarithm of the value, kept inside a bracket that bisection shrinks.
    pub fn quantile(&self, p: f64) -> f64 {
        let wanted = p - self.zero;
        let p_buys = self.p_buys();
        if wanted <= 0.0 || p_buys <= 0.0 {
            return 0.0;
        }
        let (mut low, mut high) = self.span();
        let mut x = 0.5 * (low + high);
        for _ in 0..MAX_STEPS {
            let miss = self.positive_cdf(x) - wanted;
            if miss > 0.0 {
                high = x;
            } else {
                low = x;
            }
            let slope: f64 = self.parts.iter().map(|(weight, shape)| weight * shape.density(x)).sum();
            let newton = x - miss / slope;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - x).abs() < 1e-12 * (1.0 + x.abs()) {
                break;
            }
            x = next;
        }
        exp((x + self.log_unit).min(700.0))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::{LabelStatistics, ValueFamily, ValueHead};

    fn head() -> ValueHead {
        let statistics = LabelStatistics { rate: 0.5, log_mean: 0.0, log_sd: 1.0 };
        ValueHead { family: ValueFamily::Ziln, log_unit: 1.5, log_cap: 10.0, horizons: vec![statistics] }
    }

    fn mixture(members: &[[f64; 3]]) -> Predictive {
        of_members(&head(), members)
    }

    fn of_members<const O: usize>(head: &ValueHead, members: &[[f64; O]]) -> Predictive {
        let weight = 1.0 / members.len() as f64;
        let mut mixture = head.predictive();
        for outputs in members {
            head.add_member(outputs, 0, weight, &mut mixture);
        }
        mixture
    }

    /// Two members of every family.
    fn every_family() -> Vec<Predictive> {
        let with = |family| ValueHead { family, ..head() };
        let edges = vec![-4.0, -1.0, 0.5, 3.0];
        vec![
            mixture(&MEMBERS),
            of_members(
                &with(ValueFamily::ZilnMixture { components: 2 }),
                &[[0.3, 1.0, -1.0, -4.0, 2.0, -2.0, 0.5], [-1.0, 0.0, 3.0, 1.0, 0.0, 0.2, -1.0]],
            ),
            of_members(
                &with(ValueFamily::Ordinal { edges }),
                &[[0.4, 1.0, -0.5, 3.0, -8.0, 0.0], [-0.7, 0.0, 2.0, -30.0, 1e-4, 60.0]],
            ),
            of_members(&with(ValueFamily::ZiGamma), &[[0.5, 1.0, 2.0], [-1.0, -2.0, 0.3]]),
        ]
    }

    /// Far apart, so that the distribution function has flat places.
    const MEMBERS: [[f64; 3]; 3] = [[0.5, 0.0, 0.2], [-2.0, 4.0, -3.0], [3.0, -5.0, -1.0]];

    #[test]
    fn quantiles_invert_the_distribution_function() {
        for mixture in every_family() {
            let atom = mixture.cdf(0.0);
            assert!((atom + mixture.p_buys() - 1.0).abs() < 1e-15);
            for i in 1..200 {
                let p = f64::from(i) / 200.0;
                let value = mixture.quantile(p);
                if p <= atom {
                    assert_eq!(value, 0.0);
                } else {
                    assert!((mixture.cdf(value) - p).abs() < 1e-10, "{p}: {value} {mixture:?}");
                }
            }
        }
    }

    #[test]
    fn mean_and_distribution_function_are_integrals_of_the_density() {
        for mixture in every_family() {
            // Where buckets end the density jumps: a multiple of 14 has whole steps between all edges.
            let (low, high) = mixture.span();
            let n = 420_000;
            let step = (high - low) / f64::from(n);
            let (mut mass, mut mean) = (0.0, 0.0);
            for i in 0..n {
                let value = (low + step * (f64::from(i) + 0.5) + 1.5).exp();
                let share = mixture.log_density(value).exp() * value * step;
                (mass, mean) = (mass + share, mean + share * value);
            }
            assert!((mass - mixture.p_buys()).abs() < 1e-7, "{mass} {mixture:?}");
            assert!((mean / mixture.mean() - 1.0).abs() < 1e-7, "{mean} {}", mixture.mean());
            assert!((mixture.log_density(0.0) - mixture.cdf(0.0).ln()).abs() < 1e-12);
        }
    }

    #[test]
    fn the_mean_of_a_mixture_is_the_mean_of_its_members_means() {
        let means: Vec<f64> = MEMBERS.iter().map(|member| mixture(&[*member]).mean()).collect();
        assert!((mixture(&MEMBERS).mean() - means.iter().sum::<f64>() / 3.0).abs() < 1e-9);
    }

    #[test]
    fn ten_thousand_wild_rows_give_finite_numbers() {
        let wild = |i: u32, k: u32| ((f64::from(3 * i + k) * 0.618_033_988_749_894_9).fract() - 0.5) * 200.0;
        for i in 0..10_000 {
            let said = mixture(&[[wild(i, 0), wild(i, 1), wild(i, 2)]]);
            let value = 10_f64.powf(f64::from(i) * 15.0 / 9_999.0 - 6.0);
            let (mean, cap) = (said.mean(), 11.5_f64.exp());
            assert!((0.0..=cap * (1.0 + 1e-12)).contains(&mean), "row {i}: {mean}");
            assert!((0.0..=1.0).contains(&said.cdf(value)), "row {i}");
            assert!(!said.log_density(value).is_nan() && !said.log_density(0.0).is_nan(), "row {i}");
            assert!(said.quantile(0.05) <= said.quantile(0.95) && said.quantile(0.95).is_finite(), "row {i}");
        }
    }
}
