//! Rows with a known shape.

use tenure_cluster::Rows;

/// A small generator (`SplitMix64`), so that rows do not change with a library.
pub(crate) struct Made(u64);

impl Made {
    pub(crate) fn new(seed: u64) -> Made {
        Made(seed)
    }

    /// A number in `[-1, 1)`.
    pub(crate) fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / 8_388_608.0 - 1.0
    }

    /// `n` rows of `d` columns about `n_spots` spots that lie within `[offset − 10, offset + 10)`.
    pub(crate) fn spots(&mut self, n: usize, d: usize, n_spots: usize, width: f32, offset: f32) -> Vec<f32> {
        let spots: Vec<f32> = (0..n_spots * d).map(|_| offset + 10.0 * self.uniform()).collect();
        let at = |i: usize| (i * 7 + i / 13) % n_spots * d;
        (0..n).flat_map(|i| spots[at(i)..at(i) + d].to_vec()).map(|x| x + width * self.uniform()).collect()
    }
}

pub(crate) fn rows(x: &[f32], n_columns: usize) -> Rows<'_> {
    Rows { x, weights: None, n_columns }
}
