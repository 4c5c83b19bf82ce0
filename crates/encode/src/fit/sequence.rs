//! Scales of what the events before a row hold.

use tenure_artifact::SequenceScale;
use tenure_table::Sequences;

/// The least standard deviation: a number that is always the same scales to 0.
const MIN_SD: f64 = 1e-3;

/// Mean and deviation of the logarithms of each number over the events before the training rows. An event counts once for
/// each row that it is before.
pub(super) fn fit(sequences: &Sequences, train: &[u32]) -> Vec<SequenceScale> {
    let s = sequences.width();
    let mut moments = vec![Moments::default(); s];
    for &row_idx in train {
        for event in sequences.row(row_idx as usize).chunks_exact(s) {
            moments.iter_mut().zip(event).for_each(|(moments, raw)| moments.add(*raw));
        }
    }
    let scale = |(name, moments): (&String, Moments)| moments.scale(name);
    sequences.names().iter().zip(moments).map(scale).collect()
}

/// Count, mean and sum of squared deviations, kept up to date number by number (Welford 1962).
#[derive(Clone, Copy, Default)]
struct Moments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, raw: f32) {
        if raw.is_nan() {
            return;
        }
        let x = f64::from(raw.max(0.0)).ln_1p();
        self.n += 1.0;
        let before = x - self.mean;
        self.mean += before / self.n;
        self.squares += before * (x - self.mean);
    }

    fn scale(self, name: &str) -> SequenceScale {
        let sd = (self.squares / self.n.max(1.0)).sqrt().max(MIN_SD);
        SequenceScale { name: name.to_owned(), mean: self.mean as f32, sd: sd as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_events_before_training_rows_are_looked_at() {
        let logarithms = |values: &[f64]| values.iter().map(|x| x.exp_m1() as f32).collect::<Vec<_>>();
        let mut sequences = Sequences::new(vec!["a".into()]);
        sequences.push_row(&logarithms(&[1.0, 3.0]));
        sequences.push_row(&logarithms(&[1e2]));
        sequences.push_row(&[f32::NAN]);
        let scales = fit(&sequences, &[0, 2]);
        assert!((scales[0].mean - 2.0).abs() < 1e-6 && (scales[0].sd - 1.0).abs() < 1e-6, "{scales:?}");
        let none = fit(&sequences, &[2]);
        assert_eq!(none[0].apply(f32::NAN), 0.0);
    }
}
