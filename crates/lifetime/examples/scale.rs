//! Times the fits on made customers with known truth, in one line of JSON; and, given a file, writes the customers for
//! peers to fit.
//!
//!     cargo run --release -p tenure-lifetime --example scale -- 1000000 [customers.csv]
#![allow(clippy::print_stdout, reason = "this program is the measurement")]

use std::fmt::Write as _;
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tenure_lifetime::{
    Customers, Fit, GammaGamma, ModelKind, PurchaseModel, Window, expected_value, fit, fit_segments, fit_spend,
};

const N_SEGMENTS: u32 = 100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let n: usize = arguments.next().map_or(Ok(100_000), |n| n.parse())?;
    let truth = PurchaseModel::new(ModelKind::ParetoNbd, [0.55, 10.6, 0.61, 11.7])?;
    let spend_truth = GammaGamma::new(6.25, 3.74, 15.44)?;
    let customers = made(n, &truth, &spend_truth)?;
    if let Some(path) = arguments.next() {
        std::fs::write(path, csv(&customers))?;
    }
    let before_mb = peak_mb();
    let mut fits = Vec::new();
    for kind in ModelKind::ALL {
        let (fitted, seconds) = timed(|| fit(kind, &customers));
        fits.push(told(kind, &fitted?, seconds, &truth));
    }
    let (pooled, pooled_seconds) = timed(|| fit(ModelKind::ParetoNbd, &customers));
    let segment: Vec<u32> = (0..n as u32).map(|i| i % N_SEGMENTS).collect();
    let (segments, segments_seconds) =
        timed(|| fit_segments(ModelKind::ParetoNbd, &customers, &segment, N_SEGMENTS as usize));
    let (spend, spend_seconds) = timed(|| fit_spend(&customers));
    let (pooled, spend) = (pooled?, spend?);
    let (value, value_seconds) = timed(|| expected_value(&pooled.model, &spend.model, &customers, Window::next(39.0)?));
    let told = json!({
        "customers": n, "unique": pooled.n_unique, "threads": rayon::current_num_threads(),
        "fits": fits, "peak_mb": peak_mb(), "peak_mb_before_fits": before_mb,
        "pooled_seconds": pooled_seconds, "segments": N_SEGMENTS, "segments_seconds": segments_seconds,
        "segments_fitted": segments?.iter().filter(|fit| fit.is_ok()).count(),
        "segments_over_pooled": segments_seconds.wall / pooled_seconds.wall,
        "spend": spend.parameters, "spend_seconds": spend_seconds,
        "value_seconds": value_seconds, "value_sum": value?.iter().sum::<f64>(),
    });
    println!("{told}");
    Ok(())
}

/// Customers of 26 to 78 weeks, to the second: hardly two histories of buyers are alike.
fn made(n: usize, truth: &PurchaseModel, spend: &GammaGamma) -> Result<Customers, Box<dyn std::error::Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let ages: Vec<f64> = (0..n).map(|_| 26.0 + 52.0 * rng.random::<f64>()).collect();
    let customers = truth.made_customers(&ages, 2)?;
    let paid = spend.made_mean_spend(customers.frequency(), 3);
    Ok(customers.with_mean_spend(&paid)?)
}

fn csv(customers: &Customers) -> String {
    let mut text = String::from("frequency,recency,T,monetary_value\n");
    let spend = customers.mean_spend().unwrap_or_default();
    let times = customers.recency().iter().zip(customers.age());
    for ((x, (t_x, age)), paid) in customers.frequency().iter().zip(times).zip(spend) {
        let _ = writeln!(text, "{x},{t_x},{age},{paid}");
    }
    text
}

/// With how many standard errors the estimates lie from the truth, where the model is the true one.
fn told(kind: ModelKind, fitted: &Fit, seconds: Seconds, truth: &PurchaseModel) -> Value {
    let errors: Option<Vec<Option<f64>>> = (kind == truth.kind()).then(|| {
        let pairs = fitted.parameters.iter().zip(truth.parameters());
        pairs.map(|(found, truth)| Some((found.value - truth) / found.standard_error?)).collect()
    });
    json!({
        "model": kind.name(), "seconds": seconds, "log_likelihood": fitted.log_likelihood,
        "parameters": fitted.parameters, "standard_errors_from_truth": errors,
        "iterations": fitted.convergence.n_iterations, "clean": fitted.convergence.is_clean(),
    })
}

/// Seconds on the clock and on all cores together: on a busy machine only the second says what the work costs.
#[derive(Clone, Copy, serde::Serialize)]
struct Seconds {
    wall: f64,
    cpu: Option<f64>,
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Seconds) {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let result = work();
    let cpu = cpu_seconds().zip(cpu).map(|(end, start)| end - start);
    (result, Seconds { wall: start.elapsed().as_secs_f64(), cpu })
}

/// Processor time of this process so far, where the system tells it in hundredths of a second.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}

/// Peak resident memory so far, where the system tells it.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
