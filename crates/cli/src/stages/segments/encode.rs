//! Features onto scales on which distances mean something.
//!
//! Magnitudes go through the encoders that networks use: by default about the median, over the quartiles' distance, and
//! smoothly clipped, so that a few very large customers do not make segments of their own. `encode.numeric = "quantile"`
//! takes normal scores of their quantiles, the same for spend and for its logarithm; they stretch the last customers of
//! each feature, of whom segments of a handful can come. Levels become indicators.

use std::borrow::Cow;

use tenure_artifact::Preprocessor;
use tenure_cluster::{ClusterError, RowSource, Rows};
use tenure_config::{Encode, Plan};
use tenure_encode::{Dataset, fit_columns, fit_transform, transform};
use tenure_segments::{Figure, Figures, SegmentError};
use tenure_table::{Column, Role, Table, Values};

use super::budget;
use super::cells::{Cells, told};
use super::customers::Customers;
use crate::failure::Failure;
use crate::seeds;

/// Customers that are encoded at once where the encoded ones go to a file.
const PART_ROWS: usize = 1 << 11;

/// Encoded customers.
pub struct Encoded {
    /// The encoders.
    pub preprocessor: Preprocessor,
    /// Names of the encoded columns.
    pub columns: Vec<String>,
    /// `[N, D]` row-major: magnitudes, then indicators.
    pub cells: Cells,
    /// Restarts of k-means that may run side by side.
    pub together: usize,
}

impl Encoded {
    fn in_memory(preprocessor: Preprocessor, cells: Vec<f32>) -> Self {
        let columns = column_names(&preprocessor);
        Self { columns, cells: Cells::Memory(cells), preprocessor, together: usize::MAX }
    }

    /// The number of columns, D.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }
}

fn column_names(preprocessor: &Preprocessor) -> Vec<String> {
    let layout = &preprocessor.layout;
    layout.continuous.iter().map(|input| input.name.clone()).chain(layout.binary.iter().cloned()).collect()
}

/// The features alone, with the target that data sets have: all zeros, since nothing is predicted.
fn table(mut columns: Vec<Column>, n_rows: usize) -> Result<Table, Failure> {
    columns.push(Column::new(" ", Role::Target, Values::Numeric(vec![0.0; n_rows])));
    Table::new(columns).map_err(|error| Failure::usage(error.to_string(), "name each feature once"))
}

fn features(customers: &Customers<'_>) -> Result<Table, Failure> {
    let columns = customers.features.iter().filter_map(|name| customers.table.column(name)).cloned();
    table(columns.collect(), customers.table.n_rows())
}

fn settings(plan: &Plan) -> (Encode, u64) {
    // Every category that was let in has few enough levels for indicators.
    (Encode { target_statistics_min: usize::MAX, ..plan.encode }, seeds::derive(plan.experiment.seed, "encode", 0))
}

/// Fits encoders on these rows and encodes them, in memory.
pub fn fit(plan: &Plan, customers: &Customers<'_>, rows: &[u32]) -> Result<Encoded, Failure> {
    let (encode, seed) = settings(plan);
    let (preprocessor, data) = fit_transform(&features(customers)?, rows, &encode, seed)?;
    Ok(Encoded::in_memory(preprocessor, cells(&data)))
}

/// The same within `segments.memory`: where the encoded rows would take more, they go to a scratch file as they are made,
/// and encoders are fitted column by column.
pub fn fit_within_memory(plan: &Plan, customers: &Customers<'_>, rows: &[u32]) -> Result<Encoded, Failure> {
    let Some(memory) = plan.segments.memory else { return fit(plan, customers, rows) };
    let (encode, seed) = settings(plan);
    let preprocessor = fit_columns(
        &customers.features,
        rows.len(),
        &mut |name| -> Result<Column, Failure> { Ok(feature(customers, name, rows)?) },
        &encode,
        seed,
    )?;
    let columns = column_names(&preprocessor);
    let n_columns = columns.len();
    if !customers.columns.are_stored() && 4 * rows.len() as u64 * n_columns as u64 <= memory {
        let data = transform(&preprocessor, &features(customers)?, rows)?;
        return Ok(Encoded::in_memory(preprocessor, cells(&data)));
    }
    let together = budget::restarts_together(plan, customers, n_columns, memory)?;
    let mut parts = Parts { customers, preprocessor: &preprocessor, rows, n_columns };
    let cells = Cells::spill(plan, &mut parts).map_err(|error| Failure::data(told(&error), SCRATCH_HINT))?;
    Ok(Encoded { preprocessor, columns, cells, together })
}

const SCRATCH_HINT: &str = "free some room, set `run.dir` to another disk, or allow more `segments.memory`";

/// A feature of these rows.
fn feature(customers: &Customers<'_>, name: &str, rows: &[u32]) -> Result<Column, tenure_data::DataError> {
    Ok(customers.columns.rows_of(name, rows)?.expect("a feature is a column, by the choice of features"))
}

/// Customers that are encoded part after part.
struct Parts<'a> {
    customers: &'a Customers<'a>,
    preprocessor: &'a Preprocessor,
    rows: &'a [u32],
    n_columns: usize,
}

impl Parts<'_> {
    fn part(&self, rows: &[u32]) -> Result<Vec<f32>, ClusterError> {
        let source = |error: tenure_data::DataError| ClusterError::Source(error.into());
        let read = |name: &String| feature(self.customers, name, rows).map_err(source);
        let columns = self.customers.features.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let table = table(columns, rows.len()).map_err(|failure| ClusterError::Source(failure.render(false).into()))?;
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let data = transform(self.preprocessor, &table, &all).map_err(|error| ClusterError::Source(error.into()))?;
        Ok(cells(&data))
    }
}

impl RowSource for Parts<'_> {
    fn n_columns(&self) -> usize {
        self.n_columns
    }

    fn pass(&mut self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError> {
        for rows in self.rows.chunks(PART_ROWS) {
            visit(Rows { x: &self.part(rows)?, weights: None, n_columns: self.n_columns })?;
        }
        Ok(())
    }
}

/// Encodes other rows with the same encoders.
pub fn apply(customers: &Customers<'_>, encoded: &Encoded, rows: &[u32]) -> Result<Vec<f32>, Failure> {
    Ok(cells(&transform(&encoded.preprocessor, &features(customers)?, rows)?))
}

fn cells(data: &Dataset) -> Vec<f32> {
    let mut cells = Vec::with_capacity(data.continuous.len() + data.binary.len());
    for row_idx in 0..data.n_rows() {
        cells.extend_from_slice(data.continuous_row(row_idx));
        cells.extend_from_slice(data.binary_row(row_idx));
    }
    cells
}

/// The encoded columns as figures in their own units: raw magnitudes, and indicators.
pub struct EncodedFigures<'a> {
    /// Whose.
    pub customers: &'a Customers<'a>,
    /// Of these rows.
    pub rows: &'a [u32],
    /// The same encoded.
    pub encoded: &'a Encoded,
}

impl Figures for EncodedFigures<'_> {
    fn n_figures(&self) -> usize {
        self.encoded.n_columns()
    }

    fn figure(&self, column_idx: usize) -> Result<Cow<'_, Figure>, SegmentError> {
        let name = &self.encoded.columns[column_idx];
        let numbers = self.customers.columns.numbers_of(name, self.rows);
        let failed = |error| SegmentError::Figure { name: name.clone(), reason: told(&error) };
        if let Some(values) = numbers.map_err(failed)? {
            return Ok(Cow::Owned(Figure::magnitude(name, self.customers.unit(name), values)));
        }
        Ok(Cow::Owned(Figure::indicator(name)))
    }
}
