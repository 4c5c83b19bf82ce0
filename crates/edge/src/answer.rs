//! From logits to the answer, in double precision and the same arithmetic everywhere.

use tenure_artifact::bundle::{Answer, Centroids, OUTPUTS_PER_PANEL};
use tenure_artifact::math::{exp, ln_1p, sigmoid, sqrt};

use crate::Score;

/// Expected values stop growing at e to this, which still fits single precision.
const MAX_LOG_VALUE: f64 = 88.0;

/// The answer to the logits of all members, `[K, O]`.
pub(crate) fn answer(answer: &Answer<'_>, logits: &[f64]) -> Score {
    match answer {
        Answer::Churn { calibration } => {
            let sum: f64 = logits.iter().map(|logit| sigmoid(*logit)).sum();
            Score::Churn { probability: calibration.apply(sum / logits.len() as f64) }
        }
        Answer::Value => value(logits),
        Answer::Segment(centroids) => nearest(centroids, logits),
    }
}

/// Zero-inflated log-normal: `P(buys) = σ(l0)`, `E = σ(l0) exp(l1 + ½ softplus(l2)²)`, both averaged over members.
///
/// Source: Wang, Liu, Miao, arXiv 1912.07753, section 3.
fn value(logits: &[f64]) -> Score {
    let (members, _) = logits.as_chunks::<3>();
    let (mut expected, mut p_buys) = (0.0, 0.0);
    for [l0, l1, l2] in members {
        let (p, sigma) = (sigmoid(*l0), softplus(*l2));
        let log_value = l1 + 0.5 * sigma * sigma;
        p_buys += p;
        expected += p * exp(if log_value < MAX_LOG_VALUE { log_value } else { MAX_LOG_VALUE });
    }
    let n = members.len() as f64;
    Score::Value { expected: expected / n, p_buys: p_buys / n }
}

/// `ln(1 + e^x)` without overflow.
fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + ln_1p(exp(-x)) } else { ln_1p(exp(x)) }
}

/// The nearest centroid to the mean of the members' outputs, `[K, D]`.
fn nearest(centroids: &Centroids<'_>, points: &[f64]) -> Score {
    let d = centroids.n_dims;
    let n_members = (points.len() / d) as f64;
    let mut best = (f64::INFINITY, 0);
    for (panel_idx, panel) in centroids.panels.as_bytes().chunks_exact(4 * d * OUTPUTS_PER_PANEL).enumerate() {
        let mut squares = [0.0_f64; OUTPUTS_PER_PANEL];
        let (rows, _) = panel.as_chunks::<{ 4 * OUTPUTS_PER_PANEL }>();
        for (dim, row) in rows.iter().enumerate() {
            let point = points.iter().skip(dim).step_by(d).sum::<f64>() / n_members;
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
    Score::Segment { segment: best.1 as u32, distance: sqrt(best.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_value_by_hand() {
        // Two members: σ(0) exp(1 + ½ (ln 2)²) = 1.7283..., and one that never buys.
        let Score::Value { expected, p_buys } = value(&[0.0, 1.0, 0.0, -800.0, 3.0, 1.0]) else { unreachable!() };
        let ln2 = core::f64::consts::LN_2;
        assert!((expected - 0.25 * exp(1.0 + 0.5 * ln2 * ln2)).abs() < 1e-14);
        assert!((p_buys - 0.25).abs() < 1e-15);
        let Score::Value { expected, .. } = value(&[5.0, 1e9, 1e9]) else { unreachable!() };
        assert!(expected.is_finite() && expected < f64::from(f32::MAX));
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
