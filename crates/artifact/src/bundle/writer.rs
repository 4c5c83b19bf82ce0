//! Appends what [`Reader`](super::reader::Reader) reads.

use alloc::vec::Vec;

use super::file::ALIGNMENT;
use super::numbers::{LeNumber, LeSlice};

/// One section while it is written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn number(&mut self, number: impl LeNumber) {
        number.write(&mut self.bytes);
    }

    pub(super) fn u32(&mut self, number: usize) {
        let number = u32::try_from(number).expect("counts of a bundle stay below 2^32");
        self.bytes.extend(number.to_le_bytes());
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.number(u8::from(flag));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.u32(text.len());
        self.bytes.extend(text.as_bytes());
    }

    pub(super) fn slice<T: LeNumber>(&mut self, numbers: &LeSlice<'_, T>) {
        self.bytes.extend(numbers.as_bytes());
    }

    pub(super) fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGNMENT), 0);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
