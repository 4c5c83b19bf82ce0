//! Encoded customers, in memory or in a scratch file.

use std::path::Path;
use std::sync::Arc;

use tenure_cluster::{ClusterError, RowFile, RowSource, Rows};
use tenure_config::Plan;
use tenure_evaluate::{ClusteringError, PointRows, Points};
use tenure_segments::SegmentError;

/// A row-major matrix.
#[derive(Clone)]
pub enum Cells {
    /// In memory.
    Memory(Vec<f32>),
    /// In a scratch file without a name, which is gone when the program is, however it ends.
    File(Arc<RowsInFile>),
}

/// Rows in a scratch file.
#[derive(Debug)]
pub struct RowsInFile(RowFile);

impl Cells {
    /// Writes rows to a scratch file in the folder of runs (in the system's, where there are no runs yet).
    pub fn spill(plan: &Plan, rows: &mut dyn RowSource) -> Result<Self, ClusterError> {
        let folder = Path::new(&plan.run.dir);
        let folder = if folder.is_dir() { folder.to_path_buf() } else { std::env::temp_dir() };
        Ok(Self::File(Arc::new(RowsInFile(RowFile::spill_in(rows, &folder)?))))
    }

    /// The rows as measures take them.
    pub fn points(&self, n_columns: usize) -> Result<Points<'_>, SegmentError> {
        Ok(match self {
            Self::Memory(cells) => Points::new(cells, n_columns)?,
            Self::File(rows) => Points::elsewhere(&**rows)?,
        })
    }

    /// The scratch file, where there is one.
    pub fn file(&self) -> Option<&Arc<RowsInFile>> {
        match self {
            Self::Memory(_) => None,
            Self::File(rows) => Some(rows),
        }
    }
}

impl RowsInFile {
    /// The rows as k-means takes them.
    pub fn source(&self) -> &RowFile {
        &self.0
    }
}

impl PointRows for RowsInFile {
    fn n_rows(&self) -> usize {
        self.0.n_rows()
    }

    fn n_columns(&self) -> usize {
        self.0.n_columns()
    }

    fn read(&self, first_row: usize, cells: &mut [f32]) -> Result<(), ClusteringError> {
        self.0.read_rows(first_row, cells).map_err(|error| ClusteringError::Read { reason: told(&error) })
    }
}

/// An error with its causes.
pub fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}

/// Rows of length 1, as they are written.
pub struct Directions<'a> {
    rows: &'a RowFile,
}

impl<'a> Directions<'a> {
    /// Those of these rows.
    pub fn of(rows: &'a RowFile) -> Self {
        Self { rows }
    }
}

impl RowSource for Directions<'_> {
    fn n_columns(&self) -> usize {
        self.rows.n_columns()
    }

    fn pass(&mut self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError> {
        (&mut &*self.rows).pass(&mut |rows| {
            let mut x = rows.x.to_vec();
            to_directions(&mut x, rows.n_columns);
            visit(Rows { x: &x, ..rows })
        })
    }
}

/// Scales rows to length 1; a row at the origin stays.
pub fn to_directions(cells: &mut [f32], n_columns: usize) {
    for row in cells.chunks_exact_mut(n_columns) {
        let length = row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        if length > 0.0 {
            for x in row {
                *x = (f64::from(*x) / length) as f32;
            }
        }
    }
}
