//! Every instruction set of this CPU against the reference, on rows that are easy, hard and tiny.

#[cfg(feature = "gpu")]
#[path = "kmeans/gpu.rs"]
mod gpu;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tenure_kernels::kmeans::cpu::{
    Candidates, Frame, Labelled, Level, Panel, UNLABELLED, accumulate, accumulate_all, accumulate_moves, assign,
    drift_of_scores, lower, padded, potentials, squared_distances,
};
use tenure_kernels::kmeans::{Metric, Rows, Sums, TOLERANCE, reference};

struct Case {
    name: &'static str,
    x: Vec<f32>,
    centroids: Vec<f64>,
    n_columns: usize,
    weights: Option<Vec<f32>>,
}

impl Case {
    fn rows(&self) -> Rows<'_> {
        Rows { x: &self.x, weights: self.weights.as_deref(), n_columns: self.n_columns }
    }

    /// As the driver does: rows are moved to their mean.
    fn frame(&self, metric: Metric) -> Frame {
        let (n, d) = (self.rows().len() as f64, self.n_columns);
        let mean = |j: usize| self.x.chunks_exact(d).map(|row| f64::from(row[j])).sum::<f64>() / n;
        let shift = if metric == Metric::Cosine { Vec::new() } else { (0..d).map(|j| mean(j) as f32).collect() };
        Frame { metric, shift }
    }
}

fn uniform(rng: &mut ChaCha8Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0
}

/// Rows about `n_spots` spots, the first `k` rows as centroids.
fn case(name: &'static str, (n, d, k): (usize, usize, usize), n_spots: usize, offset: f32, width: f32) -> Case {
    let rng = &mut ChaCha8Rng::seed_from_u64(n as u64);
    let spots: Vec<f32> = (0..n_spots * d).map(|_| offset + uniform(rng)).collect();
    let spot = |i: usize| &spots[i % n_spots * d..(i % n_spots + 1) * d];
    let x: Vec<f32> = (0..n).flat_map(|i| spot(i).to_vec()).map(|x| x + width * uniform(rng)).collect();
    let centroids = x[..k * d].iter().map(|&x| f64::from(x)).collect();
    Case { name, x, centroids, n_columns: d, weights: None }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        case("random", (1000, 16, 16), 1000, 0.0, 0.0),
        case("odd shape", (997, 7, 13), 997, 0.0, 0.0),
        case("one column", (500, 1, 5), 500, 0.0, 0.0),
        case("wide", (300, 300, 9), 300, 0.0, 0.0),
        case("many centroids", (3000, 5, 257), 3000, 0.0, 0.0),
        case("four registers of centroids", (1000, 33, 64), 1000, 0.0, 0.0),
        case("two and three registers", (700, 120, 150), 700, 0.0, 0.0),
        case("one register, empty lanes", (401, 400, 45), 401, 0.0, 0.0),
        case("clustered", (2000, 8, 10), 10, 0.0, 0.01),
        case("duplicated", (900, 6, 3), 3, 0.0, 0.0),
        case("constant", (100, 4, 1), 1, 0.0, 0.0),
        case("offset of a million", (2000, 12, 11), 2000, 1e6, 0.0),
        case("as many centroids as rows", (17, 3, 17), 17, 0.0, 0.0),
        case("one row", (1, 2, 1), 1, 0.0, 0.0),
    ];
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let weights = |rng: &mut ChaCha8Rng| (0..1000).map(|_| (uniform(rng) * 3.0).max(0.0)).collect();
    cases.push(Case { weights: Some(weights(rng)), name: "weighted", ..case("", (1000, 10, 7), 1000, 0.0, 0.0) });
    cases
}

const METRICS: [Metric; 2] = [Metric::SquaredEuclidean, Metric::Cosine];

/// Under cosine rows far off all point one way, nearer than `f32` tells apart.
fn each(mut check: impl FnMut(&Case, Level, &Frame, &str)) {
    for case in cases() {
        for level in Level::available() {
            for metric in METRICS {
                if metric == Metric::SquaredEuclidean || !case.name.starts_with("offset") {
                    check(&case, level, &case.frame(metric), &format!("{}, {level:?}, {metric:?}", case.name));
                }
            }
        }
    }
}

/// Centroids as the metric wants them.
fn prepared(case: &Case, metric: Metric) -> Vec<f64> {
    let mut centroids = case.centroids.clone();
    if metric == Metric::Cosine {
        for centroid in centroids.chunks_exact_mut(case.n_columns) {
            let norm = centroid.iter().map(|c| c * c).sum::<f64>().sqrt();
            for c in centroid {
                *c /= norm;
            }
        }
    }
    centroids
}

/// What `TOLERANCE` is a share of.
fn largest_squared_norm(case: &Case, frame: &Frame) -> f64 {
    let shift = |j: usize| frame.shift.get(j).map_or(0.0, |&shift| f64::from(shift));
    let squared = |x: &[f32]| x.iter().enumerate().map(|(j, &x)| (f64::from(x) - shift(j)).powi(2)).sum::<f64>();
    match frame.metric {
        Metric::SquaredEuclidean => case.x.chunks_exact(case.n_columns).map(squared).fold(0.0, f64::max),
        Metric::Cosine => 1.0,
    }
}

#[test]
fn labels_are_those_of_the_reference_ties_aside() {
    each(|case, level, frame, name| {
        let (rows, d) = (case.rows(), case.n_columns);
        let centroids = prepared(case, frame.metric);
        let k = centroids.len() / d;
        let (mut labels, mut seconds) = (vec![0; rows.len()], vec![0; rows.len()]);
        let panel = Panel::scores(level, frame, &centroids, d);
        assign(&panel, rows, &mut labels, Some(&mut seconds));
        let mut alone = vec![0; rows.len()];
        assign(&panel, rows, &mut alone, None);
        assert_eq!(labels, alone, "{name}: the second best is not to change the best");
        let slack = TOLERANCE * largest_squared_norm(case, frame);
        for i in 0..rows.len() {
            let distance = |label: u32| {
                let label = label as usize;
                reference::distance(rows.row(i), &centroids[label * d..(label + 1) * d], frame.metric)
            };
            let mut all: Vec<f64> = (0..k as u32).map(distance).collect();
            all.sort_by(f64::total_cmp);
            assert!(distance(labels[i]) <= all[0] + slack, "{name}: row {i}, label {}", labels[i]);
            assert!(distance(seconds[i]) <= all[1.min(k - 1)] + slack, "{name}: row {i}, second {}", seconds[i]);
            assert!(k == 1 || labels[i] != seconds[i], "{name}: row {i}, twice {}", labels[i]);
        }
    });
}

#[test]
fn exact_ties_go_to_the_lower_index() {
    for level in Level::available() {
        for (k, d) in [(3, 2), (80, 32)] {
            let frame = Frame { metric: Metric::SquaredEuclidean, shift: Vec::new() };
            let centroids = [1.0, 0.0].repeat(k * d / 2);
            let mut labels = vec![9; 100];
            let x = [1.5_f32, 0.25].repeat(100 * d / 2);
            let panel = Panel::scores(level, &frame, &centroids, d);
            assign(&panel, Rows { x: &x, weights: None, n_columns: d }, &mut labels, None);
            assert_eq!(labels, vec![0; 100], "{level:?}, {k} centroids");
        }
    }
}

#[test]
fn rows_as_they_lie_have_the_labels_of_rows_turned() {
    let case = case("", (5000, 40, 96), 5000, 0.0, 0.0);
    let frame = Frame { metric: Metric::SquaredEuclidean, shift: Vec::new() };
    for level in Level::available() {
        let panel = Panel::scores(level, &frame, &case.centroids, 40);
        let (mut labels, mut turned, mut seconds) = (vec![0; 5000], vec![0; 5000], vec![0; 5000]);
        assign(&panel, case.rows(), &mut labels, None);
        assign(&panel, case.rows(), &mut turned, Some(&mut seconds));
        assert_eq!(labels, turned, "{level:?}");
    }
}

#[test]
fn numbers_that_overflow_give_some_label() {
    let frame = Frame { metric: Metric::SquaredEuclidean, shift: Vec::new() };
    for level in Level::available() {
        let panel = Panel::scores(level, &frame, &vec![1e30; 60 * 32], 32);
        for value in [f32::NAN, f32::INFINITY, f32::MAX, f32::MIN] {
            let x = vec![value; 50 * 32];
            let mut labels = vec![99; 50];
            assign(&panel, Rows { x: &x, weights: None, n_columns: 32 }, &mut labels, None);
            assert!(labels.iter().all(|&label| label < 60), "{level:?}: {value}");
        }
    }
}

#[test]
fn sums_are_those_of_the_labels() {
    each(|case, level, frame, name| {
        let (rows, d) = (case.rows(), case.n_columns);
        let centroids = prepared(case, frame.metric);
        let k = centroids.len() / d;
        let panel = Panel::scores(level, frame, &centroids, d);
        let mut labels = vec![0; rows.len()];
        assign(&panel, rows, &mut labels, None);
        let mut expected = Sums::zeros(k, d);
        for (i, &label) in labels.iter().enumerate() {
            let (x, w) = (rows.row(i), f64::from(rows.weight(i)));
            let scale = if frame.metric == Metric::Cosine { w / reference::norm(x) } else { w };
            expected.weights[label as usize] += w;
            for (j, &x) in x.iter().enumerate() {
                expected.sums[label as usize * d + j] += scale * f64::from(x);
            }
        }
        let mut found = Sums::zeros(k, d);
        accumulate(&[panel], rows, &[], std::slice::from_mut(&mut found));
        assert_eq!(found.weights, expected.weights, "{name}");
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + b.abs());
        assert!(found.sums.iter().zip(&expected.sums).all(|(&a, &b)| close(a, b)), "{name}");
    });
}

#[test]
fn sums_agree_with_the_reference_where_clusters_are_apart() {
    let case = case("clustered", (2000, 8, 10), 10, 0.0, 0.01);
    for level in Level::available() {
        for metric in METRICS {
            let frame = case.frame(metric);
            let centroids = prepared(&case, metric);
            let expected = reference::accumulate(case.rows(), &centroids, metric);
            let mut found = [Sums::zeros(10, 8)];
            accumulate(&[Panel::scores(level, &frame, &centroids, 8)], case.rows(), &[], &mut found);
            assert_eq!(found[0].weights, expected.weights, "{level:?}, {metric:?}");
        }
    }
}

#[test]
fn squared_distances_are_those_of_the_reference() {
    each(|case, level, frame, name| {
        let (rows, d) = (case.rows(), case.n_columns);
        let centroids = prepared(case, frame.metric);
        let k = centroids.len() / d;
        let mut found = vec![0.0; rows.len() * k];
        squared_distances(&Panel::points(level, frame, &centroids, d), rows, &mut found);
        for (at, &found) in found.iter().enumerate() {
            let centroid = &centroids[at % k * d..(at % k + 1) * d];
            let mut expected = reference::distance(rows.row(at / k), centroid, frame.metric);
            if frame.metric == Metric::Cosine {
                expected *= 2.0;
            }
            let close = (f64::from(found) - expected).abs() <= 1e-4 * expected + 1e-6;
            assert!(close, "{name}: row {}, centroid {}: {found}, not {expected}", at / k, at % k);
        }
    });
}

#[test]
fn a_row_is_at_no_distance_from_itself() {
    let case = case("offset of a million", (2000, 12, 11), 2000, 1e6, 0.0);
    let frame = case.frame(Metric::SquaredEuclidean);
    for level in Level::available() {
        let mut found = vec![1.0; 2000 * 11];
        squared_distances(&Panel::points(level, &frame, &case.centroids, 12), case.rows(), &mut found);
        assert!((0..11).all(|i| found[i * 11 + i] == 0.0), "{level:?}");
    }
}

#[test]
fn potentials_foretell_what_lowering_gives() {
    each(|case, level, frame, name| {
        let (rows, d) = (case.rows(), case.n_columns);
        let centroids = prepared(case, frame.metric);
        let first = [Panel::points(level, frame, &centroids[..d], d)];
        let mut nearest = vec![f32::MAX; padded(rows.len())];
        let before = lower(&first, rows, &mut nearest)[0];
        let foretold = &potentials(&[Candidates::new(level, frame, &centroids, d)], rows, &nearest)[0];
        for (c, centroid) in centroids.chunks_exact(d).enumerate() {
            let mut nearest = nearest.clone();
            let after = lower(&[Panel::points(level, frame, centroid, d)], rows, &mut nearest)[0];
            assert!((after - foretold[c]).abs() <= 1e-4 * before + 1e-9, "{name}: {after}, not {}", foretold[c]);
            assert!(after <= before * 1.000_001, "{name}");
        }
    });
}

#[test]
fn lowering_is_the_reference_s() {
    let case = case("random", (1000, 16, 16), 1000, 0.0, 0.0);
    let mut expected = vec![f64::INFINITY; 1000];
    reference::lower(case.rows(), &case.centroids, &mut expected);
    for level in Level::available() {
        let mut found = vec![f32::MAX; padded(1000)];
        let frame = case.frame(Metric::SquaredEuclidean);
        let total = lower(&[Panel::points(level, &frame, &case.centroids, 16)], case.rows(), &mut found)[0];
        assert!(found.iter().zip(&expected).all(|(&a, b)| (f64::from(a) - b).abs() <= 1e-5 * (1.0 + b)), "{level:?}");
        assert!((total / expected.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{level:?}");
    }
}

#[test]
fn restarts_side_by_side_are_the_same_bits_as_alone() {
    let case = case("random", (5000, 16, 30), 5000, 0.0, 0.0);
    let frame = case.frame(Metric::SquaredEuclidean);
    for level in Level::available() {
        let panel = |from: usize| Panel::scores(level, &frame, &case.centroids[from * 16..(from + 10) * 16], 16);
        let mut together = vec![Sums::zeros(10, 16); 3];
        accumulate(&[panel(0), panel(10), panel(20)], case.rows(), &[], &mut together);
        for (i, expected) in together.iter().enumerate() {
            let mut alone = [Sums::zeros(10, 16)];
            accumulate(&[panel(10 * i)], case.rows(), &[], &mut alone);
            assert_eq!(&alone[0], expected, "{level:?}");
        }
    }
}

/// Labels without leads.
fn unled(labels: &mut [u16]) -> Labelled<'_> {
    Labelled { labels, leads: None }
}

/// How far each centroid and the farthest-moving other go from `old` to `new`, and what scores may be off by.
fn drift(old: &[f64], new: &[f64], d: usize) -> Vec<f32> {
    let pairs = old.chunks_exact(d).zip(new.chunks_exact(d));
    let moved: Vec<f64> =
        pairs.map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()).collect();
    let farthest =
        |but: Option<usize>| (0..moved.len()).filter(|&k| Some(k) != but).map(|k| moved[k]).fold(0.0, f64::max);
    let of = |k: usize| moved[k] + farthest(Some(k)) + drift_of_scores(d) * farthest(None);
    (0..moved.len()).map(|k| (of(k) as f32).next_up()).collect()
}

#[test]
fn rows_that_lead_far_enough_have_the_labels_and_sums_of_those_that_are_compared() {
    let shapes = [(16, 16), (9, 20), (32, 64), (70, 33), (3, 1), (1, 5), (40, 600)];
    for (i, (d, k)) in shapes.into_iter().enumerate() {
        // Some rows lie between two centroids, some are centroids, and some are the same.
        let mut case = case("spots", (8000, d, k), k + k / 3 + 1, if i == 1 { 1e6 } else { 0.0 }, 0.2);
        let x = case.x.clone();
        case.x[..100 * d].copy_from_slice(&x[100 * d..200 * d]);
        let frame = case.frame(Metric::SquaredEuclidean);
        let rng = &mut ChaCha8Rng::seed_from_u64(3);
        for level in Level::available() {
            let mut centroids = case.centroids.clone();
            let (mut total, mut leads) = (vec![0.0_f32; k], vec![0; 8000]);
            let (mut labels, mut expected) = (vec![UNLABELLED; 8000], vec![UNLABELLED; 8000]);
            let (mut sums, mut expected_sums) = ([Sums::zeros(k, d)], [Sums::zeros(k, d)]);
            for step in 0..12 {
                let panel = || Panel::scores(level, &frame, &centroids, d);
                let kept = Labelled { labels: &mut labels, leads: Some(&mut leads) };
                accumulate_moves(&[panel().drifted(total.clone())], case.rows(), 4096, vec![kept], &mut sums);
                accumulate_moves(&[panel()], case.rows(), 4096, vec![unled(&mut expected)], &mut expected_sums);
                assert_eq!(labels, expected, "{level:?}, {d} columns, {k} clusters, step {step}");
                assert_eq!(sums, expected_sums, "{level:?}, {d} columns, {k} clusters, step {step}");
                // Ever smaller steps, now and then of one centroid alone.
                let far = f64::from(0.5_f32.powi(step));
                let moved: Vec<f64> = centroids.iter().map(|c| c + far * f64::from(uniform(rng))).collect();
                let moved = if step % 4 == 3 { [&moved[..d], &centroids[d..]].concat() } else { moved };
                total.iter_mut().zip(drift(&centroids, &moved, d)).for_each(|(sum, of)| *sum = (*sum + of).next_up());
                centroids = moved;
            }
            let n_kept = leads.iter().filter(|&&lead| lead > 0).count();
            assert!(n_kept > 4000, "{level:?}, {d} columns, {k} clusters: {n_kept} rows lead");
        }
    }
}

#[test]
fn what_rows_moved_brings_the_sums_of_their_new_clusters() {
    for (d, k) in [(9, 20), (32, 64), (3, 1)] {
        let case = case("random", (20_000, d, 2 * k), 20_000, 0.0, 0.0);
        let frame = case.frame(Metric::SquaredEuclidean);
        for level in Level::available() {
            let panel = |i: usize| [Panel::scores(level, &frame, &case.centroids[i * k * d..(i + 1) * k * d], d)];
            let mut labels = vec![UNLABELLED; 20_000];
            let mut moved = [Sums::zeros(k, d)];
            let mut first = None;
            // There, and there, and back: once all rows are new, twice most change, once none does.
            for turn in [0, 1, 0, 0] {
                accumulate_moves(&panel(turn), case.rows(), 4096, vec![unled(&mut labels)], &mut moved);
                let mut anew = [Sums::zeros(k, d)];
                accumulate_all(&panel(turn), case.rows(), 4096, &mut anew);
                assert_eq!(moved[0].weights, anew[0].weights, "{level:?}, {k} clusters");
                let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
                assert!(moved[0].sums.iter().zip(&anew[0].sums).all(close), "{level:?}, {k} clusters");
                let mut expected = vec![0; 20_000];
                assign(&panel(turn)[0], case.rows(), &mut expected, None);
                let labels: Vec<u32> = labels.iter().map(|&label| u32::from(label)).collect();
                assert_eq!(labels, expected, "{level:?}, {k} clusters");
                first.get_or_insert_with(|| anew.clone());
            }
            let before = moved.clone();
            accumulate_moves(&panel(0), case.rows(), 4096, vec![unled(&mut labels)], &mut moved);
            assert_eq!(moved, before, "rows that stay change no bit");
            let mut fresh = [Sums::zeros(k, d)];
            accumulate_moves(&panel(0), case.rows(), 4096, vec![unled(&mut vec![UNLABELLED; 20_000])], &mut fresh);
            assert_eq!(Some(fresh), first, "rows that are all new are summed as by accumulate_all");
        }
    }
}

#[test]
fn sums_do_not_depend_on_threads_nor_on_fused_instruction_sets() {
    for (d, k) in [(9, 20), (32, 64)] {
        let case = case("random", (30_000, d, k), 30_000, 0.0, 0.0);
        let frame = case.frame(Metric::SquaredEuclidean);
        let mut results = Vec::new();
        for level in Level::available().into_iter().filter(|&level| level != Level::Portable) {
            for n_threads in [1, 2, 3, 7] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                let mut sums = [Sums::zeros(k, d)];
                let panels = [Panel::scores(level, &frame, &case.centroids, d)];
                pool.install(|| accumulate_all(&panels, case.rows(), 4096, &mut sums));
                results.push((level, n_threads, sums));
            }
        }
        for (level, n_threads, sums) in &results {
            assert_eq!(sums, &results[0].2, "{level:?}, {n_threads} threads");
        }
    }
}

#[test]
fn seeding_does_not_depend_on_fused_instruction_sets() {
    let case = case("random", (3001, 9, 5), 3001, 0.0, 0.0);
    let frame = case.frame(Metric::SquaredEuclidean);
    let all = Level::available().into_iter().filter(|&level| level != Level::Portable).map(|level| {
        let panels = [Panel::points(level, &frame, &case.centroids, 9)];
        let mut nearest = vec![f32::MAX; padded(3001)];
        let total = lower(&panels, case.rows(), &mut nearest);
        let candidates = [Candidates::new(level, &frame, &case.centroids, 9)];
        (total, potentials(&candidates, case.rows(), &nearest))
    });
    let all: Vec<_> = all.collect();
    assert!(all.iter().all(|found| found == &all[0]));
}
