//! Parquet through polars' streaming engine: a few batches are in memory at a time, whatever the file's size.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use polars::prelude::{
    ArrowDataType, Column, DataFrame, DataType, Engine, LazyFrame, ParquetReader, PlRefPath, PlanCallback, PolarsError,
    ScanArgsParquet, SerReader, TimeUnit, col,
};

use super::{MAGIC, SourceColumn, Storage};
use crate::DataError;
use crate::cell::{Batch, Cells};

/// The columns and the number of rows, from the file's footer.
pub(super) fn columns(path: &Path) -> Result<(Vec<SourceColumn>, u64), DataError> {
    check_end(path)?;
    let mut reader = ParquetReader::new(open(path)?);
    let schema = reader.schema().map_err(|error| damaged(path, &error))?;
    let n_rows = reader.num_rows().map_err(|error| damaged(path, &error))? as u64;
    let columns = schema.iter_values().map(|field| column(path, &field.name, field.dtype()));
    let columns = columns.collect::<Result<_, _>>()?;
    if n_rows == 0 { Err(DataError::NoRows { file: path.into() }) } else { Ok((columns, n_rows)) }
}

/// A download that stopped early has the first magic and lacks the last.
fn check_end(path: &Path) -> Result<(), DataError> {
    let read = |source| DataError::Read { file: path.into(), source };
    let mut file = File::open(path).map_err(read)?;
    let size = file.metadata().map_err(read)?.len();
    let mut end = [0; 4];
    if size >= 12 {
        file.seek(SeekFrom::End(-4)).map_err(read)?;
        file.read_exact(&mut end).map_err(read)?;
    }
    let reason = format!("its {size} bytes do not end in `PAR1`");
    if &end == MAGIC { Ok(()) } else { Err(DataError::DamagedParquet { file: path.into(), reason }) }
}

pub(super) fn column(path: &Path, name: &str, dtype: &ArrowDataType) -> Result<SourceColumn, DataError> {
    let storage = match dtype {
        ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View => Storage::Text,
        ArrowDataType::Dictionary(_, values, _) if is_text(values) => Storage::Text,
        ArrowDataType::Int32 | ArrowDataType::Int64 | ArrowDataType::UInt32 | ArrowDataType::UInt64 => Storage::Integer,
        ArrowDataType::Float32 | ArrowDataType::Float64 => Storage::Float,
        ArrowDataType::Boolean => Storage::Boolean,
        ArrowDataType::Timestamp(..) | ArrowDataType::Date32 | ArrowDataType::Date64 => Storage::Time,
        ArrowDataType::Null => Storage::Empty,
        // The engine is built without decimals: a file that holds one cannot even be opened by it.
        ArrowDataType::Decimal(..)
        | ArrowDataType::Decimal32(..)
        | ArrowDataType::Decimal64(..)
        | ArrowDataType::Decimal256(..) => {
            let (expected, found) = ("a number in single or double precision", "decimals".to_string());
            return Err(DataError::ColumnType { file: path.into(), column: name.into(), expected, found });
        }
        other => Storage::Other(format!("{other:?}")),
    };
    Ok(SourceColumn { name: name.to_string(), storage })
}

fn is_text(dtype: &ArrowDataType) -> bool {
    matches!(dtype, ArrowDataType::Utf8 | ArrowDataType::LargeUtf8 | ArrowDataType::Utf8View)
}

/// Reads these columns, batch after batch, until `limit` rows were read; returns the number of rows.
pub(super) fn read(
    path: &Path,
    names: &[&str],
    limit: u64,
    visit: &mut dyn FnMut(&Batch) -> Result<(), DataError>,
) -> Result<u64, DataError> {
    // One batch waits while another is worked on: the engine reads ahead, and not further.
    let (sender, frames) = sync_channel(1);
    let sink = scan(path, names)
        .and_then(|scan| scan.sink_batches(PlanCallback::new(move |frame| Ok(sender.send(frame).is_err())), true, None))
        .map_err(|error| damaged(path, &error))?;
    std::thread::scope(|scope| {
        let engine = scope.spawn(move || sink.collect_with_engine(Engine::Streaming));
        let visited = visit_all(path, frames, limit, visit);
        match engine.join() {
            Ok(Ok(_)) => visited,
            Ok(Err(error)) => visited.and(Err(damaged(path, &error))),
            Err(_panic) => visited.and(Err(broken(path, "its pages do not hold what its footer says"))),
        }
    })
}

pub(super) fn open(path: &Path) -> Result<File, DataError> {
    File::open(path).map_err(|source| DataError::Read { file: path.into(), source })
}

fn scan(path: &Path, names: &[&str]) -> Result<LazyFrame, PolarsError> {
    let place = PlRefPath::try_from_path(path)?;
    // The path is a file that exists: a bracket in its name is not a pattern.
    let args = ScanArgsParquet { glob: false, cache: false, ..ScanArgsParquet::default() };
    let columns: Vec<_> = names.iter().map(|name| col(*name)).collect();
    Ok(LazyFrame::scan_parquet(place, args)?.select(columns))
}

/// Visits frames as they come; when it returns, the engine finds nobody listening and stops.
fn visit_all(
    path: &Path,
    frames: Receiver<DataFrame>,
    limit: u64,
    visit: &mut dyn FnMut(&Batch) -> Result<(), DataError>,
) -> Result<u64, DataError> {
    let mut n_rows = 0;
    for frame in frames {
        let batch = batch(path, &frame, n_rows + 1)?;
        n_rows += batch.n_rows as u64;
        visit(&batch)?;
        if n_rows >= limit {
            break;
        }
    }
    Ok(n_rows)
}

pub(super) fn batch(path: &Path, frame: &DataFrame, first_row: u64) -> Result<Batch, DataError> {
    let columns = frame.columns().iter().map(|column| cells(path, column)).collect::<Result<_, _>>()?;
    Ok(Batch { first_row, n_rows: frame.height(), columns, ragged: Vec::new() })
}

pub(super) fn cells(path: &Path, column: &Column) -> Result<Cells, DataError> {
    let as_type = |dtype: &DataType| column.cast(dtype).map_err(|error| damaged(path, &error));
    let integers = |column: &Column| -> Result<_, DataError> {
        let column = column.cast(&DataType::Int64).map_err(|error| damaged(path, &error))?;
        Ok(column.i64().expect("just cast").rechunk().into_owned())
    };
    Ok(match column.dtype() {
        DataType::String => Cells::Text(column.str().expect("just matched").rechunk().into_owned()),
        // Beyond the range of i64 only the text is exact.
        DataType::UInt64 | DataType::Categorical(..) | DataType::Enum(..) => {
            Cells::Text(as_type(&DataType::String)?.str().expect("just cast").rechunk().into_owned())
        }
        DataType::Int32 | DataType::Int64 | DataType::UInt32 => Cells::Integer(integers(column)?),
        DataType::Float32 | DataType::Float64 => {
            Cells::Float(as_type(&DataType::Float64)?.f64().expect("just cast").rechunk().into_owned())
        }
        DataType::Boolean => Cells::Boolean(column.bool().expect("just matched").rechunk().into_owned()),
        DataType::Date => Cells::Local(integers(&as_type(&DataType::Datetime(TimeUnit::Microseconds, None))?)?),
        DataType::Datetime(_, zone) => {
            let us = integers(&as_type(&DataType::Datetime(TimeUnit::Microseconds, zone.clone()))?)?;
            if zone.is_some() { Cells::Instant(us) } else { Cells::Local(us) }
        }
        DataType::Null => Cells::Empty,
        other => {
            let (column, found) = (column.name().to_string(), other.to_string());
            let expected = "text, numbers, true/false or times";
            return Err(DataError::ColumnType { file: path.into(), column, expected, found });
        }
    })
}

pub(super) fn damaged(path: &Path, error: &PolarsError) -> DataError {
    broken(path, error.to_string().lines().next().unwrap_or_default().trim_end_matches('.'))
}

pub(super) fn broken(path: &Path, reason: &str) -> DataError {
    DataError::DamagedParquet { file: path.into(), reason: reason.into() }
}
