//! Made columns as Parquet.

use std::fs::File;

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::{
    Column, DataFrame, DataType, IntoColumn, IntoSeries, NamedFrom, NewChunkedArray, ParquetCompression, ParquetWriter,
    PolarsResult, Series, StatisticsOptions, StringChunked, TimeUnit,
};
use tenure_table::Timestamp;

use super::columns::{Cells, MISSING_ID, MadeColumn, UNREADABLE, UNREADABLE_TEXT, id_text, level_text};
use crate::events::iso;

/// A Parquet file that grows by row groups.
pub(crate) struct ParquetFile(BatchedWriter<File>);

/// A chunk ready to be written.
pub(crate) struct ParquetChunk(DataFrame);

impl ParquetFile {
    /// A file with the columns of `first`, which is not yet written.
    pub(crate) fn begin(file: File, first: &ParquetChunk) -> PolarsResult<Self> {
        let writer = ParquetWriter::new(file)
            .with_compression(ParquetCompression::Snappy)
            .with_statistics(StatisticsOptions::default());
        Ok(Self(writer.batched(first.0.schema())?))
    }

    /// Appends one row group.
    pub(crate) fn push(&mut self, chunk: &ParquetChunk) -> PolarsResult<()> {
        self.0.write_batch(&chunk.0)
    }

    /// Writes the footer.
    pub(crate) fn finish(self) -> PolarsResult<()> {
        self.0.finish().map(|_| ())
    }
}

/// Columns in polars' form.
pub(crate) fn encode(columns: &[MadeColumn]) -> PolarsResult<ParquetChunk> {
    let n_rows = columns.first().map_or(0, MadeColumn::len);
    let columns: PolarsResult<Vec<_>> = columns.iter().map(column).collect();
    DataFrame::new(n_rows, columns?).map(ParquetChunk)
}

fn column(made: &MadeColumn) -> PolarsResult<Column> {
    let name = made.name;
    let texts = |values: Vec<Option<String>>| StringChunked::from_iter_options(name.into(), values.into_iter());
    Ok(match &made.cells {
        Cells::Id(numbers) => {
            texts(numbers.iter().map(|&n| (n != MISSING_ID).then(|| id_text(n))).collect()).into_column()
        }
        Cells::Time(times) => {
            Series::new(name.into(), times).cast(&DataType::Datetime(TimeUnit::Microseconds, None))?.into_column()
        }
        Cells::TimeText(times) => {
            let text = |&time_us: &i64| {
                Some(if time_us == UNREADABLE { UNREADABLE_TEXT.to_owned() } else { iso(Timestamp(time_us)) })
            };
            texts(times.iter().map(text).collect()).into_column()
        }
        Cells::Number(values) => {
            let known: Vec<Option<f64>> = values.iter().map(|value| (!value.is_nan()).then_some(*value)).collect();
            Series::new(name.into(), known).into_column()
        }
        Cells::Level(codes, levels) => {
            StringChunked::from_iter_options(name.into(), codes.iter().map(|&code| level_text(code, levels)))
                .into_series()
                .into_column()
        }
    })
}
