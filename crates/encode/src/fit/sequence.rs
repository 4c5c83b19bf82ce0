//! Scales and levels of what the events before a row hold.

use tenure_artifact::{Embedding, Levels, SequenceLevels, SequenceScale};
use tenure_table::Sequences;

/// The least standard deviation: a number that is always the same scales to 0.
const MIN_SD: f64 = 1e-3;
/// Most levels of a column with an index of their own: of thousands of products, most are in too few purchases to learn from;
/// 256 of them are learned by heart within three epochs over 12,000 rows.
const MAX_LEVELS: usize = 32;

/// Of each number the mean and deviation of its logarithms over the events before the training rows, of each column of
/// levels those that at least `min_count` of these events have. An event counts once for each row that it is before.
pub(super) fn fit(sequences: &Sequences, train: &[u32], min_count: usize) -> (Vec<SequenceScale>, Vec<SequenceLevels>) {
    let s = sequences.width();
    let n_numbers = s - sequences.levels().len();
    let mut moments = vec![Moments::default(); n_numbers];
    let mut counts: Vec<Vec<usize>> = sequences.levels().iter().map(|levels| vec![0; levels.len()]).collect();
    for &row_idx in train {
        for event in sequences.row(row_idx as usize).chunks_exact(s) {
            let (numbers, codes) = event.split_at(n_numbers);
            moments.iter_mut().zip(numbers).for_each(|(moments, raw)| moments.add(*raw));
            for (counts, code) in counts.iter_mut().zip(codes).filter(|(_, code)| !code.is_nan()) {
                counts[*code as usize] += 1;
            }
        }
    }
    let (names, columns) = sequences.names().split_at(n_numbers);
    let scales = names.iter().zip(moments).map(|(name, moments)| moments.scale(name)).collect();
    let columns = columns.iter().zip(sequences.levels()).zip(counts);
    let levels = columns.map(|((name, levels), counts)| SequenceLevels {
        name: name.clone(),
        embedding: Embedding::new(frequent(levels, &counts, min_count)),
    });
    (scales, levels.collect())
}

/// The most frequent levels; of equally frequent ones those that come first in the alphabet.
fn frequent(levels: &[String], counts: &[usize], min_count: usize) -> Levels {
    let mut codes: Vec<usize> = (0..levels.len()).filter(|&code| counts[code] >= min_count.max(1)).collect();
    codes.sort_unstable_by(|&a, &b| counts[b].cmp(&counts[a]).then_with(|| levels[a].cmp(&levels[b])));
    codes.truncate(MAX_LEVELS);
    Levels::new(codes.into_iter().map(|code| levels[code].clone()).collect())
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
        let (scales, _) = fit(&sequences, &[0, 2], 1);
        assert!((scales[0].mean - 2.0).abs() < 1e-6 && (scales[0].sd - 1.0).abs() < 1e-6, "{scales:?}");
        let (none, _) = fit(&sequences, &[2], 1);
        assert_eq!(none[0].apply(f32::NAN), 0.0);
    }

    #[test]
    fn levels_that_enough_events_have_get_an_index() {
        let names = ["x", "b", "a", "seldom"].map(String::from).into();
        let mut sequences = Sequences::new(vec!["amount".into(), "product".into()]).with_levels(vec![names]);
        sequences.push_row(&[1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 1.0, f32::NAN]);
        sequences.push_row(&[1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 3.0]);
        sequences.push_row(&[1.0, 3.0, 1.0, 3.0]);
        let (scales, levels) = fit(&sequences, &[0, 1], 2);
        assert_eq!((scales.len(), levels[0].name.as_str()), (1, "product"));
        assert_eq!(levels[0].embedding.levels.names(), ["a", "b", "x"]);
        assert_eq!(frequent(&["b", "a", "c"].map(String::from), &[2, 2, 5], 1).names().len(), 3);
    }
}
