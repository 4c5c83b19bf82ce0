//! AVX2 with FMA, and AVX-512.

use std::arch::x86_64::{
    __m256, __m512, _CMP_LT_OQ, _MM_HINT_T1, _mm_loadu_ps, _mm_prefetch, _mm256_add_pd, _mm256_blendv_ps,
    _mm256_cmp_ps, _mm256_cvtps_pd, _mm256_fmadd_ps, _mm256_loadu_pd, _mm256_loadu_ps, _mm256_min_ps, _mm256_mul_pd,
    _mm256_mul_ps, _mm256_permute2f128_ps, _mm256_set1_pd, _mm256_set1_ps, _mm256_shuffle_ps, _mm256_storeu_pd,
    _mm256_storeu_ps, _mm256_sub_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps, _mm512_add_pd, _mm512_cmp_ps_mask,
    _mm512_cvtps_pd, _mm512_fmadd_ps, _mm512_loadu_pd, _mm512_loadu_ps, _mm512_mask_mov_ps, _mm512_min_ps,
    _mm512_mul_pd, _mm512_mul_ps, _mm512_set1_pd, _mm512_set1_ps, _mm512_storeu_pd, _mm512_storeu_ps, _mm512_sub_ps,
};

use super::vector::{Task, Vector};

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

#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256);

#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

/// # Safety
/// AVX, and the contract of [`Vector::transpose_8x8`].
#[inline(always)]
unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
    // SAFETY: reads 8 values from each of 8 rows and writes 8 to each of 8 columns, which the caller has.
    unsafe {
        let r: [__m256; 8] = std::array::from_fn(|i| _mm256_loadu_ps(from.add(i * stride)));
        let mut pairs = r;
        for i in 0..4 {
            pairs[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
            pairs[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
        }
        let mut quads = r;
        for i in 0..2 {
            let p = &pairs[4 * i..4 * i + 4];
            quads[4 * i] = _mm256_shuffle_ps::<0x44>(p[0], p[2]);
            quads[4 * i + 1] = _mm256_shuffle_ps::<0xEE>(p[0], p[2]);
            quads[4 * i + 2] = _mm256_shuffle_ps::<0x44>(p[1], p[3]);
            quads[4 * i + 3] = _mm256_shuffle_ps::<0xEE>(p[1], p[3]);
        }
        for i in 0..4 {
            _mm256_storeu_ps(to.add(i * pitch), _mm256_permute2f128_ps::<0x20>(quads[i], quads[i + 4]));
            _mm256_storeu_ps(to.add((i + 4) * pitch), _mm256_permute2f128_ps::<0x31>(quads[i], quads[i + 4]));
        }
    }
}

impl Vector for Avx2 {
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: AVX2, by the trait's contract, here and below.
        Avx2(unsafe { _mm256_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has 8 values there.
        Avx2(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for 8 values.
        unsafe { _mm256_storeu_ps(to, self.0) };
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: AVX2.
        Avx2(unsafe { _mm256_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: AVX2.
        Avx2(unsafe { _mm256_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: AVX2.
        Avx2(unsafe { _mm256_min_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn fma(self, factor: Self, term: Self) -> Self {
        // SAFETY: FMA.
        Avx2(unsafe { _mm256_fmadd_ps(self.0, factor.0, term.0) })
    }

    #[inline(always)]
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: AVX2.
        Avx2(unsafe { _mm256_blendv_ps(no.0, yes.0, _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0)) })
    }

    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
        // SAFETY: same contract.
        unsafe { transpose_8x8(from, stride, to, pitch) };
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: a prefetch neither faults nor changes anything.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
    }

    #[inline(always)]
    unsafe fn add_scaled(x: *const f32, scale: f64, sums: *mut f64, n_columns: usize) {
        // SAFETY: the caller has `n_columns` values at both pointers, and the features.
        unsafe {
            let in_full = n_columns / 4 * 4;
            let scales = _mm256_set1_pd(scale);
            for j in (0..in_full).step_by(4) {
                let term = _mm256_mul_pd(scales, _mm256_cvtps_pd(_mm_loadu_ps(x.add(j))));
                _mm256_storeu_pd(sums.add(j), _mm256_add_pd(_mm256_loadu_pd(sums.add(j)), term));
            }
            for j in in_full..n_columns {
                *sums.add(j) += scale * f64::from(*x.add(j));
            }
        }
    }
}

impl Vector for Avx512 {
    const LANES: usize = 16;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: AVX-512F, by the trait's contract, here and below.
        Avx512(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has 16 values there.
        Avx512(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for 16 values.
        unsafe { _mm512_storeu_ps(to, self.0) };
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: AVX-512F.
        Avx512(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: AVX-512F.
        Avx512(unsafe { _mm512_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: AVX-512F.
        Avx512(unsafe { _mm512_min_ps(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn fma(self, factor: Self, term: Self) -> Self {
        // SAFETY: AVX-512F.
        Avx512(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
    }

    #[inline(always)]
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: AVX-512F.
        Avx512(unsafe { _mm512_mask_mov_ps(no.0, _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0), yes.0) })
    }

    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
        // SAFETY: same contract; AVX-512F comes with AVX.
        unsafe { transpose_8x8(from, stride, to, pitch) };
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: a prefetch neither faults nor changes anything.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
    }

    #[inline(always)]
    unsafe fn add_scaled(x: *const f32, scale: f64, sums: *mut f64, n_columns: usize) {
        // SAFETY: the caller has `n_columns` values at both pointers, and the features.
        unsafe {
            let in_full = n_columns / 8 * 8;
            let scales = _mm512_set1_pd(scale);
            for j in (0..in_full).step_by(8) {
                let term = _mm512_mul_pd(scales, _mm512_cvtps_pd(_mm256_loadu_ps(x.add(j))));
                _mm512_storeu_pd(sums.add(j), _mm512_add_pd(_mm512_loadu_pd(sums.add(j)), term));
            }
            for j in in_full..n_columns {
                *sums.add(j) += scale * f64::from(*x.add(j));
            }
        }
    }
}
