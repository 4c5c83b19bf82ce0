//! Tests of the whole crate.

mod cdnow;
mod derivatives;
mod extras;
mod forecasts;
mod precision;
mod properties;
mod recovery;
mod refusals;

use crate::{Customers, ModelKind, PurchaseModel};

pub(crate) fn assert_near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{what}: expected {expected} within {tolerance:e}, found {found}");
}

pub(crate) fn assert_close(what: &str, found: f64, expected: f64, relative: f64) {
    assert_near(what, found, expected, relative * expected.abs());
}

/// Plausible parameters of each kind, in weeks.
pub(crate) fn typical(kind: ModelKind) -> PurchaseModel {
    let parameters = match kind {
        ModelKind::BgNbd => [0.6, 6.0, 0.8, 2.5],
        ModelKind::MbgNbd => [0.8, 7.0, 0.9, 3.0],
        ModelKind::ParetoNbd => [0.6, 10.0, 0.7, 12.0],
    };
    PurchaseModel::new(kind, parameters).unwrap()
}

/// Ages from 27 to 39 weeks, in days.
pub(crate) fn ages(n: usize) -> Vec<f64> {
    (0..n).map(|i| (27 * 7 + (i * 37) % 85) as f64 / 7.0).collect()
}

/// Made customers of each kind's typical parameters.
pub(crate) fn made(kind: ModelKind, n: usize, seed: u64) -> Customers {
    typical(kind).made_customers(&ages(n), seed).unwrap()
}

pub(crate) fn with_threads<T: Send>(n_threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a thread pool").install(work)
}
