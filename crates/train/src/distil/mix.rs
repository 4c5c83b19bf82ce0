//! Rows made by mixing: their columns come from different training rows.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_artifact::Preprocessor;
use tenure_config as plan;
use tenure_encode::Dataset;

/// Which training row each column of each made row comes from: a base row, of which a share of the columns is replaced by
/// those of another row each. All inputs that one raw column gave move together.
pub(super) struct Mixture {
    /// `[M]`
    bases: Vec<u32>,
    /// `[M, columns]`
    sources: Vec<u32>,
    n_columns: usize,
}

impl Mixture {
    /// The same seed draws the same mixture, whoever reads it: one made row, read by the teacher and by the student.
    pub(super) fn draw(n_rows: usize, n_columns: usize, settings: &plan::Distill, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::MAX);
        let n_rows = n_rows as u32;
        let mut bases: Vec<u32> = (0..settings.mixed_rows as u32).map(|i| i % n_rows).collect();
        bases.shuffle(&mut rng);
        let mut source = |base: u32| {
            let donor = rng.random_range(0..n_rows);
            if rng.random::<f64>() < settings.mix_share { donor } else { base }
        };
        let sources = bases.iter().flat_map(|&base| std::iter::repeat_n(base, n_columns)).map(&mut source).collect();
        Self { bases, sources, n_columns }
    }

    /// The made rows; targets and weights are those of the base rows.
    pub(super) fn apply(&self, rows: &Dataset, preprocessor: &Preprocessor) -> Dataset {
        let mut mixed = rows.take(&self.bases);
        let (f, g, c) = rows.layout.widths();
        for row_idx in 0..mixed.n_rows() {
            let (mut at_f, mut at_g, mut at_c) = (0, 0, 0);
            let sources = &self.sources[row_idx * self.n_columns..][..self.n_columns];
            for (input, &source) in preprocessor.inputs.iter().zip(sources) {
                let (w_f, w_g, w_c) = input.encoder.widths();
                let source = source as usize;
                mixed.continuous[row_idx * f + at_f..][..w_f]
                    .copy_from_slice(&rows.continuous_row(source)[at_f..][..w_f]);
                mixed.binary[row_idx * g + at_g..][..w_g].copy_from_slice(&rows.binary_row(source)[at_g..][..w_g]);
                mixed.categorical[row_idx * c + at_c..][..w_c]
                    .copy_from_slice(&rows.categorical_row(source)[at_c..][..w_c]);
                (at_f, at_g, at_c) = (at_f + w_f, at_g + w_g, at_c + w_c);
            }
        }
        mixed
    }
}

#[cfg(test)]
mod tests {
    use tenure_artifact::{Encoder, InputColumn, Levels, Magnitude, OneHot, Scale};

    use super::*;

    const SETTINGS: plan::Distill = plan::Distill {
        scales: plan::StudentScales::Compact,
        network_bytes: 20_000,
        blocks: 2,
        label_share: 0.1,
        mixed_rows: 600,
        mix_share: 0.5,
        epochs: 1,
        batch_size: 64,
        learning_rate: 1e-3,
    };

    /// A magnitude with an indicator of missing values, and three levels.
    fn preprocessor() -> Preprocessor {
        let scale = Scale::Robust { median: 0.0, width: 1.0 };
        let magnitude = Magnitude { scale, min: 0.0, max: 99.0, missing_indicator: true };
        let levels = Levels::new(vec!["a".into(), "b".into(), "c".into()]);
        let inputs = vec![
            InputColumn::new("x", Encoder::Magnitude(magnitude)),
            InputColumn::new("plan", Encoder::OneHot(OneHot::new(levels, false))),
        ];
        Preprocessor::new(inputs, vec![vec![]], vec![])
    }

    /// Row `i` has the magnitude `i`, an indicator that says whether `i` is odd, and the level `i % 3`.
    fn rows(n: usize) -> Dataset {
        let binary = |i: usize| {
            let level = |l: usize| f32::from(u8::from(i % 3 == l));
            [(i % 2) as f32, level(0), level(1), level(2)]
        };
        Dataset {
            layout: preprocessor().layout,
            continuous: (0..n).map(|i| i as f32).collect(),
            binary: (0..n).flat_map(binary).collect(),
            categorical: vec![],
            target: (0..n).map(|i| (i % 2) as f32).collect(),
            sequence: None,
            weight: vec![1.0; n],
        }
    }

    fn mix(seed: u64) -> Dataset {
        let prep = preprocessor();
        Mixture::draw(90, prep.inputs.len(), &SETTINGS, seed).apply(&rows(90), &prep)
    }

    #[test]
    fn a_made_row_takes_whole_columns_from_other_rows() {
        let mixed = mix(3);
        assert_eq!(mixed.n_rows(), 600);
        let mut n_crossed = 0;
        for row_idx in 0..mixed.n_rows() {
            let (x, binary) = (mixed.continuous_row(row_idx)[0], mixed.binary_row(row_idx));
            assert_eq!(binary[0], (x as usize % 2) as f32, "the indicator stays with its magnitude");
            assert_eq!(binary[1..].iter().sum::<f32>(), 1.0, "a row has one level");
            n_crossed += usize::from(binary[1 + x as usize % 3] == 0.0);
        }
        // Three rows of four change a column, and two of three donors have another level: 300 of 600, give or take 12.
        assert!((240..360).contains(&n_crossed), "{n_crossed}");
        assert_eq!(mixed, mix(3));
        assert_ne!(mixed, mix(4));
    }
}
