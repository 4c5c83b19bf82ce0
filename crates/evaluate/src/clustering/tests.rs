//! Measures against their definitions, spelled out slowly, and against figures computed by hand.

use super::*;
use crate::Bootstrap;
use crate::random::Stream;

/// Two pairs on a line: means 0.5 and 10.5.
const LINE: [f32; 4] = [0.0, 1.0, 10.0, 11.0];
const PAIRS: [u32; 4] = [0, 0, 1, 1];

fn labelled<'a>(cells: &'a [f32], d: usize, labels: &'a [u32]) -> Labelled<'a> {
    Labelled::new(Points::new(cells, d).expect("finite"), labels).expect("as many labels as rows")
}

/// 120 rows of 3 columns in 4 groups that overlap.
fn made() -> (Vec<f32>, Vec<u32>) {
    let mut stream = Stream::new(11, 0);
    let labels: Vec<u32> = (0..120).map(|_| stream.below(4)).collect();
    let cells = labels.iter().flat_map(|&l| (0..3).map(move |c| (l, c))).map(|(l, c)| {
        let centre = f64::from((l * 7 + c * 3) % 5);
        (centre + 2.0 * stream.share()) as f32
    });
    let cells = cells.collect();
    (cells, labels)
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn two_pairs_on_a_line_by_hand() {
    let line = labelled(&LINE, 1, &PAIRS);
    // Each row is half a unit from its mean.
    assert!((within_sum_of_squares(&line).expect("in memory") - 1.0).abs() < 1e-12);
    // Between: 4 rows, each mean 5 from 5.5: 100 over 1 degree; within 1 over 2.
    assert!((calinski_harabasz(&line).expect("defined") - 200.0).abs() < 1e-9);
    // Spreads .5 each, means 10 apart.
    assert!((davies_bouldin(&line).expect("defined") - 0.1).abs() < 1e-12);
    // a = 1; b = (10 + 11) / 2 for the outer rows and (9 + 10) / 2 for the inner ones.
    let found = silhouette(&line, 100, 0).expect("defined");
    let expected = f64::midpoint(9.5 / 10.5, 8.5 / 9.5);
    assert!((found.mean - expected).abs() < 1e-12, "{} {expected}", found.mean);
    assert_eq!(found.rows[0].nearest, 1);
}

#[test]
fn measures_equal_their_definitions_row_by_row() {
    let (cells, labels) = made();
    let set = labelled(&cells, 3, &labels);
    let row = |i: usize| &cells[3 * i..3 * i + 3];
    let mean_distance = |i: usize, l: u32| {
        let others: Vec<usize> = (0..120).filter(|&j| j != i && labels[j] == l).collect();
        others.iter().map(|&j| distance(row(i), row(j))).sum::<f64>() / others.len() as f64
    };
    let widths: Vec<f64> = (0..120)
        .map(|i| {
            let a = mean_distance(i, labels[i]);
            let b = (0..4).filter(|&l| l != labels[i]).map(|l| mean_distance(i, l)).fold(f64::INFINITY, f64::min);
            (b - a) / a.max(b)
        })
        .collect();
    let found = silhouette(&set, 120, 5).expect("defined");
    for (row, width) in found.rows.iter().zip(&widths) {
        assert!((row.width - width).abs() < 1e-12);
    }
    // Within = sum over clusters of all squared distances of pairs, over the size (Huygens).
    let mut within = 0.0;
    for l in 0..4 {
        let members: Vec<usize> = (0..120).filter(|&i| labels[i] == l).collect();
        let pairs = members.iter().flat_map(|&i| members.iter().map(move |&j| (i, j)));
        within += pairs.map(|(i, j)| distance(row(i), row(j)).powi(2)).sum::<f64>() / 2.0 / members.len() as f64;
    }
    assert!((within_sum_of_squares(&set).expect("in memory") / within - 1.0).abs() < 1e-10);
    let all: f64 =
        (0..120).flat_map(|i| (0..120).map(move |j| (i, j))).map(|(i, j)| distance(row(i), row(j)).powi(2)).sum();
    let total = all / 2.0 / 120.0;
    let expected = (total - within) / 3.0 / (within / 116.0);
    assert!((calinski_harabasz(&set).expect("defined") / expected - 1.0).abs() < 1e-9);
}

#[test]
fn a_sampled_silhouette_depends_on_its_seed_only_and_stays_near() {
    let (cells, labels) = made();
    let set = labelled(&cells, 3, &labels);
    let whole = silhouette(&set, 120, 0).expect("defined").mean;
    let sampled = silhouette(&set, 60, 3).expect("defined");
    assert_eq!(sampled, silhouette(&set, 60, 3).expect("defined"));
    assert_eq!(sampled.rows.len(), 60);
    assert!(sampled.rows.is_sorted_by_key(|row| row.row_idx));
    assert!((sampled.mean - whole).abs() < 0.15);
}

/// Every pair of rows asked whether it is together in either.
fn adjusted_rand_by_pairs(a: &[u32], b: &[u32]) -> f64 {
    let (mut both, mut first, mut second, mut n) = (0.0, 0.0, 0.0, 0.0);
    for i in 0..a.len() {
        for j in 0..i {
            let (x, y) = (f64::from(u8::from(a[i] == a[j])), f64::from(u8::from(b[i] == b[j])));
            both += x * y;
            first += x;
            second += y;
            n += 1.0;
        }
    }
    let expected = first * second / n;
    (both - expected) / (f64::midpoint(first, second) - expected)
}

#[test]
fn adjusted_rand_counts_pairs() {
    let (_, a) = made();
    let mut stream = Stream::new(3, 1);
    let b: Vec<u32> = a.iter().map(|&l| if stream.below(3) == 0 { stream.below(6) } else { l + 1 }).collect();
    let found = adjusted_rand(&a, &b).expect("same length");
    assert!((found - adjusted_rand_by_pairs(&a, &b)).abs() < 1e-12);
    let renamed: Vec<u32> = a.iter().map(|&l| 9 - l).collect();
    assert_eq!(adjusted_rand(&a, &renamed), Ok(1.0));
    let chance = Stream::new(5, 0).permutation(120);
    let shuffled: Vec<u32> = chance.iter().map(|&i| a[i as usize]).collect();
    assert!(adjusted_rand(&a, &shuffled).expect("same length").abs() < 0.08);
    assert_eq!(adjusted_rand(&[0, 0], &[1, 1]), Ok(1.0), "both have all rows together");
    assert!(matches!(adjusted_rand(&[0], &[0, 1]), Err(ClusteringError::Lengths { .. })));
}

#[test]
fn principal_axes_of_a_known_ellipse() {
    // Points along (3, 4) / 5 with a little across it.
    let cells: Vec<f32> = (-50..=50)
        .flat_map(|i| {
            let (along, across) = (f64::from(i), if i % 2 == 0 { 1.0 } else { -1.0 });
            [(2.0 + 0.6 * along - 0.8 * across) as f32, (7.0 + 0.8 * along + 0.6 * across) as f32]
        })
        .collect();
    let points = Points::new(&cells, 2).expect("finite");
    let axes = principal_axes(&points).expect("two rows or more");
    assert!((axes.axes[0] - 0.6).abs() < 1e-3 && (axes.axes[1] - 0.8).abs() < 1e-3, "{:?}", axes.axes);
    // Variance of -50..=50 with n - 1 is 101 · 102 / 12 = 858.5.
    assert!((axes.variances[0] - 858.5).abs() < 0.1, "{:?}", axes.variances);
    assert!(axes.explained_share(1) > 0.99);
    let row = &cells[17 * 2..18 * 2];
    let back = axes.restore(&axes.project(row, 2));
    assert!(back.iter().zip(row).all(|(a, &b)| (a - f64::from(b)).abs() < 1e-9));
}

#[test]
fn eigenvectors_of_five_columns_diagonalize_the_covariance() {
    let mut stream = Stream::new(21, 0);
    let cells: Vec<f32> = (0..200)
        .flat_map(|_| {
            let x: Vec<f64> = (0..3).map(|_| stream.share()).collect();
            [x[0], x[1], x[2] * 3.0, x[0] - x[1], x[0] + 2.0 * x[2]].map(|x| x as f32)
        })
        .collect();
    let points = Points::new(&cells, 5).expect("finite");
    let axes = principal_axes(&points).expect("rows");
    let projected: Vec<Vec<f64>> = cells.chunks_exact(5).map(|row| axes.project(row, 5)).collect();
    for i in 0..5 {
        for j in 0..5 {
            let moment = projected.iter().map(|p| p[i] * p[j]).sum::<f64>() / 199.0;
            let expected = if i == j { axes.variances[i] } else { 0.0 };
            assert!((moment - expected).abs() < 1e-9, "{i} {j} {moment} {expected}");
        }
    }
    // Two of the five columns are sums of the others.
    assert!(axes.variances[3].abs() < 1e-10 && axes.variances[4].abs() < 1e-10);
}

#[test]
fn the_gap_is_that_of_the_paper() {
    let e = std::f64::consts::E;
    let found = gap(e, &[e * e, e.powi(4)]).expect("positive");
    // Logs 2 and 4: mean 3, sd 1, and ln W = 1.
    assert!((found.gap - 2.0).abs() < 1e-12 && (found.standard_error - 1.5_f64.sqrt()).abs() < 1e-12);
    let gaps = [(0.1, 0.01), (0.5, 0.01), (0.6, 0.2), (0.55, 0.01)];
    let gaps = gaps.map(|(gap, standard_error)| Gap { gap, standard_error });
    // .1 < .5 - .01; .5 >= .6 - .2: the second.
    assert_eq!(gap_choice(&gaps), Some(1));
    assert_eq!(gap_choice(&gaps[..2]), None);
    assert!(matches!(gap(0.0, &[1.0]), Err(ClusteringError::NoSpread { .. })));
}

#[test]
fn the_reference_fills_the_box_of_the_data() {
    let (cells, _) = made();
    let points = Points::new(&cells, 3).expect("finite");
    let reference = uniform_reference(&points, 9).expect("rows");
    assert_eq!(reference.len(), cells.len());
    assert_eq!(reference, uniform_reference(&points, 9).expect("rows"));
    let axes = principal_axes(&points).expect("rows");
    let extent = |cells: &[f32]| {
        let first: Vec<f64> = cells.chunks_exact(3).map(|row| axes.project(row, 1)[0]).collect();
        (first.iter().copied().fold(f64::INFINITY, f64::min), first.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    };
    let (data, made) = (extent(&cells), extent(&reference));
    assert!(made.0 >= data.0 - 1e-5 && made.1 <= data.1 + 1e-5);
    assert!(made.1 - made.0 > 0.9 * (data.1 - data.0));
}

#[test]
fn variance_explained_by_hand() {
    // Total 2 · 25.25 ... : means .5 and 10.5 about 5.5 give 100 of 101.
    let values = LINE.map(f64::from);
    assert!((variance_explained(&values, &PAIRS).expect("defined") - 100.0 / 101.0).abs() < 1e-12);
    assert_eq!(variance_explained(&values, &[0; 4]), Ok(0.0));
    assert!(matches!(variance_explained(&[3.0; 4], &PAIRS), Err(ClusteringError::NoSpread { .. })));
}

#[test]
fn a_true_clustering_explains_more_than_a_shuffled_one() {
    let (_, labels) = made();
    let values: Vec<f64> = labels.iter().enumerate().map(|(i, &l)| f64::from(l) + (i % 7) as f64 / 7.0).collect();
    let shuffled = Stream::new(8, 0).permutation(120).iter().map(|&i| labels[i as usize]).collect();
    let bootstrap = Bootstrap { resamples: 200, confidence: 0.95, seed: 4 };
    let sets = [("true".to_owned(), labels), ("random".to_owned(), shuffled)];
    let found = explained(&values, &sets, &bootstrap).expect("defined");
    let difference = found[1].first_less_this.as_ref().expect("against the first");
    assert!(difference.interval.expect("resampled").low > 0.5);
    assert!((difference.value - (found[0].share.value - found[1].share.value)).abs() < 1e-12);
    assert_eq!((found[0].first_less_this.is_none(), found[1].n_clusters), (true, 4));
}

#[test]
fn a_mean_has_the_interval_of_its_standard_error() {
    let values: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
    let bootstrap = Bootstrap { resamples: 400, confidence: 0.95, seed: 2 };
    let found = mean_estimate(&values, &bootstrap).expect("values");
    let interval = found.interval.expect("resampled");
    // Deviation of 0 to 19 is sqrt(399 / 12) = 5.77, over sqrt 400.
    assert!((found.value - 9.5).abs() < 1e-12 && (interval.standard_error - 0.288).abs() < 0.04);
    assert!(mean_estimate(&[], &bootstrap).is_err());
}

/// Rows behind a door.
#[derive(Debug)]
struct Elsewhere {
    cells: Vec<f32>,
    n_columns: usize,
    is_broken: bool,
}

impl PointRows for Elsewhere {
    fn n_rows(&self) -> usize {
        self.cells.len() / self.n_columns
    }

    fn n_columns(&self) -> usize {
        self.n_columns
    }

    fn read(&self, first_row: usize, cells: &mut [f32]) -> Result<(), ClusteringError> {
        if self.is_broken {
            return Err(ClusteringError::Read { reason: "the disk is gone".into() });
        }
        cells.copy_from_slice(&self.cells[first_row * self.n_columns..][..cells.len()]);
        Ok(())
    }
}

#[test]
fn rows_that_are_read_again_are_judged_to_the_bit_as_rows_in_memory() {
    // More rows than are read together, a block being 1 MiB.
    let mut stream = Stream::new(8, 0);
    let labels: Vec<u32> = (0..60_000).map(|_| stream.below(4)).collect();
    let cells: Vec<f32> = labels
        .iter()
        .flat_map(|&l| [0, 1, 2, 3, 4, 5].map(|c| (f64::from(l * c % 5) + stream.share()) as f32))
        .collect();
    let mut elsewhere = Elsewhere { cells: cells.clone(), n_columns: 6, is_broken: false };
    let found = {
        let here = labelled(&cells, 6, &labels);
        let there = Labelled::new(Points::elsewhere(&elsewhere).expect("columns"), &labels).expect("readable");
        [here, there].map(|set| {
            let points = &set.points;
            (
                within_sum_of_squares(&set),
                calinski_harabasz(&set),
                davies_bouldin(&set),
                silhouette(&set, 300, 4),
                principal_axes(points),
                points.take(&[7, 59_999, 7]).map(std::borrow::Cow::into_owned),
            )
        })
    };
    assert!(found[0].0.is_ok() && found[0].3.is_ok());
    assert_eq!(found[0], found[1]);
    elsewhere.is_broken = true;
    let error = Labelled::new(Points::elsewhere(&elsewhere).expect("columns"), &labels).expect_err("unreadable");
    assert_eq!(format!("[{}] {error}", error.code()), "[EVC0006] the rows could not be read again: the disk is gone");
}

#[test]
fn sums_over_rows_are_the_same_bits_on_any_number_of_threads() {
    let (d, n) = (5, 200_000);
    let mut stream = Stream::new(1, 0);
    let cells: Vec<f32> = (0..n * d).map(|_| stream.share() as f32).collect();
    let labels: Vec<u32> = (0..n as u32).map(|row| row % 3).collect();
    let found = [1, 3].map(|n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        pool.install(|| {
            let labelled = labelled(&cells, d, &labels);
            let axes = principal_axes(&labelled.points).expect("spread");
            (labelled.means.clone(), axes, davies_bouldin(&labelled).expect("three clusters"))
        })
    });
    assert_eq!(found[0], found[1]);
    let sums = labelled(&cells, d, &labels).points.sums_of_rows(2, |row_idx, row, sums| {
        sums[row_idx % 2] += f64::from(row[0]);
    });
    let every_other =
        |first: usize| cells.chunks_exact(d).skip(first).step_by(2).map(|row| f64::from(row[0])).sum::<f64>();
    for (sum, expected) in sums.expect("in memory").into_iter().zip([every_other(0), every_other(1)]) {
        assert!((sum / expected - 1.0).abs() < 1e-12, "{sum} {expected}");
    }
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let messages: Vec<String> = [
        Points::new(&[1.0, 2.0, 3.0], 2).map(|_| ()),
        Points::new(&[1.0, f32::NAN], 1).map(|_| ()),
        Labelled::new(Points::new(&LINE, 1).expect("finite"), &[0]).map(|_| ()),
        calinski_harabasz(&labelled(&LINE, 1, &[0; 4])).map(|_| ()),
        silhouette(&labelled(&LINE, 1, &[0, 1, 2, 3]), 9, 0).map(|_| ()),
        calinski_harabasz(&labelled(&[1.0, 1.0, 2.0, 2.0], 1, &PAIRS)).map(|_| ()),
        davies_bouldin(&labelled(&[1.0, 2.0, 1.0, 2.0], 1, &PAIRS)).map(|_| ()),
    ]
    .into_iter()
    .map(|found| found.expect_err("refused"))
    .map(|error| format!("[{}] {error}", error.code()))
    .collect();
    insta::assert_snapshot!(messages.join("\n"), @r"
    [EVC0001] 3 cells are no whole number of rows of 2 columns
    [EVC0003] row 1, column 0: expected a finite number, found NaN
    [EVC0002] labels: expected 4 values, one for each row, found 1
    [EVC0004] Calinski-Harabasz is undefined: expected 2 clusters or more and more rows than clusters, found 1 clusters in 4 rows
    [EVC0004] the silhouette is undefined: expected 2 clusters or more and more rows than clusters, found 4 clusters in 4 rows
    [EVC0005] Calinski-Harabasz is undefined: every cluster is a single point
    [EVC0005] Davies-Bouldin is undefined: two clusters have the same mean
    ");
}
