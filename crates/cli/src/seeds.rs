//! Every random choice of a run, derived from the experiment's one seed.

/// The seed of one purpose: independent of every other purpose's, the same on every machine.
pub fn derive(seed: u64, purpose: &str, index: usize) -> u64 {
    let mut digest = blake3::Hasher::new();
    digest.update(&seed.to_le_bytes()).update(purpose.as_bytes()).update(&(index as u64).to_le_bytes());
    let bytes = digest.finalize();
    let first = bytes.as_bytes().first_chunk::<8>().expect("a digest has 32 bytes");
    // TOML and JSON readers keep 53 bits at worst; a seed that is printed must read back.
    u64::from_le_bytes(*first) >> 11
}

#[cfg(test)]
mod tests {
    use super::derive;

    #[test]
    fn purposes_and_indices_do_not_share_seeds() {
        let seeds = [derive(1, "split", 0), derive(1, "train", 0), derive(1, "train", 1), derive(2, "train", 0)];
        for (i, a) in seeds.iter().enumerate() {
            assert!(seeds[..i].iter().all(|b| a != b));
        }
        assert_eq!(seeds[1], derive(1, "train", 0));
    }
}
