//! Whether two clusterings of the same rows say the same.

use std::collections::BTreeMap;

use super::ClusteringError;

/// The adjusted Rand index: the share of pairs on which two clusterings agree, 0 where they agree as chance would have it
/// and 1 where they are the same but for the numbers of their clusters. It can be negative.
///
/// Source: Hubert and Arabie 1985, from the contingency table: `(S - E) / ((A + B) / 2 - E)` with `S`, `A` and `B` the pairs
/// together in both, in the first, in the second, and `E = A B / pairs`. Two clusterings that both have all rows in one
/// cluster, or that both have each row alone, are the same: 1.
///
/// # Errors
/// [`ClusteringError::Lengths`]
///
/// ```
/// use tenure_evaluate::adjusted_rand;
///
/// assert_eq!(adjusted_rand(&[0, 0, 1, 1], &[5, 5, 2, 2])?, 1.0);
/// // Contingency 2, 1 / 0, 3: S = 4, A = 6, B = 7, E = 2.8, so (4 - 2.8) / (6.5 - 2.8).
/// let found = adjusted_rand(&[0, 0, 0, 1, 1, 1], &[0, 0, 1, 1, 1, 1])?;
/// assert!((found - 1.2 / 3.7).abs() < 1e-12);
/// # Ok::<(), tenure_evaluate::ClusteringError>(())
/// ```
pub fn adjusted_rand(first: &[u32], second: &[u32]) -> Result<f64, ClusteringError> {
    if first.len() != second.len() {
        let (expected, found) = (first.len(), second.len());
        return Err(ClusteringError::Lengths { what: "the second clustering's labels", expected, found });
    }
    let mut both: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    let (mut of_first, mut of_second) = (BTreeMap::new(), BTreeMap::new());
    for (&a, &b) in first.iter().zip(second) {
        *both.entry((a, b)).or_default() += 1;
        *of_first.entry(a).or_default() += 1;
        *of_second.entry(b).or_default() += 1;
    }
    let together: f64 = both.values().map(|&n| pairs(n)).sum();
    let (a, b) = (sum_of_pairs(&of_first), sum_of_pairs(&of_second));
    let expected = a * b / pairs(first.len() as u64).max(1.0);
    let largest = f64::midpoint(a, b);
    Ok(if largest == expected { 1.0 } else { (together - expected) / (largest - expected) })
}

fn sum_of_pairs(counts: &BTreeMap<u32, u64>) -> f64 {
    counts.values().map(|&n| pairs(n)).sum()
}

fn pairs(n: u64) -> f64 {
    n as f64 * (n as f64 - 1.0) / 2.0
}
