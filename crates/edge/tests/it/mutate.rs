//! Bundles that nobody wrote: bytes and whole sections changed, and the digest made right again, so that the damage gets
//! past it to the readers of sections.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_artifact::bundle::digest;
use tenure_edge::{Kernel, Model, Workspace};

use crate::made::{compact_bundle, mixed_bundle, mixed_row, raw};

const HEADER_BYTES: usize = 64;
const ENTRY_BYTES: usize = 24;
const N_SECTIONS_AT: usize = 32;
/// Numbers that counts, widths and codes break at.
const TELLING: [u32; 12] = [0, 1, 2, 3, 5, 255, 256, 65_535, 65_536, 1 << 20, i32::MAX.cast_unsigned(), u32::MAX];

/// Bundles of every task, precision and encoder.
pub(crate) fn originals() -> Vec<Vec<u8>> {
    let cases = [("both", 8), ("joint", 8), ("churn", 8), ("churn", 4), ("value", 32), ("segment", 8), ("segment", 32)];
    let mixed = cases.into_iter().chain([("money", 8), ("angle", 32), ("ratio", 32)]);
    let mixed = mixed.map(|(task, bits)| mixed_bundle(task, bits).to_bytes());
    mixed.chain([compact_bundle().to_bytes()]).collect()
}

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

/// A bundle with something changed, from this seed alone.
pub(crate) fn seeded(originals: &[Vec<u8>], seed: u64) -> (Vec<u8>, ChaCha8Rng) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let file = mutated(originals, &mut rng);
    (file, rng)
}

/// A bundle with some bytes or some sections changed; mostly sealed again.
pub(crate) fn mutated(originals: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let original = &originals[rng.random_range(0..originals.len())];
    let mut file = original.clone();
    if rng.random_range(0..2) == 0 {
        let other = &originals[rng.random_range(0..originals.len())];
        file = with_other_sections(&file, other, rng);
    }
    for _ in 0..rng.random_range(0..6) {
        change_bytes(&mut file, rng);
    }
    if rng.random_range(0..16) > 0 {
        // An answer of another bundle may need another format than this one's.
        let version = if rng.random_range(0..8) == 0 { rng.random_range(1..=3) } else { original[8] };
        seal(&mut file, original, version);
    }
    file
}

fn change_bytes(file: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    let at = rng.random_range(0..file.len());
    match rng.random_range(0..7) {
        0 => file[at] ^= 1 << rng.random_range(0..8),
        1 => file[at] = rng.random(),
        2 => file[at] = [0, 1, 2, 0x7f, 0x80, 0xff][rng.random_range(0..6)],
        3 => {
            let n = rng.random_range(1..=8.min(file.len() - at));
            let value: u64 = [0, 1, u64::MAX, 1 << 31, 1 << 20, 3][rng.random_range(0..6)];
            file[at..at + n].copy_from_slice(&value.to_le_bytes()[..n]);
        }
        4 => file.truncate(at.max(HEADER_BYTES)),
        // A field of the header or of the section table: offsets and lengths.
        5 => {
            let end = (HEADER_BYTES + 10 * ENTRY_BYTES).min(file.len());
            let at = rng.random_range(N_SECTIONS_AT..end - 3) / 4 * 4;
            put(file, at, TELLING[rng.random_range(0..TELLING.len())]);
        }
        _ => {
            let from = rng.random_range(0..file.len());
            let n = rng.random_range(0..64).min(file.len() - at).min(file.len() - from);
            file.copy_within(from..from + n, at);
        }
    }
}

/// A whole frame around sections of which one or two were cut, grown, swapped, dropped, doubled, taken from another
/// bundle, or given another count.
fn with_other_sections(file: &[u8], other: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut sections = sections(file);
    for _ in 0..rng.random_range(1..3) {
        let at = rng.random_range(0..sections.len());
        let (code, bytes) = &mut sections[at];
        match rng.random_range(0..8) {
            0 => bytes.truncate(rng.random_range(0..=bytes.len())),
            1 => {
                let n = rng.random_range(1..200);
                bytes.extend((0..n).map(|_| rng.random::<u8>()));
            }
            // Counts stand first in most sections, and before each list.
            2 | 3 if bytes.len() >= 4 => {
                let place = if rng.random() { 0 } else { rng.random_range(0..bytes.len() - 3) };
                put(bytes, place, TELLING[rng.random_range(0..TELLING.len())]);
            }
            4 => {
                let wanted = *code;
                if let Some((_, theirs)) = self::sections(other).into_iter().find(|(code, _)| *code == wanted) {
                    *bytes = theirs;
                }
            }
            5 => {
                let second = rng.random_range(0..sections.len());
                sections.swap(at, second);
            }
            6 if sections.len() > 1 => {
                sections.remove(at);
            }
            _ => {
                let copy = sections[at].clone();
                sections.push(copy);
            }
        }
    }
    assemble(&sections)
}

/// Codes and bytes of a whole file's sections.
fn sections(file: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let number = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().expect("eight bytes")) as usize;
    let n_sections = number(N_SECTIONS_AT) & 0xffff_ffff;
    let entry = |i: usize| {
        let at = HEADER_BYTES + i * ENTRY_BYTES;
        let (offset, length) = (number(at + 8), number(at + 16));
        (number(at) as u32, file[offset..offset + length].to_vec())
    };
    (0..n_sections).map(entry).collect()
}

/// A frame as a writer makes it, whatever the sections are.
fn assemble(sections: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut file = vec![0; HEADER_BYTES];
    put(&mut file, N_SECTIONS_AT, sections.len() as u32);
    let mut offset = (HEADER_BYTES + sections.len() * ENTRY_BYTES).next_multiple_of(64);
    for (code, bytes) in sections {
        for number in [u64::from(*code), offset as u64, bytes.len() as u64] {
            file.extend(number.to_le_bytes());
        }
        offset = (offset + bytes.len()).next_multiple_of(64);
    }
    for (_, bytes) in sections {
        file.resize(file.len().next_multiple_of(64), 0);
        file.extend(bytes);
    }
    file
}

/// Magic, version, length and digest as they must be.
fn seal(file: &mut [u8], whole: &[u8], version: u8) {
    file[..16].copy_from_slice(&whole[..16]);
    file[8] = version;
    let length = file.len() as u64;
    file[24..32].copy_from_slice(&length.to_le_bytes());
    let sum = digest(&file[24..]);
    file[16..24].copy_from_slice(&sum.to_le_bytes());
}

fn put(bytes: &mut [u8], at: usize, number: u32) {
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
}
