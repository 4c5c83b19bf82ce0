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
    let name = made.name.as_ref();
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

#[cfg(test)]
mod tests {
    use polars::prelude::{ParquetReader, SerReader};
    use tenure_table::MISSING_CODE;

    use super::*;

    #[test]
    fn chunks_read_back_as_row_groups_with_types_and_nulls() {
        let columns = |time_us| {
            vec![
                MadeColumn::new("id", Cells::Id(vec![42, MISSING_ID])),
                MadeColumn::new("time", Cells::Time(vec![time_us, time_us])),
                MadeColumn::new("text", Cells::TimeText(vec![UNREADABLE, 0])),
                MadeColumn::new("amount", Cells::Number(vec![12.5, f64::NAN])),
                MadeColumn::levels("plan", vec![1, MISSING_CODE], &["a", "b"]),
            ]
        };
        let temporary = tempfile::NamedTempFile::new().expect("a temporary file");
        let chunks = [1_000_000, 2_000_000].map(|time_us| encode(&columns(time_us)).expect("columns fit"));
        let file = temporary.reopen().expect("the file opens");
        let mut parquet = ParquetFile::begin(file, &chunks[0]).expect("a file begins");
        for chunk in &chunks {
            parquet.push(chunk).expect("the chunk is written");
        }
        parquet.finish().expect("the footer is written");
        let read = ParquetReader::new(temporary.reopen().expect("the file opens")).finish().expect("the file is whole");
        assert_eq!(read.height(), 4);
        let column = |name: &str| read.column(name).expect("the column is there").clone();
        assert_eq!(*column("time").dtype(), DataType::Datetime(TimeUnit::Microseconds, None));
        assert_eq!(["id", "text", "amount", "plan"].map(|name| column(name).null_count()), [2, 0, 2, 2]);
        let text = |name: &str, row_idx| column(name).get(row_idx).expect("the row is there").str_value().to_string();
        assert_eq!(text("id", 0), "C00000042");
        assert_eq!((text("text", 2).as_str(), text("text", 3).as_str()), (UNREADABLE_TEXT, "1970-01-01"));
        assert_eq!((text("amount", 0).as_str(), text("plan", 2).as_str()), ("12.5", "b"));
    }
}
