//! What runs on the host between the files and the network: encoding and intervals. Sizes are in the ids.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tenure_config::{Overrides, Plan, parse};
use tenure_encode::{fit_transform, transform};
use tenure_evaluate::{Bootstrap, Metric, Scored};
use tenure_table::{Column, Role, Table, Values};

const N_ROWS: usize = 100_000;
const N_NUMERIC: usize = 32;
const N_CATEGORY: usize = 8;

fn plan() -> Plan {
    parse("[data]\nsource = \"synthetic\"\n", "bench.toml", &Overrides::default()).expect("the defaults are valid")
}

fn uniform(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / 16_777_216.0
}

/// Skewed magnitudes with a twentieth missing, categories of 4 to 512 levels, and a target that depends on neither.
fn table() -> Table {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let mut columns = Vec::new();
    for i in 0..N_NUMERIC {
        let value = |rng: &mut ChaCha8Rng| if uniform(rng) < 0.05 { f32::NAN } else { -uniform(rng).max(1e-6).ln() };
        let values = (0..N_ROWS).map(|_| value(rng)).collect();
        columns.push(Column::new(format!("x{i}"), Role::Numeric, Values::Numeric(values)));
    }
    for i in 0..N_CATEGORY {
        let n_levels = 4 << i;
        let levels: Vec<String> = (0..N_ROWS).map(|_| format!("l{}", rng.next_u32() % n_levels)).collect();
        let values = Values::categories(levels.iter().map(|level| Some(level.as_str())));
        columns.push(Column::new(format!("c{i}"), Role::Category, values));
    }
    let target = (0..N_ROWS).map(|_| f32::from(u8::from(uniform(rng) < 0.2))).collect();
    columns.push(Column::new("churned", Role::Target, Values::Numeric(target)));
    Table::new(columns).expect("columns of one length")
}

fn encode(criterion: &mut Criterion) {
    let (plan, table) = (plan(), table());
    let rows: Vec<u32> = (0..N_ROWS as u32).collect();
    let (prep, _) = fit_transform(&table, &rows, &plan.encode, 0).expect("the table encodes");
    let mut group = criterion.benchmark_group(format!("encode/{N_ROWS}x{}", N_NUMERIC + N_CATEGORY));
    group.sample_size(10).throughput(Throughput::Elements(N_ROWS as u64));
    group.bench_function("fit_transform", |b| b.iter(|| fit_transform(&table, &rows, &plan.encode, 0)));
    group.bench_function("transform", |b| b.iter(|| transform(&prep, &table, &rows)));
    group.finish();
}

fn bootstrap(criterion: &mut Criterion) {
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    let probabilities: Vec<f64> = (0..N_ROWS).map(|_| f64::from(uniform(rng))).collect();
    let outcomes: Vec<bool> = probabilities.iter().map(|&p| f64::from(uniform(rng)) < p).collect();
    let scored = Scored::new(&probabilities, &outcomes, None).expect("probabilities");
    let metrics = [Metric::Auc, Metric::AveragePrecision, Metric::LogLoss, Metric::Brier, Metric::Ece { bins: 15 }];
    let mut group = criterion.benchmark_group(format!("bootstrap/{N_ROWS}x100"));
    group.sample_size(10);
    let bootstrap = Bootstrap { resamples: 100, confidence: 0.95, seed: 3 };
    group.bench_function("five_metrics", |b| b.iter(|| bootstrap.estimate(&scored, &metrics)));
    group.finish();
}

criterion_group!(benches, encode, bootstrap);
criterion_main!(benches);
