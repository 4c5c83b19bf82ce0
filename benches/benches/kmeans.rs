//! k-means kernels: one Lloyd iteration, its batched restarts, the same where no row changes its cluster, and the D² kernels. Sizes are in the ids, threads are rayon's
//! default; peers are in `benches/peers/kmeans.py`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_kernels::kmeans::cpu::{
    Candidates, Frame, Labelled, Level, Panel, UNLABELLED, accumulate_all, accumulate_moves, lower, padded, potentials,
};
use tenure_kernels::kmeans::{Metric, Rows, Sums, chunk_rows};

const N_ROWS: usize = 200_000;

fn made(n: usize, d: usize) -> Vec<f32> {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    (0..n * d).map(|_| (rng.next_u32() >> 8) as f32 / 16_777_216.0).collect()
}

fn centroids(x: &[f32], k: usize, d: usize) -> Vec<f64> {
    x[..k * d].iter().map(|&x| f64::from(x)).collect()
}

fn frame() -> Frame {
    Frame { metric: Metric::SquaredEuclidean, shift: Vec::new() }
}

fn lloyd(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kmeans/lloyd");
    group.sample_size(10).throughput(Throughput::Elements(N_ROWS as u64));
    for (d, k, n_restarts) in [(16, 16, 1), (16, 16, 10), (32, 64, 1), (64, 64, 1), (64, 256, 1)] {
        let x = made(N_ROWS, d);
        let rows = Rows { x: &x, weights: None, n_columns: d };
        let panel = |_| Panel::scores(Level::detect(), &frame(), &centroids(&x, k, d), d);
        let panels: Vec<Panel> = (0..n_restarts).map(panel).collect();
        let mut sums = vec![Sums::zeros(k, d); n_restarts];
        let id = format!("{N_ROWS}x{d}, K={k}, R={n_restarts}");
        group.bench_function(&id, |b| b.iter(|| accumulate_all(&panels, rows, chunk_rows(k), &mut sums)));
        let mut labels = vec![UNLABELLED; n_restarts * N_ROWS];
        group.bench_function(format!("{id}, rows that stay"), |b| {
            b.iter(|| {
                let labelled = labels.chunks_exact_mut(N_ROWS).map(|labels| Labelled { labels, leads: None }).collect();
                accumulate_moves(&panels, rows, chunk_rows(k), labelled, &mut sums);
            });
        });
    }
    group.finish();
}

fn seeding(criterion: &mut Criterion) {
    let (d, n, n_restarts, n_candidates) = (16, chunk_rows(8), 10, 4);
    let x = made(n, d);
    let rows = Rows { x: &x, weights: None, n_columns: d };
    let one = |_| Panel::points(Level::detect(), &frame(), &centroids(&x, 1, d), d);
    let one: Vec<Panel> = (0..n_restarts).map(one).collect();
    let several = |_| Candidates::new(Level::detect(), &frame(), &centroids(&x, n_candidates, d), d);
    let several: Vec<Candidates> = (0..n_restarts).map(several).collect();
    let mut nearest = vec![f32::MAX; n_restarts * padded(n)];
    let mut group = criterion.benchmark_group(format!("kmeans/seeding/{n}x{d}, R={n_restarts}, one thread"));
    group.throughput(Throughput::Elements(n as u64));
    group.bench_function("lower", |b| b.iter(|| lower(&one, rows, &mut nearest)));
    group.bench_function(format!("potentials, {n_candidates} candidates"), |b| {
        b.iter(|| potentials(&several, rows, &nearest));
    });
    group.finish();
}

criterion_group!(benches, lloyd, seeding);
criterion_main!(benches);
