//! The same fits on a GPU as on the CPU. On software Vulkan, where no card is at hand.

use insta::assert_snapshot;
use tenure_cluster::gpu::{Adapter, Gpu};
use tenure_cluster::{ClusterError, Device, Init, Iteration, KMeans, Metric, Observer, Rows, Silent};
use tenure_kernels::kmeans::reference;

use crate::made::{Made, rows};

/// The best adapter of this machine, or none, which has to be allowed.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn gpu() -> Option<Device> {
    let Some(&adapter) = Adapter::all().first() else {
        assert!(std::env::var_os("TENURE_REQUIRE_GPU").is_none(), "a GPU is required, and no driver offers one");
        eprintln!("skipped: no driver offers an adapter");
        return None;
    };
    Some(Device::Gpu(Gpu::open(adapter).expect("an adapter that is listed can be opened")))
}

fn on(device: &Device, settings: &KMeans) -> KMeans {
    KMeans { device: device.clone(), ..settings.clone() }
}

fn from_first_rows(rows: Rows<'_>, k: usize, metric: Metric) -> KMeans {
    let centroids = rows.x[..k * rows.n_columns].iter().map(|&x| f64::from(x)).collect();
    KMeans { tolerance: 0.0, init: Init::Given(centroids), metric, ..KMeans::new(k) }
}

#[test]
fn fits_are_the_cpu_s() {
    let Some(gpu) = gpu() else { return };
    let cases = [
        ("clustered", Made::new(1).spots(3000, 5, 6, 0.5, 0.0), 5, 6),
        ("random", Made::new(2).spots(2000, 3, 2000, 0.0, 0.0), 3, 4),
        ("duplicated", Made::new(3).spots(1000, 4, 5, 0.0, 0.0), 4, 5),
        ("constant", vec![3.25; 400], 4, 1),
        ("offset of a million", Made::new(4).spots(3000, 4, 5, 0.5, 1e6), 4, 5),
        ("as many clusters as rows", Made::new(5).spots(9, 2, 9, 0.0, 0.0), 2, 9),
        ("one cluster", Made::new(6).spots(500, 3, 4, 1.0, 0.0), 3, 1),
        ("many clusters", Made::new(7).spots(2000, 8, 70, 0.3, 0.0), 8, 70),
    ];
    for (name, x, d, k) in &cases {
        for metric in [Metric::SquaredEuclidean, Metric::Cosine] {
            if metric == Metric::Cosine && name.starts_with("offset") {
                continue;
            }
            let rows = rows(x, *d);
            let settings = from_first_rows(rows, *k, metric);
            let expected = settings.fit(rows).unwrap();
            let found = on(&gpu, &settings).fit(rows).unwrap();
            let slack = 1e-5 * expected.inertia + 1e-9;
            let off = (found.inertia, expected.inertia, &found.restarts, &expected.restarts);
            assert!((found.inertia - expected.inertia).abs() <= slack, "{name}, {metric:?}: {off:?}");
            // From sums in `f32`: off by their share of the second moment about the mean.
            let slack = 1e-3 * expected.inertia + 1e-3;
            assert!((found.restarts[0].inertia - expected.inertia).abs() <= slack, "{name}, {metric:?}: {off:?}");
            for i in 0..rows.len() {
                let (label, best) = reference::nearest(rows.row(i), expected.centroids.values(), metric);
                let own = expected.centroids.get(found.labels[i] as usize);
                let distance = reference::distance(rows.row(i), own, metric);
                assert!(distance <= best + 1e-4 * (1.0 + best), "{name}, {metric:?}: row {i}, not {label}");
            }
            assert!(found.restarts[0].converged, "{name}, {metric:?}: {off:?}");
            assert_eq!(found.sizes.iter().sum::<usize>(), rows.len());
        }
    }
}

#[test]
fn restarts_and_weights_find_what_the_cpu_finds_and_the_same_bits_again() {
    let Some(gpu) = gpu() else { return };
    let x = Made::new(8).spots(4000, 6, 12, 0.4, 0.0);
    let weights: Vec<f32> = (0..4000).map(|i| (i % 4) as f32).collect();
    let weighted = Rows { x: &x, weights: Some(&weights), n_columns: 6 };
    let settings = KMeans { n_init: 6, init: Init::Random, seed: 3, ..KMeans::new(12) };
    for rows in [rows(&x, 6), weighted] {
        let expected = settings.fit(rows).unwrap();
        let found = on(&gpu, &settings).fit(rows).unwrap();
        assert_eq!(found, on(&gpu, &settings).fit(rows).unwrap());
        assert_eq!(found.restarts.len(), 6);
        for (found, expected) in found.restarts.iter().zip(&expected.restarts) {
            assert!((found.inertia / expected.inertia - 1.0).abs() < 1e-3, "{found:?}, not {expected:?}");
        }
        assert_eq!(found.restart_idx, expected.restart_idx);
        let n_same = found.labels.iter().zip(&expected.labels).filter(|(a, b)| a == b).count();
        assert!(n_same >= 3996, "{n_same} of 4000 labels are the CPU's");
    }
}

#[test]
fn an_empty_cluster_takes_the_farthest_row() {
    let Some(gpu) = gpu() else { return };
    let x = Made::new(9).spots(600, 2, 3, 0.1, 0.0);
    let rows = rows(&x, 2);
    // Two centroids where no row is: both are refilled at once.
    let far = [1e3, 1e3, 2e3, 2e3];
    let centroids = [rows.row(0).iter().map(|&x| f64::from(x)).collect::<Vec<f64>>(), far.to_vec()].concat();
    let settings = KMeans { init: Init::Given(centroids), ..KMeans::new(3) };
    let expected = settings.fit(rows).unwrap();
    let found = on(&gpu, &settings).fit(rows).unwrap();
    assert_eq!((&found.labels, &found.sizes), (&expected.labels, &expected.sizes));
    assert_eq!(found.restarts[0].n_iter, expected.restarts[0].n_iter);
}

#[test]
fn predictions_are_the_cpu_s() {
    let Some(gpu) = gpu() else { return };
    let x = Made::new(10).spots(1500, 4, 7, 0.5, 0.0);
    for metric in [Metric::SquaredEuclidean, Metric::Cosine] {
        for k in [1, 7] {
            let fitted = KMeans { metric, n_init: 1, ..KMeans::new(k) }.fit(rows(&x, 4)).unwrap();
            let expected = fitted.centroids.predict(rows(&x, 4)).unwrap();
            assert_eq!(fitted.centroids.predict_on(&gpu, rows(&x, 4)).unwrap(), expected, "{metric:?}, {k}");
            assert_eq!(fitted.centroids.predict_on(&Device::Cpu, rows(&x, 4)).unwrap(), expected);
            assert!(fitted.centroids.predict_on(&gpu, rows(&[], 4)).unwrap().is_empty());
        }
    }
}

#[test]
fn progress_is_told_every_few_iterations() {
    struct Told(Vec<Iteration>);
    impl Observer for Told {
        fn iterated(&mut self, iteration: &Iteration) {
            self.0.push(iteration.clone());
        }
    }
    let Some(gpu) = gpu() else { return };
    let x = Made::new(11).spots(3000, 3, 3000, 0.0, 0.0);
    let settings = on(&gpu, &KMeans { n_init: 3, init: Init::Random, tolerance: 0.0, max_iter: 30, ..KMeans::new(8) });
    let mut told = Told(Vec::new());
    let fitted = settings.fit_source(&mut rows(&x, 3), &mut told).unwrap();
    let iterations: Vec<usize> = told.0.iter().map(|iteration| iteration.n_iter).collect();
    assert!(iterations.is_sorted() && iterations.len() >= 2, "{iterations:?}");
    assert_eq!(told.0.last().unwrap().n_running, 0);
    assert!(told.0.windows(2).all(|pair| pair[1].inertia <= pair[0].inertia * (1.0 + 1e-6)));
    assert!(fitted.restarts.iter().all(|restart| restart.n_iter <= 30));
}

#[test]
fn bad_rows_are_the_cpu_s_errors() {
    fn told<T>(result: Result<T, ClusterError>) -> String {
        result.err().map_or("no error".into(), |error| error.to_string())
    }
    let Some(gpu) = gpu() else { return };
    let fit = |k, x: &[f32]| told(on(&gpu, &KMeans::new(k)).fit(rows(x, 1)));
    assert_snapshot!(fit(2, &[1.0, f32::NAN]), @"row 1, column 0: expected a finite number, found NaN");
    assert_snapshot!(fit(2, &[1.0, f32::INFINITY]), @"row 1, column 0: expected a finite number, found inf");
    assert_snapshot!(fit(3, &[1.0, 2.0, 1.0]), @"3 clusters were asked for, but only 2 rows of positive weight are different");
    assert_snapshot!(fit(4, &[1.0, 2.0, 3.0]), @"4 clusters were asked for, but there are only 3 rows");
    let zero = Rows { x: &[1.0, 2.0], weights: Some(&[0.0, 0.0]), n_columns: 1 };
    assert_snapshot!(told(on(&gpu, &KMeans::new(1)).fit(zero)), @"the weights of all 2 rows are zero");
    let fitted = KMeans::new(1).fit(rows(&[1.0, 2.0], 1)).unwrap();
    assert_snapshot!(told(fitted.centroids.predict_on(&gpu, rows(&[f32::NAN], 1))), @"row 0, column 0: expected a finite number, found NaN");
    assert_snapshot!(told(fitted.centroids.predict_on(&gpu, rows(&[1.0, 2.0], 2))), @"rows: expected 1 columns, found 2");
}

#[test]
fn streamed_rows_stay_on_the_cpu() {
    struct Blocks<'a>(Rows<'a>);
    impl tenure_cluster::RowSource for Blocks<'_> {
        fn n_columns(&self) -> usize {
            self.0.n_columns
        }
        fn pass(&mut self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError> {
            let middle = self.0.len() / 2;
            visit(self.0.slice(0, middle))?;
            visit(self.0.slice(middle, self.0.len()))
        }
    }
    let Some(gpu) = gpu() else { return };
    let x = Made::new(12).spots(1000, 3, 4, 0.3, 0.0);
    let settings = KMeans { n_init: 2, ..KMeans::new(4) };
    let found = on(&gpu, &settings).fit_source(&mut Blocks(rows(&x, 3)), &mut Silent).unwrap();
    assert_eq!(found, settings.fit(rows(&x, 3)).unwrap());
}
