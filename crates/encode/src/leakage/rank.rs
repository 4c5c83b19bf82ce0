//! How well one column ranks two classes.

use super::MIN_CLASS_ROWS;

/// Rows of either class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClassCounts {
    pub(super) negative: u64,
    pub(super) positive: u64,
}

impl ClassCounts {
    pub(super) fn add(&mut self, positive: bool) {
        self.positive += u64::from(positive);
        self.negative += u64::from(!positive);
    }

    /// The share of positives, drawn towards one half, so that a level without rows is in the middle.
    pub(super) fn share(self) -> f32 {
        (self.positive as f32 + 0.5) / ((self.positive + self.negative) as f32 + 1.0)
    }
}

/// The AUC of ordered groups of rows, in the direction that gives at least one half; none with too few of a class.
pub(super) fn auc_of_codes(groups: &[ClassCounts]) -> Option<f64> {
    let (mut below, mut n_positive, mut pairs_won) = (0.0, 0.0, 0.0);
    for group in groups {
        let (negative, positive) = (group.negative as f64, group.positive as f64);
        pairs_won += positive * (below + negative / 2.0);
        below += negative;
        n_positive += positive;
    }
    if below.min(n_positive) < MIN_CLASS_ROWS as f64 {
        return None;
    }
    let auc: f64 = pairs_won / (below * n_positive);
    Some(auc.max(1.0 - auc))
}

/// The AUC of magnitudes; rows of equal magnitude are one group.
pub(super) fn auc_of_magnitudes(mut pairs: Vec<(f32, bool)>) -> Option<f64> {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut groups: Vec<ClassCounts> = Vec::new();
    let mut last = f32::NAN;
    for (value, positive) in pairs {
        if value != last {
            groups.push(ClassCounts::default());
            last = value;
        }
        groups.last_mut().expect("NaN differs from every value, so the first one opened a group").add(positive);
    }
    auc_of_codes(&groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_half_and_direction_does_not_matter() {
        let pairs: Vec<(f32, bool)> = (0..80)
            .map(|i| if i % 2 == 0 { (1.0, false) } else { (if i % 4 == 1 { 1.0 } else { 2.0 }, true) })
            .collect();
        // Half of the positives lie above all negatives, half are tied with them: (1 + .5) / 2.
        assert_eq!(auc_of_magnitudes(pairs.clone()), Some(0.75));
        assert_eq!(auc_of_magnitudes(pairs.into_iter().map(|(value, y)| (-value, y)).collect()), Some(0.75));
    }

    #[test]
    fn few_rows_prove_nothing() {
        let pairs = |n: usize| (0..2 * n).map(|i| (i as f32, i >= n)).collect();
        assert_eq!(auc_of_magnitudes(pairs(19)), None);
        assert_eq!(auc_of_magnitudes(pairs(20)), Some(1.0));
    }
}
