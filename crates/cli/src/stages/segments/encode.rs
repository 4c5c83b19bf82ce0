//! Features onto scales on which distances mean something.
//!
//! Magnitudes go through the encoders that networks use: by default about the median, over the quartiles' distance, and
//! smoothly clipped, so that a few very large customers do not make segments of their own. `encode.numeric = "quantile"`
//! takes normal scores of their quantiles, the same for spend and for its logarithm; they stretch the last customers of
//! each feature, of whom segments of a handful can come. Levels become indicators.

use tenure_artifact::Preprocessor;
use tenure_config::{Encode, Plan};
use tenure_encode::{Dataset, fit_transform, transform};
use tenure_segments::Figure;
use tenure_table::{Column, Role, Table, Values};

use super::customers::{Customers, numbers};
use crate::failure::Failure;
use crate::seeds;

/// Encoded customers.
pub struct Encoded {
    /// The encoders.
    pub preprocessor: Preprocessor,
    /// Names of the encoded columns.
    pub columns: Vec<String>,
    /// `[N, D]` row-major: magnitudes, then indicators.
    pub cells: Vec<f32>,
}

impl Encoded {
    /// The number of columns, D.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }
}

/// The features alone, with the target that data sets have: all zeros, since nothing is predicted.
fn features(customers: &Customers<'_>) -> Result<Table, Failure> {
    let mut columns: Vec<Column> =
        customers.features.iter().filter_map(|name| customers.table.column(name)).cloned().collect();
    columns.push(Column::new(" ", Role::Target, Values::Numeric(vec![0.0; customers.table.n_rows()])));
    Table::new(columns).map_err(|error| Failure::usage(error.to_string(), "name each feature once"))
}

/// Fits encoders on these rows and encodes them.
pub fn fit(plan: &Plan, customers: &Customers<'_>, rows: &[u32]) -> Result<Encoded, Failure> {
    let table = features(customers)?;
    // Every category that was let in has few enough levels for indicators.
    let plan_of_levels = Encode { target_statistics_min: usize::MAX, ..plan.encode };
    let seed = seeds::derive(plan.experiment.seed, "encode", 0);
    let (preprocessor, data) = fit_transform(&table, rows, &plan_of_levels, seed)?;
    let layout = &preprocessor.layout;
    let columns = layout.continuous.iter().map(|input| input.name.clone()).chain(layout.binary.iter().cloned());
    Ok(Encoded { columns: columns.collect(), cells: cells(&data), preprocessor })
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

/// The encoded columns as figures in their own units: raw magnitudes, and indicators as they are.
pub fn figures(customers: &Customers<'_>, encoded: &Encoded, rows: &[u32]) -> Vec<Figure> {
    let d = encoded.n_columns();
    let figure = |(column, name): (usize, &String)| match numbers(customers.table, name) {
        Some(values) => {
            let values = rows.iter().map(|&row| f64::from(values[row as usize])).collect();
            Figure::magnitude(name, customers.unit(name), values)
        }
        None => {
            let values = encoded.cells.iter().skip(column).step_by(d).map(|&value| f64::from(value)).collect();
            Figure::indicator(name, values)
        }
    };
    encoded.columns.iter().enumerate().map(figure).collect()
}
