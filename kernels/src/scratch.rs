//! Numbers in a scratch file that nobody else can reach, used where the system's cache holds them.
//!
//! Reading a file into a buffer copies every byte, which takes a k-means iteration a fifth of its time. Mapped, the bytes are
//! read where they lie; pages that have been used are given back, so that a process holds few of them at a time.
//!
//! The file has no name and its handle stays in here: nothing but this module can change it while it is mapped. As with
//! every mapped file, a disk that fails while it is read ends the process.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use memmap2::Mmap;

/// Bytes written at once.
const BUFFER_BYTES: usize = 1 << 20;

/// A scratch file on its way.
#[derive(Debug)]
pub struct ScratchWriter {
    out: BufWriter<File>,
    n_values: usize,
}

impl ScratchWriter {
    /// A new file without a name in this folder.
    ///
    /// # Errors
    /// What the system says where it cannot be made.
    pub fn new_in(folder: &Path) -> io::Result<Self> {
        Ok(Self { out: BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?), n_values: 0 })
    }

    /// Appends values.
    ///
    /// # Errors
    /// What the system says, such as that the disk is full.
    pub fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.n_values += values.len();
        self.out.write_all(bytemuck::cast_slice(values))
    }

    /// The values, to be read from now on.
    ///
    /// # Errors
    /// What the system says, such as that the disk is full.
    pub fn finish(self) -> io::Result<Scratch> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let map = if self.n_values == 0 {
            None
        } else {
            // SAFETY: the file has no name, and its only handle moves into the value made here, which does not write: nothing
            // changes the bytes or the length while they are mapped.
            Some(unsafe { Mmap::map(&file)? })
        };
        Ok(Scratch { file, map, n_values: self.n_values })
    }
}

/// Values in a scratch file, gone when this is.
#[derive(Debug)]
pub struct Scratch {
    file: File,
    /// None where there are no values.
    map: Option<Mmap>,
    n_values: usize,
}

impl Scratch {
    /// How many values.
    pub fn len(&self) -> usize {
        self.n_values
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n_values == 0
    }

    /// Values where they lie.
    ///
    /// # Panics
    /// Where there are not so many.
    pub fn values(&self, range: Range<usize>) -> &[f32] {
        match &self.map {
            // A mapping starts with a page, so that every fourth byte is where a value may start.
            Some(map) => bytemuck::cast_slice(&map[4 * range.start..4 * range.end]),
            None => &[][range],
        }
    }

    /// Has the system bring values into its reach at once, page by page otherwise; and only a hint.
    pub fn expect(&self, range: Range<usize>) {
        #[cfg(target_os = "linux")]
        if let Some(map) = &self.map {
            // Systems that do not know this advice bring the pages when they are touched.
            let _ = map.advise_range(memmap2::Advice::PopulateRead, 4 * range.start, 4 * range.len());
        }
        #[cfg(not(target_os = "linux"))]
        let _ = range;
    }

    /// Gives the pages of values back, which stay in the system's cache as long as it likes; only a hint.
    pub fn forget(&self, range: Range<usize>) {
        #[cfg(unix)]
        if let Some(map) = &self.map {
            // SAFETY: the pages are those of a file, shared and never written through the mapping: a page that is given up
            // and looked at again holds the same bytes, also for whom a slice of it was lent.
            let _ = unsafe {
                map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, 4 * range.start, 4 * range.len())
            };
        }
        #[cfg(not(unix))]
        let _ = range;
    }

    /// Copies values; no page stays with the process.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Panics
    /// Where there are not so many.
    pub fn copy(&self, first: usize, values: &mut [f32]) -> io::Result<()> {
        assert!(first + values.len() <= self.n_values, "values that there are");
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_exact_at(
            &self.file,
            bytemuck::cast_slice_mut(values),
            4 * first as u64,
        );
        #[cfg(not(unix))]
        {
            let _ = &self.file;
            values.copy_from_slice(self.values(first..first + values.len()));
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_however_they_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut writer = ScratchWriter::new_in(folder.path()).expect("room on disk");
        let values: Vec<f32> = (0..65_000_u16).map(f32::from).collect();
        values.chunks(777).for_each(|part| writer.write(part).expect("room on disk"));
        let scratch = writer.finish().expect("room on disk");
        assert_eq!((scratch.len(), scratch.is_empty()), (65_000, false));
        for _ in 0..2 {
            scratch.expect(100..20_000);
            assert_eq!(scratch.values(100..20_000), &values[100..20_000]);
            scratch.forget(100..20_000);
            assert_eq!(scratch.values(0..65_000), values);
        }
        let mut copy = vec![0.0; 5000];
        scratch.copy(59_999, &mut copy).expect("readable");
        assert_eq!(copy, values[59_999..64_999]);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "it has no name");
    }

    #[test]
    fn nothing_is_something_too() {
        let writer = ScratchWriter::new_in(&std::env::temp_dir()).expect("room on disk");
        let scratch = writer.finish().expect("room on disk");
        assert!(scratch.is_empty() && scratch.values(0..0).is_empty());
        scratch.forget(0..0);
    }
}
