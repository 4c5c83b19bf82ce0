//! One timed fit of rows in a raw file, told as a line of JSON: our side of `benches/peers/kmeans.py`.
//!
//! `kmeans_peer <n_threads> <data.f32> <n_columns> <k> <max_iter> <init.f32 | n_init> [in-memory | streamed | read]`
//! `kmeans_peer <n_threads> ragged <data.f32> <n_columns> <k> <sizes.u32>`
//! `kmeans_peer <n_threads> peak`
// An example is a program: it prints, and a wrong call is a panic with its reason.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs::{self, File};
use std::time::Instant;

use rayon::prelude::*;
use tenure_cluster::{ClusterError, Fitted, Init, KMeans, RowFile, Rows, Silent};
use tenure_kernels::kmeans::cpu::{Level, flops_per_round, fused_products};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let n_threads = words[0].parse().unwrap();
    rayon::ThreadPoolBuilder::new().num_threads(n_threads).build_global().unwrap();
    match words[1..] {
        ["peak"] => peak(n_threads),
        ["ragged", data, n_columns, k, sizes] => ragged(data, n_columns, k, sizes),
        [data, n_columns, k, max_iter, init] => fit(data, [n_columns, k, max_iter], init, "in-memory"),
        [data, n_columns, k, max_iter, init, mode] => fit(data, [n_columns, k, max_iter], init, mode),
        _ => panic!("see the head of this file for the arguments"),
    }
}

fn floats(path: &str) -> Vec<f32> {
    fs::read(path).unwrap().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn fit(data: &str, [n_columns, k, max_iter]: [&str; 3], init: &str, mode: &str) {
    let (n_columns, k) = (n_columns.parse().unwrap(), k.parse().unwrap());
    let (init, n_init) = match init.parse() {
        Ok(n_init) => (Init::KMeansPlusPlus, n_init),
        Err(_) => (Init::Given(floats(init).into_iter().map(f64::from).collect()), 1),
    };
    let given = matches!(init, Init::Given(_));
    let tolerance = if given { 0.0 } else { 1e-4 };
    let settings = KMeans { n_init, max_iter: max_iter.parse().unwrap(), tolerance, init, ..KMeans::new(k) };
    let mut spill_seconds = 0.0;
    let (fitted, [seconds, cpu_seconds]) = if mode == "streamed" || mode == "read" {
        // As rows of Parquet or CSV are: decoded once, into a scratch file.
        let mut decoded = RowFile::open(File::open(data).unwrap(), n_columns).unwrap();
        let start = Instant::now();
        let mut source = match mode {
            "read" => RowFile::spill(&mut decoded, tempfile::tempfile().unwrap()).unwrap(),
            _ => RowFile::spill_in(&mut decoded, &std::env::temp_dir()).unwrap(),
        };
        spill_seconds = start.elapsed().as_secs_f64();
        timed(|| settings.fit_source(&mut source, &mut Silent))
    } else {
        let x = floats(data);
        timed(|| settings.fit(Rows { x: &x, weights: None, n_columns }))
    };
    let n_iter: usize = fitted.restarts.iter().map(|restart| restart.n_iter).sum();
    let checksum: f64 = fitted.centroids.values().iter().sum();
    println!(
        "{{\"seconds\": {seconds}, \"cpu_seconds\": {cpu_seconds}, \"spill_seconds\": {spill_seconds}, \"inertia\": {}, \"n_iter\": {n_iter}, \"checksum\": {checksum}, \"level\": \"{:?}\"}}",
        fitted.inertia,
        Level::detect()
    );
}

fn timed(fit: impl FnOnce() -> Result<Fitted, ClusterError>) -> (Fitted, [f64; 2]) {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let fitted = fit().unwrap();
    (fitted, [start.elapsed().as_secs_f64(), cpu_seconds() - cpu])
}

/// Seconds that this program's threads ran on a core, where Linux tells; on a shared machine the clock also counts others.
fn cpu_seconds() -> f64 {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return f64::NAN };
    let of_task = |task: fs::DirEntry| fs::read_to_string(task.path().join("schedstat")).ok();
    let nanoseconds = |text: String| text.split_whitespace().next()?.parse::<f64>().ok();
    tasks.flatten().filter_map(of_task).filter_map(nanoseconds).sum::<f64>() / 1e9
}

fn ragged(data: &str, n_columns: &str, k: &str, sizes: &str) {
    let (n_columns, x) = (n_columns.parse().unwrap(), floats(data));
    let sizes = fs::read(sizes).unwrap();
    let (mut rest, mut problems) = (x.as_slice(), Vec::new());
    for size in sizes.as_chunks::<4>().0 {
        let (problem, after) = rest.split_at(u32::from_le_bytes(*size) as usize * n_columns);
        problems.push(Rows { x: problem, weights: None, n_columns });
        rest = after;
    }
    let settings = KMeans { n_init: 1, ..KMeans::new(k.parse().unwrap()) };
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let fitted = settings.fit_batch(&problems).unwrap();
    let (seconds, cpu_seconds) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let inertia: f64 = fitted.iter().map(|fitted| fitted.inertia).sum();
    println!("{{\"seconds\": {seconds}, \"cpu_seconds\": {cpu_seconds}, \"inertia\": {inertia}}}");
}

fn peak(n_threads: usize) {
    let level = Level::detect();
    let n_rounds = 20_000_000;
    let start = cpu_seconds();
    let sum: f32 = (0..n_threads).into_par_iter().map(|_| fused_products(level, n_rounds)).sum();
    let rate = (n_threads * n_rounds * flops_per_round(level)) as f64 / ((cpu_seconds() - start) / n_threads as f64);
    println!("{{\"gflops\": {}, \"level\": \"{level:?}\", \"sum\": {sum}}}", rate / 1e9);
}
