//! From logits to the answer, in double precision and the same arithmetic everywhere.

use tenure_artifact::bundle::{Answer, Centroids, Nearness, OUTPUTS_PER_PANEL, ValueScale};
use tenure_artifact::math::{exp, ln_1p, sigmoid, sqrt};

use crate::Score;

/// The answer to the logits of all members, `[K, O]`; the expected value of the row is multiplied by `forecast`.
pub(crate) fn answer(answer: &Answer<'_>, logits: &[f64], forecast: f64) -> Score {
    match answer {
        Answer::Churn { calibration } => {
            let sum: f64 = logits.iter().map(|logit| sigmoid(*logit)).sum();
            Score::Churn { probability: calibration.apply(sum / logits.len() as f64) }
        }
        Answer::Value(scale) => {
            let (expected, p_buys) = value(scale, logits.as_chunks::<3>().0.iter(), forecast);
            Score::Value { expected, p_buys }
        }
        Answer::ChurnValue { calibration, value: scale } => {
            let (members, _) = logits.as_chunks::<4>();
            let sum: f64 = members.iter().map(|[churn, ..]| sigmoid(*churn)).sum();
            let (expected, p_buys) = value(scale, members.iter().map(|[_, of_value @ ..]| of_value), forecast);
            Score::ChurnValue { probability: calibration.apply(sum / members.len() as f64), expected, p_buys }
        }
        Answer::Segment(centroids) => nearest(centroids, logits),
    }
}

/// Zero-inflated log-normal: `P(buys) = σ(l0)`, `E = σ(l0) exp(l1 + ½ softplus(l2)²)`, both averaged over members: the
/// expected value in money, and the probability.
///
/// Source: Wang, Liu, Miao, arXiv 1912.07753, section 3.
fn value<'l>(scale: &ValueScale, members: impl ExactSizeIterator<Item = &'l [f64; 3]>, forecast: f64) -> (f64, f64) {
    let n = members.len() as f64;
    let (mut expected, mut p_buys) = (0.0, 0.0);
    for [l0, l1, l2] in members {
        let (p, sigma) = (sigmoid(*l0), softplus(*l2));
        let log_value = l1 + 0.5 * sigma * sigma;
        let capped = if log_value < scale.log_cap { log_value } else { scale.log_cap };
        p_buys += p;
        expected += p * exp(capped + scale.log_unit);
    }
    let expected = expected / n * forecast;
    let expected = match scale.pool {
        Some(pool) if expected <= pool.up_to => pool.value,
        _ => expected,
    };
    (expected, p_buys / n)
}

/// `ln(1 + e^x)` without overflow.
fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + ln_1p(exp(-x)) } else { ln_1p(exp(x)) }
}

/// The nearest centroid to the mean of the members' outputs, `[K, D]`.
fn nearest(centroids: &Centroids<'_>, points: &[f64]) -> Score {
    let d = centroids.n_dims;
    let is_cosine = centroids.nearness == Nearness::Cosine;
    let n_members = (points.len() / d) as f64;
    let mean = |dim: usize| points.iter().skip(dim).step_by(d).sum::<f64>() / n_members;
    let length = if is_cosine { sqrt((0..d).map(|dim| mean(dim) * mean(dim)).sum()) } else { 1.0 };
    let length = if length > 0.0 { length } else { 1.0 };
    let mut best = (f64::INFINITY, 0);
    for (panel_idx, panel) in centroids.panels.as_bytes().chunks_exact(4 * d * OUTPUTS_PER_PANEL).enumerate() {
        let mut squares = [0.0_f64; OUTPUTS_PER_PANEL];
        let (rows, _) = panel.as_chunks::<{ 4 * OUTPUTS_PER_PANEL }>();
        for (dim, row) in rows.iter().enumerate() {
            let point = mean(dim) / length;
            let (centres, _) = row.as_chunks::<4>();
            for (square, centre) in squares.iter_mut().zip(centres) {
                let gap = point - f64::from(f32::from_le_bytes(*centre));
                *square += gap * gap;
            }
        }
        let first = panel_idx * OUTPUTS_PER_PANEL;
        for (place, square) in squares.iter().enumerate().take(centroids.n_segments - first) {
            if *square < best.0 {
                best = (*square, first + place);
            }
        }
    }
    // Between directions the squared distance is 2 (1 − cos).
    let distance = if is_cosine { 0.5 * best.0 } else { sqrt(best.0) };
    Score::Segment { segment: best.1 as u32, distance }
}

#[cfg(test)]
mod tests {
    use tenure_artifact::Calibration;
    use tenure_artifact::bundle::ValuePool;

    use super::*;

    #[test]
    fn expected_value_by_hand() {
        // Two members: σ(0) exp(1 + ½ (ln 2)²) = 1.7283..., and one that never buys.
        let logits = [[0.0, 1.0, 0.0], [-800.0, 3.0, 1.0]];
        let (expected, p_buys) = value(&ValueScale::PLAIN, logits.iter(), 1.0);
        let ln2 = core::f64::consts::LN_2;
        assert!((expected - 0.25 * exp(1.0 + 0.5 * ln2 * ln2)).abs() < 1e-14);
        assert!((p_buys - 0.25).abs() < 1e-15);
        let (wild, _) = value(&ValueScale::PLAIN, [[5.0, 1e9, 1e9]].iter(), 1.0);
        assert!(wild.is_finite() && wild < f64::from(f32::MAX));
    }

    #[test]
    fn values_have_their_unit_and_cap_and_the_lowest_are_pooled() {
        let scale = ValueScale { log_unit: 2.0, log_cap: 1.5, ..ValueScale::PLAIN };
        let (capped, _) = value(&scale, [[0.0, 9.0, 0.0]].iter(), 1.0);
        assert!((capped - 0.5 * exp(3.5)).abs() < 1e-12);
        let pooled = ValueScale { pool: Some(ValuePool { up_to: capped, value: 0.75 }), ..scale };
        assert_eq!(value(&pooled, [[0.0, 9.0, 0.0]].iter(), 1.0).0, 0.75);
        assert!(value(&pooled, [[1.0, 9.0, 0.0]].iter(), 1.0).0 > capped);
        // What a forecast lifts above the pool is told as it is.
        assert_eq!(value(&pooled, [[0.0, 9.0, 0.0]].iter(), 2.0).0, 2.0 * capped);
    }

    #[test]
    fn churn_comes_before_value() {
        let answered = Answer::ChurnValue { calibration: Calibration::Identity, value: ValueScale::PLAIN };
        let found = answer(&answered, &[0.0, 800.0, 1.0, -800.0], 1.0);
        let Score::ChurnValue { probability, expected, p_buys } = found else { panic!("{found:?}") };
        assert_eq!((probability, p_buys), (0.5, 1.0));
        assert!((expected - exp(1.0)).abs() < 1e-12);
    }

    #[test]
    fn directions_are_compared_by_their_angle() {
        let centres = [1.0, 0.0, 0.0, 1.0, 0.6, 0.8];
        let found = nearest(&Centroids::new(&centres, 2).by_cosine(), &[30.0, 40.0]);
        let Score::Segment { segment: 2, distance } = found else { panic!("{found:?}") };
        assert!(distance < 1e-14, "{distance}");
        // At right angles to the first and half the straight angle from the second.
        let found = nearest(&Centroids::new(&centres[..4], 2).by_cosine(), &[0.0, -3.0]);
        assert_eq!(found, Score::Segment { segment: 0, distance: 1.0 });
    }

    #[test]
    fn the_first_of_equally_near_centroids_wins() {
        let centres: alloc::vec::Vec<f32> = (0..20).flat_map(|k| [k as f32, if k == 18 { 3.0 } else { 9.0 }]).collect();
        let centroids = Centroids::new(&centres, 2);
        let found = nearest(&centroids, &[18.5, 0.0]);
        assert_eq!(found, Score::Segment { segment: 18, distance: sqrt(0.25 + 9.0) });
        assert_eq!(nearest(&centroids, &[4.5, 9.0]), Score::Segment { segment: 4, distance: 0.5 });
    }
}
