//! Pooling: the lowest predictions of a cutoff become their mean, where their order is noise.
//!
//! Most customers of a shop buy nothing again. Ranking them among themselves costs rank correlation (ties would not) and
//! gains little value. The share to pool is chosen on validation rows, never on test rows: the one with the highest Spearman
//! correlation among those whose normalized Gini stays what it has to be.

use tenure_evaluate::{ValueMetric, Valued};

/// Shares that are tried, in steps of 5 %.
const N_STEPS: usize = 18;
const STEP: f64 = 0.05;
/// The part of its normalized Gini that a prediction keeps, where there is no forecast to stay above.
const KEPT: f64 = 0.97;

/// How predictions are pooled.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Pooling {
    /// The share of each cutoff's rows, the lowest predictions first; 0 pools nothing.
    pub share: f64,
}

impl Pooling {
    /// The share with the highest Spearman correlation, averaged over cutoffs, whose normalized Gini is at least that of
    /// `forecast`, the prediction that is corrected, or else [`KEPT`] of the Gini without pooling; of equals the least.
    pub fn choose(predicted: &[f64], actual: &[f64], cutoff: &[i64], forecast: Option<&[f64]>) -> Self {
        let groups = groups(cutoff);
        let mean = |values: &[f64], metric: ValueMetric| -> Option<f64> {
            let mut sum = 0.0;
            for rows in &groups {
                let of = |values: &[f64]| -> Vec<f64> { rows.iter().map(|&row| values[row]).collect() };
                sum += metric.of(&Valued::new(&of(values), &of(actual), None).ok()?).ok()?;
            }
            Some(sum / groups.len() as f64)
        };
        let gini = |values: &[f64]| mean(values, ValueMetric::NormalizedGini);
        let unpooled = (gini(predicted), mean(predicted, ValueMetric::Spearman));
        let (Some(unpooled_gini), Some(unpooled_spearman)) = unpooled else { return Self::default() };
        let least = forecast.and_then(gini).unwrap_or(KEPT * unpooled_gini);
        let mut best = (Self::default(), unpooled_spearman);
        for step in 1..=N_STEPS {
            let pooling = Self { share: STEP * step as f64 };
            let pooled = pooling.apply(predicted, cutoff);
            let found = mean(&pooled, ValueMetric::Spearman).filter(|found| *found > best.1);
            if let Some(found) = found.filter(|_| gini(&pooled).is_some_and(|gini| gini >= least)) {
                best = (pooling, found);
            }
        }
        best.0
    }

    /// The predictions, the lowest share of each cutoff at their mean: sums stay as they are.
    pub fn apply(self, predicted: &[f64], cutoff: &[i64]) -> Vec<f64> {
        let mut pooled = predicted.to_vec();
        if self.share <= 0.0 {
            return pooled;
        }
        for rows in groups(cutoff) {
            let mut sorted: Vec<f64> = rows.iter().map(|&row| predicted[row]).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let n_pooled = (self.share * rows.len() as f64) as usize;
            let Some(&threshold) = n_pooled.checked_sub(1).and_then(|last| sorted.get(last)) else { continue };
            let low: Vec<usize> = rows.into_iter().filter(|&row| predicted[row] <= threshold).collect();
            let mean = low.iter().map(|&row| predicted[row]).sum::<f64>() / low.len() as f64;
            for row in low {
                pooled[row] = mean;
            }
        }
        pooled
    }
}

/// Rows of each cutoff, ascending in time.
fn groups(cutoff: &[i64]) -> Vec<Vec<usize>> {
    let mut by_cutoff = std::collections::BTreeMap::<i64, Vec<usize>>::new();
    for (row, &cutoff) in cutoff.iter().enumerate() {
        by_cutoff.entry(cutoff).or_default().push(row);
    }
    by_cutoff.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_share_of_each_cutoff_is_its_mean() {
        let pooled = Pooling { share: 0.5 }.apply(&[1.0, 3.0, 8.0, 9.0, 10.0, 20.0], &[0, 0, 0, 0, 7, 7]);
        assert_eq!(pooled, [2.0, 2.0, 8.0, 9.0, 10.0, 20.0]);
        assert_eq!(Pooling::default().apply(&[2.0, 1.0], &[0, 0]), [2.0, 1.0]);
    }

    /// Ranks among those who buy nothing are noise; those who buy are ranked right.
    #[test]
    fn noise_is_pooled_and_signal_is_not() {
        let noise = |row: usize| (row * 37 % 101) as f64 / 101.0;
        let predicted: Vec<f64> = (0..200).map(|row| if row < 140 { noise(row) } else { row as f64 }).collect();
        let actual: Vec<f64> = (0..200).map(|row| if row < 140 { 0.0 } else { f64::from(row) }).collect();
        let cutoff = vec![0; 200];
        let chosen = Pooling::choose(&predicted, &actual, &cutoff, None);
        assert!((0.65..=0.75).contains(&chosen.share), "{chosen:?}");
        let all_signal: Vec<f64> = (0..200).map(f64::from).collect();
        assert_eq!(Pooling::choose(&all_signal, &all_signal, &cutoff, None), Pooling::default());
    }
}
