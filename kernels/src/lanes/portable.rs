//! Sixteen lanes in plain Rust, for processors without kernels of their own.

use super::eight::PortableEight;
use super::{LANES, Lanes};

#[derive(Clone, Copy)]
pub(super) struct Portable([f32; LANES]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }

    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        Self(self.0.map(f))
    }
}

/// Copies eight columns of eight rows, one value at a time.
///
/// # Safety
/// As [`Lanes::transpose_8x8`].
#[inline(always)]
pub(super) unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
    for row in 0..8 {
        for column in 0..8 {
            // SAFETY: the caller has 8 rows of at least 8 columns, and room for 8 columns of at least 8 rows.
            unsafe { *to.add(column * pitch + row) = *from.add(row * stride + column) };
        }
    }
}

/// A bit for each value that is the least of all, and the value.
#[inline(always)]
pub(super) fn least(lanes: [f32; LANES]) -> (u32, f32) {
    let least = lanes.into_iter().fold(f32::INFINITY, |a, b| if b < a { b } else { a });
    (lanes.into_iter().enumerate().fold(0, |bits, (i, lane)| bits | u32::from(lane == least) << i), least)
}

/// Numbers of values that differ, one at a time.
///
/// # Safety
/// As [`Lanes::different`].
#[inline(always)]
pub(super) unsafe fn different(first: u32, new: *const u32, old: *const u16, to: *mut u32) -> usize {
    let mut n = 0;
    for i in 0..LANES {
        // SAFETY: the caller has `LANES` values in each place, and no more numbers than values are put.
        unsafe {
            *to.add(n) = first + i as u32;
            n += usize::from(*new.add(i) != u32::from(*old.add(i)));
        }
    }
    n
}

impl Lanes for Portable {
    const WIDE: bool = false;
    type Eight = PortableEight;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has `LANES` values there; an array of f32 needs no more than their alignment.
        Self(unsafe { *from.cast() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as in `load`.
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

    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        self.map(f32::sqrt)
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
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
    unsafe fn where_positive(self, yes: Self, no: Self) -> Self {
        Self(std::array::from_fn(|i| if self.0[i] > 0.0 { yes.0[i] } else { no.0[i] }))
    }

    #[inline(always)]
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        Self(std::array::from_fn(|i| if self.0[i] < other.0[i] { yes.0[i] } else { no.0[i] }))
    }

    #[inline(always)]
    unsafe fn least(self) -> (u32, f32) {
        least(self.0)
    }

    #[inline(always)]
    unsafe fn different(first: u32, new: *const u32, old: *const u16, to: *mut u32) -> usize {
        // SAFETY: same contract.
        unsafe { different(first, new, old, to) }
    }

    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
        // SAFETY: same contract.
        unsafe { transpose_8x8(from, stride, to, pitch) };
    }

    #[inline(always)]
    unsafe fn prefetch(_: *const f32) {}

    #[inline(always)]
    unsafe fn prefetch_first(_: *const f32) {}

    #[inline(always)]
    unsafe fn round(self) -> Self {
        // 1.5 · 2²³: adding it leaves no digits behind the point.
        const MAGIC: f32 = 12_582_912.0;
        self.map(|v| (v + MAGIC) - MAGIC)
    }

    #[inline(always)]
    unsafe fn power_of_two(self) -> Self {
        self.map(|v| f32::from_bits(((v as i32 + 127) << 23).cast_unsigned()))
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let mut lanes = self.0;
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
        }
        lanes[0]
    }
}
