//! The Pareto/NBD likelihood as it was published, with its two ₂F₁ branches: the definition that the fast integral is
//! tested against. Slow where α and β are far apart, and short of digits where the last purchase is recent.

use crate::customers::Customers;
use crate::hypergeometric::ln_hypergeometric;
use crate::models::ParetoNbd;
use crate::special::{ln_add_exp, ln_gamma};

/// Which of the two forms of the integral: each converges for any α and β, and they agree at α = β.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// For α ≥ β.
    LargeAlpha,
    /// For α ≤ β.
    LargeBeta,
}

impl Branch {
    /// The branch for these parameters.
    pub fn of(model: &ParetoNbd) -> Self {
        if model.alpha >= model.beta { Self::LargeAlpha } else { Self::LargeBeta }
    }
}

/// For each customer, the log-likelihood (Fader and Hardie 2005, "A Note on Deriving the Pareto/NBD Model", equations 19
/// and 20), in log space. `N` values.
pub fn pareto_nbd_log_likelihood(model: &ParetoNbd, customers: &Customers) -> Vec<f64> {
    let branch = Branch::of(model);
    let of_row = |i: usize| {
        of_customer(model, branch, f64::from(customers.frequency()[i]), [customers.recency()[i], customers.age()[i]])
    };
    (0..customers.n_rows()).map(of_row).collect()
}

/// ln of Γ(r+x)/Γ(r) α^r β^s · [1/((α+T)^(r+x) (β+T)^s) + s/(r+s+x) · A₀].
fn of_customer(model: &ParetoNbd, branch: Branch, x: f64, [recency, age]: [f64; 2]) -> f64 {
    let ParetoNbd { r, alpha, s, beta } = *model;
    let front = ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() + s * beta.ln();
    let alive = -(r + x) * (alpha + age).ln() - s * (beta + age).ln();
    let (from, until) = (ln_antiderivative(model, branch, x, recency), ln_antiderivative(model, branch, x, age));
    let ln_a0 = from + (-(until - from).exp_m1()).ln();
    front + ln_add_exp(alive, (s / (r + s + x)).ln() + ln_a0)
}

/// ln of ₂F₁(r+s+x, b; r+s+x+1; z)/(max(α, β)+τ)^(r+s+x).
fn ln_antiderivative(model: &ParetoNbd, branch: Branch, x: f64, tau: f64) -> f64 {
    let ParetoNbd { r, alpha, s, beta } = *model;
    let (larger, smaller, b) = match branch {
        Branch::LargeAlpha => (alpha, beta, s + 1.0),
        Branch::LargeBeta => (beta, alpha, r + x),
    };
    let a = r + s + x;
    ln_hypergeometric(a, b, a + 1.0, (larger - smaller) / (larger + tau)) - a * (larger + tau).ln()
}
