//! The Pareto/NBD likelihood without its ₂F₁: an integral over the moment of dropout, by quadrature that is exact to
//! rounding.
//!
//! A customer with x repeat purchases, the last at tₓ, observed until T, has
//!
//! ```text
//! L = (r)ₓ α^−x · [ (1+T/α)^−(r+x) (1+T/β)^−s + ∫ from tₓ to T of (s/β) (1+τ/α)^−(r+x) (1+τ/β)^−(s+1) dτ ]
//! ```
//!
//! The published form (Fader and Hardie 2005) writes the integral as a difference of two ₂F₁, one pair for α ≥ β and one
//! for α ≤ β, which cancels where tₓ is near T. The integrand is positive and, in v = ln((τ+m)/(tₓ+m)) with
//! m = min(α, β), log-concave and free of singularities within |Im v| < π: Gauss–Legendre panels give it and all its
//! derivatives at once.

use crate::customers::{History, UniqueRow};
use crate::mixture::Row;
use crate::objective::Likelihood;
use crate::quadrature::{GAUSS_8, GAUSS_16, Rule};
use crate::special::Rising;

/// Parameters r, α (purchases) and s, β (dropout).
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropoutIntegral {
    pub(crate) r: f64,
    pub(crate) alpha: f64,
    pub(crate) s: f64,
    pub(crate) beta: f64,
    ln_alpha: f64,
}

pub(crate) const R: usize = 0;
pub(crate) const ALPHA: usize = 1;
pub(crate) const S: usize = 2;
pub(crate) const BETA: usize = 3;

/// Beyond e^−TAIL of its start, a falling integrand is left out.
const TAIL: f64 = 42.0;
/// Widest panel of 16 nodes: half of it is well inside the distance π of the nearest singularity.
const MAX_WIDTH: f64 = 4.0;
/// Largest change of the log-integrand over a panel of 16 nodes: error below 1e-14.
const MAX_CHANGE: f64 = 16.0;
/// Within these, 8 nodes do as well.
const NARROW: f64 = 1.0;
const SMALL_CHANGE: f64 = 3.0;

impl DropoutIntegral {
    pub(crate) fn new(r: f64, alpha: f64, s: f64, beta: f64) -> Self {
        Self { r, alpha, s, beta, ln_alpha: alpha.ln() }
    }

    /// One customer's log-likelihood with its derivatives, without the rising factorial (r)ₓ, and the probability that
    /// the customer is still there at T.
    pub(crate) fn of(&self, history: History) -> (Row<4>, f64) {
        let x = f64::from(history.frequency);
        let shape = self.r + x;
        let here = self.still_here(shape, history.age);
        let (mut row, p_alive) = if history.recency < history.age {
            Row::ln_add_exp(&here, &self.gone(shape, history.recency, history.age))
        } else {
            (here, 1.0)
        };
        row.value -= x * self.ln_alpha;
        row.gradient[ALPHA] -= x;
        (row, p_alive)
    }

    /// ln (1+T/α)^−(r+x) (1+T/β)^−s.
    fn still_here(&self, shape: f64, age: f64) -> Row<4> {
        let at = Means {
            log_a: (age / self.alpha).ln_1p(),
            before_a: age / (self.alpha + age),
            log_b: (age / self.beta).ln_1p(),
            before_b: age / (self.beta + age),
        };
        let squares = [at.before_a * at.before_a, at.before_b * at.before_b];
        let mut row = self.powers(shape, self.s, &at, squares);
        row.value = -shape * at.log_a - self.s * at.log_b;
        row
    }

    /// The logarithm of the integral.
    fn gone(&self, shape: f64, recency: f64, age: f64) -> Row<4> {
        let path = Path::new(self, shape, recency, age);
        let sums = path.sums(self, shape);
        let (means, covariance, squares) = sums.moments(&path);
        let power_b = self.s + 1.0;
        let mut row = self.powers(shape, power_b, &means, squares);
        let scale = [-self.r, shape, -self.s, power_b];
        for i in 0..4 {
            for j in 0..4 {
                row.hessian[i][j] += scale[i] * scale[j] * covariance[i][j];
            }
        }
        row.gradient[S] += 1.0;
        row.gradient[BETA] -= 1.0;
        let start = -shape * path.log_a - power_b * path.log_b;
        row.value = (self.s / self.beta).ln() + start + path.start.ln() + sums.mass.ln();
        row
    }

    /// Gradient and mean curvature of `−shape·ln(1+τ/α) − power_b·ln(1+τ/β)`, where `power_b` is s or s + 1.
    fn powers(&self, shape: f64, power_b: f64, mean: &Means, squares: [f64; 2]) -> Row<4> {
        let mut row = Row::ZERO;
        row.gradient = [-self.r * mean.log_a, shape * mean.before_a, -self.s * mean.log_b, power_b * mean.before_b];
        row.bend(R, R, -self.r * mean.log_a);
        row.bend(R, ALPHA, self.r * mean.before_a);
        row.bend(ALPHA, ALPHA, shape * (squares[0] - mean.before_a));
        row.bend(S, S, -self.s * mean.log_b);
        row.bend(S, BETA, self.s * mean.before_b);
        row.bend(BETA, BETA, power_b * (squares[1] - mean.before_b));
        row
    }
}

impl Likelihood<4> for DropoutIntegral {
    type OfFrequency = Rising;

    fn at(log_parameters: &[f64; 4]) -> Self {
        let [r, alpha, s, beta] = log_parameters.map(f64::exp);
        Self::new(r, alpha, s, beta)
    }

    fn of_frequency(&self, frequency: u32) -> Rising {
        Rising::new(self.r, frequency)
    }

    fn row(&self, bought: &Rising, row: &UniqueRow) -> Row<4> {
        let (mut sum, _) = self.of(row.history);
        sum.value += bought.ln;
        sum.gradient[R] += self.r * bought.first;
        sum.bend(R, R, self.r * bought.first + self.r * self.r * bought.second);
        sum
    }
}

/// Means over τ of ln(1+τ/α), τ/(α+τ), ln(1+τ/β), τ/(β+τ).
struct Means {
    log_a: f64,
    before_a: f64,
    log_b: f64,
    before_b: f64,
}

/// The integration path in v, from the last purchase.
struct Path {
    /// m = min(α, β).
    near: f64,
    /// max(α, β) − m.
    apart: f64,
    near_is_alpha: bool,
    /// tₓ + m.
    start: f64,
    /// Where v ends: at T, or where nothing is left to add.
    length: f64,
    /// Larger absolute slope of the log-integrand at the two ends; between them it is smaller, by concavity.
    slope: f64,
    /// ln(1 + tₓ/α), ln(1 + tₓ/β).
    log_a: f64,
    log_b: f64,
}

impl Path {
    fn new(model: &DropoutIntegral, shape: f64, recency: f64, age: f64) -> Self {
        let near_is_alpha = model.alpha <= model.beta;
        let (near, far) = if near_is_alpha { (model.alpha, model.beta) } else { (model.beta, model.alpha) };
        let slope_at = |tau: f64| {
            1.0 - shape * (tau + near) / (tau + model.alpha) - (model.s + 1.0) * (tau + near) / (tau + model.beta)
        };
        let start = near + recency;
        let (first, last) = (slope_at(recency), slope_at(age));
        let mut length = ((age - recency) / start).ln_1p();
        let mut slope = first.abs().max(last.abs());
        if first * length < -TAIL {
            length = -TAIL / first;
            slope = slope_at(recency + start * length.exp_m1()).abs();
        }
        let (log_a, log_b) = ((recency / model.alpha).ln_1p(), (recency / model.beta).ln_1p());
        Self { near, apart: far - near, near_is_alpha, start, length, slope, log_a, log_b }
    }

    /// Sums over all nodes, relative to the integrand at the start.
    fn sums(&self, model: &DropoutIntegral, shape: f64) -> Sums {
        let powers = if self.near_is_alpha { [shape, model.s + 1.0] } else { [model.s + 1.0, shape] };
        let mut sums = Sums::default();
        let change = self.slope * self.length;
        if self.length <= NARROW && change <= SMALL_CHANGE {
            self.panel(&GAUSS_8, 0.0, self.length, powers, &mut sums);
            return sums;
        }
        let n_panels = (self.length / MAX_WIDTH).max(change / MAX_CHANGE).ceil().max(1.0);
        let width = self.length / n_panels;
        for panel in 0..n_panels as usize {
            self.panel(&GAUSS_16, width * panel as f64, width, powers, &mut sums);
        }
        sums
    }

    fn panel<const N: usize>(&self, rule: &Rule<N>, from: f64, width: f64, powers: [f64; 2], sums: &mut Sums) {
        let far_start = self.start + self.apart;
        for (x, w) in rule.nodes.iter().zip(&rule.weights) {
            let v = from + width * x;
            let span = self.start * v.exp();
            let far_span = span + self.apart;
            let tau = span - self.near;
            let log_far = (far_span / far_start).ln();
            let weight = width * w * ((1.0 - powers[0]) * v - powers[1] * log_far).exp();
            sums.add(weight, [v, tau / span, log_far, tau / far_span]);
        }
    }
}

/// Weighted sums over nodes of four quantities and of their products: logarithm (beyond the start) and τ/(τ + parameter)
/// for the nearer parameter, then for the farther.
#[derive(Default)]
struct Sums {
    mass: f64,
    values: [f64; 4],
    products: [[f64; 4]; 4],
}

impl Sums {
    #[inline]
    fn add(&mut self, weight: f64, values: [f64; 4]) {
        self.mass += weight;
        for i in 0..4 {
            let scaled = weight * values[i];
            self.values[i] += scaled;
            for (product, value) in self.products[i].iter_mut().zip(values) {
                *product += scaled * value;
            }
        }
    }

    /// Means, covariances and mean squares of τ/(α+τ) and τ/(β+τ), in the order α, β.
    fn moments(&self, path: &Path) -> (Means, [[f64; 4]; 4], [f64; 2]) {
        let order: [usize; 4] = if path.near_is_alpha { [0, 1, 2, 3] } else { [2, 3, 0, 1] };
        let mean = order.map(|i| self.values[i] / self.mass);
        let product = |i: usize, j: usize| self.products[order[i]][order[j]] / self.mass;
        let mut covariance = [[0.0; 4]; 4];
        for i in 0..4 {
            for j in 0..4 {
                covariance[i][j] = product(i, j) - mean[i] * mean[j];
            }
        }
        let means =
            Means { log_a: path.log_a + mean[0], before_a: mean[1], log_b: path.log_b + mean[2], before_b: mean[3] };
        (means, covariance, [product(1, 1), product(3, 3)])
    }
}
