//! Reads bundles that nobody wrote until the time is over: every one must be refused or score, on all kernels alike.
//!
//!     cargo run --release -p tenure-edge --example fuzz -- [--minutes 10] [--seed 0] [--threads 1]
//!
//! What is tried follows from the seed; a panic tells the seed of the file that caused it, and `--seed THAT --minutes 0`
//! tries that one alone.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

#[path = "../tests/it/made.rs"]
mod made;
#[path = "../tests/it/mutate.rs"]
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

struct Found {
    n_tried: u64,
    n_scored: u64,
}

fn main() -> ExitCode {
    let [minutes, seed, n_threads] = ["--minutes", "--seed", "--threads"].map(argument);
    let time = Duration::from_secs_f64(60.0 * minutes.unwrap_or(10.0));
    let (seed, n_threads) = (seed.unwrap_or(0.0) as u64, n_threads.unwrap_or(1.0).max(1.0) as u64);
    let (start, originals, failed) = (Instant::now(), mutate::originals(), AtomicBool::new(false));
    let worker = &|first: u64| {
        let mut found = Found { n_tried: 0, n_scored: 0 };
        loop {
            let seed = first + found.n_tried * n_threads;
            match catch_unwind(AssertUnwindSafe(|| attempt(&originals, seed))) {
                Ok(is_scored) => found.n_scored += u64::from(is_scored),
                Err(_) => {
                    eprintln!("seed {seed} panics");
                    failed.store(true, Ordering::Relaxed);
                }
            }
            found.n_tried += 1;
            if start.elapsed() >= time || failed.load(Ordering::Relaxed) {
                return found;
            }
        }
    };
    let (mut n_tried, mut n_scored) = (0, 0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|i| scope.spawn(move || worker(seed + i))).collect();
        for thread in threads {
            let found = thread.join().expect("panics are caught");
            n_tried += found.n_tried;
            n_scored += found.n_scored;
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    println!("{n_tried} files in {seconds:.0} s: {n_scored} scored, {} refused", n_tried - n_scored);
    if failed.into_inner() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn attempt(originals: &[Vec<u8>], seed: u64) -> bool {
    let (file, mut rng) = mutate::seeded(originals, seed);
    mutate::read_and_score(&file, &mut rng)
}

/// The number behind this word.
fn argument(name: &str) -> Option<f64> {
    std::env::args().skip_while(|word| word != name).nth(1)?.parse().ok()
}
