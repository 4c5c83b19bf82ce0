//! Rows in a file of their own, so that passes cost what reading bytes costs.
//!
//! Decoding a Parquet or CSV file takes longer than a Lloyd iteration over what comes out of it, and every iteration is a
//! pass. Rows are therefore decoded once, into a scratch file of plain numbers. A scratch file of this crate's own making is
//! mapped: every thread works on its chunk where it lies in the system's cache. Of other files it reads its chunk, where the
//! system reads at any place of a file (Unix, Windows); elsewhere a thread of its own reads while the rows read before are at
//! work.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use tenure_kernels::kmeans::Rows;
use tenure_kernels::scratch::{Scratch, ScratchWriter};

use crate::error::ClusterError;
use crate::shared::SharedRows;
use crate::source::{RowSource, for_each_block};
use crate::survey::{Overview, SURVEY_ROWS};

/// Bytes of a block for each thread: with few columns four chunks of the grid, or more than one where `K` is large.
const BLOCK_BYTES_A_THREAD: usize = 2 << 20;

/// Most rows of a block for each thread.
const BLOCK_ROWS_A_THREAD: usize = 1 << 15;

/// Buffers in turn: one at work, one being filled.
const N_BUFFERS: usize = 2;

/// Rows of `f32` in a file, row after row, little-endian where it is somebody's; their weights, if any, in memory.
///
/// Memory taken: one chunk of the grid (8,192 rows, more than that where `K` is over 128) for each thread, where k-means‖
/// seeds or clusters are empty two blocks of 2 MiB a thread; and 4 bytes for each row that has a weight.
#[derive(Debug)]
pub struct RowFile {
    place: Place,
    n_rows: usize,
    n_columns: usize,
    weights: Option<Vec<f32>>,
    /// What the rows told while they were written.
    overview: Option<Overview>,
}

/// Where the rows lie.
#[derive(Debug)]
enum Place {
    /// In somebody's file, which is read.
    File(File),
    /// In a file that nobody else can reach, mapped.
    Mapped(Scratch),
}

impl RowFile {
    /// Rows that lie in a file already.
    ///
    /// # Errors
    /// [`ClusterError::NotWholeRows`] where the file does not end with a row, [`ClusterError::Source`] where it cannot be
    /// read.
    pub fn open(file: File, n_columns: usize) -> Result<RowFile, ClusterError> {
        if n_columns == 0 {
            return Err(ClusterError::NoColumns);
        }
        let n_bytes = file.metadata().map_err(source)?.len();
        if !n_bytes.is_multiple_of(4 * n_columns as u64) {
            return Err(ClusterError::NotWholeRows { n_bytes, n_columns });
        }
        Ok(RowFile {
            place: Place::File(file),
            n_rows: (n_bytes / (4 * n_columns as u64)) as usize,
            n_columns,
            weights: None,
            overview: None,
        })
    }

    /// Writes a source's rows, in one pass that also checks and surveys them, to an empty file that can also be read.
    ///
    /// # Errors
    /// [`ClusterError::Scratch`] where the file cannot be written (a full disk, say), and what is wrong with the rows.
    pub fn spill(rows: &mut dyn RowSource, file: File) -> Result<RowFile, ClusterError> {
        let mut out = BufWriter::with_capacity(1 << 20, &file);
        let seen = Seen::of(rows, &mut |x| write(&mut out, x))?;
        out.flush().map_err(ClusterError::Scratch)?;
        drop(out);
        Ok(seen.at(Place::File(file)))
    }

    /// The same to a scratch file in this folder, which has no name and is gone when the rows are, however that comes; it
    /// is used where it lies.
    ///
    /// # Errors
    /// As [`RowFile::spill`].
    pub fn spill_in(rows: &mut dyn RowSource, folder: &Path) -> Result<RowFile, ClusterError> {
        let mut out = ScratchWriter::new_in(folder).map_err(ClusterError::Scratch)?;
        let seen = Seen::of(rows, &mut |x| out.write(x))?;
        Ok(seen.at(Place::Mapped(out.finish().map_err(ClusterError::Scratch)?)))
    }

    /// How many rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Columns of each row.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Reads the rows from `first_row` on, as many as fill `x`.
    ///
    /// # Errors
    /// [`ClusterError::Source`]
    pub fn read_rows(&self, first_row: usize, x: &mut [f32]) -> Result<(), ClusterError> {
        match &self.place {
            Place::Mapped(scratch) => scratch.copy(first_row * self.n_columns, x).map_err(source),
            Place::File(file) => {
                let at = 4 * self.n_columns as u64 * first_row as u64;
                read_at(file, at, bytemuck::cast_slice_mut(x)).map_err(source)?;
                to_native(x);
                Ok(())
            }
        }
    }

    fn values_of(&self, rows: Range<usize>) -> Range<usize> {
        rows.start * self.n_columns..rows.end * self.n_columns
    }

    fn block_rows(&self) -> usize {
        let of_thread = (BLOCK_BYTES_A_THREAD / (4 * self.n_columns)).clamp(1, BLOCK_ROWS_A_THREAD);
        (of_thread * rayon::current_num_threads()).min(self.n_rows)
    }

    /// Reads all blocks into buffers that come back; ends where nobody takes them any more.
    fn read_on(&self, filled: &SyncSender<Result<Vec<f32>, ClusterError>>, empty: &Receiver<Vec<f32>>) {
        let mut first_row = 0;
        while first_row < self.n_rows {
            let Ok(mut block) = empty.recv() else { return };
            let n = (self.n_rows - first_row).min(self.block_rows());
            block.resize(n * self.n_columns, 0.0);
            let done = self.read_rows(first_row, &mut block);
            let failed = done.is_err();
            if filled.send(done.map(|()| block)).is_err() || failed {
                return;
            }
            first_row += n;
        }
    }

    fn pass_blocks(&self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError> {
        let (give_back, empty): (Sender<Vec<f32>>, _) = channel();
        for _ in 0..N_BUFFERS {
            // The receiver is alive: it moves to the thread below.
            let _ = give_back.send(Vec::with_capacity(self.block_rows() * self.n_columns));
        }
        thread::scope(|scope| {
            // Dropped when a visitor fails, which ends the reader that waits for a buffer.
            let give_back = give_back;
            let (filled, blocks) = sync_channel(N_BUFFERS);
            scope.spawn(move || self.read_on(&filled, &empty));
            let mut first_row = 0;
            for block in blocks {
                let x = block?;
                let n = x.len() / self.n_columns;
                let weights = self.weights.as_ref().map(|weights| &weights[first_row..first_row + n]);
                visit(Rows { x: &x, weights, n_columns: self.n_columns })?;
                first_row += n;
                // The last blocks find nobody who would fill them again.
                let _ = give_back.send(x);
            }
            Ok(())
        })
    }

    fn gather_rows(&self, row_idxs: &[usize]) -> Result<Vec<f32>, ClusterError> {
        let mut found = vec![0.0; row_idxs.len() * self.n_columns];
        for (&row_idx, row) in row_idxs.iter().zip(found.chunks_exact_mut(self.n_columns)) {
            self.read_rows(row_idx, row)?;
        }
        Ok(found)
    }
}

/// What was seen of rows while they were written.
struct Seen {
    n_rows: usize,
    n_columns: usize,
    weights: Vec<f32>,
    overview: Overview,
}

impl Seen {
    fn of(rows: &mut dyn RowSource, write: &mut dyn FnMut(&[f32]) -> io::Result<()>) -> Result<Seen, ClusterError> {
        let n_columns = rows.n_columns();
        if n_columns == 0 {
            return Err(ClusterError::NoColumns);
        }
        let mut seen = Seen { n_rows: 0, n_columns, weights: Vec::new(), overview: Overview::new(n_columns) };
        for_each_block(rows, SURVEY_ROWS, |_, rows| {
            seen.n_rows += rows.len();
            seen.weights.extend_from_slice(rows.weights.unwrap_or_default());
            seen.overview.add(rows)?;
            write(rows.x).map_err(ClusterError::Scratch)
        })?;
        Ok(seen)
    }

    fn at(self, place: Place) -> RowFile {
        let Seen { n_rows, n_columns, weights, overview } = self;
        let weights = (!weights.is_empty()).then_some(weights);
        RowFile { place, n_rows, n_columns, weights, overview: Some(overview) }
    }
}

/// Nothing about reading changes the file: several may read it in turn.
impl RowSource for &RowFile {
    fn n_columns(&self) -> usize {
        self.n_columns
    }

    fn pass(&mut self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError> {
        self.pass_blocks(visit)
    }

    fn shared(&self) -> Option<&dyn SharedRows> {
        if cfg!(any(unix, windows)) { Some(*self) } else { None }
    }

    fn gather(&mut self, row_idxs: &[usize]) -> Result<Vec<f32>, ClusterError> {
        self.gather_rows(row_idxs)
    }
}

impl RowSource for RowFile {
    fn n_columns(&self) -> usize {
        self.n_columns
    }

    fn pass(&mut self, visit: &mut dyn FnMut(Rows<'_>) -> Result<(), ClusterError>) -> Result<(), ClusterError> {
        self.pass_blocks(visit)
    }

    fn shared(&self) -> Option<&dyn SharedRows> {
        if cfg!(any(unix, windows)) { Some(self) } else { None }
    }

    fn gather(&mut self, row_idxs: &[usize]) -> Result<Vec<f32>, ClusterError> {
        self.gather_rows(row_idxs)
    }
}

impl SharedRows for RowFile {
    fn n_rows(&self) -> usize {
        self.n_rows
    }

    fn weights(&self) -> Option<&[f32]> {
        self.weights.as_deref()
    }

    fn overview(&self) -> Option<&Overview> {
        self.overview.as_ref()
    }

    fn read(&self, first_row: usize, x: &mut [f32]) -> Result<(), ClusterError> {
        self.read_rows(first_row, x)
    }

    fn lent(&self, rows: Range<usize>) -> Option<&[f32]> {
        match &self.place {
            Place::File(_) => None,
            Place::Mapped(scratch) => Some(scratch.values(self.values_of(rows))),
        }
    }

    fn begin(&self, rows: Range<usize>) {
        if let Place::Mapped(scratch) = &self.place {
            scratch.expect(self.values_of(rows));
        }
    }

    fn end(&self, rows: Range<usize>) {
        if let Place::Mapped(scratch) = &self.place {
            scratch.forget(self.values_of(rows));
        }
    }
}

fn source(error: io::Error) -> ClusterError {
    ClusterError::Source(error.into())
}

#[cfg(unix)]
fn read_at(file: &File, at: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_at(file: &File, mut at: u64, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => (at, bytes) = (at + n as u64, &mut bytes[n..]),
        }
    }
    Ok(())
}

/// The file's one place is moved: for one thread at a time.
#[cfg(not(any(unix, windows)))]
fn read_at(mut file: &File, at: u64, bytes: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(bytes)
}

fn to_native(values: &mut [f32]) {
    if cfg!(target_endian = "big") {
        for value in values {
            *value = f32::from_bits(value.to_bits().swap_bytes());
        }
    }
}

fn write(out: &mut impl Write, values: &[f32]) -> io::Result<()> {
    if cfg!(target_endian = "big") {
        return values.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()));
    }
    out.write_all(bytemuck::cast_slice(values))
}
