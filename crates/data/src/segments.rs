//! Customers and their segments, written and read back.

use std::fs::File;
use std::path::Path;

use polars::prelude::{Column, DataType, IntoColumn, NamedFrom, ParquetReader, PolarsError, SerReader, Series};
use tenure_table::TextColumn;

use crate::DataError;
use crate::write::write_parts;

/// The columns of `segments.parquet`, of equal length.
#[derive(Clone, Copy, Debug, Default)]
pub struct SegmentRows<'a> {
    /// The customer's id (hashed where the plan names a key); without ids the row's number in the data set.
    pub id: Option<&'a TextColumn>,
    /// Rows written before these.
    pub first_row: usize,
    /// The segment's number, from 1.
    pub segment: &'a [u32],
    /// Its name.
    pub name: &'a [&'a str],
    /// Distance to the segment's centroid, in encoded features.
    pub distance: &'a [f64],
    /// The next nearest segment and the distance to it; only with two segments or more.
    pub second: Option<(&'a [u32], &'a [f64])>,
    /// Scores of recency, frequency and money from 1 to 5, and the classical segment's name; only for events.
    pub rfm: Option<RfmRows<'a>>,
    /// The tier of value; only where the value is known.
    pub tier: Option<&'a [String]>,
    /// What the customer is worth; only where it is known.
    pub value: Option<&'a [f64]>,
}

/// The classical segment of each customer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RfmRows<'a> {
    /// Recency, 1 to 5.
    pub recency: &'a [u32],
    /// Frequency, 1 to 5.
    pub frequency: &'a [u32],
    /// Money, 1 to 5; only with amounts.
    pub monetary: Option<&'a [u32]>,
    /// The name.
    pub name: &'a [&'a str],
}

/// Customers and segments of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segmented {
    /// The customer's id; the row's number where customers have none.
    pub id: Vec<String>,
    /// The segment's number, from 1.
    pub segment: Vec<u32>,
}

/// Writes `segments.parquet`, part after part: columns `id` (or `row`), `segment`, `name`, `distance`, `second_segment`,
/// `second_distance`, `rfm_recency`, `rfm_frequency`, `rfm_monetary`, `rfm_segment`, `value`, `tier`, those that there are. The
/// parts have the same columns; there is one at least. The file is whole or absent.
pub fn write_segments<E: From<DataError>>(
    path: &Path,
    parts: impl FnOnce(&mut dyn FnMut(&SegmentRows<'_>) -> Result<(), DataError>) -> Result<(), E>,
) -> Result<(), E> {
    write_parts(path, |write| parts(&mut |rows| write(columns(rows))))
}

fn columns(rows: &SegmentRows<'_>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    match rows.id {
        Some(ids) => columns.push(Series::new("id".into(), ids.iter().collect::<Vec<_>>()).into_column()),
        None => {
            let first = rows.first_row as u32;
            let numbers: Vec<u32> = (first..first + rows.segment.len() as u32).collect();
            columns.push(Series::new("row".into(), numbers).into_column());
        }
    }
    columns.push(Series::new("segment".into(), rows.segment).into_column());
    columns.push(Series::new("name".into(), rows.name).into_column());
    columns.push(Series::new("distance".into(), rows.distance).into_column());
    if let Some((segment, distance)) = rows.second {
        columns.push(Series::new("second_segment".into(), segment).into_column());
        columns.push(Series::new("second_distance".into(), distance).into_column());
    }
    if let Some(rfm) = &rows.rfm {
        columns.push(Series::new("rfm_recency".into(), rfm.recency).into_column());
        columns.push(Series::new("rfm_frequency".into(), rfm.frequency).into_column());
        columns.extend(rfm.monetary.map(|scores| Series::new("rfm_monetary".into(), scores).into_column()));
        columns.push(Series::new("rfm_segment".into(), rfm.name).into_column());
    }
    columns.extend(rows.value.map(|value| Series::new("value".into(), value).into_column()));
    columns.extend(rows.tier.map(|tier| Series::new("tier".into(), tier).into_column()));
    columns
}

/// Reads the customers and segments of a `segments.parquet`.
pub fn read_segments(path: &Path) -> Result<Segmented, DataError> {
    let file = File::open(path).map_err(|source| DataError::Read { file: path.to_path_buf(), source })?;
    read(file)
        .map_err(|error| DataError::Library { doing: format!("reading {}", path.display()), reason: error.to_string() })
}

fn read(file: File) -> Result<Segmented, PolarsError> {
    let frame = ParquetReader::new(file).finish()?;
    let id = frame.column("id").or_else(|_| frame.column("row"))?.cast(&DataType::String)?;
    let segment = frame.column("segment")?.cast(&DataType::UInt32)?;
    Ok(Segmented {
        id: id.str()?.iter().map(|id| id.unwrap_or_default().to_owned()).collect(),
        segment: segment.u32()?.iter().map(|segment| segment.unwrap_or(0)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("segments.parquet");
        let ids = [["a", "b"], ["c", "d"]].map(|ids| ids.into_iter().collect());
        let rows = |id| SegmentRows {
            id: Some(id),
            segment: &[2, 1],
            name: &["Lapsed", "Recent"],
            distance: &[0.5, 0.25],
            second: Some((&[1, 2], &[0.75, 1.5])),
            ..SegmentRows::default()
        };
        write_segments::<DataError>(&path, |write| ids.iter().try_for_each(|id| write(&rows(id))))
            .expect("room on disk");
        let read = read_segments(&path).expect("just written");
        let id = ["a", "b", "c", "d"].map(String::from).to_vec();
        assert_eq!(read, Segmented { id, segment: vec![2, 1, 2, 1] });
    }

    #[test]
    fn a_part_that_fails_leaves_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("segments.parquet");
        let rows = SegmentRows { segment: &[1], name: &["All"], distance: &[0.5], ..SegmentRows::default() };
        let broken = || DataError::Library { doing: "the second part".into(), reason: "it is broken".into() };
        let error = write_segments(&path, |write| write(&rows).and(Err(broken()))).expect_err("as made");
        assert!(matches!(error, DataError::Library { .. }), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }
}
