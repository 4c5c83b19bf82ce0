//! Bytes that nobody wrote: an error each time, or a model that scores; never a panic.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_artifact::bundle::digest;
use tenure_edge::{Kernel, Model, Workspace};

use crate::made::{mixed_bundle, mixed_row, raw};

/// Reads a file, and where that succeeds scores rows with it on every kernel: they must agree even then.
pub(crate) fn read_and_score(file: &[u8], rng: &mut ChaCha8Rng) -> bool {
    let Ok(model) = Model::from_bytes(file) else { return false };
    let mut workspace = Workspace::new(&model);
    let _ = model.verify(&mut workspace);
    let row = mixed_row(rng);
    let expected = model.predict(&raw(&row), &mut workspace);
    for kernel in Kernel::available() {
        let model = Model::from_bytes(file).expect("it has just been read").with_kernel(kernel).expect("available");
        let found = model.predict(&raw(&row), &mut Workspace::new(&model));
        let bits = |result: &Result<tenure_edge::Prediction, _>| {
            result.as_ref().ok().map(|p| p.score.values().0.map(f64::to_bits))
        };
        assert_eq!(bits(&found), bits(&expected), "{kernel:?}");
    }
    true
}

/// A bundle with some bytes changed; mostly sealed again, so that the damage gets past the digest.
pub(crate) fn mutated(originals: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut file = originals[rng.random_range(0..originals.len())].clone();
    for _ in 0..rng.random_range(1..6) {
        let at = rng.random_range(0..file.len());
        match rng.random_range(0..6) {
            0 => file[at] ^= 1 << rng.random_range(0..8),
            1 => file[at] = rng.random(),
            2 => file[at] = [0, 1, 2, 0x7f, 0x80, 0xff][rng.random_range(0..6)],
            3 => {
                let n = rng.random_range(1..=8.min(file.len() - at));
                let value: u64 = [0, 1, u64::MAX, 1 << 31, 1 << 20, 3][rng.random_range(0..6)];
                file[at..at + n].copy_from_slice(&value.to_le_bytes()[..n]);
            }
            4 => file.truncate(at.max(64)),
            _ => {
                let from = rng.random_range(0..file.len());
                let n = rng.random_range(0..64).min(file.len() - at).min(file.len() - from);
                file.copy_within(from..from + n, at);
            }
        }
    }
    if rng.random_range(0..16) > 0 {
        file[..8].copy_from_slice(&originals[0][..8]);
        file[8..16].copy_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
        let length = file.len() as u64;
        file[24..32].copy_from_slice(&length.to_le_bytes());
        let sum = digest(&file[24..]);
        file[16..24].copy_from_slice(&sum.to_le_bytes());
    }
    file
}

pub(crate) fn originals() -> Vec<Vec<u8>> {
    [("churn", 8), ("churn", 4), ("value", 32), ("segment", 8), ("segment", 32)]
        .map(|(task, bits)| mixed_bundle(task, bits).to_bytes())
        .to_vec()
}

#[test]
fn a_short_seeded_fuzz_finds_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(2026);
    let originals = originals();
    let n_scored = (0..20_000).filter(|_| read_and_score(&mutated(&originals, &mut rng), &mut rng)).count();
    // Changed weights and scales still make a model: the fuzz gets past the checks, not only into them.
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
