//! The GPU against the reference, on the same rows as the CPU twin. On software Vulkan, where no card is at hand.

use tenure_kernels::kmeans::cpu::Frame;
use tenure_kernels::kmeans::gpu::{Adapter, Gpu, GpuError, Restarts, State, Stop};
use tenure_kernels::kmeans::{Metric, Rows, Sums, TOLERANCE, reference};

use super::{Case, METRICS, case, cases, largest_squared_norm, prepared};

/// The best adapter of this machine, or none, which has to be allowed.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn gpu() -> Option<Gpu> {
    let Some(&adapter) = Adapter::all().first() else {
        assert!(std::env::var_os("TENURE_REQUIRE_GPU").is_none(), "a GPU is required, and no driver offers one");
        eprintln!("skipped: no driver offers an adapter");
        return None;
    };
    Some(Gpu::open(adapter).expect("an adapter that is listed can be opened"))
}

/// Cases of every tile: narrow ones that sum with the labels, and wide ones that sum afterwards.
fn gpu_cases() -> Vec<Case> {
    let mut all = cases();
    all.extend([
        case("three centroids", (1500, 5, 3), 1500, 0.0, 0.0),
        case("a middle tile", (700, 20, 40), 700, 0.0, 0.0),
        case("as many columns as units", (300, 128, 12), 300, 0.0, 0.0),
        case("several groups", (5000, 3, 6), 40, 0.0, 0.2),
    ]);
    all
}

fn each(mut check: impl FnMut(&Gpu, &Case, &Frame, &str)) {
    let Some(gpu) = gpu() else { return };
    for case in gpu_cases() {
        for metric in METRICS {
            if metric == Metric::SquaredEuclidean || !case.name.starts_with("offset") {
                check(&gpu, &case, &case.frame(metric), &format!("{}, {metric:?}", case.name));
            }
        }
    }
}

const ONE: Stop = Stop { enough: 0.0, max_iter: 1 };

/// Runs to the end; the host looks in between, as the driver does.
fn run(restarts: &Restarts<'_>) -> Vec<(State, usize)> {
    loop {
        restarts.enqueue(4);
        let states = restarts.states().expect("the device computes");
        if states.iter().all(|(state, _)| *state != State::Running) {
            return states;
        }
    }
}

#[test]
fn labels_are_those_of_the_reference_ties_aside() {
    each(|gpu, case, frame, name| {
        let (rows, d) = (case.rows(), case.n_columns);
        let centroids = prepared(case, frame.metric);
        let k = centroids.len() / d;
        let resident = gpu.upload(rows, frame).unwrap();
        let labels = resident.label(&centroids, true).unwrap();
        let alone = resident.label(&centroids, false).unwrap();
        assert_eq!(labels.nearest, alone.nearest, "{name}: the second best is not to change the best");
        assert!(alone.second.is_empty());
        let slack = TOLERANCE * largest_squared_norm(case, frame);
        for i in 0..rows.len() {
            let distance = |label: u32| {
                let label = label as usize;
                reference::distance(rows.row(i), &centroids[label * d..(label + 1) * d], frame.metric)
            };
            let mut all: Vec<f64> = (0..k as u32).map(distance).collect();
            all.sort_by(f64::total_cmp);
            let (nearest, second) = (labels.nearest[i], labels.second[i]);
            assert!(distance(nearest) <= all[0] + slack, "{name}: row {i}, label {nearest}");
            assert!(distance(second) <= all[1.min(k - 1)] + slack, "{name}: row {i}, second {second}");
            assert!(k == 1 || nearest != second, "{name}: row {i}, twice {nearest}");
        }
    });
}

#[test]
fn exact_ties_go_to_the_lower_index() {
    let Some(gpu) = gpu() else { return };
    for (k, d) in [(3, 2), (40, 4), (80, 32)] {
        let frame = Frame { metric: Metric::SquaredEuclidean, shift: Vec::new() };
        let centroids = [1.0, 0.0].repeat(k * d / 2);
        let x = [1.5_f32, 0.25].repeat(100 * d / 2);
        let rows = Rows { x: &x, weights: None, n_columns: d };
        let labels = gpu.upload(rows, &frame).unwrap().label(&centroids, true).unwrap();
        assert_eq!((labels.nearest, labels.second), (vec![0; 100], vec![1; 100]), "{k} centroids");
    }
}

/// Sums of rows by given labels, in `f64`.
fn sums_of(rows: Rows<'_>, labels: &[u32], k: usize, metric: Metric) -> Sums {
    let d = rows.n_columns;
    let mut sums = Sums::zeros(k, d);
    for (i, &label) in labels.iter().enumerate() {
        let (x, w) = (rows.row(i), f64::from(rows.weight(i)));
        let scale = if metric == Metric::Cosine { w / reference::norm(x) } else { w };
        sums.weights[label as usize] += w;
        for (j, &x) in x.iter().enumerate() {
            sums.sums[label as usize * d + j] += scale * f64::from(x);
        }
    }
    sums
}

#[test]
fn an_iteration_moves_centroids_to_the_means_of_their_rows() {
    each(|gpu, case, frame, name| {
        let (rows, d) = (case.rows(), case.n_columns);
        let centroids = prepared(case, frame.metric);
        let k = centroids.len() / d;
        let resident = gpu.upload(rows, frame).unwrap();
        let labels = resident.label(&centroids, false).unwrap().nearest;
        let expected = sums_of(rows, &labels, k, frame.metric);
        let restarts = resident.restarts(std::slice::from_ref(&centroids), ONE).unwrap();
        restarts.enqueue(1);
        let found = &restarts.sums().unwrap()[0];
        let weight: f64 = expected.weights.iter().sum();
        // Sums lie about the shift: what counts is the rows' distance from it.
        let scale = 1e-6 * (1.0 + largest_squared_norm(case, frame).sqrt() * weight);
        let close = |a: &[f64], b: &[f64], scale: f64| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= scale);
        assert!(close(&found.weights, &expected.weights, 1e-6 * weight), "{name}");
        assert!(close(&found.sums, &expected.sums, scale), "{name}");
        if expected.weights.contains(&0.0) {
            assert_eq!(restarts.states().unwrap(), [(State::Empty, 0)], "{name}");
            assert!(close(&restarts.centroids().unwrap()[0], &centroids, scale), "{name}: nothing moves");
            return;
        }
        let moved = &restarts.centroids().unwrap()[0];
        for (c, (mean, sum)) in moved.chunks(d).zip(expected.sums.chunks(d)).enumerate() {
            let divisor = match frame.metric {
                Metric::SquaredEuclidean => expected.weights[c],
                Metric::Cosine => sum.iter().map(|sum| sum * sum).sum::<f64>().sqrt(),
            };
            let slack = 1e-5 * (1.0 + largest_squared_norm(case, frame).sqrt());
            let off = mean.iter().zip(sum).map(|(mean, sum)| (mean - sum / divisor).abs()).fold(0.0, f64::max);
            assert!(divisor < 1e-6 * weight || off <= slack, "{name}: cluster {c} is off by {off}");
        }
    });
}

#[test]
fn restarts_run_to_rest_and_are_the_same_bits_alone_together_and_again() {
    let Some(gpu) = gpu() else { return };
    for (k, d) in [(10, 16), (40, 6)] {
        let case = case("random", (3000, d, 3 * k), 60, 0.0, 0.1);
        let frame = case.frame(Metric::SquaredEuclidean);
        let starts: Vec<Vec<f64>> = case.centroids.chunks(k * d).map(<[f64]>::to_vec).collect();
        let stop = Stop { enough: 1e-6, max_iter: 60 };
        let resident = gpu.upload(case.rows(), &frame).unwrap();
        let fit = |starts: &[Vec<f64>]| {
            let restarts = resident.restarts(starts, stop).unwrap();
            let states = run(&restarts);
            (states, restarts.centroids().unwrap(), restarts.sums().unwrap())
        };
        let together = fit(&starts);
        assert!(together.0.iter().all(|(state, _)| *state == State::Converged), "{:?}", together.0);
        assert_eq!(fit(&starts), together);
        for (i, start) in starts.iter().enumerate() {
            let (states, centroids, sums) = fit(std::slice::from_ref(start));
            let of_one = (together.0[i], &together.1[i], &together.2[i]);
            assert_eq!((states[0], &centroids[0], &sums[0]), of_one, "restart {i} of {k} clusters");
        }
    }
}

#[test]
fn many_groups_sum_with_few_roundings() {
    let Some(gpu) = gpu() else { return };
    // Forty groups: two rounds of adding.
    let case = case("random", (40_000, 2, 2), 40_000, 3.0, 0.0);
    let frame = Frame { metric: Metric::SquaredEuclidean, shift: Vec::new() };
    let resident = gpu.upload(case.rows(), &frame).unwrap();
    let labels = resident.label(&case.centroids, false).unwrap().nearest;
    let expected = sums_of(case.rows(), &labels, 2, Metric::SquaredEuclidean);
    let restarts = resident.restarts(std::slice::from_ref(&case.centroids), ONE).unwrap();
    restarts.enqueue(1);
    let found = &restarts.sums().unwrap()[0];
    assert_eq!(found.weights, expected.weights);
    for (found, expected) in found.sums.iter().zip(&expected.sums) {
        assert!((found / expected - 1.0).abs() < 3e-7, "{found}, not {expected}");
    }
}

#[test]
fn pieces_of_rows_sum_to_the_whole() {
    let Some(gpu) = gpu() else { return };
    let case = case("random", (3000, 4, 6), 3000, 1e6, 0.0);
    let frame = case.frame(Metric::SquaredEuclidean);
    let fit = |piece_bytes: usize| {
        let resident = gpu.upload_in(case.rows(), &frame, piece_bytes).unwrap();
        let restarts = resident.restarts(std::slice::from_ref(&case.centroids), ONE).unwrap();
        restarts.enqueue(1);
        let labels = resident.label(&case.centroids, true).unwrap();
        (restarts.centroids().unwrap().concat(), labels)
    };
    let (whole, labels) = fit(1 << 20);
    // 700 rows a piece, each with room for sixteen values.
    let (cut, labels_cut) = fit(700 * 64);
    assert_eq!(labels, labels_cut);
    assert!(whole.iter().zip(&cut).all(|(a, b)| (a - b).abs() < 1e-6), "{whole:?} and {cut:?}");
}

#[test]
fn a_restart_stops_after_as_many_iterations_as_it_may_and_goes_on_from_where_it_is_set() {
    let Some(gpu) = gpu() else { return };
    let case = case("random", (2000, 3, 8), 2000, 0.0, 0.0);
    let frame = case.frame(Metric::SquaredEuclidean);
    let resident = gpu.upload(case.rows(), &frame).unwrap();
    let mut restarts =
        resident.restarts(std::slice::from_ref(&case.centroids), Stop { enough: 0.0, max_iter: 3 }).unwrap();
    assert_eq!(run(&restarts), [(State::Exhausted, 3)]);
    let after_three = restarts.centroids().unwrap();
    restarts.set(std::slice::from_ref(&case.centroids), &[(State::Running, 0)]);
    restarts.enqueue(3);
    assert_eq!((restarts.states().unwrap(), restarts.centroids().unwrap()), (vec![(State::Exhausted, 3)], after_three));
}

#[test]
fn an_adapter_that_is_not_there_is_named() {
    use tenure_kernels::kmeans::gpu::{AdapterKind, Api};
    let missing = Adapter { api: Api::Metal, kind: AdapterKind::Discrete, index: 77 };
    let Err(error) = Gpu::open(missing) else { panic!("a seventy-eighth card") };
    assert_eq!(error, GpuError::NoAdapter { adapter: "Discrete 77 (Metal)".into() });
    assert_eq!(error.to_string(), "this machine has no adapter Discrete 77 (Metal)");
}
