//! Ragged batches, mini-batches, clusters of a least size.

use tenure_cluster::{Init, KMeans, Metric, MiniBatch};

use crate::made::{Made, rows};

#[test]
fn a_ragged_batch_is_its_problems_one_by_one() {
    let sizes = [200, 5000, 17, 900, 4097];
    let data: Vec<Vec<f32>> =
        sizes.iter().enumerate().map(|(i, &n)| Made::new(i as u64).spots(n, 3, 5, 1.0, 0.0)).collect();
    let problems: Vec<_> = data.iter().map(|x| rows(x, 3)).collect();
    let settings = KMeans { n_init: 2, seed: 40, ..KMeans::new(4) };
    for n_threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        let fitted = pool.install(|| settings.fit_batch(&problems).unwrap());
        for (i, fitted) in fitted.iter().enumerate() {
            let alone = KMeans { seed: 40 + i as u64, ..settings.clone() }.fit(problems[i]).unwrap();
            assert_eq!(fitted, &alone, "problem {i}, {n_threads} threads");
        }
    }
    assert!(settings.fit_batch(&[]).unwrap().is_empty());
}

#[test]
fn mini_batches_come_near_the_full_fit() {
    let x = Made::new(31).spots(20_000, 5, 8, 1.0, 0.0);
    let settings = KMeans::new(8);
    let full = settings.fit(rows(&x, 5)).unwrap();
    let batches = MiniBatch { batch_rows: 512, n_batches: 100 };
    let fitted = settings.fit_mini_batch(rows(&x, 5), batches).unwrap();
    assert!(fitted.inertia >= full.inertia * 0.999_999);
    assert!(fitted.inertia < full.inertia * 1.05, "{} and {}", fitted.inertia, full.inertia);
    assert_eq!(fitted, settings.fit_mini_batch(rows(&x, 5), batches).unwrap());
}

#[test]
fn clusters_have_the_least_size_asked_for() {
    // A crowd and two small groups far away.
    let mut x = Made::new(32).spots(900, 2, 1, 1.0, 0.0);
    x.extend(Made::new(33).spots(20, 2, 1, 0.5, 100.0));
    x.extend(Made::new(34).spots(10, 2, 1, 0.5, -100.0));
    let rows = rows(&x, 2);
    for metric in [Metric::SquaredEuclidean, Metric::Cosine] {
        let settings = KMeans { metric, ..KMeans::new(3) };
        let free = settings.fit(rows).unwrap();
        for min_size in [0, 30, 200, 310] {
            let fitted = settings.fit_min_size(rows, min_size).unwrap();
            let mut counted = vec![0; 3];
            fitted.labels.iter().for_each(|&label| counted[label as usize] += 1);
            assert_eq!(counted, fitted.sizes);
            assert!(counted.iter().all(|&size| size >= min_size), "{metric:?}: {counted:?} for {min_size}");
            assert!(fitted.inertia >= free.inertia * (1.0 - 1e-9));
            assert!((fitted.distances.iter().sum::<f64>() / fitted.inertia - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn the_cheapest_rows_move() {
    // Cluster at 10 lacks one row; the nearest of the others to it is 4.
    let x = [0.0, 1.0, 2.0, 4.0, 10.0_f32];
    let settings = KMeans { init: Init::Given(vec![1.0, 10.0]), ..KMeans::new(2) };
    let fitted = settings.fit_min_size(rows(&x, 1), 2).unwrap();
    assert_eq!(fitted.labels, [0, 0, 0, 1, 1]);
    assert_eq!(fitted.centroids.values(), [1.0, 7.0]);
}
