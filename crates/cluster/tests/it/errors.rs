//! What is wrong with rows or settings, told with its place.

use std::error::Error;

use insta::assert_snapshot;
use tenure_cluster::{Centroids, ClusterError, Init, KMeans, Metric, MiniBatch, Rows, Silent};

use crate::made::{Made, rows};

/// An error with its causes.
fn told<T>(result: Result<T, ClusterError>) -> String {
    let Err(error) = result else { return "no error".into() };
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

fn weighted<'a>(x: &'a [f32], weights: &'a [f32]) -> Rows<'a> {
    Rows { x, weights: Some(weights), n_columns: 1 }
}

#[test]
fn bad_rows() {
    let fit = |x: &[f32], n_columns| told(KMeans::new(2).fit(rows(x, n_columns)));
    assert_snapshot!(fit(&[1.0, 2.0, f32::NAN, 4.0], 2), @"row 1, column 0: expected a finite number, found NaN");
    assert_snapshot!(fit(&[1.0, f32::NEG_INFINITY], 1), @"row 1, column 0: expected a finite number, found -inf");
    assert_snapshot!(fit(&[], 2), @"there are no rows to cluster");
    assert_snapshot!(fit(&[1.0], 0), @"rows have no columns");
    assert_snapshot!(fit(&[1.0, 2.0, 3.0], 2), @"3 values do not fill rows of 2 columns");
    assert_snapshot!(fit(&[1e30, -1e30, 0.0], 1), @"column 0: values spread over more than 1e16, too far for squares in f32; scale the columns");
    let directions = KMeans { metric: Metric::Cosine, ..KMeans::new(2) };
    assert_snapshot!(told(directions.fit(rows(&[1.0, 0.0, 0.0, 0.0], 2))), @"row 1 is all zeros: cosine distance needs a direction");
}

#[test]
fn a_bad_value_is_found_far_down() {
    let mut x = Made::new(1).spots(9000, 3, 5, 1.0, 0.0);
    x[8765 * 3 + 2] = f32::INFINITY;
    assert_snapshot!(told(KMeans::new(2).fit(rows(&x, 3))), @"row 8765, column 2: expected a finite number, found inf");
}

#[test]
fn too_few_rows() {
    let fit = |k, x: &[f32]| told(KMeans::new(k).fit(rows(x, 1)));
    assert_snapshot!(fit(4, &[1.0, 2.0, 3.0]), @"4 clusters were asked for, but there are only 3 rows");
    assert_snapshot!(fit(3, &[1.0, 2.0, 1.0, 2.0]), @"3 clusters were asked for, but only 2 rows of positive weight are different");
    assert_snapshot!(fit(2, &[0.0, -0.0, 0.0]), @"2 clusters were asked for, but only 1 rows of positive weight are different");
    let one_counts = weighted(&[1.0, 2.0, 3.0], &[0.0, 1.0, 0.0]);
    assert_snapshot!(told(KMeans::new(2).fit(one_counts)), @"2 clusters were asked for, but only 1 rows of positive weight are different");
    assert_snapshot!(told(KMeans::new(2).fit_min_size(rows(&[1.0, 2.0, 3.0], 1), 2)), @"2 clusters of at least 2 rows need 4 rows, found 3");
}

#[test]
fn one_direction_is_one_row_under_cosine() {
    let settings = KMeans { metric: Metric::Cosine, ..KMeans::new(2) };
    let x = [1.0, 1.0, 2.0, 2.0, 3.0, 3.0];
    assert_snapshot!(told(settings.fit(rows(&x, 2))), @"2 clusters were asked for, but only 1 rows of positive weight are different");
}

#[test]
fn bad_weights() {
    let fit = |weights: &[f32]| told(KMeans::new(1).fit(weighted(&[1.0, 2.0], weights)));
    assert_snapshot!(fit(&[0.0, 0.0]), @"the weights of all 2 rows are zero");
    assert_snapshot!(fit(&[1.0, -1.0]), @"row 1: expected a weight that is finite and not negative, found -1");
    assert_snapshot!(fit(&[f32::NAN, 1.0]), @"row 0: expected a weight that is finite and not negative, found NaN");
    assert_snapshot!(fit(&[1.0]), @"expected 2 weights, one for each row, found 1");
}

#[test]
fn bad_settings() {
    let fit = |settings: KMeans| told(settings.fit(rows(&[1.0, 2.0, 3.0], 1)));
    let two = KMeans::new(2);
    assert_snapshot!(fit(KMeans::new(0)), @"k: expected at least 1, found 0");
    assert_snapshot!(fit(KMeans { n_init: 0, ..two.clone() }), @"n_init: expected at least 1, found 0");
    assert_snapshot!(fit(KMeans { tolerance: f64::NAN, ..two.clone() }), @"tolerance: expected a number from 0, found NaN");
    assert_snapshot!(fit(KMeans { init: Init::Given(vec![1.0]), ..two.clone() }), @"init: expected k × n_columns values, found 1 values for 2 × 1");
    let none = MiniBatch { batch_rows: 0, n_batches: 1 };
    assert_snapshot!(told(two.fit_mini_batch(rows(&[1.0, 2.0], 1), none)), @"batch_rows: expected at least 1, found 0");
    assert_snapshot!(told(Centroids::new(vec![1.0, f64::NAN], 1, Metric::Cosine)), @"centroids: expected finite numbers, found NaN");
}

#[test]
fn bad_problems_of_a_batch() {
    let settings = KMeans::new(2);
    let (a, b) = ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0]);
    assert_snapshot!(told(settings.fit_batch(&[rows(&a, 1), rows(&a, 2)])), @"problem 1: expected 1 columns, found 2");
    assert_snapshot!(told(settings.fit_batch(&[rows(&a, 1), rows(&b, 1), rows(&[], 1)])), @"problem 1: 2 clusters were asked for, but only 1 rows of positive weight are different");
}

#[test]
fn rows_of_another_width() {
    let x = [1.0, 2.0, 3.0, 4.0];
    let fitted = KMeans::new(2).fit(rows(&x, 1)).unwrap();
    assert_snapshot!(told(fitted.centroids.predict(rows(&x, 2))), @"rows: expected 1 columns, found 2");
    assert_snapshot!(told(fitted.centroids.transform(rows(&[f32::NAN], 1))), @"row 0, column 0: expected a finite number, found NaN");
}

#[test]
fn a_source_that_changes() {
    struct Shrinking(usize);
    impl tenure_cluster::RowSource for Shrinking {
        fn n_columns(&self) -> usize {
            1
        }
        fn pass(&mut self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError> {
            self.0 -= 1;
            let x: Vec<f32> = (0..self.0).map(|i| i as f32).collect();
            visit(rows(&x, 1))
        }
    }
    let settings = KMeans { init: Init::Given(vec![0.0, 5.0]), ..KMeans::new(2) };
    assert_snapshot!(told(settings.fit_source(&mut Shrinking(100), &mut Silent)), @"the source gave 99 rows in its first pass and 98 in a later one; every pass must give the same");
}
