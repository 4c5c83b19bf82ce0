//! The logarithm of a sum of exponentials with its first two derivatives: what the likelihoods of this crate have in
//! common, because a customer may have dropped out at any of several moments.

/// Value and derivatives of one customer's log-likelihood in `P` log-parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<const P: usize> {
    pub(crate) value: f64,
    pub(crate) gradient: [f64; P],
    pub(crate) hessian: [[f64; P]; P],
}

impl<const P: usize> Row<P> {
    pub(crate) const ZERO: Self = Self { value: 0.0, gradient: [0.0; P], hessian: [[0.0; P]; P] };

    /// Adds `weight` times the row.
    pub(crate) fn add(&mut self, weight: f64, row: &Self) {
        self.value += weight * row.value;
        for i in 0..P {
            self.gradient[i] += weight * row.gradient[i];
            for j in 0..P {
                self.hessian[i][j] += weight * row.hessian[i][j];
            }
        }
    }

    /// Adds to entry (i, j) of the Hessian, and to (j, i).
    pub(crate) fn bend(&mut self, i: usize, j: usize, by: f64) {
        self.hessian[i][j] += by;
        if i != j {
            self.hessian[j][i] += by;
        }
    }

    /// ln(eᵃ + eᵇ) of two rows, and the share of `a`.
    pub(crate) fn ln_add_exp(a: &Self, b: &Self) -> (Self, f64) {
        let share = 1.0 / (1.0 + (b.value - a.value).exp());
        let mut sum = Self::ZERO;
        sum.add(share, a);
        sum.add(1.0 - share, b);
        sum.value = crate::special::ln_add_exp(a.value, b.value);
        let spread = share * (1.0 - share);
        for i in 0..P {
            for j in 0..P {
                let (di, dj) = (a.gradient[i] - b.gradient[i], a.gradient[j] - b.gradient[j]);
                sum.hessian[i][j] += spread * di * dj;
            }
        }
        (sum, share)
    }
}
