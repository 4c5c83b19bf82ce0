//! The likelihood that BG/NBD and MBG/NBD share: Poisson purchases with gamma rates, dropout after a purchase with
//! beta-distributed probability.
//!
//! The two differ in one thing: whether a customer can drop out right after the first purchase (MBG/NBD: yes).

use crate::customers::UniqueRow;
use crate::mixture::Row;
use crate::objective::Likelihood;
use crate::special::Rising;

/// Parameters r, α, a, b; `FIRST` is 1 where the first purchase is an occasion to drop out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BetaDropout<const FIRST: u32> {
    pub(crate) r: f64,
    pub(crate) alpha: f64,
    pub(crate) a: f64,
    pub(crate) b: f64,
}

/// `value` and `gradient`, `hessian` of everything that depends on frequency alone, and the two states' own factors.
#[derive(Clone, Copy)]
pub(crate) struct OfFrequency {
    outer: Row<4>,
    /// Occasions to drop out so far.
    n_occasions: u32,
}

const R: usize = 0;
const ALPHA: usize = 1;
const A: usize = 2;
const B: usize = 3;

impl<const FIRST: u32> BetaDropout<FIRST> {
    /// ln (1 + t/α)^−(r+x) with its derivatives.
    fn survival(&self, frequency: u32, t: f64) -> Row<4> {
        let shape = self.r + f64::from(frequency);
        let log = (t / self.alpha).ln_1p();
        let (before, after) = (t / (self.alpha + t), self.alpha / (self.alpha + t));
        let mut row = Row::ZERO;
        row.value = -shape * log;
        row.gradient[R] = -self.r * log;
        row.gradient[ALPHA] = shape * before;
        row.bend(R, R, -self.r * log);
        row.bend(R, ALPHA, self.r * before);
        row.bend(ALPHA, ALPHA, -shape * before * after);
        row
    }

    /// The probability that the customer is still there.
    pub(crate) fn p_alive(&self, frequency: u32, recency: f64, age: f64) -> f64 {
        let n = f64::from(frequency + FIRST);
        if n == 0.0 {
            return 1.0;
        }
        let log_ratio = ((age - recency) / (self.alpha + recency)).ln_1p() * (self.r + f64::from(frequency));
        1.0 / (1.0 + self.a / (self.b + n - 1.0) * log_ratio.exp())
    }
}

impl<const FIRST: u32> Likelihood<4> for BetaDropout<FIRST> {
    type OfFrequency = OfFrequency;

    fn at(log_parameters: &[f64; 4]) -> Self {
        let [r, alpha, a, b] = log_parameters.map(f64::exp);
        Self { r, alpha, a, b }
    }

    /// Γ(r+x)/Γ(r) α^−x · (b)ₙ₋₁/(a+b)ₙ, n the occasions to drop out.
    fn of_frequency(&self, frequency: u32) -> OfFrequency {
        let n_occasions = frequency + FIRST;
        let mut outer = Row::ZERO;
        let bought = Rising::new(self.r, frequency);
        outer.value = bought.ln - f64::from(frequency) * self.alpha.ln();
        outer.gradient[R] = self.r * bought.first;
        outer.gradient[ALPHA] = -f64::from(frequency);
        outer.bend(R, R, self.r * bought.first + self.r * self.r * bought.second);
        if n_occasions > 0 {
            let (stayed, all) = (Rising::new(self.b, n_occasions - 1), Rising::new(self.a + self.b, n_occasions));
            outer.value += stayed.ln - all.ln;
            outer.gradient[A] = -self.a * all.first;
            outer.gradient[B] = self.b * (stayed.first - all.first);
            outer.bend(A, A, -self.a * all.first - self.a * self.a * all.second);
            outer.bend(A, B, -self.a * self.b * all.second);
            outer.bend(B, B, outer.gradient[B] + self.b * self.b * (stayed.second - all.second));
        }
        OfFrequency { outer, n_occasions }
    }

    fn row(&self, constant: &OfFrequency, row: &UniqueRow) -> Row<4> {
        let history = row.history;
        let mut sum = constant.outer;
        let mut alive = self.survival(history.frequency, history.age);
        if constant.n_occasions == 0 {
            sum.add(1.0, &alive);
            return sum;
        }
        let rest = f64::from(constant.n_occasions - 1);
        let share = self.b / (self.b + rest);
        alive.value += (self.b + rest).ln();
        alive.gradient[B] += share;
        alive.bend(B, B, share * (1.0 - share));
        let mut dead = self.survival(history.frequency, history.recency);
        dead.value += self.a.ln();
        dead.gradient[A] += 1.0;
        sum.add(1.0, &Row::ln_add_exp(&alive, &dead).0);
        sum
    }
}
