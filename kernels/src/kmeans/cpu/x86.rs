//! AVX2 with FMA, and AVX-512: one text, two sets of intrinsics.

// Forty-five names that all begin with `_mm`.
#[allow(clippy::wildcard_imports)]
use std::arch::x86_64::*;

use super::vector::{Eight, Task, Vector};

/// # Safety
/// The CPU has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx2<T: Task>(task: T) -> T::Output {
    // SAFETY: the features are on in this function, into which the task is inlined.
    unsafe { task.run::<Avx2>() }
}

/// # Safety
/// The CPU has AVX2, FMA and AVX-512F.
#[target_feature(enable = "avx2,fma,avx512f")]
pub(super) unsafe fn avx512<T: Task>(task: T) -> T::Output {
    // SAFETY: the features are on in this function, into which the task is inlined.
    unsafe { task.run::<Avx512>() }
}

/// # Safety
/// AVX, and the contract of [`Vector::transpose_8x8`].
#[inline(always)]
unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
    for half in [0, 4] {
        // SAFETY: reads 4 values from each of 8 rows and writes 8 to each of 4 columns, which the caller has.
        unsafe {
            // Rows `i` and `i + 4` in the halves of one register: no lane has to cross afterwards.
            let pair = |i: usize| {
                let low = _mm256_castps128_ps256(_mm_loadu_ps(from.add(i * stride + half)));
                _mm256_insertf128_ps::<1>(low, _mm_loadu_ps(from.add((i + 4) * stride + half)))
            };
            let rows = [pair(0), pair(1), pair(2), pair(3)];
            let low = [_mm256_unpacklo_ps(rows[0], rows[1]), _mm256_unpacklo_ps(rows[2], rows[3])];
            let high = [_mm256_unpackhi_ps(rows[0], rows[1]), _mm256_unpackhi_ps(rows[2], rows[3])];
            let to = to.add(half * pitch);
            _mm256_storeu_ps(to, _mm256_shuffle_ps::<0x44>(low[0], low[1]));
            _mm256_storeu_ps(to.add(pitch), _mm256_shuffle_ps::<0xEE>(low[0], low[1]));
            _mm256_storeu_ps(to.add(2 * pitch), _mm256_shuffle_ps::<0x44>(high[0], high[1]));
            _mm256_storeu_ps(to.add(3 * pitch), _mm256_shuffle_ps::<0xEE>(high[0], high[1]));
        }
    }
}

/// A register of `f32` lanes and eight `f64` in as many registers as they take.
macro_rules! registers {
    (
        $vector:ident($single:ty) of $lanes:literal, $eight:ident($double:ty) by $step:literal, $eights:literal at once,
        $set1:ident $loadu:ident $storeu:ident $sub:ident $mul:ident $min:ident $fmadd:ident,
        $set1_pd:ident $loadu_pd:ident $storeu_pd:ident $add_pd:ident $sub_pd:ident $mul_pd:ident,
        $widen:ident of $load_half:ident, less: |$a:ident, $b:ident, $yes:ident, $no:ident| $less:expr
    ) => {
        #[derive(Clone, Copy)]
        pub(super) struct $vector($single);

        #[derive(Clone, Copy)]
        pub(super) struct $eight([$double; 8 / $step]);

        impl Vector for $vector {
            const LANES: usize = $lanes;
            type Eight = $eight;
            const EIGHTS: usize = $eights;

            #[inline(always)]
            unsafe fn splat(value: f32) -> Self {
                // SAFETY: the instructions are there, by the trait's contract, here and below.
                $vector(unsafe { $set1(value) })
            }

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: the caller has a register of values there.
                $vector(unsafe { $loadu(from) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: the caller has room for a register of values.
                unsafe { $storeu(to, self.0) };
            }

            #[inline(always)]
            unsafe fn sub(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                $vector(unsafe { $sub(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                $vector(unsafe { $mul(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn min(self, other: Self) -> Self {
                // SAFETY: as in `splat`.
                $vector(unsafe { $min(self.0, other.0) })
            }

            #[inline(always)]
            unsafe fn fma(self, factor: Self, term: Self) -> Self {
                // SAFETY: as in `splat`.
                $vector(unsafe { $fmadd(self.0, factor.0, term.0) })
            }

            #[inline(always)]
            unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
                let ($a, $b, $yes, $no) = (self.0, other.0, yes.0, no.0);
                // SAFETY: as in `splat`.
                $vector(unsafe { $less })
            }

            #[inline(always)]
            unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
                // SAFETY: same contract; both sets come with AVX.
                unsafe { transpose_8x8(from, stride, to, pitch) };
            }

            #[inline(always)]
            unsafe fn prefetch(at: *const f32) {
                // SAFETY: a prefetch neither faults nor changes anything.
                unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
            }
        }

        impl Eight for $eight {
            #[inline(always)]
            unsafe fn splat(value: f64) -> Self {
                // SAFETY: the instructions are there, by the trait's contract, here and below.
                $eight([unsafe { $set1_pd(value) }; 8 / $step])
            }

            #[inline(always)]
            unsafe fn load(from: *const f64) -> Self {
                // SAFETY: the caller has 8 values there.
                unsafe {
                    let mut out = [$set1_pd(0.0); 8 / $step];
                    for (i, out) in out.iter_mut().enumerate() {
                        *out = $loadu_pd(from.add($step * i));
                    }
                    $eight(out)
                }
            }

            #[inline(always)]
            unsafe fn widen(from: *const f32) -> Self {
                // SAFETY: the caller has 8 values there.
                unsafe {
                    let mut out = [$set1_pd(0.0); 8 / $step];
                    for (i, out) in out.iter_mut().enumerate() {
                        *out = $widen($load_half(from.add($step * i)));
                    }
                    $eight(out)
                }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f64) {
                for (i, value) in self.0.into_iter().enumerate() {
                    // SAFETY: the caller has room for 8 values.
                    unsafe { $storeu_pd(to.add($step * i), value) };
                }
            }

            #[inline(always)]
            unsafe fn add(mut self, other: Self) -> Self {
                for i in 0..8 / $step {
                    // SAFETY: as in `splat`.
                    self.0[i] = unsafe { $add_pd(self.0[i], other.0[i]) };
                }
                self
            }

            #[inline(always)]
            unsafe fn sub(mut self, other: Self) -> Self {
                for i in 0..8 / $step {
                    // SAFETY: as in `splat`.
                    self.0[i] = unsafe { $sub_pd(self.0[i], other.0[i]) };
                }
                self
            }

            #[inline(always)]
            unsafe fn mul(mut self, other: Self) -> Self {
                for i in 0..8 / $step {
                    // SAFETY: as in `splat`.
                    self.0[i] = unsafe { $mul_pd(self.0[i], other.0[i]) };
                }
                self
            }
        }
    };
}

registers! {
    Avx2(__m256) of 8, Avx2Eight(__m256d) by 4, 2 at once,
    _mm256_set1_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_sub_ps _mm256_mul_ps _mm256_min_ps _mm256_fmadd_ps,
    _mm256_set1_pd _mm256_loadu_pd _mm256_storeu_pd _mm256_add_pd _mm256_sub_pd _mm256_mul_pd,
    _mm256_cvtps_pd of _mm_loadu_ps, less: |a, b, yes, no| _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_LT_OQ>(a, b))
}

registers! {
    Avx512(__m512) of 16, Avx512Eight(__m512d) by 8, 8 at once,
    _mm512_set1_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_sub_ps _mm512_mul_ps _mm512_min_ps _mm512_fmadd_ps,
    _mm512_set1_pd _mm512_loadu_pd _mm512_storeu_pd _mm512_add_pd _mm512_sub_pd _mm512_mul_pd,
    _mm512_cvtps_pd of _mm256_loadu_ps, less: |a, b, yes, no| _mm512_mask_mov_ps(no, _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), yes)
}
