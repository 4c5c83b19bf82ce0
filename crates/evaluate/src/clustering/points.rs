//! Points and their labels, checked once.

use std::borrow::Cow;
use std::fmt::Debug;
use std::ops::Range;

use rayon::prelude::*;

use super::ClusteringError;

/// Bytes of rows that are read together.
const BLOCK_BYTES: usize = 1 << 20;

/// Blocks whose sums are in memory together, for each thread.
const BLOCKS_PER_THREAD: usize = 4;

/// Rows that do not lie in memory and can be read in any order.
pub trait PointRows: Debug + Sync {
    /// The number of rows, N.
    fn n_rows(&self) -> usize;

    /// The number of columns, D.
    fn n_columns(&self) -> usize;

    /// Reads the rows from `first_row` on, as many as fill `cells`, row after row.
    ///
    /// # Errors
    /// [`ClusteringError::Read`]
    fn read(&self, first_row: usize, cells: &mut [f32]) -> Result<(), ClusteringError>;
}

/// A row-major matrix of finite numbers, `[N, D]`, in memory or read from elsewhere as it is needed.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    n_rows: usize,
    n_columns: usize,
    rows: Place<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Place<'a> {
    Memory(&'a [f32]),
    Elsewhere(&'a dyn PointRows),
}

impl<'a> Points<'a> {
    /// The rows of `n_columns` cells each.
    ///
    /// # Errors
    /// [`ClusteringError::Shape`] and [`ClusteringError::NotFinite`].
    pub fn new(cells: &'a [f32], n_columns: usize) -> Result<Self, ClusteringError> {
        if n_columns == 0 || !cells.len().is_multiple_of(n_columns) {
            return Err(ClusteringError::Shape { n_cells: cells.len(), n_columns });
        }
        match cells.iter().position(|cell| !cell.is_finite()) {
            None => Ok(Self { n_rows: cells.len() / n_columns, n_columns, rows: Place::Memory(cells) }),
            Some(at) => Err(ClusteringError::NotFinite {
                row_idx: at / n_columns,
                column_idx: at % n_columns,
                found: f64::from(cells[at]),
            }),
        }
    }

    /// Rows that are read each time that they are looked at. They were checked when they were written: all are finite.
    ///
    /// # Errors
    /// [`ClusteringError::Shape`]
    pub fn elsewhere(rows: &'a dyn PointRows) -> Result<Self, ClusteringError> {
        let (n_rows, n_columns) = (rows.n_rows(), rows.n_columns());
        if n_columns == 0 {
            return Err(ClusteringError::Shape { n_cells: n_rows, n_columns });
        }
        Ok(Self { n_rows, n_columns, rows: Place::Elsewhere(rows) })
    }

    /// The number of rows, N.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The number of columns, D.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// All cells, where they are in memory.
    pub fn in_memory(&self) -> Option<&'a [f32]> {
        match self.rows {
            Place::Memory(cells) => Some(cells),
            Place::Elsewhere(_) => None,
        }
    }

    /// Visits all rows in blocks of whole rows, in order: `visit(index of the first row, cells)`.
    ///
    /// # Errors
    /// [`ClusteringError::Read`], only where the rows are not in memory; and what `visit` finds.
    pub fn each_block<E: From<ClusteringError>>(
        &self,
        mut visit: impl FnMut(usize, &[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.rows {
            Place::Memory(cells) => visit(0, cells),
            Place::Elsewhere(rows) => {
                let at_once = (BLOCK_BYTES / (4 * self.n_columns)).max(1);
                let mut block = Vec::new();
                for first_row in (0..self.n_rows).step_by(at_once) {
                    block.resize(at_once.min(self.n_rows - first_row) * self.n_columns, 0.0);
                    rows.read(first_row, &mut block)?;
                    visit(first_row, &block)?;
                }
                Ok(())
            }
        }
    }

    /// Visits all rows, in order: `visit(index, row)`.
    ///
    /// # Errors
    /// [`ClusteringError::Read`], only where the rows are not in memory.
    pub fn each_row(&self, mut visit: impl FnMut(usize, &[f32])) -> Result<(), ClusteringError> {
        self.each_block(|first_row, cells| {
            (first_row..).zip(cells.chunks_exact(self.n_columns)).for_each(|(row_idx, row)| visit(row_idx, row));
            Ok(())
        })
    }

    /// Sums over all rows: `add(index of the first row, cells, sums)` adds those of a block of whole rows. Blocks are looked
    /// at on all threads and added in their order: the bits depend neither on threads nor on where rows lie.
    ///
    /// # Errors
    /// [`ClusteringError::Read`], only where the rows are not in memory.
    pub fn sums(
        &self,
        n_sums: usize,
        add: impl Fn(usize, &[f32], &mut [f64]) + Sync,
    ) -> Result<Vec<f64>, ClusteringError> {
        let at_once = (BLOCK_BYTES / (4 * self.n_columns)).max(1);
        let starts: Vec<usize> = (0..self.n_rows).step_by(at_once).collect();
        let of_block = |room: &mut Vec<f32>, &start: &usize| {
            let n_cells = at_once.min(self.n_rows - start) * self.n_columns;
            let mut sums = vec![0.0; n_sums];
            match self.rows {
                Place::Memory(cells) => add(start, &cells[start * self.n_columns..][..n_cells], &mut sums),
                Place::Elsewhere(rows) => {
                    room.resize(n_cells, 0.0);
                    rows.read(start, room)?;
                    add(start, room, &mut sums);
                }
            }
            Ok(sums)
        };
        let mut totals = vec![0.0; n_sums];
        for wave in starts.chunks(BLOCKS_PER_THREAD * rayon::current_num_threads()) {
            let of_wave = wave.par_iter().map_init(Vec::new, of_block);
            for sums in of_wave.collect::<Result<Vec<Vec<f64>>, ClusteringError>>()? {
                totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
            }
        }
        Ok(totals)
    }

    /// [`sums`](Self::sums), row by row: `add(index, row, sums)`.
    ///
    /// # Errors
    /// [`ClusteringError::Read`], only where the rows are not in memory.
    pub fn sums_of_rows(
        &self,
        n_sums: usize,
        add: impl Fn(usize, &[f32], &mut [f64]) + Sync,
    ) -> Result<Vec<f64>, ClusteringError> {
        self.sums(n_sums, |first_row, cells, sums| {
            (first_row..).zip(cells.chunks_exact(self.n_columns)).for_each(|(row_idx, row)| add(row_idx, row, sums));
        })
    }

    /// Puts the cells of consecutive rows into `cells`.
    ///
    /// # Errors
    /// [`ClusteringError::Read`], only where the rows are not in memory.
    ///
    /// # Panics
    /// Where there are not so many rows.
    pub fn read(&self, rows: Range<usize>, cells: &mut Vec<f32>) -> Result<(), ClusteringError> {
        match self.rows {
            Place::Memory(all) => {
                cells.clear();
                cells.extend_from_slice(&all[rows.start * self.n_columns..rows.end * self.n_columns]);
                Ok(())
            }
            Place::Elsewhere(all) => {
                cells.resize(rows.len() * self.n_columns, 0.0);
                all.read(rows.start, cells)
            }
        }
    }

    /// The cells of these rows, row after row; borrowed where they are all rows and in memory.
    ///
    /// # Errors
    /// [`ClusteringError::Read`], only where the rows are not in memory.
    pub fn take(&self, row_idxs: &[u32]) -> Result<Cow<'a, [f32]>, ClusteringError> {
        let d = self.n_columns;
        let is_all = row_idxs.len() == self.n_rows && row_idxs.iter().zip(0..).all(|(&row_idx, i)| row_idx == i);
        match self.rows {
            Place::Memory(cells) if is_all => Ok(Cow::Borrowed(cells)),
            Place::Memory(cells) => {
                let row = |&row_idx: &u32| &cells[row_idx as usize * d..][..d];
                Ok(Cow::Owned(row_idxs.iter().flat_map(row).copied().collect()))
            }
            Place::Elsewhere(rows) => {
                let mut taken = vec![0.0; row_idxs.len() * d];
                for (&row_idx, row) in row_idxs.iter().zip(taken.chunks_exact_mut(d)) {
                    rows.read(row_idx as usize, row)?;
                }
                Ok(Cow::Owned(taken))
            }
        }
    }

    /// The mean of each column, `[D]`.
    ///
    /// # Errors
    /// [`ClusteringError::Read`], only where the rows are not in memory.
    pub fn mean(&self) -> Result<Vec<f64>, ClusteringError> {
        let mut mean = self.sums_of_rows(self.n_columns, |_, row, sums| add(sums, row))?;
        for sum in &mut mean {
            *sum /= self.n_rows().max(1) as f64;
        }
        Ok(mean)
    }
}

/// Points, each in one of `K` clusters.
#[derive(Clone, Debug)]
pub struct Labelled<'a> {
    /// The points.
    pub points: Points<'a>,
    /// The cluster of each row, `[N]`; numbers need not be consecutive.
    pub labels: &'a [u32],
    /// Rows of each number, `[K]`; zero where a number is not used.
    pub sizes: Vec<usize>,
    /// The mean of each cluster, `[K, D]`; zeros where a number is not used.
    pub(super) means: Vec<f64>,
}

impl<'a> Labelled<'a> {
    /// The points with their clusters.
    ///
    /// # Errors
    /// [`ClusteringError::Lengths`] and [`ClusteringError::Read`].
    pub fn new(points: Points<'a>, labels: &'a [u32]) -> Result<Self, ClusteringError> {
        if labels.len() != points.n_rows() {
            return Err(ClusteringError::Lengths { what: "labels", expected: points.n_rows(), found: labels.len() });
        }
        let k = labels.iter().max().map_or(0, |&largest| largest as usize + 1);
        let d = points.n_columns();
        let mut sizes = vec![0; k];
        for &label in labels {
            sizes[label as usize] += 1;
        }
        let mut means = points
            .sums_of_rows(k * d, |row_idx, row, sums| add(&mut sums[labels[row_idx] as usize * d..][..d], row))?;
        for (mean, &size) in means.chunks_exact_mut(d).zip(&sizes) {
            for sum in mean {
                *sum /= size.max(1) as f64;
            }
        }
        Ok(Self { points, labels, sizes, means })
    }

    /// Clusters that have a row.
    pub fn n_clusters(&self) -> usize {
        self.sizes.iter().filter(|&&size| size > 0).count()
    }

    /// The mean of a cluster, `[D]`.
    pub fn mean(&self, label: usize) -> &[f64] {
        &self.means[label * self.points.n_columns()..][..self.points.n_columns()]
    }

    /// Refuses what a measure that compares clusters cannot judge.
    pub(super) fn check(&self, measure: &'static str) -> Result<(), ClusteringError> {
        let (n_clusters, n_rows) = (self.n_clusters(), self.points.n_rows());
        if n_clusters < 2 || n_rows <= n_clusters {
            return Err(ClusteringError::Clusters { measure, n_clusters, n_rows });
        }
        Ok(())
    }
}

fn add(sum: &mut [f64], row: &[f32]) {
    sum.iter_mut().zip(row).for_each(|(sum, &cell)| *sum += f64::from(cell));
}

/// Squared Euclidean distance between a row and a mean.
pub(super) fn squared(row: &[f32], mean: &[f64]) -> f64 {
    row.iter().zip(mean).map(|(&a, &b)| (f64::from(a) - b).powi(2)).sum()
}
