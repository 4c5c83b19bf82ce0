//! What a student learns of each row: labels and the teacher's answers as targets and weights.
//!
//! A distribution is taught by copies of a row that stand for it. A log-normal's expected loss under the teacher's
//! distribution of a buyer's value depends on the mean and the variance of the logarithm alone, so that two values, one
//! standard deviation below and above the mean, teach it exactly.

use tenure_encode::Dataset;

use super::teacher::{Taught, TaughtValues};

/// Probabilities are kept this far from 0 and 1 where they become weights.
const FLOOR: f64 = 1e-6;
/// Copies that weigh less are left out.
const NEGLIGIBLE: f64 = 1e-9;

/// A value of a target and how much it counts.
type Atom = (f32, f64);

/// Rows whose target is a blend of the label and the teacher's probability, `share` of it the label's.
pub(super) fn blended(rows: &Dataset, taught: &[f64], share: f64) -> Dataset {
    let mut rows = rows.clone();
    for (target, taught) in rows.target.iter_mut().zip(taught) {
        *target = (share * f64::from(*target) + (1.0 - share) * taught) as f32;
    }
    rows
}

/// Each row twice: positive with weight `p`, negative with weight `1 − p`. Its log loss is then the cross-entropy
/// against `p`, which says more than one draw from it.
pub(super) fn soft_copies(rows: &Dataset, p: &[f64]) -> Dataset {
    let atoms = p.iter().map(|p| {
        let p = p.clamp(FLOOR, 1.0 - FLOOR);
        vec![(vec![1.0], p), (vec![0.0], 1.0 - p)]
    });
    copies(rows, atoms)
}

/// Each row as often as it takes to stand for what the teacher says of it, and for its label with weight `share`.
pub(super) fn spread(rows: &Dataset, taught: &Taught, share: f64) -> Dataset {
    let atoms = (0..rows.n_rows()).map(|row| {
        let mut columns = Vec::new();
        if let Some(p) = taught.churn.get(row) {
            columns.push(vec![(1.0, *p), (0.0, 1.0 - p)]);
        }
        columns.extend(taught.value.as_ref().map(|values| value_atoms(values, row)));
        for (atoms, label) in columns.iter_mut().zip(rows.target_row(row)) {
            for (_, weight) in atoms.iter_mut() {
                *weight *= 1.0 - share;
            }
            atoms.push((*label, share));
        }
        coupled(&columns)
    });
    copies(rows, atoms)
}

/// The rows with their value, the last target, in units of a forecast.
pub(super) fn relative(rows: &Dataset, forecast: &[f64]) -> Dataset {
    let mut rows = rows.clone();
    let n_targets = rows.n_targets();
    for (target, forecast) in rows.target.chunks_exact_mut(n_targets).zip(forecast) {
        target[n_targets - 1] = (f64::from(target[n_targets - 1]) / forecast) as f32;
    }
    rows
}

/// 0, and the two values that a log-normal learns the buyers' distribution from.
fn value_atoms(values: &TaughtValues, row: usize) -> Vec<Atom> {
    let (p, log_sd) = (values.p_buys[row].clamp(FLOOR, 1.0), values.log_sd[row]);
    let log_mean = (values.expected[row].max(f64::MIN_POSITIVE) / p).ln() - 0.5 * log_sd * log_sd;
    let value =
        |sign: f64| (log_mean + sign * log_sd).exp().clamp(f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)) as f32;
    vec![(0.0, 1.0 - p), (value(-1.0), 0.5 * p), (value(1.0), 0.5 * p)]
}

/// Rows of targets whose columns have these weighted values. A loss is a sum over its columns, so that any joint
/// distribution with these margins teaches the same; this one has the fewest rows.
fn coupled(columns: &[Vec<Atom>]) -> Vec<(Vec<f32>, f64)> {
    let [first, rest @ ..] = columns else { return vec![(Vec::new(), 1.0)] };
    let rest = coupled(rest);
    let mut joint = Vec::with_capacity(first.len() + rest.len());
    let (mut firsts, mut rests) = (first.iter().copied(), rest.into_iter());
    let (mut a, mut b) = (firsts.next(), rests.next());
    while let (Some((value, left)), Some((others, also_left))) = (&mut a, &mut b) {
        let weight = left.min(*also_left);
        if weight > NEGLIGIBLE {
            joint.push((std::iter::once(*value).chain(others.iter().copied()).collect(), weight));
        }
        *left -= weight;
        *also_left -= weight;
        // One of the two is used up; where only rounding is left of both, the loop ends with either.
        if *left <= *also_left {
            a = firsts.next();
        } else {
            b = rests.next();
        }
    }
    joint
}

/// Each row once for each of its targets, with their weights.
fn copies(rows: &Dataset, targets: impl Iterator<Item = Vec<(Vec<f32>, f64)>>) -> Dataset {
    let (mut places, mut target, mut weight) = (Vec::new(), Vec::new(), Vec::new());
    for (row_idx, atoms) in targets.enumerate() {
        for (values, share) in atoms {
            places.push(row_idx as u32);
            target.extend(values);
            weight.push((share * f64::from(rows.weight[row_idx])) as f32);
        }
    }
    Dataset { target, weight, ..rows.take(&places) }
}

pub(super) fn append(rows: &mut Dataset, more: Dataset) {
    rows.continuous.extend(more.continuous);
    rows.binary.extend(more.binary);
    rows.categorical.extend(more.categorical);
    rows.target.extend(more.target);
    if let (Some(rows), Some(more)) = (&mut rows.sequence, &more.sequence) {
        rows.append(more);
    }
    rows.weight.extend(more.weight);
}

#[cfg(test)]
mod tests {
    use tenure_artifact::{ContinuousInput, InputLayout};

    use super::*;

    /// Row `i` reads `i`; its targets are these.
    fn rows(n: usize, target: &[f32]) -> Dataset {
        let input = ContinuousInput { name: "x".into(), source: "x".into(), quantiles: vec![] };
        Dataset {
            layout: InputLayout { continuous: vec![input], ..InputLayout::default() },
            continuous: (0..n).map(|i| i as f32).collect(),
            binary: vec![],
            categorical: vec![],
            target: target.to_vec(),
            sequence: None,
            weight: vec![1.0; n],
        }
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }

    #[test]
    fn two_weighted_copies_are_the_cross_entropy() {
        let copies = soft_copies(&rows(3, &[1.0; 3]), &[0.25, 0.5, 1.0]);
        assert_eq!(copies.target, [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(copies.weight[..4], [0.25, 0.75, 0.5, 0.5]);
        assert!(copies.weight[5] > 0.0 && copies.weight[5] < 1e-5);
        assert_eq!(copies.continuous, [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn copies_have_the_teacher_s_probability_mean_and_spread() {
        let value = TaughtValues { p_buys: vec![0.3], expected: vec![60.0], log_sd: vec![0.8] };
        let copies = spread(&rows(1, &[7.0]), &Taught { churn: vec![], value: Some(value) }, 0.0);
        let buyers: Vec<(f64, f64)> = copies
            .target
            .iter()
            .zip(&copies.weight)
            .filter(|(v, _)| **v > 0.0)
            .map(|(v, w)| (f64::from(*v).ln(), f64::from(*w)))
            .collect();
        let p: f64 = buyers.iter().map(|(_, w)| w).sum();
        let mean = buyers.iter().map(|(log, w)| log * w).sum::<f64>() / p;
        let variance = buyers.iter().map(|(log, w)| (log - mean).powi(2) * w).sum::<f64>() / p;
        close(p, 0.3);
        close(variance.sqrt(), 0.8);
        close(p * (mean + 0.5 * variance).exp() / 60.0, 1.0);
        close(copies.weight.iter().map(|w| f64::from(*w)).sum(), 1.0);
    }

    #[test]
    fn values_are_counted_in_forecasts_and_churn_is_not() {
        let found = relative(&rows(2, &[1.0, 30.0, 0.0, 5.0]), &[10.0, 0.5]);
        assert_eq!(found.target, [1.0, 3.0, 0.0, 10.0]);
    }

    #[test]
    fn churn_and_value_keep_their_margins_with_the_label_s_share() {
        let value = TaughtValues { p_buys: vec![0.5], expected: vec![10.0], log_sd: vec![1.0] };
        let taught = Taught { churn: vec![0.2], value: Some(value) };
        let copies = spread(&rows(1, &[1.0, 99.0]), &taught, 0.1);
        let weight_where = |is: &dyn Fn(&[f32]) -> bool| -> f64 {
            (0..copies.n_rows())
                .filter(|row| is(copies.target_row(*row)))
                .map(|row| f64::from(copies.weight[row]))
                .sum()
        };
        close(weight_where(&|target| target[0] == 1.0), 0.9 * 0.2 + 0.1);
        close(weight_where(&|target| target[1] == 0.0), 0.9 * 0.5);
        close(weight_where(&|target| target[1] == 99.0), 0.1);
        close(weight_where(&|_| true), 1.0);
        assert!(copies.n_rows() <= 6, "{}", copies.n_rows());
    }
}
