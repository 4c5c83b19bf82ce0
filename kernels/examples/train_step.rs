//! Times whole training steps (gather, forward, cross-entropy, backward, AdamW) on made rows.
//!
//! Reads jobs from standard input, one a line, and answers each with milliseconds a step (the median over rounds, and the least) and the
//! loss of the last step: `benches/peers/train.py` asks it in turns with `PyTorch`. A job is
//! `KIND BATCH INPUTS WIDTHS MEMBERS THREADS STEPS ROUNDS`, such as `mlp 256 32 128,128 1 2 200 5`; kinds are `mlp` and
//! `tabm`. `peak` asks for the rate that no product exceeds.

use std::io::{BufRead, Write};
use std::time::Instant;

use tenure_kernels::Simd;
use tenure_kernels::adamw::AdamW;
use tenure_kernels::kmeans::cpu::{flops_per_round, fused_products};
use tenure_kernels::loss::Loss;
use tenure_kernels::step::{
    Activation, Embedding, Execution, Group, Head, Inputs, Layer, Network, Rows, Settings, Step, Table, Trainer,
};

/// Batches in the table.
const BATCHES: usize = 16;

struct Job {
    network: Network,
    batch: usize,
    threads: usize,
    steps: usize,
    rounds: usize,
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("text");
        let answer = match (line.as_str(), parse(&line)) {
            ("peak", _) => format!("{:.1}", peak()),
            (_, Some(job)) => run(&job),
            (_, None) => format!("not a job: {line}"),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}").and_then(|()| out.flush()).expect("a reader");
    }
}

/// GFLOP/s of fused products from register to register on one thread, the best of ten rounds.
fn peak() -> f64 {
    const ROUNDS: usize = 2_000_000;
    let level = Simd::detect().level();
    let rate = || {
        let clock = Instant::now();
        std::hint::black_box(fused_products(level, ROUNDS));
        (flops_per_round(level) * ROUNDS) as f64 / clock.elapsed().as_secs_f64() / 1e9
    };
    (0..10).map(|_| rate()).fold(0.0, f64::max)
}

fn parse(line: &str) -> Option<Job> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let &[kind, batch, inputs, widths, members, threads, steps, rounds] = words.as_slice() else { return None };
    let number = |text: &str| text.parse::<usize>().ok();
    let widths: Vec<usize> = widths.split(',').map(number).collect::<Option<_>>()?;
    Some(Job {
        network: network(number(inputs)?, &widths, if kind == "tabm" { number(members)? } else { 1 }, kind == "tabm"),
        batch: number(batch)?,
        threads: number(threads)?,
        steps: number(steps)?,
        rounds: number(rounds)?,
    })
}

fn network(n_inputs: usize, widths: &[usize], members: usize, scaled: bool) -> Network {
    let mut next = 0;
    let mut take = |n: usize| {
        next += n;
        next - n
    };
    let mut layers = Vec::new();
    let mut n_in = n_inputs;
    for &n_out in widths {
        layers.push(Layer {
            n_in,
            n_out,
            weight: take(n_in * n_out),
            own_weight: false,
            factor: 1.0,
            input_scale: scaled.then(|| take(members * n_in)),
            output_scale: scaled.then(|| take(members * n_out)),
            bias: take(members * n_out),
            own_bias: scaled,
            activation: Activation::Relu,
            mix: None,
        });
        n_in = n_out;
    }
    let head = Head { n_in, n_out: 1, weight: take(members * n_in), bias: take(members), factor: 1.0 };
    let inputs = Inputs {
        n_magnitudes: n_inputs,
        embedding: Embedding::Plain,
        n_binary: 0,
        levels: vec![],
        category_width: 0,
        category_table: 0,
        front_scale: None,
    };
    Network { inputs, members, layers, head, n_weights: next }
}

/// A number in [-1, 1) that looks like no other.
fn noise(i: usize) -> f32 {
    let mut x = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D;
    x = (x ^ (x >> 31)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    ((x >> 40) as f32 / (1_u64 << 24) as f32).mul_add(2.0, -1.0)
}

fn run(job: &Job) -> String {
    let (network, n_rows) = (&job.network, job.batch * BATCHES);
    let f = network.inputs.n_magnitudes;
    let magnitudes: Vec<f32> = (0..n_rows * f).map(noise).collect();
    let label = |row: &[f32]| f32::from(u8::from(row.iter().take(8).sum::<f32>() > 0.0));
    let table = Table {
        n_rows,
        targets: magnitudes.chunks_exact(f).map(label).collect(),
        magnitudes: magnitudes.into(),
        weights: vec![1.0; n_rows],
        ..Table::default()
    };
    let rows = Rows::new(&network.inputs, table);
    let settings = Settings {
        loss: Loss::CHURN,
        adamw: AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
        clip_norm: 0.0,
        groups: vec![Group { weights: 0..network.n_weights, rate: 1.0, decays: true }],
    };
    let kept_bytes = Execution::KEPT_BYTES;
    let execution = Execution { simd: Simd::detect(), n_threads: job.threads, batch: job.batch, kept_bytes };
    let mut trainer = Trainer::new(network.clone(), settings, execution);
    let bound = 1.0 / (f as f32).sqrt();
    let mut weights: Vec<f32> = (0..network.n_weights).map(|i| bound * noise(i + 77)).collect();
    for scale in
        network.layers.iter().flat_map(|l| [l.input_scale.zip(Some(l.n_in)), l.output_scale.zip(Some(l.n_out))])
    {
        let Some((start, width)) = scale else { continue };
        weights[start..start + network.members * width].fill(1.0);
    }
    trainer.start(&weights);
    let order: Vec<u32> = (0..n_rows as u32).map(|i| (u64::from(i) * 7919 % n_rows as u64) as u32).collect();
    let step = |i: usize| {
        let start = i % BATCHES * job.batch;
        Step { rows: start..start + job.batch, learning_rate: 1e-3, decay: 1e-4, mask_starts: vec![] }
    };
    let steps: Vec<Step> = (0..job.steps).map(step).collect();
    let mut times = Vec::with_capacity(job.rounds);
    let mut loss = 0.0;
    for _ in 0..job.rounds {
        let clock = Instant::now();
        loss = trainer.epoch(&rows, &order, &steps, None) / (job.steps * job.batch) as f64;
        times.push(clock.elapsed().as_secs_f64() * 1e3 / job.steps as f64);
    }
    times.sort_by(f64::total_cmp);
    format!("{:.4} {:.4} {loss:.4}", times[times.len() / 2], times[0])
}
