//! One seed, many independent streams of random numbers.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What random numbers are drawn for. Each purpose has its own stream, so that a change in one draws nothing from
/// another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose<'a> {
    /// Which rows test.
    Test,
    /// Which rows validate, in this fold.
    Validation(usize),
    /// The noise and the sample behind a column's quantiles.
    Quantiles(&'a str),
    /// The order behind a column's target statistics.
    TargetOrder(&'a str),
}

/// The random numbers of this purpose. They depend on a column's name, not its place, so that adding a column changes
/// no other.
pub(crate) fn stream(seed: u64, purpose: Purpose<'_>) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(match purpose {
        Purpose::Test => 0,
        Purpose::Validation(fold) => 1 + fold as u64,
        Purpose::Quantiles(column) => fnv1a(b"quantiles", column),
        Purpose::TargetOrder(column) => fnv1a(b"target order", column),
    });
    rng
}

/// FNV-1a, 64 bits, over the purpose, a zero byte and the name.
fn fnv1a(purpose: &[u8], name: &str) -> u64 {
    let bytes = purpose.iter().chain(&[0]).chain(name.as_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
