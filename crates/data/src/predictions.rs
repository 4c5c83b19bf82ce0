//! Test rows and their scores, read back from a run.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use polars::prelude::{Column, DataType, ParquetReader, PolarsError, SerReader, TimeUnit};

use crate::DataError;

/// What `predictions.parquet` holds, one entry for each test row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoredRows {
    /// The customer's id; the row's number where customers have none.
    pub id: Vec<String>,
    /// The cutoff in microseconds since the Unix epoch; 0 where rows have none.
    pub cutoff_us: Vec<i64>,
    /// Calibrated probability.
    pub calibrated: Vec<f64>,
    /// 1 for customers who left.
    pub label: Vec<f32>,
}

impl ScoredRows {
    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.calibrated.len()
    }

    /// For each of these rows the place of the same row in `other`, where both hold the same rows with the same labels.
    pub fn order_of(&self, other: &Self) -> Option<Vec<u32>> {
        if self.n_rows() != other.n_rows() {
            return None;
        }
        let key = |rows: &'_ Self, i: usize| (rows.id[i].clone(), rows.cutoff_us[i]);
        let places: HashMap<_, _> = (0..other.n_rows()).map(|i| (key(other, i), i as u32)).collect();
        let place = |i: usize| {
            let place = *places.get(&key(self, i))?;
            (self.label[i] == other.label[place as usize]).then_some(place)
        };
        (0..self.n_rows()).map(place).collect()
    }
}

/// Reads the `predictions.parquet` of a run.
pub fn read_predictions(path: &Path) -> Result<ScoredRows, DataError> {
    let file = File::open(path).map_err(|source| DataError::Read { file: path.to_path_buf(), source })?;
    read(file)
        .map_err(|error| DataError::Library { doing: format!("reading {}", path.display()), reason: error.to_string() })
}

fn read(file: File) -> Result<ScoredRows, PolarsError> {
    let frame = ParquetReader::new(file).finish()?;
    let id = frame.column("id").or_else(|_| frame.column("row"))?.cast(&DataType::String)?;
    let cutoff_us = match frame.column("cutoff") {
        Ok(cutoff) => {
            let instants = cutoff.cast(&DataType::Datetime(TimeUnit::Microseconds, None))?.cast(&DataType::Int64)?;
            instants.i64()?.iter().map(|us| us.unwrap_or(0)).collect()
        }
        Err(_) => vec![0; frame.height()],
    };
    Ok(ScoredRows {
        id: id.str()?.iter().map(|id| id.unwrap_or_default().to_owned()).collect(),
        cutoff_us,
        calibrated: numbers(frame.column("calibrated")?)?,
        label: numbers(frame.column("label")?)?.into_iter().map(|label| label as f32).collect(),
    })
}

fn numbers(column: &Column) -> Result<Vec<f64>, PolarsError> {
    let numbers = column.cast(&DataType::Float64)?;
    Ok(numbers.f64()?.iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}
