//! A cursor that believes nothing.

use alloc::string::String;

use super::error::BundleError;
use super::file::{ALIGNMENT, Section};
use super::numbers::{LeNumber, LeSlice};

/// Reads one section from front to back; every read is checked against the bytes that are left.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    section: Section,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(section: Section, bytes: &'a [u8]) -> Self {
        Self { section, bytes, at: 0 }
    }

    pub(super) fn invalid(&self, expected: &'static str, found: u64) -> BundleError {
        BundleError::Invalid { section: self.section, offset: self.at, expected, found }
    }

    pub(super) fn take(&mut self, n_bytes: usize) -> Result<&'a [u8], BundleError> {
        let left = self.bytes.len() - self.at;
        if n_bytes > left {
            return Err(self.invalid("as many bytes as were announced", left as u64));
        }
        let taken = &self.bytes[self.at..self.at + n_bytes];
        self.at += n_bytes;
        Ok(taken)
    }

    /// `n` numbers, borrowed.
    pub(super) fn slice<T: LeNumber>(&mut self, n: usize) -> Result<LeSlice<'a, T>, BundleError> {
        let n_bytes = n.checked_mul(T::SIZE).ok_or_else(|| self.invalid("a size that fits into memory", n as u64))?;
        self.take(n_bytes).map(LeSlice::borrowed)
    }

    pub(super) fn number<T: LeNumber>(&mut self) -> Result<T, BundleError> {
        self.take(T::SIZE).map(T::read)
    }

    pub(super) fn u8(&mut self) -> Result<u8, BundleError> {
        self.number()
    }

    pub(super) fn u32(&mut self) -> Result<u32, BundleError> {
        self.number::<i32>().map(i32::cast_unsigned)
    }

    pub(super) fn flag(&mut self) -> Result<bool, BundleError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.invalid("0 or 1", u64::from(other))),
        }
    }

    pub(super) fn finite_f32(&mut self) -> Result<f32, BundleError> {
        let value: f32 = self.number()?;
        if value.is_finite() { Ok(value) } else { Err(self.invalid("a finite number", u64::from(value.to_bits()))) }
    }

    pub(super) fn finite_f64(&mut self) -> Result<f64, BundleError> {
        let value: f64 = self.number()?;
        if value.is_finite() { Ok(value) } else { Err(self.invalid("a finite number", value.to_bits())) }
    }

    /// A count of things of at least `min_bytes` bytes each: no count is returned that the bytes left cannot hold.
    pub(super) fn count(&mut self, min_bytes: usize) -> Result<usize, BundleError> {
        let n = self.u32()? as usize;
        let left = self.bytes.len() - self.at;
        if n > left / min_bytes.max(1) {
            return Err(self.invalid("a count that the section can hold", n as u64));
        }
        Ok(n)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, BundleError> {
        let n_bytes = self.count(1)?;
        let bytes = self.take(n_bytes)?;
        core::str::from_utf8(bytes).map_err(|error| self.invalid("text in UTF-8", error.valid_up_to() as u64))
    }

    pub(super) fn string(&mut self) -> Result<String, BundleError> {
        self.text().map(String::from)
    }

    /// Skips to the next multiple of 64 bytes.
    pub(super) fn align(&mut self) -> Result<(), BundleError> {
        let gap = self.at.next_multiple_of(ALIGNMENT).min(self.bytes.len()) - self.at;
        self.take(gap).map(|_| ())
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), BundleError> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            left => Err(self.invalid("the section's end", left as u64)),
        }
    }
}
