//! Gamma-family functions and differences of them that keep their digits for large arguments.

/// Up to this many factors, a rising factorial and its derivatives are summed term by term: exact where the difference
/// of two gamma functions would cancel.
const DIRECT_TERMS: u32 = 24;

/// ln Γ(x) for x > 0.
pub(crate) fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// ψ(x), the derivative of ln Γ, for x > 0: upward recurrence, then the asymptotic series (Abramowitz and Stegun 6.3.18).
pub(crate) fn digamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 12.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - y * (1.0 / 120.0
            - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y * (1.0 / 132.0 - y * (691.0 / 32_760.0 - y / 12.0)))));
    sum + x.ln() - 0.5 / x - y * series
}

/// ψ′(x) for x > 0, likewise (Abramowitz and Stegun 6.4.12).
pub(crate) fn trigamma(x: f64) -> f64 {
    let (mut x, mut sum) = (x, 0.0);
    while x < 12.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    let series = 1.0 / 6.0
        - y * (1.0 / 30.0
            - y * (1.0 / 42.0 - y * (1.0 / 30.0 - y * (5.0 / 66.0 - y * (691.0 / 2730.0 - y * 7.0 / 6.0)))));
    sum + 1.0 / x + 0.5 * y + series * y / x
}

/// The rising factorial `(x)_n = Γ(x + n) / Γ(x)`: its logarithm and that logarithm's first two derivatives in `x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rising {
    pub(crate) ln: f64,
    pub(crate) first: f64,
    pub(crate) second: f64,
}

impl Rising {
    pub(crate) fn new(x: f64, n: u32) -> Self {
        if n <= DIRECT_TERMS { Self::summed(x, n) } else { Self::of_gamma(x, f64::from(n)) }
    }

    fn summed(x: f64, n: u32) -> Self {
        let mut rising = Self { ln: 0.0, first: 0.0, second: 0.0 };
        for k in 0..n {
            let factor = x + f64::from(k);
            rising.ln += factor.ln();
            rising.first += 1.0 / factor;
            rising.second -= 1.0 / (factor * factor);
        }
        rising
    }

    fn of_gamma(x: f64, n: f64) -> Self {
        Self {
            ln: ln_gamma(x + n) - ln_gamma(x),
            first: digamma(x + n) - digamma(x),
            second: trigamma(x + n) - trigamma(x),
        }
    }
}

/// `∫₀ᵗ (1 + u/scale)^(−shape) du`: how long, of the next `t`, a customer lives whose dropout rate is
/// Gamma(`shape`, `scale`). Smooth through shape 1, where the closed form is 0/0.
pub(crate) fn mean_residence(shape: f64, scale: f64, t: f64) -> f64 {
    let log = (t / scale).ln_1p();
    let power = 1.0 - shape;
    if power == 0.0 { scale * log } else { scale * (power * log).exp_m1() / power }
}

/// ln(eᵃ + eᵇ).
pub(crate) fn ln_add_exp(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if high == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}
