//! Parquet by slices of its row groups: who reads decides how much of a file is in memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use polars::prelude::{
    ArrowDataType, ArrowSchema, DataFrame, FileMetadata, ParallelStrategy, ParquetReader, SerReader,
};

use super::parquet::{batch, broken, damaged, open};
use crate::DataError;
use crate::cell::Batch;

/// Rows of a slice where nothing else bounds it: few enough to stay small, many enough to be worth it.
const SLICE_ROWS: usize = 1 << 17;

/// Rows of the smallest slice: pages are decompressed anew for each slice that has a part of them.
const MIN_SLICE_ROWS: usize = 1 << 10;

/// Rows that are turned into cells together.
const BATCH_ROWS: u32 = 1 << 13;

/// Of the bytes that a reader may take, the part of one slice: another is decoded meanwhile, and its pages are in memory as
/// they are stored and decompressed.
const PARTS: u64 = 8;

/// Consecutive rows of one row group: the first, counted from 0, and how many.
pub(super) type Slice = (usize, usize);

/// Slices of all rows, in order.
pub(super) fn slices(path: &Path) -> Result<Vec<Slice>, DataError> {
    Ok(Footer::read(path)?.slices(|_| SLICE_ROWS))
}

/// These columns of a slice, on the caller's thread alone.
pub(super) fn read_slice(path: &Path, names: &[&str], slice: Slice) -> Result<Batch, DataError> {
    let frame = Footer::read(path)?.frame(names, slice)?;
    batch(path, &frame, slice.0 as u64 + 1)
}

/// Reads these columns, batch after batch, until `limit` rows were read, with about so many bytes of them in memory;
/// returns the number of rows. At the least a page of each column is in memory, since none can be read in part.
pub(super) fn read_within(
    path: &Path,
    names: &[&str],
    limit: u64,
    n_bytes: u64,
    visit: &mut dyn FnMut(&Batch) -> Result<(), DataError>,
) -> Result<u64, DataError> {
    let footer = Footer::read(path)?;
    let slices = footer.slices(|text_bytes| {
        let row_bytes = footer.decoded_bytes(names, text_bytes).max(1) as u64;
        ((n_bytes / PARTS / row_bytes) as usize).clamp(MIN_SLICE_ROWS, SLICE_ROWS)
    });
    std::thread::scope(|scope| {
        // A slice is decoded while the one before it is looked at.
        let (sender, frames) = sync_channel(0);
        let footer = &footer;
        scope.spawn(move || {
            for slice in slices {
                let frame = footer.frame(names, slice);
                let is_last = frame.is_err();
                if sender.send(frame).is_err() || is_last {
                    break;
                }
            }
        });
        let mut n_rows = 0;
        for frame in frames {
            n_rows += visit_parts(path, &frame?, n_rows + 1, visit)?;
            if n_rows >= limit {
                break;
            }
        }
        Ok(n_rows)
    })
}

/// Visits the rows of a frame a few at a time, since cells take more room than what they are made of; how many.
fn visit_parts(
    path: &Path,
    frame: &DataFrame,
    first_row: u64,
    visit: &mut dyn FnMut(&Batch) -> Result<(), DataError>,
) -> Result<u64, DataError> {
    let mut start = 0;
    for first_row in (first_row..first_row + frame.height() as u64).step_by(BATCH_ROWS as usize) {
        visit(&batch(path, &frame.slice(start, BATCH_ROWS as usize), first_row)?)?;
        start += i64::from(BATCH_ROWS);
    }
    Ok(frame.height() as u64)
}

/// What a file says of itself.
struct Footer<'a> {
    path: &'a Path,
    whole: Arc<FileMetadata>,
    /// The same without its row groups.
    head: FileMetadata,
    schema: Arc<ArrowSchema>,
}

impl<'a> Footer<'a> {
    fn read(path: &'a Path) -> Result<Self, DataError> {
        let mut reader = ParquetReader::new(open(path)?);
        let schema = reader.schema().map_err(|error| damaged(path, &error))?;
        let whole = reader.get_metadata().map_err(|error| damaged(path, &error))?.clone();
        let mut head = (*whole).clone();
        head.row_groups.clear();
        Ok(Self { path, whole, head, schema })
    }

    /// Slices of all rows, in order. No slice reaches beyond its row group, and none has more rows than `most` allows where
    /// the group's values take so many bytes a row as they are stored.
    fn slices(&self, most: impl Fn(usize) -> usize) -> Vec<Slice> {
        let (mut slices, mut start) = (Vec::new(), 0);
        for group in &self.whole.row_groups {
            let n_rows = group.num_rows();
            let n_slices = n_rows.div_ceil(most(group.total_byte_size().div_ceil(n_rows.max(1))));
            let edge = |i: usize| start + i * n_rows / n_slices.max(1);
            slices.extend((0..n_slices).map(|i| (edge(i), edge(i + 1) - edge(i))));
            start += n_rows;
        }
        slices
    }

    /// Bytes of a row of these columns in memory, where texts take so many.
    fn decoded_bytes(&self, names: &[&str], text_bytes: usize) -> usize {
        let fields = names.iter().filter_map(|name| self.schema.get(name));
        let of_columns: Vec<Option<usize>> = fields.map(|field| fixed_bytes(field.dtype())).collect();
        let fixed: usize = of_columns.iter().map(|bytes| bytes.unwrap_or(VIEW_BYTES)).sum();
        if of_columns.contains(&None) { fixed + text_bytes } else { fixed }
    }

    /// These columns of a slice.
    fn frame(&self, names: &[&str], slice: Slice) -> Result<DataFrame, DataError> {
        let (first_row, group) = self.group_of(slice.0);
        // The reader looks into every row group up to the slice: it is told of no other.
        let mut metadata = self.head.clone();
        metadata.row_groups.push(self.whole.row_groups[group].clone());
        metadata.num_rows = self.whole.row_groups[group].num_rows();
        let mut reader = ParquetReader::new(open(self.path)?);
        reader.set_metadata(Arc::new(metadata));
        let reader = reader
            .with_columns(Some(names.iter().map(ToString::to_string).collect()))
            .with_slice(Some((slice.0 - first_row, slice.1)))
            .read_parallel(ParallelStrategy::None);
        // The engine panics where pages do not hold what the footer says.
        let frame = catch_unwind(AssertUnwindSafe(|| reader.finish()))
            .map_err(|_panic| broken(self.path, "its pages do not hold what its footer says"))?;
        frame.and_then(|frame| frame.select(names.iter().copied())).map_err(|error| damaged(self.path, &error))
    }

    /// The row group of a row, and its first row.
    fn group_of(&self, row: usize) -> (usize, usize) {
        let mut first_row = 0;
        for (place, group) in self.whole.row_groups.iter().enumerate() {
            if row < first_row + group.num_rows() {
                return (first_row, place);
            }
            first_row += group.num_rows();
        }
        unreachable!("a slice lies in a row group, by its making")
    }
}

/// Bytes of a text besides its characters.
const VIEW_BYTES: usize = 16;

/// Bytes of a value in memory; none where they differ.
fn fixed_bytes(dtype: &ArrowDataType) -> Option<usize> {
    match dtype {
        ArrowDataType::Null | ArrowDataType::Boolean => Some(1),
        ArrowDataType::Int32 | ArrowDataType::UInt32 | ArrowDataType::Float32 | ArrowDataType::Date32 => Some(4),
        ArrowDataType::Int64
        | ArrowDataType::UInt64
        | ArrowDataType::Float64
        | ArrowDataType::Date64
        | ArrowDataType::Timestamp(..) => Some(8),
        _ => None,
    }
}
