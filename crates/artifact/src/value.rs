//! Value heads: from a network's outputs to the distribution of a customer's value.
//!
//! A value is 0 with some probability, else it follows a positive distribution. Inside the network values are counted in
//! units of their geometric mean over the training rows, so that logarithms start near 0; everything given out is in the
//! units of the data again.
//!
//! Letters: `H` horizons, `L` components of a mixture, `M` buckets.

mod predictive;
mod shape;

use alloc::vec::Vec;

pub use predictive::Predictive;

use crate::math::{exp, inverse_softplus, ln, logit, normal_quantile, sigmoid, softplus};
use shape::Shape;

/// The smallest standard deviation of a log-normal, √1e-7, and the smallest shape of a gamma distribution.
pub const SIGMA_FLOOR: f64 = 3.162_277_660_168_379_5e-4;

/// What is said of a customer's value.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ValueHead {
    /// The distribution of values.
    pub family: ValueFamily,
    /// Natural logarithm of the unit in which the network counts values.
    pub log_unit: f32,
    /// No part of a distribution has a mean above `exp(log_cap)` units: ten times the largest training value. The mean of
    /// a log-normal grows with the exponential of its variance, and one wild row would otherwise outweigh all others.
    pub log_cap: f32,
    /// Training labels of each horizon in turn, shortest first, H of them.
    pub horizons: Vec<LabelStatistics>,
}

/// What a head says of value, and what its outputs are.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "kind", rename_all = "snake_case"))]
pub enum ValueFamily {
    /// Zero-inflated log-normal (Wang, Liu, Miao 2019, arXiv 1912.07753): `[l0, l1, l2]` with P(buys) = sigmoid(l0),
    /// mu = l1 and sigma = max(softplus(l2), [`SIGMA_FLOOR`]).
    ///
    /// Several horizons have three outputs each, linked so that neither P(buys) nor the expected value falls from one
    /// horizon to the next: sigmoid(l0) is the probability of a first purchase in what a horizon adds, and l1 the
    /// logarithm of the expected value that it adds; mu follows.
    Ziln,
    /// Zero-inflated mixture of L log-normals, all of whose parameters follow from the row, as in `OptDist` (Weng et al.
    /// 2024, arXiv 2408.08585), but weighted by softmax and learnt by their exact joint likelihood instead of one chosen
    /// by a sampled selector: `[l0 | L selectors | L mus | L sigmas before softplus]`.
    ZilnMixture {
        /// L
        components: usize,
    },
    /// Zero, then M ordered buckets of value, and a density within each (in the manner of MDME, Li et al. 2022, arXiv
    /// 2208.13358): `[M continuation logits | M tilts]`. The first logit is P(buys), each further one the probability
    /// of more than a bucket for those who reach it; a tilt `t` gives the logarithm's place `u` in `[0, 1]` within its
    /// bucket the density `t eᵗᵘ / (eᵗ − 1)`. Values beyond the outer edges count as at the edge.
    Ordinal {
        /// Logarithms, in the head's unit, of the M + 1 edges of the buckets, strictly ascending.
        edges: Vec<f32>,
    },
    /// Zero-inflated gamma: `[l0, l1, l2]` with P(buys) = sigmoid(l0), a mean of `exp(l1)` units, and a shape of
    /// max(softplus(l2), [`SIGMA_FLOOR`]). Its tail is lighter than a log-normal's, and its mean is an output by itself.
    ZiGamma,
}

/// Training labels of one horizon, from which the last biases start.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LabelStatistics {
    /// Share of rows with a value above 0.
    pub rate: f32,
    /// Mean of the logarithms of values above 0, in the head's unit.
    pub log_mean: f32,
    /// Standard deviation of those logarithms.
    pub log_sd: f32,
}

impl ValueHead {
    /// Outputs of each member.
    pub fn n_outputs(&self) -> usize {
        match &self.family {
            ValueFamily::Ziln => 3 * self.horizons.len(),
            ValueFamily::ZilnMixture { components } => 1 + 3 * components,
            ValueFamily::Ordinal { edges } => 2 * (edges.len() - 1),
            ValueFamily::ZiGamma => 3,
        }
    }

    /// The biases at which training starts, one for each output.
    pub fn start(&self) -> Vec<f32> {
        let first = &self.horizons[0];
        let start = match &self.family {
            ValueFamily::Ziln => self.start_ziln(first),
            ValueFamily::ZilnMixture { components } => first.start_mixture(*components),
            ValueFamily::Ordinal { edges } => first.start_ordinal(edges.len() - 1),
            ValueFamily::ZiGamma => first.start_gamma(),
        };
        start.into_iter().map(|bias| bias as f32).collect()
    }

    fn start_ziln(&self, first: &LabelStatistics) -> Vec<f64> {
        let mut start = [first.start_buys(), f64::from(first.log_mean), first.start_sigma()].to_vec();
        for pair in self.horizons.windows(2) {
            let [before, now] = [&pair[0], &pair[1]];
            let hazard = (now.rate() - before.rate()) / (1.0 - before.rate());
            let added = (now.mean() - before.mean()).max(1e-3 * now.mean());
            start.extend([logit(hazard.clamp(1e-3, 0.999)), ln(added), now.start_sigma()]);
        }
        start
    }

    /// An empty distribution, to be filled by [`ValueHead::add_member`].
    pub fn predictive(&self) -> Predictive {
        let bounds = match &self.family {
            ValueFamily::Ordinal { edges } => (f64::from(edges[0]), f64::from(edges[edges.len() - 1])),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        Predictive::new(f64::from(self.log_unit), f64::from(self.log_cap), bounds)
    }

    /// Adds what one member says of one horizon. The predictive distribution of an ensemble is the mixture of its members'
    /// distributions, with weights that sum to 1; its mean is the mean of their means.
    ///
    /// # Shapes
    /// `outputs [O]`
    pub fn add_member(&self, outputs: &[f64], horizon: usize, weight: f64, to: &mut Predictive) {
        match &self.family {
            ValueFamily::Ziln => {
                let linked = Linked::at(outputs, horizon);
                let shape = Shape::LogNormal { mu: linked.mu, sigma: linked.sigma };
                to.add_zero(weight * linked.none);
                to.add_positive(weight * linked.buys, shape);
            }
            ValueFamily::ZilnMixture { components } => add_mixture(outputs, *components, weight, to),
            ValueFamily::Ordinal { edges } => add_ordinal(outputs, edges, weight, to),
            ValueFamily::ZiGamma => {
                to.add_zero(weight * sigmoid(-outputs[0]));
                let shape = Shape::Gamma { log_mean: outputs[1], shape: softplus(outputs[2]).max(SIGMA_FLOOR) };
                to.add_positive(weight * sigmoid(outputs[0]), shape);
            }
        }
    }
}

fn add_mixture(outputs: &[f64], n: usize, weight: f64, to: &mut Predictive) {
    let buys = sigmoid(outputs[0]);
    to.add_zero(weight * sigmoid(-outputs[0]));
    let (selectors, rest) = outputs[1..].split_at(n);
    let (mus, sigmas) = rest.split_at(n);
    let greatest = selectors.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = selectors.iter().map(|a| exp(a - greatest)).sum();
    for ((a, mu), l2) in selectors.iter().zip(mus).zip(sigmas) {
        let shape = Shape::LogNormal { mu: *mu, sigma: softplus(*l2).max(SIGMA_FLOOR) };
        to.add_positive(weight * buys * exp(a - greatest) / total, shape);
    }
}

fn add_ordinal(outputs: &[f64], edges: &[f32], weight: f64, to: &mut Predictive) {
    let n = edges.len() - 1;
    let (continuations, tilts) = outputs.split_at(n);
    to.add_zero(weight * sigmoid(-continuations[0]));
    let mut reached = sigmoid(continuations[0]);
    for (bucket, tilt) in tilts.iter().enumerate() {
        let (low, high) = (f64::from(edges[bucket]), f64::from(edges[bucket + 1]));
        // Nothing lies beyond the last bucket.
        let stays = continuations.get(bucket + 1).map_or(1.0, |logit| sigmoid(-logit));
        to.add_positive(weight * reached * stays, Shape::Bucket { low, width: high - low, tilt: *tilt });
        reached *= continuations.get(bucket + 1).map_or(0.0, |logit| sigmoid(*logit));
    }
}

impl LabelStatistics {
    /// Kept off 0 and 1, where logits are infinite.
    fn rate(&self) -> f64 {
        f64::from(self.rate).clamp(1e-3, 0.999)
    }

    fn mean(&self) -> f64 {
        let sd = f64::from(self.log_sd);
        self.rate() * exp(f64::from(self.log_mean) + 0.5 * sd * sd)
    }

    fn start_buys(&self) -> f64 {
        logit(self.rate())
    }

    /// Components side by side over the training values, each narrower than all of them.
    fn start_mixture(&self, n: usize) -> Vec<f64> {
        let (mean, sd) = (f64::from(self.log_mean), f64::from(self.log_sd).clamp(0.05, 5.0));
        let mut start = [self.start_buys()].to_vec();
        start.extend(core::iter::repeat_n(0.0, n));
        start.extend((0..n).map(|j| mean + sd * normal_quantile((j as f64 + 0.5) / n as f64)));
        start.extend(core::iter::repeat_n(inverse_softplus(0.7 * sd), n));
        start
    }

    /// Buckets have equal shares of the training values: of those who reach one, all later ones have one more each.
    fn start_ordinal(&self, n: usize) -> Vec<f64> {
        let mut start = [self.start_buys()].to_vec();
        start.extend((1..n).map(|bucket| ln((n - bucket) as f64)));
        start.extend(core::iter::repeat_n(0.0, n));
        start
    }

    /// Mean and variance of the log-normal with these logarithms.
    fn start_gamma(&self) -> Vec<f64> {
        let sd = f64::from(self.log_sd).clamp(0.05, 5.0);
        let shape = 1.0 / (exp(sd * sd) - 1.0);
        let mean = f64::from(self.log_mean) + 0.5 * sd * sd;
        [self.start_buys(), mean, inverse_softplus(shape.clamp(0.2, 20.0))].to_vec()
    }

    fn start_sigma(&self) -> f64 {
        inverse_softplus(f64::from(self.log_sd).clamp(0.05, 5.0))
    }
}

/// One horizon of linked log-normals.
struct Linked {
    /// P(buys) by the end of the horizon.
    buys: f64,
    /// 1 − P(buys), without cancellation.
    none: f64,
    mu: f64,
    sigma: f64,
}

impl Linked {
    /// Goes through the horizons up to the one that is asked for.
    fn at(outputs: &[f64], horizon: usize) -> Self {
        let sigma = |l2: f64| softplus(l2).max(SIGMA_FLOOR);
        let mut now =
            Self { buys: sigmoid(outputs[0]), none: sigmoid(-outputs[0]), mu: outputs[1], sigma: sigma(outputs[2]) };
        for l in outputs.chunks_exact(3).skip(1).take(horizon) {
            let log_mean = log_add(now.log_mean(), l[1]);
            now.buys += now.none * sigmoid(l[0]);
            now.none *= sigmoid(-l[0]);
            now.sigma = sigma(l[2]);
            now.mu = log_mean - ln(now.buys) - 0.5 * now.sigma * now.sigma;
        }
        now
    }

    fn log_mean(&self) -> f64 {
        ln(self.buys) + self.mu + 0.5 * self.sigma * self.sigma
    }
}

/// ln(eᵃ + eᵇ)
fn log_add(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY { b } else { a + softplus(b - a) }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec;

    use super::*;

    fn ziln(horizons: &[(f32, f32, f32)]) -> ValueHead {
        let statistics = |&(rate, log_mean, log_sd): &_| LabelStatistics { rate, log_mean, log_sd };
        ValueHead {
            family: ValueFamily::Ziln,
            log_unit: 2.0,
            log_cap: 12.0,
            horizons: horizons.iter().map(statistics).collect(),
        }
    }

    fn predictive(head: &ValueHead, outputs: &[f64], horizon: usize) -> Predictive {
        let mut distribution = head.predictive();
        head.add_member(outputs, horizon, 1.0, &mut distribution);
        distribution
    }

    #[test]
    fn a_network_starts_at_what_the_training_rows_are_as_a_whole() {
        let head = ziln(&[(0.25, 0.3, 0.8)]);
        let start: Vec<f64> = head.start().into_iter().map(f64::from).collect();
        let said = predictive(&head, &start, 0);
        assert!((said.p_buys() - 0.25).abs() < 1e-6);
        assert!((said.mean() - 0.25 * exp(2.0 + 0.3 + 0.32)).abs() < 1e-5);
    }

    #[test]
    fn linked_horizons_start_at_their_own_rates_and_means() {
        let head = ziln(&[(0.2, 0.0, 0.5), (0.4, 0.5, 0.7), (0.41, 0.9, 0.9)]);
        let start: Vec<f64> = head.start().into_iter().map(f64::from).collect();
        for (horizon, statistics) in head.horizons.iter().enumerate() {
            let said = predictive(&head, &start, horizon);
            assert!((said.p_buys() - f64::from(statistics.rate)).abs() < 1e-6, "{horizon}");
            assert!((said.mean() / exp(2.0) / statistics.mean() - 1.0).abs() < 1e-5, "{horizon}");
        }
    }

    #[test]
    fn no_horizon_says_less_than_the_one_before() {
        let head = ziln(&[(0.2, 0.0, 0.5); 4]);
        for i in 0..2_000_u32 {
            let wild = |k: u32| ((f64::from(i * 12 + k) * 0.618_034).fract() - 0.5) * 30.0;
            let outputs: Vec<f64> = (0..12).map(wild).collect();
            let said: Vec<Predictive> = (0..4).map(|h| predictive(&head, &outputs, h)).collect();
            for pair in said.windows(2) {
                assert!(pair[1].mean() >= pair[0].mean() * (1.0 - 1e-12), "{outputs:?}");
                assert!(pair[1].p_buys() >= pair[0].p_buys() - 1e-15, "{outputs:?}");
            }
        }
    }

    #[test]
    fn logarithms_add_without_overflow() {
        assert!((log_add(0.0, 0.0) - ln(2.0)).abs() < 1e-15);
        assert_eq!(log_add(f64::NEG_INFINITY, 3.0), 3.0);
        assert_eq!(log_add(800.0, -800.0), 800.0);
        assert_eq!(vec![log_add(-800.0, 800.0)], [800.0]);
    }
}
