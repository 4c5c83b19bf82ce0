//! What a bundle does, through the runtime that will read it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Serialize;
use tenure_artifact::RawValue;
use tenure_edge::{Model, Prediction, Rows, Workspace};

use crate::{CompressError, RawRows};

/// Rows that are timed at once.
const CHUNK_ROWS: usize = 1_024;
/// Each way of scoring is timed for about this long, and the fastest pass counts.
const TIMED: Duration = Duration::from_millis(60);

/// How long a row takes on one thread, raw fields in, answer out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// One row at a time, microseconds; none where that was not measured.
    pub single_us: Option<f64>,
    /// Many rows at once, microseconds a row.
    pub batch_us: f64,
}

/// Times scoring of some of these rows.
pub(crate) fn latency(model: &Model<'_>, rows: &RawRows<'_>, picks: &[u32]) -> Result<Latency, CompressError> {
    let picks = &picks[..picks.len().min(CHUNK_ROWS)];
    let values = rows.take(picks);
    let mut workspace = Workspace::new(model);
    let mut out = vec![Prediction::default(); picks.len()];
    let single = fastest(|| -> Result<(), CompressError> {
        for row in values.chunks_exact(rows.n_columns().max(1)) {
            black_box(model.predict(black_box::<&[RawValue<'_>]>(row), &mut workspace)?);
        }
        Ok(())
    })?;
    let batch = fastest(|| -> Result<(), CompressError> {
        model.predict_batch(Rows::Values(black_box(&values)), &mut out, &mut workspace)?;
        black_box(&out);
        Ok(())
    })?;
    let per_row = |pass: Duration| pass.as_secs_f64() * 1e6 / picks.len().max(1) as f64;
    Ok(Latency { single_us: Some(per_row(single)), batch_us: per_row(batch) })
}

/// The fastest of at least three passes: what other programs on the machine take is not the model's.
fn fastest(mut pass: impl FnMut() -> Result<(), CompressError>) -> Result<Duration, CompressError> {
    let begin = Instant::now();
    let mut best = Duration::MAX;
    for n_passes in 1.. {
        let start = Instant::now();
        pass()?;
        best = best.min(start.elapsed());
        if n_passes >= 3 && begin.elapsed() >= TIMED {
            break;
        }
    }
    Ok(best)
}
