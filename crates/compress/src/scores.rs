//! What a bundle says of many rows.

use tenure_edge::{Model, Prediction, Rows, Workspace};

use crate::{CompressError, RawRows};

/// Rows that are raw values at a time.
const CHUNK_ROWS: usize = 1_024;
/// Probabilities are kept this far from 0 and 1 where logarithms of them are taken.
const FLOOR: f64 = 1e-9;

/// What is said of each row, `[N]` each; empty where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scores {
    /// Probability of churn.
    pub(crate) churn: Vec<f64>,
    /// Expected value.
    pub(crate) expected: Vec<f64>,
    /// Probability of buying.
    pub(crate) p_buys: Vec<f64>,
}

impl Scores {
    /// Scores these rows through the edge runtime.
    pub(crate) fn of(file: &[u8], rows: &RawRows<'_>, picks: &[u32]) -> Result<Self, CompressError> {
        let model = Model::from_bytes(file)?;
        let mut workspace = Workspace::new(&model);
        let mut out = vec![Prediction::default(); CHUNK_ROWS];
        let mut all = Self::default();
        for picks in picks.chunks(CHUNK_ROWS) {
            let values = rows.take(picks);
            let out = &mut out[..picks.len()];
            model.predict_batch(Rows::Values(&values), out, &mut workspace)?;
            for prediction in out {
                all.churn.extend(prediction.score.churn());
                if let Some((expected, p_buys)) = prediction.score.value() {
                    all.expected.push(expected);
                    all.p_buys.push(p_buys);
                }
            }
        }
        Ok(all)
    }

    /// How far `other` is from this, in nats: the mean Kullback-Leibler divergence of probabilities, plus half the mean
    /// squared difference of the logarithms of expected values.
    pub(crate) fn divergence(&self, other: &Self) -> f64 {
        let logs = self.expected.iter().zip(&other.expected).map(|(a, b)| {
            let gap = a.max(FLOOR).ln() - b.max(FLOOR).ln();
            0.5 * gap * gap
        });
        let of_values = logs.sum::<f64>() / self.expected.len().max(1) as f64;
        divergence(&self.churn, &other.churn) + divergence(&self.p_buys, &other.p_buys) + of_values
    }
}

/// Mean of `p ln(p/q) + (1 − p) ln((1 − p)/(1 − q))`, probabilities kept off 0 and 1.
fn divergence(p: &[f64], q: &[f64]) -> f64 {
    let keep = |x: f64| x.clamp(FLOOR, 1.0 - FLOOR);
    let of = |(p, q): (&f64, &f64)| {
        let (p, q) = (keep(*p), keep(*q));
        p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln()
    };
    p.iter().zip(q).map(of).sum::<f64>() / p.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divergence_by_hand() {
        let a = Scores { churn: vec![0.5, 1.0], expected: vec![2.0], p_buys: vec![0.25] };
        assert!(a.divergence(&a) < 1e-15);
        let b = Scores { churn: vec![0.25, 1.0], expected: vec![2.0 * 0.1_f64.exp()], ..a.clone() };
        let churn = 0.5 * (0.5 * 2.0_f64.ln() + 0.5 * (2.0_f64 / 3.0).ln());
        assert!((a.divergence(&b) - churn - 0.5 * 0.01).abs() < 1e-12);
    }
}
