//! What a fitted model believes of one customer: still there with some probability, and if so with a purchase rate and
//! a dropout process. Every forecast of transactions follows from it.

use std::f64::consts::LN_10;

use crate::hypergeometric::ln_hypergeometric;
use crate::quadrature::{beta_expectation, integrate};
use crate::special::mean_residence;

/// How a customer who is still there will drop out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dropout {
    /// At a rate μ ~ Gamma(shape, scale), whatever the customer buys (Pareto/NBD).
    Rate { shape: f64, scale: f64 },
    /// After a purchase, with probability p ~ Beta(a, b) (BG/NBD, MBG/NBD).
    Chance { a: f64, b: f64 },
}

/// A customer's state: purchases at rate λ ~ Gamma(shape, scale), where `scale` is a time, if still there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Posterior {
    pub(crate) p_alive: f64,
    pub(crate) shape: f64,
    pub(crate) scale: f64,
    pub(crate) dropout: Dropout,
}

/// Beyond this ₂F₁'s series is slower than quadrature.
const LARGE_ARGUMENT: f64 = 0.9;
/// Nearer to a = 1 than this, the closed form of the mean cancels.
const NEAR_ONE: f64 = 1e-3;
/// `e^−DISCOUNTED_AWAY` of the first purchase's value is nothing.
const DISCOUNTED_AWAY: f64 = 16.0 * LN_10;

impl Posterior {
    /// Expected transactions in (0, t] from now.
    pub(crate) fn expected(&self, t: f64) -> f64 {
        self.p_alive * self.expected_if_alive(t)
    }

    fn expected_if_alive(&self, t: f64) -> f64 {
        match self.dropout {
            Dropout::Rate { shape, scale } => self.shape / self.scale * mean_residence(shape, scale, t),
            Dropout::Chance { a, b } => self.expected_with_chance(a, b, t),
        }
    }

    /// E[(1 − (1 + p t/scale)^−shape) / p], in closed form (Fader, Hardie and Lee 2005, equation 9) where that is safe.
    fn expected_with_chance(&self, a: f64, b: f64, t: f64) -> f64 {
        let z = t / (self.scale + t);
        if z > LARGE_ARGUMENT || (a - 1.0).abs() < NEAR_ONE || a + b - 1.0 < NEAR_ONE {
            return beta_expectation(a, b, |p| self.bought_before_dropout(p, t));
        }
        let c = a + b - 1.0;
        let log = ln_hypergeometric(self.shape, b, c, z) - self.shape * (t / self.scale).ln_1p();
        -c / (a - 1.0) * log.exp_m1()
    }

    /// Expected purchases in (0, t] of a customer who drops out after each with probability `p`.
    fn bought_before_dropout(&self, p: f64, t: f64) -> f64 {
        if p == 0.0 {
            return self.shape * t / self.scale;
        }
        -(-self.shape * (p * t / self.scale).ln_1p()).exp_m1() / p
    }

    /// Expected transactions per unit of time at time `t` from now.
    pub(crate) fn rate(&self, t: f64) -> f64 {
        let of_alive = match self.dropout {
            Dropout::Rate { shape, scale } => self.shape / self.scale * (-shape * (t / scale).ln_1p()).exp(),
            Dropout::Chance { a, b } => self.rate_with_chance(a, b, t),
        };
        self.p_alive * of_alive
    }

    fn rate_with_chance(&self, a: f64, b: f64, t: f64) -> f64 {
        let power = self.shape + 1.0;
        let z = t / (self.scale + t);
        let share = if z > LARGE_ARGUMENT {
            beta_expectation(a, b, |p| (-power * (p * t / self.scale).ln_1p()).exp())
        } else {
            (ln_hypergeometric(power, b, a + b, z) - power * (t / self.scale).ln_1p()).exp()
        };
        self.shape / self.scale * share
    }

    /// `∫₀ʰ e^(−δt) · rate(t) dt`: transactions up to `horizon`, each worth e^(−δt). `rate_of_discount` δ > 0, or 0 with a
    /// finite horizon.
    pub(crate) fn discounted(&self, rate_of_discount: f64, horizon: f64) -> f64 {
        let end = if rate_of_discount > 0.0 { horizon.min(DISCOUNTED_AWAY / rate_of_discount) } else { horizon };
        let scale = self.timescale();
        // In v = ln(1 + t/scale) the rate is smooth whatever the horizon; the discount decides how fine the panels are.
        let length = (end / scale).ln_1p();
        let n_panels = (2.0 * length).ceil().max(4.0) as usize;
        integrate(0.0, length, n_panels, |v| {
            let t = scale * v.exp_m1();
            self.rate(t) * (-rate_of_discount * t).exp() * (scale + t)
        })
    }

    /// The time over which the rate begins to fall.
    fn timescale(&self) -> f64 {
        match self.dropout {
            Dropout::Rate { scale, .. } => scale,
            Dropout::Chance { .. } => self.scale,
        }
    }
}
