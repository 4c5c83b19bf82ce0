//! Zero-inflated mixture of log-normals.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::ziln::{log_normal, sigma};
use super::{Columns, cross_entropy};

/// `BCE(l0) − 1[y > 0] log Σ_j softmax(a)_j LogNormal(y; mu_j, s_j)`
pub(super) fn losses(columns: &Columns<'_>, first: usize, n: usize) -> Tensor<3> {
    let (positive, log_value) = columns.value(first, 0);
    let part = |place: usize| columns.outputs(first + 1 + place * n, n);
    let log_shares = log_softmax(part(0), 2);
    let terms = log_shares - log_normal(log_value, part(1), sigma(part(2)));
    // The greatest term is taken out, so that the sum neither overflows nor vanishes.
    let greatest = terms.clone().max_dim(2).detach();
    let log_sum = (terms - greatest.clone()).exp().sum_dim(2).log() + greatest;
    cross_entropy(columns.output(first), positive.clone()) - positive * log_sum
}
