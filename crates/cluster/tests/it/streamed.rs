//! Streamed rows give the bits of rows in memory.

use tenure_cluster::{ClusterError, Init, Iteration, KMeans, Metric, Observer, RowSource, Rows, Silent};

use crate::made::{Made, rows};

/// Rows in blocks of these lengths, over and over.
struct Blocks<'a> {
    rows: Rows<'a>,
    lengths: &'a [usize],
}

impl RowSource for Blocks<'_> {
    fn n_columns(&self) -> usize {
        self.rows.n_columns
    }

    fn pass(&mut self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError> {
        let (mut start, mut lengths) = (0, self.lengths.iter().cycle());
        while start < self.rows.len() {
            let end = self.rows.len().min(start + lengths.next().expect("a cycle has no end"));
            visit(self.rows.slice(start, end))?;
            start = end;
        }
        Ok(())
    }
}

#[test]
fn however_rows_are_cut_the_bits_are_those_in_memory() {
    let x = Made::new(21).spots(100_000, 4, 8, 3.0, 100.0);
    let weights: Vec<f32> = (0..100_000).map(|i| (i % 5) as f32 / 2.0).collect();
    for init in [Init::KMeansPlusPlus, Init::KMeansParallel { n_rounds: 3 }, Init::Random] {
        for metric in [Metric::SquaredEuclidean, Metric::Cosine] {
            let settings = KMeans { n_init: 2, max_iter: 6, init: init.clone(), metric, ..KMeans::new(8) };
            for weights in [None, Some(&weights[..])] {
                let rows = Rows { x: &x, weights, n_columns: 4 };
                let expected = settings.fit(rows).unwrap();
                for lengths in [&[100_000][..], &[4096], &[1000], &[17, 40_000, 1, 5000]] {
                    let found = settings.fit_source(&mut Blocks { rows, lengths }, &mut Silent).unwrap();
                    assert_eq!(found, expected, "{init:?}, {metric:?}, {lengths:?}");
                }
            }
        }
    }
}

#[test]
fn progress_is_told() {
    #[derive(Default)]
    struct Notes {
        seeded: Vec<usize>,
        iterations: Vec<Iteration>,
    }
    impl Observer for Notes {
        fn seeded(&mut self, n_done: usize, _: usize) {
            self.seeded.push(n_done);
        }
        fn iterated(&mut self, iteration: &Iteration) {
            self.iterations.push(iteration.clone());
        }
    }
    let x = Made::new(22).spots(3000, 3, 6, 2.0, 0.0);
    let mut notes = Notes::default();
    let settings = KMeans { n_init: 3, tolerance: 0.0, ..KMeans::new(6) };
    let fitted = settings.fit_source(&mut { rows(&x, 3) }, &mut notes).unwrap();
    assert_eq!(notes.seeded, [1, 2, 3, 4, 5, 6]);
    let longest = fitted.restarts.iter().map(|restart| restart.n_iter).max();
    assert_eq!(notes.iterations.last().map(|iteration| iteration.n_iter), longest);
    assert_eq!(notes.iterations[0].n_running, 3);
    assert!(notes.iterations[0].inertia > fitted.inertia);
}
