//! Eight `f64`, whatever registers that takes: sums have the same order on every set.

/// A logical register of eight lanes in double precision.
///
/// # Safety
/// Every function needs the processor to have the instructions of the implementing type; `load` and `store` need 8 values
/// at the pointer, `widen` 8 `f32`.
pub(crate) trait Eight: Copy {
    unsafe fn splat(value: f64) -> Self;
    unsafe fn load(from: *const f64) -> Self;
    unsafe fn widen(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f64);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    /// The sum of all lanes, always in the same order: halves of 4, then of 2 and 1.
    unsafe fn sum(self) -> f64;
}

/// Plain loops, which the compiler gives to the registers that every processor of an architecture has.
#[derive(Clone, Copy)]
pub(crate) struct PortableEight([f64; 8]);

impl PortableEight {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Eight for PortableEight {
    #[inline(always)]
    unsafe fn splat(value: f64) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller has 8 values there.
        Self(unsafe { *from.cast() })
    }

    #[inline(always)]
    unsafe fn widen(from: *const f32) -> Self {
        // SAFETY: the caller has 8 values there.
        Self(unsafe { *from.cast::<[f32; 8]>() }.map(f64::from))
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

    #[inline(always)]
    unsafe fn sum(self) -> f64 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

/// As many registers of a set as eight `f64` take.
#[cfg(target_arch = "x86_64")]
macro_rules! eight {
    (
        $name:ident($register:ty) by $step:literal,
        $set1:ident $load:ident $store:ident $add:ident $sub:ident $mul:ident $widen:ident of $load_half:ident, $four:ident
    ) => {
        #[derive(Clone, Copy)]
        pub(crate) struct $name([$register; 8 / $step]);

        impl Eight for $name {
            #[inline(always)]
            unsafe fn splat(value: f64) -> Self {
                // SAFETY: the instructions are there, by the trait's contract, here and below.
                Self([unsafe { $set1(value) }; 8 / $step])
            }

            #[inline(always)]
            unsafe fn load(from: *const f64) -> Self {
                // SAFETY: the caller has 8 values there.
                unsafe {
                    let mut out = [$set1(0.0); 8 / $step];
                    for (i, out) in out.iter_mut().enumerate() {
                        *out = $load(from.add($step * i));
                    }
                    Self(out)
                }
            }

            #[inline(always)]
            unsafe fn widen(from: *const f32) -> Self {
                // SAFETY: the caller has 8 values there.
                unsafe {
                    let mut out = [$set1(0.0); 8 / $step];
                    for (i, out) in out.iter_mut().enumerate() {
                        *out = $widen($load_half(from.add($step * i)));
                    }
                    Self(out)
                }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f64) {
                for (i, value) in self.0.into_iter().enumerate() {
                    // SAFETY: the caller has room for 8 values.
                    unsafe { $store(to.add($step * i), value) };
                }
            }

            #[inline(always)]
            unsafe fn add(mut self, other: Self) -> Self {
                for (a, b) in self.0.iter_mut().zip(other.0) {
                    // SAFETY: as in `splat`.
                    *a = unsafe { $add(*a, b) };
                }
                self
            }

            #[inline(always)]
            unsafe fn sub(mut self, other: Self) -> Self {
                for (a, b) in self.0.iter_mut().zip(other.0) {
                    // SAFETY: as in `splat`.
                    *a = unsafe { $sub(*a, b) };
                }
                self
            }

            #[inline(always)]
            unsafe fn mul(mut self, other: Self) -> Self {
                for (a, b) in self.0.iter_mut().zip(other.0) {
                    // SAFETY: as in `splat`.
                    *a = unsafe { $mul(*a, b) };
                }
                self
            }

            #[inline(always)]
            unsafe fn sum(self) -> f64 {
                // SAFETY: as in `splat`.
                unsafe { sum_of_four($four(self.0)) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    // Fourteen names that all begin with `_mm`.
    #[allow(clippy::wildcard_imports)]
    use std::arch::x86_64::*;

    use super::Eight;

    /// Both halves added.
    ///
    /// # Safety
    /// AVX.
    #[inline(always)]
    unsafe fn four_of_pair([low, high]: [__m256d; 2]) -> __m256d {
        // SAFETY: AVX, by the contract.
        unsafe { _mm256_add_pd(low, high) }
    }

    /// Both halves added.
    ///
    /// # Safety
    /// AVX-512F.
    #[inline(always)]
    unsafe fn four_of_one([all]: [__m512d; 1]) -> __m256d {
        // SAFETY: AVX-512F, by the contract.
        unsafe { _mm256_add_pd(_mm512_castpd512_pd256(all), _mm512_extractf64x4_pd::<1>(all)) }
    }

    /// # Safety
    /// AVX.
    #[inline(always)]
    unsafe fn sum_of_four(four: __m256d) -> f64 {
        // SAFETY: AVX, by the contract.
        unsafe {
            let two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd::<1>(four));
            _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)))
        }
    }

    eight! {
        Avx2Eight(__m256d) by 4,
        _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_add_pd _mm256_sub_pd _mm256_mul_pd
        _mm256_cvtps_pd of _mm_loadu_ps, four_of_pair
    }

    eight! {
        Avx512Eight(__m512d) by 8,
        _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_add_pd _mm512_sub_pd _mm512_mul_pd
        _mm512_cvtps_pd of _mm256_loadu_ps, four_of_one
    }
}
