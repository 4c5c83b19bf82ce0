//! Fits against the plain definition.

use tenure_cluster::{Init, KMeans, Metric, Rows};
use tenure_kernels::kmeans::reference;

use crate::made::{Made, rows};

/// Lloyd iterations as the textbook has them, from the first `k` rows, to rest.
fn textbook(rows: Rows<'_>, k: usize, metric: Metric) -> (Vec<f64>, f64) {
    let d = rows.n_columns;
    let mut centroids: Vec<f64> = rows.x[..k * d].iter().map(|&x| f64::from(x)).collect();
    for _ in 0..300 {
        let sums = reference::accumulate(rows, &centroids, metric);
        let mean = |(sum, weight): (&[f64], &f64)| sum.iter().map(|sum| sum / weight).collect::<Vec<f64>>();
        let new: Vec<f64> = sums.sums.chunks_exact(d).zip(&sums.weights).flat_map(mean).collect();
        if new == centroids {
            break;
        }
        centroids = new;
    }
    let inertia = reference::inertia(rows, &centroids, metric);
    (centroids, inertia)
}

fn given(rows: Rows<'_>, k: usize, metric: Metric) -> KMeans {
    let centroids = rows.x[..k * rows.n_columns].iter().map(|&x| f64::from(x)).collect();
    KMeans { tolerance: 0.0, init: Init::Given(centroids), metric, ..KMeans::new(k) }
}

#[test]
fn fits_are_the_textbook_s() {
    let cases = [
        ("clustered", Made::new(1).spots(3000, 5, 6, 0.5, 0.0), 5, 6),
        ("random", Made::new(2).spots(2000, 3, 2000, 0.0, 0.0), 3, 4),
        ("duplicated", Made::new(3).spots(1000, 4, 5, 0.0, 0.0), 4, 5),
        ("constant", vec![3.25; 400], 4, 1),
        ("offset of a million", Made::new(4).spots(3000, 4, 5, 0.5, 1e6), 4, 5),
        ("as many clusters as rows", Made::new(5).spots(9, 2, 9, 0.0, 0.0), 2, 9),
        ("one cluster", Made::new(6).spots(500, 3, 4, 1.0, 0.0), 3, 1),
    ];
    for (name, x, d, k) in &cases {
        for metric in [Metric::SquaredEuclidean, Metric::Cosine] {
            if metric == Metric::Cosine && name.starts_with("offset") {
                continue;
            }
            let rows = rows(x, *d);
            let fitted = given(rows, *k, metric).fit(rows).unwrap();
            let (centroids, inertia) = textbook(rows, *k, metric);
            let slack = 1e-6 * inertia + 1e-9;
            assert!((fitted.inertia - inertia).abs() <= slack, "{name}: {} and {inertia}", fitted.inertia);
            for (i, &label) in fitted.labels.iter().enumerate() {
                assert_eq!(label, reference::nearest(rows.row(i), &centroids, metric).0, "{name}, {metric:?}: row {i}");
            }
            assert!(fitted.restarts[0].converged, "{name}");
            assert_eq!(fitted.sizes.iter().sum::<usize>(), rows.len());
        }
    }
}

#[test]
fn every_init_finds_clusters_that_are_apart() {
    let x = Made::new(7).spots(5000, 6, 12, 0.2, 0.0);
    let rows = rows(&x, 6);
    for init in [Init::KMeansPlusPlus, Init::KMeansParallel { n_rounds: 5 }] {
        let fitted = KMeans { init: init.clone(), n_init: 5, ..KMeans::new(12) }.fit(rows).unwrap();
        // Within each spot a uniform of half-width .2 has variance .04 / 3 in each of 6 columns.
        let expected = 5000.0 * 6.0 * 0.04 / 3.0;
        assert!((fitted.inertia / expected - 1.0).abs() < 0.02, "{init:?}: {} and {expected}", fitted.inertia);
    }
    let random = KMeans { init: Init::Random, ..KMeans::new(12) }.fit(rows).unwrap();
    assert_eq!(random.restarts.len(), 10);
    let best = random.restarts.iter().map(|restart| restart.inertia).fold(f64::INFINITY, f64::min);
    assert_eq!(random.restarts[random.restart_idx].inertia, best);
    assert!((random.inertia / best - 1.0).abs() < 1e-3);
}

#[test]
fn the_thread_count_cannot_be_seen() {
    let x = Made::new(8).spots(20_000, 7, 9, 4.0, 0.0);
    for init in [Init::KMeansPlusPlus, Init::KMeansParallel { n_rounds: 3 }, Init::Random] {
        let settings = KMeans { n_init: 3, max_iter: 20, init, seed: 5, ..KMeans::new(9) };
        let fit = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| settings.fit(rows(&x, 7)).unwrap())
        };
        let one = fit(1);
        for n_threads in [2, 3, 7] {
            assert_eq!(fit(n_threads), one, "{n_threads} threads");
        }
    }
}

#[test]
fn a_weight_of_three_is_three_rows() {
    let x = Made::new(9).spots(300, 3, 4, 1.0, 0.0);
    let weights: Vec<f32> = (0..300).map(|i| (i % 4) as f32).collect();
    let repeated: Vec<f32> = (0..300).flat_map(|i| x[i * 3..(i + 1) * 3].repeat(i % 4)).collect();
    let init = Init::Given(x[3..15].iter().map(|&x| f64::from(x)).collect());
    let settings = KMeans { init, tolerance: 0.0, ..KMeans::new(4) };
    let weighted = settings.fit(Rows { x: &x, weights: Some(&weights), n_columns: 3 }).unwrap();
    let plain = settings.fit(rows(&repeated, 3)).unwrap();
    assert!((weighted.inertia / plain.inertia - 1.0).abs() < 1e-9);
    let pairs = weighted.centroids.values().iter().zip(plain.centroids.values());
    assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-9));
}

#[test]
fn predict_gives_the_labels_of_the_fit_and_transform_the_distances() {
    let x = Made::new(10).spots(6000, 5, 8, 3.0, 0.0);
    for metric in [Metric::SquaredEuclidean, Metric::Cosine] {
        let rows = rows(&x, 5);
        let fitted = KMeans { metric, n_init: 2, ..KMeans::new(8) }.fit(rows).unwrap();
        let assignments = fitted.centroids.predict(rows).unwrap();
        let distances = fitted.centroids.transform(rows).unwrap();
        for (i, assignment) in assignments.iter().enumerate() {
            let second = assignment.second.unwrap();
            assert_eq!(assignment.nearest.label, fitted.labels[i]);
            let of_row = &distances[i * 8..(i + 1) * 8];
            for near in [assignment.nearest, second] {
                let found = f64::from(of_row[near.label as usize]);
                assert!((found - near.distance).abs() < 1e-4, "{metric:?}, row {i}: {found} and {}", near.distance);
            }
            let nearer = of_row.iter().filter(|&&d| f64::from(d) < second.distance - 1e-4).count();
            assert!(nearer <= 1, "{metric:?}, row {i}");
        }
    }
    let one = KMeans::new(1).fit(rows(&x, 5)).unwrap();
    assert!(one.centroids.predict(rows(&x, 5)).unwrap().iter().all(|assignment| assignment.second.is_none()));
}

#[test]
fn empty_clusters_take_the_farthest_rows() {
    // No row is nearest to the last centroid; the row farthest from its own is 5.1.
    let x = [0.0, 0.1, 5.0, 5.1, 9.0, 9.1_f32];
    let init = Init::Given(vec![2.5, 9.0, 1000.0]);
    let fitted = KMeans { init, tolerance: 0.0, ..KMeans::new(3) }.fit(rows(&x, 1)).unwrap();
    assert_eq!(fitted.sizes, [2, 2, 2]);
    assert!((fitted.inertia - 0.015).abs() < 1e-5, "{}", fitted.inertia);
}
