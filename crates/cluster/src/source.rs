//! Rows that come in passes, so that data larger than memory can be clustered.

use tenure_kernels::kmeans::Rows;

use crate::error::ClusterError;
use crate::shared::SharedRows;

/// Chunks of the grid that are gathered before they are handed on, when a source gives small blocks ...
const CHUNKS_TOGETHER: usize = 16;

/// ... and the memory that they may take, where one chunk takes less.
const GATHERED_BYTES: usize = 8 << 20;

/// Chunks that a block must hold to be used where it lies.
const DIRECT_CHUNKS: usize = 4;

/// Rows that can be read again and again, always in the same order.
///
/// Blocks may have any length; results do not depend on it. Blocks of many thousand rows are used where they lie, small
/// ones are copied together.
pub trait RowSource {
    /// Columns of each row.
    fn n_columns(&self) -> usize;

    /// Gives all rows, block after block, in the same order at each call. An error of `visit` is to be returned at once.
    fn pass(&mut self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError>;

    /// All rows at once, where they are in memory.
    fn in_memory(&self) -> Option<Rows<'_>> {
        None
    }

    /// The same rows, where several threads can read them at once.
    fn shared(&self) -> Option<&dyn SharedRows> {
        None
    }

    /// Values of the rows named, which ascend and may repeat, row after row. By default a pass; worth replacing where
    /// rows can be found directly.
    fn gather(&mut self, row_idxs: &[usize]) -> Result<Vec<f32>, ClusterError> {
        let mut found = Vec::with_capacity(row_idxs.len() * self.n_columns());
        let (mut first_row, mut next) = (0, 0);
        self.pass(&mut |rows| {
            while next < row_idxs.len() && row_idxs[next] < first_row + rows.len() {
                found.extend_from_slice(rows.row(row_idxs[next] - first_row));
                next += 1;
            }
            first_row += rows.len();
            Ok(())
        })?;
        Ok(found)
    }
}

impl RowSource for Rows<'_> {
    fn n_columns(&self) -> usize {
        self.n_columns
    }

    fn pass(&mut self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError> {
        visit(*self)
    }

    fn in_memory(&self) -> Option<Rows<'_>> {
        Some(*self)
    }

    fn gather(&mut self, row_idxs: &[usize]) -> Result<Vec<f32>, ClusterError> {
        Ok(row_idxs.iter().flat_map(|&i| self.row(i)).copied().collect())
    }
}

/// One pass, in blocks that start at chunks of the grid: `visit(index of the first row, rows)`.
pub(crate) fn for_each_block(
    source: &mut dyn RowSource,
    chunk_rows: usize,
    mut visit: impl FnMut(usize, Rows<'_>) -> Result<(), ClusterError>,
) -> Result<(), ClusterError> {
    if let Some(rows) = source.in_memory() {
        check_shape(rows, source.n_columns())?;
        return visit(0, rows);
    }
    let mut gathered =
        Gathered { n_columns: source.n_columns(), first_row: 0, x: Vec::new(), weights: Vec::new(), weighted: None };
    source.pass(&mut |rows| {
        let mut rest = gathered.check(rows)?;
        while !rest.is_empty() {
            let direct = gathered.is_empty() && rest.len() >= DIRECT_CHUNKS * chunk_rows;
            let taken = if direct {
                let whole = rest.len() / chunk_rows * chunk_rows;
                visit(gathered.first_row, rest.slice(0, whole))?;
                gathered.first_row += whole;
                whole
            } else {
                gathered.take(rest, chunk_rows, &mut visit)?
            };
            rest = rest.slice(taken, rest.len());
        }
        Ok(())
    })?;
    if gathered.is_empty() { Ok(()) } else { gathered.flush(&mut visit) }
}

/// Rows that wait for the rest of their chunk.
struct Gathered {
    n_columns: usize,
    /// Index of the first row that waits.
    first_row: usize,
    x: Vec<f32>,
    weights: Vec<f32>,
    /// `None` until the first block tells.
    weighted: Option<bool>,
}

impl Gathered {
    fn len(&self) -> usize {
        self.x.len() / self.n_columns
    }

    fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    fn check<'a>(&mut self, rows: Rows<'a>) -> Result<Rows<'a>, ClusterError> {
        check_shape(rows, self.n_columns)?;
        let weighted = *self.weighted.get_or_insert(rows.weights.is_some());
        if weighted == rows.weights.is_some() || rows.is_empty() {
            return Ok(rows);
        }
        Err(ClusterError::Weights {
            expected: if weighted { rows.len() } else { 0 },
            found: rows.weights.map_or(0, <[f32]>::len),
        })
    }

    /// Takes some of `rows`, hands on what fills its chunks, and returns how many were taken: up to the end of the chunk
    /// where what follows can be used directly, else as many as fit.
    fn take(
        &mut self,
        rows: Rows<'_>,
        chunk_rows: usize,
        visit: &mut impl FnMut(usize, Rows<'_>) -> Result<(), ClusterError>,
    ) -> Result<usize, ClusterError> {
        let to_chunk = (chunk_rows - self.len() % chunk_rows) % chunk_rows;
        let many_follow = rows.len() >= to_chunk + DIRECT_CHUNKS * chunk_rows;
        let together = (GATHERED_BYTES / (4 * self.n_columns * chunk_rows)).clamp(1, CHUNKS_TOGETHER);
        let room = together * chunk_rows - self.len();
        let taken = if many_follow { to_chunk } else { rows.len().min(room) };
        self.push(rows.slice(0, taken));
        if many_follow || taken == room {
            self.flush(visit)?;
        }
        Ok(taken)
    }

    fn push(&mut self, rows: Rows<'_>) {
        self.x.extend_from_slice(rows.x);
        self.weights.extend_from_slice(rows.weights.unwrap_or_default());
    }

    fn flush(
        &mut self,
        visit: &mut impl FnMut(usize, Rows<'_>) -> Result<(), ClusterError>,
    ) -> Result<(), ClusterError> {
        let weights = (self.weighted == Some(true)).then_some(self.weights.as_slice());
        visit(self.first_row, Rows { x: &self.x, weights, n_columns: self.n_columns })?;
        self.first_row += self.len();
        self.x.clear();
        self.weights.clear();
        Ok(())
    }
}

/// Whether the values fill rows of `n_columns`, each with its weight.
pub(crate) fn check_shape(rows: Rows<'_>, n_columns: usize) -> Result<(), ClusterError> {
    if rows.n_columns == 0 {
        return Err(ClusterError::NoColumns);
    }
    if rows.n_columns != n_columns {
        return Err(ClusterError::Width { what: "rows".into(), expected: n_columns, found: rows.n_columns });
    }
    if !rows.x.len().is_multiple_of(n_columns) {
        return Err(ClusterError::Ragged { n_values: rows.x.len(), n_columns });
    }
    match rows.weights {
        Some(weights) if weights.len() != rows.len() => {
            Err(ClusterError::Weights { expected: rows.len(), found: weights.len() })
        }
        _ => Ok(()),
    }
}
