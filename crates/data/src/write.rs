//! Results into files that are whole or absent.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use polars::prelude::{
    Column, DataFrame, DataType, IntoColumn, NamedFrom, ParquetWriter, PolarsError, Series, TimeUnit, TimeZone,
};
use tenure_table::{Table, Values};

use crate::DataError;

/// Rows in one row group of a written file.
const ROW_GROUP_ROWS: usize = 1 << 17;

/// The columns of `predictions.parquet`, of equal length.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Predictions<'a> {
    /// The customer's id (hashed where the plan names a key); without ids the row's number in the data set.
    pub id: Option<&'a tenure_table::TextColumn>,
    /// The cutoff of each row, in microseconds since the epoch; only for events.
    pub cutoff_us: Option<&'a [i64]>,
    /// The fold in which the row was tested; only with folds.
    pub fold: Option<&'a [u32]>,
    /// Probability as the network gave it.
    pub raw: &'a [f64],
    /// Probability after calibration.
    pub calibrated: &'a [f64],
    /// 1 for customers who left.
    pub label: Option<&'a [f32]>,
}

/// Writes a table as Parquet, atomically: categories become text, times become UTC microseconds, missing stays missing.
pub fn write_table(path: &Path, table: &Table) -> Result<(), DataError> {
    let columns = table.columns().iter().map(|column| series(&column.name, &column.values));
    write_frame(path, columns.collect::<Result<_, _>>().map_err(|error| failed(path, &error))?)
}

/// Writes `predictions.parquet`: columns `id` (or `row`), `cutoff`, `fold`, `raw`, `calibrated`, `label`, those that
/// there are.
pub fn write_predictions(path: &Path, predictions: &Predictions<'_>) -> Result<(), DataError> {
    let mut columns: Vec<Column> = Vec::new();
    match predictions.id {
        Some(ids) => columns.push(Series::new("id".into(), ids.iter().collect::<Vec<_>>()).into_column()),
        None => {
            let rows: Vec<u32> = (0..predictions.raw.len() as u32).collect();
            columns.push(Series::new("row".into(), rows).into_column());
        }
    }
    if let Some(cutoffs) = predictions.cutoff_us {
        columns.push(times("cutoff", cutoffs).map_err(|error| failed(path, &error))?);
    }
    if let Some(folds) = predictions.fold {
        columns.push(Series::new("fold".into(), folds).into_column());
    }
    columns.push(Series::new("raw".into(), predictions.raw).into_column());
    columns.push(Series::new("calibrated".into(), predictions.calibrated).into_column());
    if let Some(labels) = predictions.label {
        columns.push(Series::new("label".into(), labels).into_column());
    }
    write_frame(path, columns)
}

fn series(name: &str, values: &Values) -> Result<Column, PolarsError> {
    Ok(match values {
        Values::Numeric(numbers) => {
            let numbers = numbers.iter().map(|number| (!number.is_nan()).then_some(*number));
            Series::new(name.into(), numbers.collect::<Vec<Option<f32>>>()).into_column()
        }
        Values::Category(levels) => {
            let levels = (0..levels.codes.len()).map(|row_idx| levels.get(row_idx));
            Series::new(name.into(), levels.collect::<Vec<Option<&str>>>()).into_column()
        }
        Values::Text(texts) => Series::new(name.into(), texts.iter().collect::<Vec<_>>()).into_column(),
        Values::Time(instants) => times(name, instants)?,
    })
}

fn times(name: &str, instants: &[i64]) -> Result<Column, PolarsError> {
    let utc = TimeZone::opt_try_new(Some("UTC"))?;
    Series::new(name.into(), instants).into_column().cast(&DataType::Datetime(TimeUnit::Microseconds, utc))
}

pub(crate) fn write_frame(path: &Path, columns: Vec<Column>) -> Result<(), DataError> {
    let mut frame = DataFrame::new_infer_height(columns).map_err(|error| failed(path, &error))?;
    write_atomically(path, |out| {
        ParquetWriter::new(out)
            .with_row_group_size(Some(ROW_GROUP_ROWS))
            .finish(&mut frame)
            .map(|_size| ())
            .map_err(io::Error::other)
    })
}

/// Writes a file whose parts are made one after the other, each a row group or more, atomically.
pub(crate) fn write_parts<E: From<DataError>>(
    path: &Path,
    parts: impl FnOnce(&mut dyn FnMut(Vec<Column>) -> Result<(), DataError>) -> Result<(), E>,
) -> Result<(), E> {
    // What a part's maker says is told as it is; the rest is about the file.
    let mut made = Ok(());
    let written = write_atomically(path, |out| {
        let (mut out, mut writer) = (Some(out), None);
        let mut write = |columns: Vec<Column>| -> Result<(), PolarsError> {
            let frame = DataFrame::new_infer_height(columns)?;
            if let Some(out) = out.take() {
                // The schema is known with the first part.
                let new = ParquetWriter::new(out).with_row_group_size(Some(ROW_GROUP_ROWS));
                writer = Some(new.batched(frame.schema())?);
            }
            writer.as_mut().map_or(Ok(()), |writer| writer.write_batch(&frame))
        };
        made = parts(&mut |columns| write(columns).map_err(|error| failed(path, &error)));
        match (&made, writer) {
            (Ok(()), Some(writer)) => writer.finish().map(|_size| ()).map_err(io::Error::other),
            _ => Err(io::Error::other("no part was made")),
        }
    });
    made.and_then(|()| written.map_err(E::from))
}

fn failed(path: &Path, error: &PolarsError) -> DataError {
    DataError::Library { doing: format!("writing {}", path.display()), reason: error.to_string() }
}

/// Writes `path` through a temporary file beside it, which takes the name only when every byte is on disk; on failure
/// (a full disk, say) the temporary file is removed and an older file of that name stays as it was.
pub(crate) fn write_atomically(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), DataError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let attempt = || -> io::Result<()> {
        let temporary = new_file().tempfile_in(folder)?;
        let mut out = BufWriter::with_capacity(1 << 16, temporary.as_file().try_clone()?);
        fill(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        drop(out);
        temporary.persist(path).map_err(|failure| failure.error)?;
        Ok(())
    };
    attempt().map_err(|source| DataError::Write { file: path.to_path_buf(), source })
}

/// Temporary files are private; results are as readable as any other new file of this user.
pub(crate) fn new_file() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("result.csv");
        write_atomically(&path, |out| out.write_all(b"old")).expect("room on disk");
        let full = || Err(io::Error::from(io::ErrorKind::StorageFull));
        let error = write_atomically(&path, |out| out.write_all(b"half").and_then(|()| full()));
        assert!(matches!(error, Err(DataError::Write { .. })));
        assert_eq!(std::fs::read(&path).expect("still there"), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn predictions_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("predictions.parquet");
        let id = ["a", "b"].into_iter().collect();
        let predictions = Predictions {
            id: Some(&id),
            cutoff_us: Some(&[5, 6]),
            fold: Some(&[0, 1]),
            raw: &[0.25, 0.5],
            calibrated: &[0.125, 0.75],
            label: Some(&[0.0, 1.0]),
        };
        write_predictions(&path, &predictions).expect("room on disk");
        let read = crate::read_predictions(&path).expect("just written");
        assert_eq!((read.id, read.cutoff_us), (vec!["a".to_string(), "b".to_string()], vec![5, 6]));
        assert_eq!((read.calibrated, read.label), (vec![0.125, 0.75], vec![0.0, 1.0]));
    }

    #[test]
    fn a_folder_that_does_not_exist_is_told() {
        let error = write_atomically(Path::new("no/such/folder/x"), |_| Ok(())).expect_err("no folder");
        assert!(matches!(error, DataError::Write { .. }));
    }
}
