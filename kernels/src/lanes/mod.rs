//! Sixteen `f32` lanes on any processor, and kernels compiled once for each instruction set.
//!
//! One logical register is one AVX-512 register, two of AVX2, four of NEON or an array: a kernel written on it does the same
//! operations in the same order everywhere, so that all sets with fused products give the same bits.

// Kernels are compiled once for each instruction set by inlining into a function that enables it; a call that is left
// over would run without the registers.
#![allow(clippy::inline_always)]
// Registers are reached through intrinsics and pointers; each block says why it holds.
#![allow(unsafe_code)]

mod eight;
mod level;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use eight::Eight;
pub use level::Level;

/// Lanes of a logical register.
pub(crate) const LANES: usize = 16;

/// An instruction set that this processor is known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd(Level);

impl Simd {
    /// The widest set of this processor.
    pub fn detect() -> Self {
        Self(Level::detect())
    }

    /// All sets of this processor, the widest last.
    pub fn available() -> Vec<Self> {
        Level::available().into_iter().map(Self).collect()
    }

    /// This set, where the processor has it.
    ///
    /// # Panics
    /// If it has not: `level` then comes neither from [`Level::detect`] nor from [`Level::available`].
    pub fn of(level: Level) -> Self {
        assert!(Level::available().contains(&level), "this processor has no {level:?}");
        Self(level)
    }

    /// Which set it is.
    pub fn level(self) -> Level {
        self.0
    }

    /// Runs a kernel with this set's registers.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: plain Rust needs no feature.
            Level::Portable => unsafe { kernel.run::<portable::Portable>() },
            // SAFETY: a `Simd` is only made from the sets that were found on this processor.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { x86::avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { x86::avx512(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Level::Neon => unsafe { neon::neon(kernel) },
            other => unreachable!("{other:?} is not in this build"),
        }
    }
}

/// A kernel, to be compiled once for each instruction set.
pub(crate) trait Kernel {
    type Output;

    /// # Safety
    /// The processor has the instructions of `L`; implementations are inlined into a function that enables them.
    unsafe fn run<L: Lanes>(self) -> Self::Output;
}

/// A logical register of [`LANES`] lanes.
///
/// # Safety
/// Every function needs the processor to have the instructions of the implementing type; `load` and `store` need room for
/// [`LANES`] values at the pointer, of any alignment.
pub(crate) trait Lanes: Copy {
    /// Whether products of 8 rows by two logical registers fit the register file, else 4 rows by one.
    const WIDE: bool;
    /// Sums and products in double precision.
    type Eight: Eight;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    unsafe fn sqrt(self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    /// `self · factor + term`
    unsafe fn fma(self, factor: Self, term: Self) -> Self;
    /// `yes` where `self > 0`, else `no`.
    unsafe fn where_positive(self, yes: Self, no: Self) -> Self;
    /// `yes` where `self < other`, else `no`, bits kept.
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self;
    /// A bit for each lane that holds the least value, the first lane's lowest, none where the least is not a number; and the
    /// value.
    unsafe fn least(self) -> (u32, f32);
    /// Numbers from `first` on for those of [`LANES`] values at `new` that differ from the ones at `old`, put at `to` one
    /// after the other; how many. There is room for [`LANES`] numbers at `to`, whatever comes of it.
    unsafe fn different(first: u32, new: *const u32, old: *const u16, to: *mut u32) -> usize;
    /// Values of a table at [`LANES`] places.
    ///
    /// # Safety
    /// As the trait's, with [`LANES`] numbers at `places`, each less than the table's length, a multiple of [`LANES`].
    #[inline(always)]
    unsafe fn look_up(table: &[f32], places: *const u32) -> Self {
        let mut found = [0.0; LANES];
        for (i, found) in found.iter_mut().enumerate() {
            // SAFETY: the caller's contract.
            *found = unsafe { *table.get_unchecked(*places.add(i) as usize) };
        }
        // SAFETY: `LANES` values.
        unsafe { Self::load(found.as_ptr()) }
    }
    /// Puts the upper halves of the lanes, which are not negative: each lane rounded down.
    ///
    /// # Safety
    /// As the trait's, with room for [`LANES`] halves.
    #[inline(always)]
    unsafe fn store_halves(self, to: *mut u16) {
        let mut lanes = [0.0; LANES];
        // SAFETY: `LANES` values in each place.
        unsafe {
            self.store(lanes.as_mut_ptr());
            for (i, lane) in lanes.iter().enumerate() {
                *to.add(i) = (lane.to_bits() >> 16) as u16;
            }
        }
    }
    /// Numbers from `first` on for those of [`LANES`] halves, as [`store_halves`](Lanes::store_halves) puts them, that are
    /// not above the table's value at their place, put at `to` one after the other; how many. There is room for [`LANES`]
    /// numbers at `to`, whatever comes of it.
    ///
    /// # Safety
    /// As the trait's, with [`LANES`] halves and places, each less than the table's length, a multiple of [`LANES`].
    #[inline(always)]
    unsafe fn not_above(first: u32, halves: *const u16, places: *const u16, table: &[f32], to: *mut u32) -> usize {
        let mut n = 0;
        for i in 0..LANES {
            // SAFETY: the caller's contract; no more numbers than halves are put.
            unsafe {
                *to.add(n) = first + i as u32;
                let half = f32::from_bits(u32::from(*halves.add(i)) << 16);
                n += usize::from(half <= *table.get_unchecked(usize::from(*places.add(i))));
            }
        }
        n
    }
    /// Columns `0..8` of `8` rows that lie `stride` apart, to `8` columns that lie `pitch` apart.
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize);
    /// Asks for the cache line at `at`, which need not exist.
    unsafe fn prefetch(at: *const f32);
    /// The same, up to the first level of the cache.
    unsafe fn prefetch_first(at: *const f32);
    /// The nearest integer, halves to even; `|self| < 2²²`.
    unsafe fn round(self) -> Self;
    /// `2^self` of integers from -126 to 127.
    unsafe fn power_of_two(self) -> Self;
    /// The sum of all lanes, always in the same order: halves of 8, then of 4, 2 and 1.
    unsafe fn sum(self) -> f32;

    /// `e^self`, within 2 units in the last place; clamped to the range of normal numbers.
    ///
    /// # Safety
    /// As the trait's.
    #[inline(always)]
    unsafe fn exp(self) -> Self {
        // SAFETY: the caller's contract.
        unsafe {
            let x = self.min(Self::splat(88.0)).max(Self::splat(-87.0));
            let n = x.mul(Self::splat(std::f32::consts::LOG2_E)).round();
            // ln 2 in two parts, the first of which has few digits: n times it is exact.
            let r = n.fma(Self::splat(-0.693_359_4), x);
            let r = n.fma(Self::splat(2.121_944_4e-4), r);
            let mut p = Self::splat(1.987_569_1e-4);
            for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
                p = p.fma(r, Self::splat(c));
            }
            let r2 = r.mul(r);
            p.fma(r2, r).add(Self::splat(1.0)).mul(n.power_of_two())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Everything([f32; LANES], [f32; LANES]);

    impl Kernel for Everything {
        type Output = (Vec<u32>, f32, (u32, f32), Vec<u32>);

        #[inline(always)]
        unsafe fn run<L: Lanes>(self) -> Self::Output {
            let mut out = vec![0.0; 11 * LANES];
            // SAFETY: the caller's contract; both arrays and each tenth of `out` hold `LANES` values.
            let (sum, least) = unsafe {
                let (a, b) = (L::load(self.0.as_ptr()), L::load(self.1.as_ptr()));
                let all = [
                    a.add(b),
                    a.sub(b),
                    a.mul(b),
                    a.div(b),
                    b.mul(b).sqrt(),
                    a.max(b),
                    a.min(b),
                    a.where_positive(b, L::splat(7.0)),
                    a.mul(L::splat(3.0)).round(),
                    a.where_less(b, L::splat(2.0), a),
                    a.exp(),
                ];
                for (i, r) in all.into_iter().enumerate() {
                    r.store(out.as_mut_ptr().add(i * LANES));
                }
                // Lanes 6 to 8 share the least value.
                (a.sum(), a.mul(a).max(L::splat(4.0)).least())
            };
            let (new, mut old) = (std::array::from_fn(|i| i as u32), std::array::from_fn(|i| i as u16));
            (old[3], old[15]) = (9, u16::MAX);
            let mut numbers = vec![0; LANES];
            // SAFETY: all three arrays hold `LANES` values.
            let n = unsafe {
                let (new, old): ([u32; LANES], [u16; LANES]) = (new, old);
                L::different(100, new.as_ptr(), old.as_ptr(), numbers.as_mut_ptr())
            };
            numbers.truncate(n);
            (out.iter().map(|v| v.to_bits()).collect(), sum, least, numbers)
        }
    }

    struct Tables<'a> {
        table: &'a [f32],
        places: [u16; LANES],
    }

    impl Kernel for Tables<'_> {
        type Output = ([f32; LANES], [u16; LANES], Vec<u32>);

        #[inline(always)]
        unsafe fn run<L: Lanes>(self) -> Self::Output {
            let (mut values, mut halves, mut numbers) = ([0.0; LANES], [0; LANES], vec![0; LANES]);
            let wide = self.places.map(u32::from);
            // SAFETY: the caller's contract; all arrays hold `LANES` values, and places are in the table.
            let n = unsafe {
                let found = L::look_up(self.table, wide.as_ptr());
                found.store(values.as_mut_ptr());
                found.add(L::splat(1.0)).store_halves(halves.as_mut_ptr());
                halves[2] = 0;
                halves[13] = (self.table[usize::from(self.places[13])].to_bits() >> 16) as u16;
                L::not_above(7, halves.as_ptr(), self.places.as_ptr(), self.table, numbers.as_mut_ptr())
            };
            numbers.truncate(n);
            (values, halves, numbers)
        }
    }

    #[test]
    fn tables_of_any_length_are_looked_up() {
        for len in [LANES, 3 * LANES] {
            let table: Vec<f32> = (0..len).map(|i| i as f32 * 1.01).collect();
            let places: [u16; LANES] = std::array::from_fn(|i| ((i * 7 + 5) % len) as u16);
            for simd in Simd::available() {
                let (values, halves, numbers) = simd.run(Tables { table: &table, places });
                assert_eq!(values, places.map(|place| table[usize::from(place)]), "{simd:?}");
                for i in (0..LANES).filter(|i| ![2, 13].contains(i)) {
                    let (half, value) = (f32::from_bits(u32::from(halves[i]) << 16), values[i] + 1.0);
                    assert!(half <= value && half > value * (1.0 - 1.0 / 128.0), "{simd:?}: {half} for {value}");
                }
                assert_eq!(numbers, [9, 20], "{simd:?}");
            }
        }
    }

    #[test]
    fn sets_agree_and_exp_is_close() {
        let a: [f32; LANES] = std::array::from_fn(|i| (i as f32 - 7.3) * 1.37);
        let b: [f32; LANES] = std::array::from_fn(|i| 0.5 + i as f32 * 0.21);
        let (first, sum, ..) = Simd::detect().run(Everything(a, b));
        for simd in Simd::available() {
            let (bits, other, least, numbers) = simd.run(Everything(a, b));
            assert_eq!(numbers, [103, 115], "{simd:?}");
            // Without fused products the last bits of `exp` differ.
            assert_eq!(bits[..10 * LANES], first[..10 * LANES], "{simd:?}");
            assert_eq!(other.to_bits(), sum.to_bits(), "{simd:?}");
            assert_eq!(least, (0b1_1100_0000, 4.0), "{simd:?}");
            for (i, x) in a.iter().enumerate() {
                let found = f64::from(f32::from_bits(bits[10 * LANES + i]));
                let expected = f64::from(*x).exp();
                assert!((found / expected - 1.0).abs() < 3e-7, "{simd:?}: exp({x}) = {found}, not {expected}");
            }
        }
        assert!((f64::from(sum) - a.iter().map(|v| f64::from(*v)).sum::<f64>()).abs() < 1e-4);
    }
}
