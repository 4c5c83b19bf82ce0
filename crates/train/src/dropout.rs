//! Dropout masks cut from one long run of draws.
//!
//! Drawing a mask per step would cost more than the step: a batch of 256 rows, 32 members and 512 units needs four
//! million draws. Instead a run of them is drawn on the host once per epoch, lives on the device, and every mask is a
//! window of it at a random place. Masks of one epoch share draws only at shifted places, where they fall on other units.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The shortest run: windows of small networks overlap little.
const MIN_RUN: usize = 1 << 18;

/// Zeros behind the last draw: a register of the last mask may read so far beyond it.
const BEYOND: usize = 32;

/// The draws of one epoch, and the places where its steps' masks begin.
pub(crate) struct Draws {
    /// `[M + 32]`: 0 where a unit is dropped, else 1 / share kept, and zeros at the end; empty without dropout.
    pub(crate) run: Vec<f32>,
    /// 1 / share kept.
    pub(crate) kept: f32,
    places: ChaCha8Rng,
    n_blocks: usize,
}

impl Draws {
    /// `largest` is the number of units in the largest mask, `K·B·D`.
    pub(crate) fn new(share: f64, n_blocks: usize, largest: usize, rng: &mut ChaCha8Rng) -> Self {
        let places = ChaCha8Rng::seed_from_u64(rng.next_u64());
        if share <= 0.0 || n_blocks == 0 {
            return Self { run: Vec::new(), kept: 1.0, places, n_blocks };
        }
        let (run, kept) = draws(share, (2 * largest).max(MIN_RUN), rng);
        Self { run, kept, places, n_blocks }
    }

    /// Whether anything is dropped.
    pub(crate) fn is_empty(&self) -> bool {
        self.run.is_empty()
    }

    /// Where the next step's masks of `length` units begin, one per hidden layer; none without dropout.
    pub(crate) fn next(&mut self, length: usize) -> Vec<usize> {
        let n_blocks = if self.is_empty() { 0 } else { self.n_blocks };
        (0..n_blocks).map(|_| self.places.random_range(0..=self.run.len() - BEYOND - length)).collect()
    }
}

/// The draws on a device.
pub(crate) struct Masks {
    run: Option<Tensor<1>>,
}

impl Masks {
    pub(crate) fn upload(draws: &Draws, device: &Device) -> Self {
        let upload = || Tensor::from_data(TensorData::new(draws.run.clone(), [draws.run.len()]), device);
        Self { run: (!draws.is_empty()).then(upload) }
    }

    /// The masks that begin at these places.
    ///
    /// # Shapes
    /// → `[K, B, D]` each
    pub(crate) fn at(&self, starts: &[usize], shape: [usize; 3]) -> Vec<Tensor<3>> {
        let Some(run) = &self.run else { return Vec::new() };
        let length = shape.iter().product::<usize>();
        starts.iter().map(|&start| run.clone().narrow(0, start, length).reshape(shape)).collect()
    }
}

/// Sixteen random bits a draw resolve the share to 1/65,536.
fn draws(share: f64, n: usize, rng: &mut ChaCha8Rng) -> (Vec<f32>, f32) {
    let threshold = (share * 65_536.0).round() as u16;
    let kept = (1.0 / (1.0 - f64::from(threshold) / 65_536.0)) as f32;
    let mut bytes = vec![0_u8; 2 * n];
    rng.fill_bytes(&mut bytes);
    let draw = |pair: &[u8; 2]| if u16::from_le_bytes(*pair) < threshold { 0.0 } else { kept };
    let mut run = Vec::with_capacity(n + BEYOND);
    run.extend(bytes.as_chunks::<2>().0.iter().map(draw));
    run.resize(n + BEYOND, 0.0);
    (run, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_drop_their_share_and_keep_the_mean() {
        let (mut values, kept) = draws(0.25, 1 << 16, &mut ChaCha8Rng::seed_from_u64(5));
        assert_eq!(values.split_off(1 << 16), [0.0; BEYOND]);
        assert!((kept - 4.0 / 3.0).abs() < 1e-6 && values.iter().all(|v| *v == 0.0 || *v == kept));
        let dropped = values.iter().filter(|v| **v == 0.0).count() as f64 / values.len() as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
        // Three standard errors of 65,536 draws.
        assert!((dropped - 0.25).abs() < 3.0 * 0.0017, "{dropped}");
        assert!((mean - 1.0).abs() < 3.0 * 0.0023, "{mean}");
    }

    #[test]
    fn the_same_seed_cuts_the_same_masks() {
        let cut = || {
            let mut draws = Draws::new(0.5, 2, 24, &mut ChaCha8Rng::seed_from_u64(9));
            let starts = draws.next(24);
            let masks = Masks::upload(&draws, &Device::flex()).at(&starts, [2, 3, 4]);
            let values: Vec<f32> =
                masks.into_iter().flat_map(|m| m.into_data().try_to_vec::<f32>().expect("floats")).collect();
            (starts, values)
        };
        let (first, second) = (cut(), cut());
        assert_eq!(first.1.len(), 48);
        assert_eq!(first, second);
    }

    #[test]
    fn no_dropout_makes_no_masks() {
        let mut draws = Draws::new(0.0, 2, 24, &mut ChaCha8Rng::seed_from_u64(9));
        assert!(draws.next(24).is_empty());
        assert!(Masks::upload(&draws, &Device::flex()).at(&[], [2, 3, 4]).is_empty());
    }
}
