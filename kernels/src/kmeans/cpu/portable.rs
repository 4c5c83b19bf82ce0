//! Eight lanes in plain Rust, for CPUs without a kernel of their own.

use super::vector::{Eight, Vector};

const LANES: usize = 8;

#[derive(Clone, Copy)]
pub(super) struct Portable([f32; LANES]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Portable(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

/// Copies eight columns of eight rows, one value at a time.
///
/// # Safety
/// As [`Vector::transpose_8x8`].
#[inline(always)]
pub(super) unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
    for row in 0..8 {
        for column in 0..8 {
            // SAFETY: the caller has 8 rows of at least 8 columns, and room for 8 columns of at least 8 rows.
            unsafe { *to.add(column * pitch + row) = *from.add(row * stride + column) };
        }
    }
}

impl Vector for Portable {
    const LANES: usize = LANES;
    type Eight = PortableEight;
    const EIGHTS: usize = 2;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Portable([value; LANES])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has `LANES` values there; an array of f32 needs no more than their alignment.
        Portable(unsafe { *from.cast() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as in `load`.
        unsafe { *to.cast() = self.0 };
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    unsafe fn fma(self, factor: Self, term: Self) -> Self {
        // Without an FMA unit `mul_add` is a library call, twenty times slower.
        self.zip(factor, |a, b| a * b).zip(term, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        Portable(std::array::from_fn(|i| if self.0[i] < other.0[i] { yes.0[i] } else { no.0[i] }))
    }

    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
        // SAFETY: same contract.
        unsafe { transpose_8x8(from, stride, to, pitch) };
    }

    #[inline(always)]
    unsafe fn prefetch(_: *const f32) {}
}

#[derive(Clone, Copy)]
pub(super) struct PortableEight([f64; 8]);

impl PortableEight {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        PortableEight(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Eight for PortableEight {
    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        PortableEight([value; 8])
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller has 8 values there.
        PortableEight(unsafe { *from.cast() })
    }

    #[inline(always)]
    unsafe fn widen(from: *const f32) -> Self {
        // SAFETY: the caller has 8 values there.
        PortableEight(unsafe { *from.cast::<[f32; 8]>() }.map(f64::from))
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: the caller has room for 8 values.
        unsafe { *to.cast() = self.0 };
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}
