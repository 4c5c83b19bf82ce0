//! Ordered buckets of value, and a density within each.

use burn::tensor::Tensor;
use burn::tensor::activation::log_sigmoid;

use super::Columns;

/// Target columns of one value over buckets with these `M + 1` log edges: for each bucket whether the value reaches it
/// (the first one: whether there is a value), then its place `u` in its own bucket, then its logarithm plus that of the
/// bucket's width, which turn a density of `u` into one of the value.
pub(super) fn push_target(edges: &[f32], log_value: Option<f64>, columns: &mut Vec<f32>) {
    let n = edges.len() - 1;
    let Some(log_value) = log_value else {
        columns.extend(std::iter::repeat_n(0.0, n + 2));
        return;
    };
    let x = log_value.clamp(f64::from(edges[0]), f64::from(edges[n]));
    let bucket = edges[1..n].iter().take_while(|edge| x > f64::from(**edge)).count();
    let (low, high) = (f64::from(edges[bucket]), f64::from(edges[bucket + 1]));
    columns.extend((0..n).map(|j| f32::from(u8::from(j <= bucket))));
    columns.extend([((x - low) / (high - low)) as f32, (x + (high - low).ln()) as f32]);
}

/// Cross-entropies of going on to the next bucket wherever a row got so far, and for a value above 0 minus the logarithm
/// of its density within its bucket.
pub(super) fn losses(columns: &Columns<'_>, first: usize, n: usize) -> Tensor<3> {
    let [k, b, _] = columns.outputs.dims();
    let (logits, tilts) = (columns.outputs(first, n), columns.outputs(first + n, n));
    let reached = columns.targets(first, n);
    // Everyone stands before the first bucket; whoever reaches one stands before the next.
    let everyone = Tensor::ones([k, b, 1], &columns.outputs.device());
    let beyond_last = Tensor::zeros([k, b, 1], &columns.outputs.device());
    let (asked, own) = if n == 1 {
        (everyone, reached.clone())
    } else {
        let before = Tensor::cat(vec![everyone, reached.clone().narrow(2, 0, n - 1)], 2);
        let after = Tensor::cat(vec![reached.clone().narrow(2, 1, n - 1), beyond_last], 2);
        (before, reached.clone() - after)
    };
    let steps = (log_sigmoid(logits.clone().neg()) * asked + logits * reached.clone()).neg().sum_dim(2);
    let tilt = (tilts * own).sum_dim(2);
    let (place, log_scale) = (columns.target(first + n), columns.target(first + n + 1));
    let positive = reached.narrow(2, 0, 1);
    steps + positive * (log_scale - tilt.clone() * place + log_mgf(tilt))
}

/// `ln((eᵗ − 1) / t) = t/2 + ln(sinh(h) / h)` with `h = |t|/2`; near 0 by its series, which the other form would lose to
/// cancellation.
fn log_mgf(t: Tensor<3>) -> Tensor<3> {
    const SMALL: f64 = 0.2;
    let half = t.clone().abs().mul_scalar(0.5);
    let is_small = half.clone().lower_elem(0.5 * SMALL);
    let safe = half.mask_fill(is_small.clone(), 1.0);
    let decay = safe.clone().mul_scalar(-2.0).exp();
    let exact = safe.clone() + ((decay.neg().add_scalar(1.0)) / safe.mul_scalar(2.0)).log();
    let square = t.clone().square().mask_fill(is_small.clone().bool_not(), 0.0);
    let series = (square.clone().mul_scalar(-1.0 / 2880.0).add_scalar(1.0 / 24.0)) * square;
    t.mul_scalar(0.5) + exact.mask_where(is_small, series)
}
