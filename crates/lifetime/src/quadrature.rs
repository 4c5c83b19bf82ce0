//! Two quadrature rules: Gauss–Legendre on panels, and a double-exponential rule for expectations over a beta variable.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// Nodes and weights of a Gauss–Legendre rule on (0, 1).
pub(crate) struct Rule<const N: usize> {
    pub(crate) nodes: [f64; N],
    pub(crate) weights: [f64; N],
}

pub(crate) static GAUSS_8: LazyLock<Rule<8>> = LazyLock::new(Rule::new);
pub(crate) static GAUSS_16: LazyLock<Rule<16>> = LazyLock::new(Rule::new);

impl<const N: usize> Rule<N> {
    fn new() -> Self {
        let mut rule = Self { nodes: [0.0; N], weights: [0.0; N] };
        for i in 0..N {
            let (root, slope) = legendre_root(N, i);
            rule.nodes[i] = 0.5 * (1.0 - root);
            rule.weights[i] = 1.0 / ((1.0 - root * root) * slope * slope);
        }
        rule
    }
}

/// The `i`-th largest root of the Legendre polynomial of degree `n`, and its slope there.
fn legendre_root(n: usize, i: usize) -> (f64, f64) {
    let mut x = (PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
    let mut slope = 1.0;
    for _ in 0..8 {
        let (mut before, mut value) = (1.0, x);
        for k in 2..=n {
            let k = k as f64;
            (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
        }
        slope = n as f64 * (x * value - before) / (x * x - 1.0);
        x -= value / slope;
    }
    (x, slope)
}

/// The integral of `f` from `low` to `high` on `n_panels` equal panels of 16 nodes.
pub(crate) fn integrate(low: f64, high: f64, n_panels: usize, f: impl Fn(f64) -> f64) -> f64 {
    let width = (high - low) / n_panels as f64;
    let panel = |i: usize| {
        let start = low + width * i as f64;
        let terms = GAUSS_16.nodes.iter().zip(&GAUSS_16.weights);
        width * terms.map(|(node, weight)| weight * f(start + width * node)).sum::<f64>()
    };
    (0..n_panels).map(panel).sum()
}

/// Step of the double-exponential rule, in units of the density's width.
const STEP: f64 = 0.0625;
/// Tails below e^−42 of the peak are left out.
const TAIL: f64 = 42.0;

/// E\[f(p)\] for p ~ Beta(a, b), where `f` is smooth and bounded by its value at 0.
///
/// Trapezoid rule in u with logit p = centre + width · sinh u, centre and width those of the density in the logit: both of
/// its ends decay double-exponentially, however singular the density is in p. Weights normalise themselves.
pub(crate) fn beta_expectation(a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
    let centre = (a / b).ln();
    let width = (1.0 / a + 1.0 / b).sqrt().min(1.0);
    let log_density = |logit: f64| a * logit - (a + b) * softplus(logit);
    let peak = log_density(centre);
    let (mut sum, mut mass) = (0.0, 0.0);
    // False where nothing is left to add.
    let mut add = |u: f64| {
        let logit = centre + width * u.sinh();
        let log_weight = u.cosh().ln() + log_density(logit) - peak;
        mass += log_weight.exp();
        sum += log_weight.exp() * f(1.0 / (1.0 + (-logit).exp()));
        log_weight > -TAIL
    };
    for (direction, first) in [(STEP, 0), (-STEP, 1)] {
        let mut k = first;
        while add(direction * f64::from(k)) {
            k += 1;
        }
    }
    sum / mass
}

fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}
