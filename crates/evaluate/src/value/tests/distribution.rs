//! Coverage and the probability integral transform, on distributions whose truth is known.

use crate::random::Stream;
use crate::tests::assert_near;
use crate::{Pit, interval_coverage};

/// Customers who buy nothing with probability .6, else an exponential amount of mean 20.
struct Sales {
    actual: Vec<f64>,
}

const P_ZERO: f64 = 0.6;
const MEAN: f64 = 20.0;

impl Sales {
    fn new(n_rows: usize) -> Self {
        let mut stream = Stream::new(5, 0);
        let mut uniform = || (f64::from(stream.below(1 << 30)) + 0.5) / f64::from(1_u32 << 30);
        let actual = (0..n_rows).map(|_| if uniform() < P_ZERO { 0.0 } else { -MEAN * uniform().ln() });
        Self { actual: actual.collect() }
    }

    /// F(y−) and F(y) when the mean of a buyer is taken to be `mean`.
    fn transform(&self, mean: f64) -> Pit {
        let at = |y: f64| P_ZERO + (1.0 - P_ZERO) * (1.0 - (-y / mean).exp());
        let below: Vec<f64> = self.actual.iter().map(|&y| if y == 0.0 { 0.0 } else { at(y) }).collect();
        let at: Vec<f64> = self.actual.iter().map(|&y| at(y)).collect();
        Pit::new(&below, &at, None).expect("sound probabilities")
    }

    fn quantile(q: f64) -> f64 {
        if q <= P_ZERO { 0.0 } else { -MEAN * ((1.0 - q) / (1.0 - P_ZERO)).ln() }
    }
}

#[test]
fn the_right_distribution_is_flat_in_spite_of_its_point_mass() {
    let pit = Sales::new(40_000).transform(MEAN);
    let histogram = pit.histogram(20).expect("bins");
    assert_near("mass", histogram.density.iter().sum::<f64>() / 20.0, 1.0, 1e-12);
    for density in &histogram.density {
        assert_near("density", *density, 1.0, 1.8 * histogram.chance);
    }
    assert!(histogram.distance < 0.01, "{}", histogram.distance);
    assert_near("chance", histogram.chance, 1.959_964 * (19.0_f64 / 40_000.0).sqrt(), 1e-12);
}

#[test]
fn too_low_a_distribution_piles_up_on_the_right() {
    let histogram = Sales::new(40_000).transform(0.5 * MEAN).histogram(10).expect("bins");
    assert!(histogram.density[9] > 1.5 && histogram.distance > 0.05, "{histogram:?}");
}

#[test]
fn coverage_is_nominal_where_the_distribution_is_right() {
    let pit = Sales::new(40_000).transform(MEAN);
    for nominal in [0.5, 0.8, 0.95] {
        let coverage = pit.coverage(nominal, 0.95).expect("sound");
        assert_near("coverage", coverage.observed, nominal, 0.008);
        assert_near("tails", coverage.below + coverage.observed + coverage.above, 1.0, 1e-12);
        assert!(coverage.low < coverage.observed && coverage.observed < coverage.high);
    }
}

#[test]
fn intervals_that_begin_at_a_point_mass_hold_more_often_than_they_promise() {
    let sales = Sales::new(40_000);
    let n = sales.actual.len();
    let [low, high] = [0.1, 0.9].map(|q| vec![Sales::quantile(q); n]);
    let coverage = interval_coverage(&low, &high, &sales.actual, None, 0.8, 0.95).expect("sound");
    assert_near("closed interval", coverage.observed, 0.9, 0.006);
    assert_eq!(coverage.below, 0.0);
    // Above the point mass the promise is exact.
    let [low, high] = [0.7, 0.9].map(|q| vec![Sales::quantile(q); n]);
    let coverage = interval_coverage(&low, &high, &sales.actual, None, 0.2, 0.95).expect("sound");
    assert_near("inside", coverage.observed, 0.2, 0.008);
}

#[test]
fn a_histogram_by_hand() {
    // The first row spreads over the left half, the second lies at .6, the third over all.
    let pit = Pit::new(&[0.0, 0.6, 0.0], &[0.5, 0.6, 1.0], Some(&[1.0, 2.0, 1.0])).expect("sound");
    let histogram = pit.histogram(4).expect("bins");
    let expected = [0.5 + 0.25, 0.5 + 0.25, 2.0 + 0.25, 0.25];
    for (found, expected) in histogram.density.iter().zip(expected) {
        assert_near("density", *found, expected, 1e-12);
    }
    assert_near("rows", histogram.n_effective, 16.0 / 6.0, 1e-12);
    assert_near("distance", histogram.distance, 0.1875, 1e-12);
    let coverage = pit.coverage(0.5, 0.95).expect("sound");
    assert_near("inside", coverage.observed, (0.5 + 2.0 + 0.5) / 4.0, 1e-12);
    assert_near("below", coverage.below, (0.5 + 0.25) / 4.0, 1e-12);
}

#[test]
fn weights_count_rows_in_coverage() {
    let coverage =
        interval_coverage(&[0.0, 0.0], &[1.0, 1.0], &[0.5, 2.0], Some(&[3.0, 1.0]), 0.5, 0.95).expect("sound");
    assert_eq!((coverage.observed, coverage.above), (0.75, 0.25));
}
