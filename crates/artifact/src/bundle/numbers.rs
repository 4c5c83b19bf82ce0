//! Numbers that stay where the file has them.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::marker::PhantomData;

/// A number with a fixed little-endian form.
pub trait LeNumber: Copy {
    /// Bytes of one.
    const SIZE: usize;
    /// From the first [`LeNumber::SIZE`] bytes.
    fn read(bytes: &[u8]) -> Self;
    /// Appends its bytes.
    fn write(self, out: &mut Vec<u8>);
}

macro_rules! le_number {
    ($($t:ty),*) => {$(
        impl LeNumber for $t {
            const SIZE: usize = size_of::<$t>();

            #[inline]
            fn read(bytes: &[u8]) -> Self {
                Self::from_le_bytes(*bytes.first_chunk().expect("the caller cut this many bytes"))
            }

            fn write(self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }
        }
    )*};
}
le_number!(i8, u8, i32, f32, f64);

/// Little-endian numbers, borrowed from a file or owned; no alignment is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeSlice<'a, T> {
    bytes: Cow<'a, [u8]>,
    number: PhantomData<T>,
}

impl<'a, T: LeNumber> LeSlice<'a, T> {
    /// The numbers in these bytes; bytes beyond a whole number are left out.
    pub fn borrowed(bytes: &'a [u8]) -> Self {
        let whole = bytes.len() - bytes.len() % T::SIZE;
        Self { bytes: Cow::Borrowed(&bytes[..whole]), number: PhantomData }
    }

    /// These numbers, kept.
    pub fn owned(numbers: impl IntoIterator<Item = T>) -> Self {
        let mut bytes = Vec::new();
        numbers.into_iter().for_each(|number| number.write(&mut bytes));
        Self { bytes: Cow::Owned(bytes), number: PhantomData }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / T::SIZE
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The number at `idx`.
    ///
    /// # Panics
    /// When `idx` is not below [`LeSlice::len`].
    #[inline]
    pub fn get(&self, idx: usize) -> T {
        T::read(&self.bytes[idx * T::SIZE..])
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T> + '_ {
        self.bytes.chunks_exact(T::SIZE).map(T::read)
    }

    /// As they stand in the file.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl<T> Default for LeSlice<'_, T> {
    fn default() -> Self {
        Self { bytes: Cow::Borrowed(&[]), number: PhantomData }
    }
}
