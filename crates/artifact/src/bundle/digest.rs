//! The digest that finds damage.

/// Odd, so that multiplying by it loses nothing: the golden ratio in 64 bits.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
/// Starts of the four lanes: digits of π, which show that nothing was chosen.
const LANES: [u64; 4] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89];

/// A 64-bit digest against damage: four lanes of 8-byte words, each step a bijection of the lane and of the word.
///
/// Because every step can be undone, **any** change confined to one aligned 8-byte word, so every flipped bit, is found
/// for certain; any other damage passes once in 2^64. It reads about eight bytes a cycle, needs no tables and is twenty
/// lines on a microcontroller, which a cryptographic hash is not. It does not stop a forger: that is what the
/// signature, over the same bytes, is for ([`signed_message`](super::signed_message)).
///
/// ```
/// use tenure_artifact::bundle::digest;
///
/// assert_ne!(digest(b"a bundle"), digest(b"a bandle"));
/// assert_ne!(digest(&[0; 8]), digest(&[0; 9]));
/// ```
pub fn digest(bytes: &[u8]) -> u64 {
    let mut lanes = LANES;
    let (blocks, rest) = bytes.as_chunks::<32>();
    for block in blocks {
        absorb(&mut lanes, block);
    }
    if !rest.is_empty() {
        let mut last = [0; 32];
        last[..rest.len()].copy_from_slice(rest);
        absorb(&mut lanes, &last);
    }
    let folded = lanes.into_iter().fold(bytes.len() as u64, step);
    folded ^ (folded >> 32)
}

fn absorb(lanes: &mut [u64; 4], block: &[u8; 32]) {
    let (words, _) = block.as_chunks::<8>();
    for (lane, word) in lanes.iter_mut().zip(words) {
        *lane = step(*lane, u64::from_le_bytes(*word));
    }
}

/// A bijection in either argument.
fn step(lane: u64, word: u64) -> u64 {
    (lane ^ word).wrapping_mul(MULTIPLIER).rotate_left(29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_of_a_short_message_changes_it() {
        let message: [u8; 75] = core::array::from_fn(|i| (i * 37) as u8);
        for bit in 0..message.len() * 8 {
            let mut flipped = message;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(digest(&message), digest(&flipped), "bit {bit}");
        }
    }

    /// Computed by an independent reading of the definition; a change of these values is a new format version.
    #[test]
    fn the_digest_stays_what_it_was() {
        assert_eq!(digest(b""), 0x593e_1cf8_373a_d503);
        assert_eq!(digest(b"tenure"), 0x2fcf_2bd0_7acb_c553);
        assert_eq!(digest(&core::array::from_fn::<u8, 75, _>(|i| i as u8)), 0x3cf3_2150_430e_ba0e);
    }
}
