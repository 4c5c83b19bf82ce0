//! Bytes that nobody wrote: an error each time, or a model that scores; never a panic. For longer:
//! `cargo run --release -p tenure-edge --example fuzz -- --minutes 10`.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_edge::Model;

use crate::mutate::{originals, read_and_score, seeded};

#[test]
fn a_short_seeded_fuzz_finds_nothing() {
    let originals = originals();
    let n_scored = (0..20_000).filter(|seed| {
        let (file, mut rng) = seeded(&originals, *seed);
        read_and_score(&file, &mut rng)
    });
    // Changed weights and scales still make a model: the fuzz gets past the checks, not only into them.
    let n_scored = n_scored.count();
    assert!(n_scored > 2_000, "{n_scored}");
}

#[test]
fn noise_is_not_a_bundle() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for n in 0..2000 {
        let noise: Vec<u8> = (0..n).map(|_| rng.random()).collect();
        assert!(Model::from_bytes(&noise).is_err());
    }
}
