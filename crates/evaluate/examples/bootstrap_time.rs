//! Times 1,000 resamples of five metrics on made scores: `cargo run --release --example bootstrap_time -- [rows]`.

use std::time::Instant;

use tenure_artifact::math::sigmoid;
use tenure_evaluate::{Bootstrap, Metric, Scored};

#[allow(clippy::print_stdout)] // an example is a program
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let n_rows = std::env::args().nth(1).map_or(Ok(100_000), |rows| rows.parse::<u32>())?;
    // Two low-discrepancy sequences: a logit, and the draw that makes the outcome.
    let part = |i: u32, step: f64| (f64::from(i) * step).fract();
    let probabilities: Vec<f64> = (0..n_rows).map(|i| sigmoid(6.0 * part(i, 0.754_877_666_246_692_7) - 4.5)).collect();
    let outcomes: Vec<bool> =
        (0..n_rows).map(|i| part(i, 0.569_840_290_998_053_2) < probabilities[i as usize]).collect();
    let scored = Scored::new(&probabilities, &outcomes, None)?;
    let bootstrap = Bootstrap { resamples: 1000, confidence: 0.95, seed: 1 };
    let all = [Metric::Auc, Metric::AveragePrecision, Metric::LogLoss, Metric::Brier, Metric::Ece { bins: 15 }];
    for metrics in all.iter().map(std::slice::from_ref).chain([&all[..]]) {
        let start = Instant::now();
        let estimates = bootstrap.estimate(&scored, metrics)?;
        let names: Vec<_> = metrics.iter().map(|metric| metric.name()).collect();
        let first = estimates[0].interval.ok_or("an interval")?;
        println!(
            "{:.2} s  {}  ({:.5} to {:.5})",
            start.elapsed().as_secs_f64(),
            names.join(", "),
            first.low,
            first.high
        );
    }
    Ok(())
}
