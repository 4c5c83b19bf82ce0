//! How much of a later figure a clustering explains.

use serde::{Deserialize, Serialize};

use super::ClusteringError;
use crate::random::Stream;
use crate::{Bootstrap, Estimate};

/// What a clustering explains, beside another one on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// What this clustering is called.
    pub name: String,
    /// How many clusters it has.
    pub n_clusters: usize,
    /// The share of variance explained.
    pub share: Estimate,
    /// The first clustering's share less this one's, from the same resamples; none for the first itself.
    pub first_less_this: Option<Estimate>,
}

/// The share of the values' variance that lies between clusters, in `[0, 1]` (the correlation ratio η², Pearson 1905).
///
/// It grows with the number of clusters even where they mean nothing, by about `(K - 1) / N`: judge it beside that of
/// random clusters of the same sizes.
///
/// # Errors
/// [`ClusteringError::Lengths`], and [`ClusteringError::NoSpread`] where the values are all alike.
pub fn variance_explained(values: &[f64], labels: &[u32]) -> Result<f64, ClusteringError> {
    check(values, labels)?;
    share(values, labels, &mut |i| i).ok_or(NO_SPREAD)
}

const NO_SPREAD: ClusteringError =
    ClusteringError::NoSpread { measure: "the variance explained", reason: "the values are all alike" };

fn check(values: &[f64], labels: &[u32]) -> Result<(), ClusteringError> {
    if values.len() != labels.len() {
        return Err(ClusteringError::Lengths { what: "labels", expected: values.len(), found: labels.len() });
    }
    Ok(())
}

/// Several clusterings of the same rows, each as `(name, labels)`, with bootstrap intervals from the same resamples of
/// rows; differences are those of the first to each other one.
///
/// # Errors
/// As [`variance_explained`].
pub fn explained(
    values: &[f64],
    clusterings: &[(String, Vec<u32>)],
    bootstrap: &Bootstrap,
) -> Result<Vec<Explained>, ClusteringError> {
    let n = values.len();
    let mut resampled: Vec<Vec<f64>> = vec![Vec::new(); clusterings.len()];
    for resample in 0..bootstrap.resamples {
        let mut stream = Stream::new(bootstrap.seed, resample as u64);
        let rows: Vec<usize> = (0..n).map(|_| stream.below(n as u32) as usize).collect();
        for ((_, labels), shares) in clusterings.iter().zip(&mut resampled) {
            check(values, labels)?;
            shares.push(share(values, labels, &mut |i| rows[i]).unwrap_or(f64::NAN));
        }
    }
    let mut found: Vec<Explained> = Vec::with_capacity(clusterings.len());
    for ((name, labels), shares) in clusterings.iter().zip(&resampled) {
        let value = variance_explained(values, labels)?;
        let first_less_this = found.first().map(|first: &Explained| {
            let differences = resampled[0].iter().zip(shares).map(|(first, this)| first - this).collect();
            estimate(first.share.value - value, differences, bootstrap)
        });
        let mut numbers = labels.clone();
        numbers.sort_unstable();
        numbers.dedup();
        let share = estimate(value, shares.clone(), bootstrap);
        found.push(Explained { name: name.clone(), n_clusters: numbers.len(), share, first_less_this });
    }
    Ok(found)
}

/// The mean of these values with its bootstrap interval.
///
/// # Errors
/// [`ClusteringError::NoSpread`] without a value.
pub fn mean_estimate(values: &[f64], bootstrap: &Bootstrap) -> Result<Estimate, ClusteringError> {
    if values.is_empty() {
        return Err(ClusteringError::NoSpread { measure: "the mean", reason: "there is no value" });
    }
    let n = values.len();
    let resampled = (0..bootstrap.resamples).map(|resample| {
        let mut stream = Stream::new(bootstrap.seed, resample as u64);
        (0..n).map(|_| values[stream.below(n as u32) as usize]).sum::<f64>() / n as f64
    });
    Ok(estimate(values.iter().sum::<f64>() / n as f64, resampled.collect(), bootstrap))
}

fn estimate(value: f64, mut resampled: Vec<f64>, bootstrap: &Bootstrap) -> Estimate {
    resampled.retain(|share| share.is_finite());
    Estimate { value, interval: bootstrap.percentiles(&resampled) }
}

/// η² of the rows that `row` names; none where their values are all alike.
fn share(values: &[f64], labels: &[u32], row: &mut dyn FnMut(usize) -> usize) -> Option<f64> {
    let k = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
    let (mut counts, mut sums) = (vec![0.0; k], vec![0.0; k]);
    let (mut sum, mut squares) = (0.0, 0.0);
    // Around a pivot, so that a large mean does not eat the digits of the variance.
    let pivot = values.first().copied()?;
    for i in 0..values.len() {
        let at = row(i);
        let x = values[at] - pivot;
        counts[labels[at] as usize] += 1.0;
        sums[labels[at] as usize] += x;
        sum += x;
        squares += x * x;
    }
    let n = values.len() as f64;
    let total = squares - sum * sum / n;
    let between: f64 =
        counts.iter().zip(&sums).filter(|(count, _)| **count > 0.0).map(|(count, sum)| sum * sum / count).sum::<f64>()
            - sum * sum / n;
    (total > 0.0).then(|| (between / total).clamp(0.0, 1.0))
}
