//! Zero-inflated gamma.

use burn::tensor::Tensor;

use super::ziln::sigma;
use super::{Columns, cross_entropy};

/// ½ ln 2π
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
/// A value of more than `e³⁰` times its mean counts in the density as if the exponential went on as a straight line:
/// steep enough to bring the mean up, and never infinite.
const LINEAR_ABOVE: f64 = 30.0;

/// `BCE(l0) − 1[y > 0] log Gamma(y; mean e^m, shape a)` with
/// `log Gamma = a log a − a m + (a − 1) log y − a e^(log y − m) − log Γ(a)`.
pub(super) fn losses(columns: &Columns<'_>, first: usize) -> Tensor<3> {
    let (positive, log_value) = columns.value(first, 0);
    let (mean, shape) = (columns.output(first + 1), sigma(columns.output(first + 2)));
    let above = log_value.clone() - mean;
    let bent = above.clone().clamp_max(LINEAR_ABOVE);
    let ratio = bent.clone().exp() * (above.clone() - bent).add_scalar(1.0);
    let log_density = shape.clone() * (shape.clone().log() + above - ratio) - log_value - ln_gamma(shape);
    cross_entropy(columns.output(first), positive.clone()) - positive * log_density
}

/// ln Γ(a): Stirling's series at `a + 6`, brought down by Γ(a + 1) = a Γ(a).
fn ln_gamma(a: Tensor<3>) -> Tensor<3> {
    let product = (0..6).map(|n| a.clone().add_scalar(f64::from(n)).log()).reduce(|sum, log| sum + log);
    let shifted = a.add_scalar(6.0);
    let inverse = shifted.clone().recip();
    let square = inverse.clone().square();
    let series = (square.clone().mul_scalar(1.0 / 1260.0).sub_scalar(1.0 / 360.0) * square).add_scalar(1.0 / 12.0);
    let stirling = shifted.clone().sub_scalar(0.5) * shifted.clone().log() - shifted + series * inverse;
    stirling.add_scalar(HALF_LN_TAU) - product.expect("six factors")
}
