//! Lloyd iterations on a GPU, told as a line of JSON: our side of `benches/peers/kmeans_gpu.py`.
//!
//! `kmeans_gpu <data.f32> <n_columns> <init.f32> <iterations> <n_timed>`
//! Runs the iterations once from the initial centroids to warm up and for the inertia, then `n_timed` times against the clock.
// An example is a program: it prints, and a wrong call is a panic with its reason.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs;
use std::time::Instant;

use rayon::prelude::*;
use tenure_kernels::kmeans::cpu::Frame;
use tenure_kernels::kmeans::gpu::{Adapter, Gpu, Resident, Stop};
use tenure_kernels::kmeans::{Metric, Rows, reference};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, n_columns, init, iterations, n_timed] = arguments.as_slice() else {
        panic!("see the head of this file for the arguments")
    };
    let (n_columns, iterations, n_timed): (usize, usize, usize) =
        (n_columns.parse().unwrap(), iterations.parse().unwrap(), n_timed.parse().unwrap());
    let (x, init) = (floats(data), floats(init));
    let rows = Rows { x: &x, weights: None, n_columns };
    let adapter = *Adapter::all().first().expect("no driver offers an adapter");
    let gpu = Gpu::open(adapter).unwrap();
    let started = Instant::now();
    let resident = gpu.upload(rows, &Frame { metric: Metric::SquaredEuclidean, shift: Vec::new() }).unwrap();
    let centroids = vec![init.iter().map(|&c| f64::from(c)).collect::<Vec<f64>>()];
    let (_, moved) = timed(&resident, &centroids, iterations);
    let upload_s = started.elapsed().as_secs_f64();
    let inertia = inertia(&resident, rows, &moved);
    let mut seconds: Vec<f64> = (0..n_timed).map(|_| timed(&resident, &centroids, iterations).0).collect();
    seconds.sort_by(f64::total_cmp);
    println!(
        "{{\"adapter\": \"{adapter}\", \"ms\": {}, \"fastest_ms\": {}, \"inertia\": {inertia}, \"upload_and_compile_s\": {upload_s}}}",
        1e3 * seconds[seconds.len() / 2] / iterations as f64,
        1e3 * seconds[0] / iterations as f64,
    );
}

/// Seconds of so many iterations, from the first launch to the last state read, and the centroids after them.
fn timed(resident: &Resident, centroids: &[Vec<f64>], iterations: usize) -> (f64, Vec<f64>) {
    let restarts = resident.restarts(centroids, Stop { enough: 0.0, max_iter: iterations }).unwrap();
    // What was uploaded is there.
    restarts.states().unwrap();
    let started = Instant::now();
    restarts.enqueue(iterations);
    restarts.states().unwrap();
    (started.elapsed().as_secs_f64(), restarts.centroids().unwrap().concat())
}

fn inertia(resident: &Resident, rows: Rows<'_>, centroids: &[f64]) -> f64 {
    let labels = resident.label(centroids, false).unwrap().nearest;
    let distance = |(i, &label): (usize, &u32)| {
        let at = label as usize * rows.n_columns;
        reference::distance(rows.row(i), &centroids[at..at + rows.n_columns], Metric::SquaredEuclidean)
    };
    labels.par_iter().enumerate().map(distance).sum()
}

fn floats(path: &str) -> Vec<f32> {
    fs::read(path).unwrap().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}
