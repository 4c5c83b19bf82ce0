//! Isotonic regression by pooling adjacent violators.

use tenure_artifact::Calibration;

use super::Method;
use crate::{EvaluateError, Scored};

/// Neighbouring scores that share a fitted value.
struct Block {
    first: f64,
    last: f64,
    mass: f64,
    positive: f64,
}

impl Block {
    fn rate(&self) -> f64 {
        self.positive / self.mass
    }
}

/// The non-decreasing map with the least squared error (Ayer et al. 1955; Zadrozny and Elkan 2002). Equal scores are
/// one point. Between blocks the map runs straight from the last score of one to the first of the next.
///
/// Fitted rates are kept `1 / (n + 2)` from 0 and 1, n being the number of rows: a pure block at an end says no more
/// than that, and one surprise there must not cost an infinite log loss.
pub(super) fn fit(scored: &Scored) -> Result<Calibration, EvaluateError> {
    let view = scored.ranked().view();
    view.both_classes("calibration")?;
    let margin = 1.0 / (scored.ranked().n_rows() as f64 + 2.0);
    let mut blocks: Vec<Block> = Vec::new();
    let mut runs: Vec<_> = view.runs().filter(|run| run.mass > 0.0).collect();
    runs.reverse();
    for run in runs {
        let mut block = Block { first: run.score, last: run.score, mass: run.mass, positive: run.positive };
        while let Some(below) = blocks.pop_if(|below| below.rate() >= block.rate()) {
            block.first = below.first;
            block.mass += below.mass;
            block.positive += below.positive;
        }
        blocks.push(block);
    }
    if blocks.len() < 2 {
        return Err(EvaluateError::ConstantCalibration { method: Method::Isotonic.title() });
    }
    Ok(knots(&blocks, margin))
}

/// Both ends of each block; one knot where they coincide.
fn knots(blocks: &[Block], margin: f64) -> Calibration {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for block in blocks {
        let rate = block.rate().clamp(margin, 1.0 - margin);
        x.push(block.first);
        y.push(rate);
        if block.last > block.first {
            x.push(block.last);
            y.push(rate);
        }
    }
    Calibration::Isotonic { x, y }
}
