//! Losses of one member on one row, with their gradients in closed form.
//!
//! Outputs and targets are those of a head: a churn logit first where there is one, then the outputs of a value head.
//! Targets of a value are columns: whether it is above 0, and its logarithm (0 where there is none); among buckets, for each
//! bucket whether the value reaches it, then its place `u` in its own bucket, then its logarithm plus that of the bucket's
//! width. Everything is computed in `f64`: with at most a few dozen outputs a row it costs little beside the products.

mod gamma;
mod mixture;
mod ordinal;
#[cfg(test)]
mod reference;
mod ziln;

/// What training minimises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// The factor on the cross-entropy of the first output; none where there is no churn logit.
    pub churn: Option<f64>,
    /// What the other outputs say of a value.
    pub value: Option<ValueLoss>,
}

/// The negative logarithm of the probability of 0, or of the density at the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueLoss {
    /// Zero-inflated log-normal, `[l0, mu, l2]` for each of the linked horizons; the mean over them.
    Ziln {
        /// How many horizons.
        n_horizons: usize,
    },
    /// Zero-inflated mixture of log-normals, `[l0 | selectors | mus | l2s]`.
    Mixture {
        /// How many log-normals.
        n_components: usize,
    },
    /// Ordered buckets, `[continuation logits | tilts]`.
    Ordinal {
        /// How many buckets.
        n_buckets: usize,
    },
    /// Zero-inflated gamma, `[l0, log mean, l2]`.
    Gamma,
}

/// ½ ln 2π
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
/// The least standard deviation, and the least shape: √1e-7.
const SIGMA_FLOOR: f64 = 3.162_277_660_168_379_5e-4;

impl Loss {
    /// Cross-entropy of one logit.
    pub const CHURN: Self = Self { churn: Some(1.0), value: None };

    /// Outputs of a member.
    pub fn n_outputs(&self) -> usize {
        let value = match self.value {
            None => 0,
            Some(ValueLoss::Ziln { n_horizons }) => 3 * n_horizons,
            Some(ValueLoss::Mixture { n_components }) => 1 + 3 * n_components,
            Some(ValueLoss::Ordinal { n_buckets }) => 2 * n_buckets,
            Some(ValueLoss::Gamma) => 3,
        };
        usize::from(self.churn.is_some()) + value
    }

    /// Target columns of a row.
    pub fn n_targets(&self) -> usize {
        let value = match self.value {
            None => 0,
            Some(ValueLoss::Ziln { n_horizons }) => 2 * n_horizons,
            Some(ValueLoss::Ordinal { n_buckets }) => n_buckets + 2,
            Some(ValueLoss::Mixture { .. } | ValueLoss::Gamma) => 2,
        };
        usize::from(self.churn.is_some()) + value
    }

    /// The loss, and its gradient in the outputs.
    ///
    /// # Shapes
    /// `outputs [O]`, `targets [T]`, `gradient [O]`
    pub fn evaluate(&self, outputs: &[f32], targets: &[f32], gradient: &mut [f32]) -> f64 {
        let first = usize::from(self.churn.is_some());
        let mut loss = 0.0;
        if let Some(weight) = self.churn {
            let (l, y) = (f64::from(outputs[0]), f64::from(targets[0]));
            loss = weight * (softplus(l) - y * l);
            gradient[0] = (weight * (sigmoid(l) - y)) as f32;
        }
        let Some(value) = self.value else { return loss };
        let (outputs, targets, gradient) = (&outputs[first..], &targets[first..], &mut gradient[first..]);
        loss + match value {
            ValueLoss::Ziln { n_horizons } => ziln::evaluate(outputs, targets, n_horizons, gradient),
            ValueLoss::Mixture { n_components } => mixture::evaluate(outputs, targets, n_components, gradient),
            ValueLoss::Ordinal { n_buckets } => ordinal::evaluate(outputs, targets, n_buckets, gradient),
            ValueLoss::Gamma => gamma::evaluate(outputs, targets, gradient),
        }
    }
}

/// Standard deviation from its output, and its slope in it.
fn sigma(l2: f64) -> (f64, f64) {
    let s = softplus(l2);
    if s > SIGMA_FLOOR { (s, sigmoid(l2)) } else { (SIGMA_FLOOR, 0.0) }
}

/// `−log LogNormal(y; mu, s)` with its slopes in `mu` and `s`.
fn log_normal(log_value: f64, mu: f64, s: f64) -> [f64; 3] {
    let z = (log_value - mu) / s;
    [log_value + s.ln() + 0.5 * z * z + HALF_LN_TAU, -z / s, (1.0 - z * z) / s]
}

/// `ln(1 + eˣ)`
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Loss; 8] = [
        Loss::CHURN,
        of(ValueLoss::Ziln { n_horizons: 1 }),
        of(ValueLoss::Ziln { n_horizons: 3 }),
        of(ValueLoss::Mixture { n_components: 3 }),
        of(ValueLoss::Ordinal { n_buckets: 4 }),
        of(ValueLoss::Ordinal { n_buckets: 1 }),
        of(ValueLoss::Gamma),
        Loss { churn: Some(0.7), value: Some(ValueLoss::Ziln { n_horizons: 2 }) },
    ];

    const fn of(value: ValueLoss) -> Loss {
        Loss { churn: None, value: Some(value) }
    }

    /// Rows that buy nothing, little and much, late and early; a smoothed churn label.
    fn targets(loss: &Loss, log_values: &[Option<f32>]) -> Vec<f32> {
        let mut columns = if loss.churn.is_some() { vec![0.9] } else { vec![] };
        match loss.value {
            None => {}
            Some(ValueLoss::Ordinal { n_buckets }) => {
                columns.extend(reference::bucket_columns(&reference::edges(n_buckets), log_values[0]));
            }
            Some(_) => {
                let n = (loss.n_targets() - columns.len()) / 2;
                columns
                    .extend(log_values[..n].iter().flat_map(|v| [f32::from(u8::from(v.is_some())), v.unwrap_or(0.0)]));
            }
        }
        columns
    }

    fn cases() -> impl Iterator<Item = (Loss, Vec<f32>, Vec<f32>, Vec<Option<f32>>)> {
        let values = [[None; 3], [Some(0.4), Some(0.9), Some(1.1)], [None, Some(-1.5), Some(2.2)]];
        ALL.into_iter().flat_map(move |loss| {
            values.into_iter().enumerate().map(move |(salt, values)| {
                let outputs =
                    (0..loss.n_outputs()).map(|i| ((i * 7 + salt * 3 + 1) as f32 * 0.83).sin() * 1.4).collect();
                (loss, outputs, targets(&loss, &values), values.to_vec())
            })
        })
    }

    #[test]
    fn losses_are_those_of_the_reference() {
        for (loss, outputs, targets, values) in cases() {
            let found = loss.evaluate(&outputs, &targets, &mut vec![0.0; outputs.len()]);
            let expected = reference::loss(&loss, &outputs, 0.9, &values);
            assert!(
                (found - expected).abs() < 2e-6 * (1.0 + expected.abs()),
                "{loss:?} {values:?}: {found} {expected}"
            );
        }
    }

    #[test]
    fn gradients_are_the_slopes() {
        for (loss, outputs, targets, values) in cases() {
            let mut gradient = vec![0.0; outputs.len()];
            loss.evaluate(&outputs, &targets, &mut gradient);
            for (i, slope) in gradient.iter().enumerate() {
                let at = |step: f32| {
                    let mut moved = outputs.clone();
                    moved[i] += step;
                    (f64::from(moved[i]), loss.evaluate(&moved, &targets, &mut vec![0.0; outputs.len()]))
                };
                let ((a, low), (b, high)) = (at(-1e-3), at(1e-3));
                let expected = (high - low) / (b - a);
                assert!(
                    (f64::from(*slope) - expected).abs() < 2e-5 * (1.0 + expected.abs()),
                    "{loss:?} {values:?}, output {i}: {slope} {expected}"
                );
            }
        }
    }

    #[test]
    fn far_logits_stay_finite() {
        for (loss, mut outputs, targets, _) in cases() {
            for far in [-80.0_f32, 80.0] {
                outputs[0] = far;
                let mut gradient = vec![0.0; outputs.len()];
                let value = loss.evaluate(&outputs, &targets, &mut gradient);
                assert!(value.is_finite() && gradient.iter().all(|g| g.is_finite()), "{loss:?} {far}: {value}");
            }
        }
    }
}
