//! AVX2 with FMA, and AVX-512.

use std::arch::x86_64::{
    __m128, __m256, __m512, __m512i, _CMP_EQ_OQ, _CMP_GT_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _MM_FROUND_NO_EXC,
    _MM_FROUND_TO_NEAREST_INT, _MM_HINT_T0, _MM_HINT_T1, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_loadu_ps,
    _mm_loadu_si128, _mm_min_ps, _mm_min_ss, _mm_movehdup_ps, _mm_movehl_ps, _mm_prefetch, _mm256_add_epi32,
    _mm256_add_ps, _mm256_blendv_ps, _mm256_castpd_ps, _mm256_castps128_ps256, _mm256_castps256_ps128,
    _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpeq_epi32, _mm256_cvtepu16_epi32, _mm256_cvtps_epi32, _mm256_div_ps,
    _mm256_extractf128_ps, _mm256_fmadd_ps, _mm256_insertf128_ps, _mm256_loadu_ps, _mm256_loadu_si256, _mm256_max_ps,
    _mm256_min_ps, _mm256_movemask_ps, _mm256_mul_ps, _mm256_round_ps, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_slli_epi32, _mm256_sqrt_ps, _mm256_storeu_ps, _mm256_storeu_si256,
    _mm256_sub_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps, _mm512_add_epi32, _mm512_add_ps, _mm512_castps_pd,
    _mm512_castps_si512, _mm512_castps512_ps256, _mm512_castsi512_ps, _mm512_cmp_ps_mask, _mm512_cmpneq_epi32_mask,
    _mm512_cvtepi32_epi16, _mm512_cvtepu16_epi32, _mm512_cvtps_epi32, _mm512_div_ps, _mm512_extractf64x4_pd,
    _mm512_fmadd_ps, _mm512_i32gather_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mask_mov_ps,
    _mm512_maskz_compress_epi32, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_permutexvar_ps,
    _mm512_roundscale_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setr_epi32, _mm512_setzero_ps, _mm512_slli_epi32,
    _mm512_sqrt_ps, _mm512_srli_epi32, _mm512_storeu_ps, _mm512_storeu_si512, _mm512_sub_ps,
};

use super::eight::x86::{Avx2Eight, Avx512Eight};
use super::{Kernel, LANES, Lanes};

/// # Safety
/// The processor has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the features are on in this function, into which the kernel is inlined.
    unsafe { kernel.run::<Avx2>() }
}

/// # Safety
/// The processor has AVX2, FMA and AVX-512F.
#[target_feature(enable = "avx2,fma,avx512f")]
pub(super) unsafe fn avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the features are on in this function, into which the kernel is inlined.
    unsafe { kernel.run::<Avx512>() }
}

#[derive(Clone, Copy)]
pub(super) struct Avx2([__m256; 2]);

#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

/// # Safety
/// AVX.
#[inline(always)]
unsafe fn sum_8(v: __m256) -> f32 {
    // SAFETY: AVX, by the contract.
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
    }
}

/// The least of eight values, in the first lane.
///
/// # Safety
/// AVX.
#[inline(always)]
unsafe fn least_8(v: __m256) -> __m128 {
    // SAFETY: AVX, by the contract.
    unsafe {
        let four = _mm_min_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        let two = _mm_min_ps(four, _mm_movehl_ps(four, four));
        _mm_min_ss(two, _mm_movehdup_ps(two))
    }
}

/// Sixteen numbers from `first` on.
///
/// # Safety
/// AVX-512F.
#[inline(always)]
unsafe fn numbers(first: u32) -> __m512i {
    // SAFETY: AVX-512F, by the contract.
    unsafe {
        let numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        _mm512_add_epi32(numbers, _mm512_set1_epi32(first.cast_signed()))
    }
}

/// Values of a table at sixteen places.
///
/// # Safety
/// AVX-512F; places are less than the table's length, a multiple of 16.
#[inline(always)]
unsafe fn look_up(table: &[f32], places: __m512i) -> __m512 {
    // SAFETY: the contract. A table in a register takes a fifth of the time.
    unsafe {
        if table.len() == LANES {
            _mm512_permutexvar_ps(places, _mm512_loadu_ps(table.as_ptr()))
        } else {
            _mm512_i32gather_ps::<4>(places, table.as_ptr())
        }
    }
}

/// # Safety
/// AVX, and the contract of [`Lanes::transpose_8x8`].
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

/// # Safety
/// SSE, which every 64-bit x86 has.
#[inline(always)]
unsafe fn prefetch(at: *const f32) {
    // SAFETY: a prefetch neither faults nor changes anything.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) };
}

impl Lanes for Avx2 {
    const WIDE: bool = false;
    type Eight = Avx2Eight;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([_mm256_set1_ps(value); 2]) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has 16 values there.
        unsafe { Self([_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))]) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for 16 values.
        unsafe {
            _mm256_storeu_ps(to, self.0[0]);
            _mm256_storeu_ps(to.add(8), self.0[1]);
        }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([_mm256_add_ps(self.0[0], other.0[0]), _mm256_add_ps(self.0[1], other.0[1])]) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([_mm256_sub_ps(self.0[0], other.0[0]), _mm256_sub_ps(self.0[1], other.0[1])]) }
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([_mm256_mul_ps(self.0[0], other.0[0]), _mm256_mul_ps(self.0[1], other.0[1])]) }
    }

    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([_mm256_div_ps(self.0[0], other.0[0]), _mm256_div_ps(self.0[1], other.0[1])]) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([_mm256_max_ps(self.0[0], other.0[0]), _mm256_max_ps(self.0[1], other.0[1])]) }
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([_mm256_min_ps(self.0[0], other.0[0]), _mm256_min_ps(self.0[1], other.0[1])]) }
    }

    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([_mm256_sqrt_ps(self.0[0]), _mm256_sqrt_ps(self.0[1])]) }
    }

    #[inline(always)]
    unsafe fn fma(self, factor: Self, term: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                _mm256_fmadd_ps(self.0[0], factor.0[0], term.0[0]),
                _mm256_fmadd_ps(self.0[1], factor.0[1], term.0[1]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn where_positive(self, yes: Self, no: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            let zero = _mm256_setzero_ps();
            let mask = [_mm256_cmp_ps::<_CMP_GT_OQ>(self.0[0], zero), _mm256_cmp_ps::<_CMP_GT_OQ>(self.0[1], zero)];
            Self([_mm256_blendv_ps(no.0[0], yes.0[0], mask[0]), _mm256_blendv_ps(no.0[1], yes.0[1], mask[1])])
        }
    }

    #[inline(always)]
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            let mask = [
                _mm256_cmp_ps::<_CMP_LT_OQ>(self.0[0], other.0[0]),
                _mm256_cmp_ps::<_CMP_LT_OQ>(self.0[1], other.0[1]),
            ];
            Self([_mm256_blendv_ps(no.0[0], yes.0[0], mask[0]), _mm256_blendv_ps(no.0[1], yes.0[1], mask[1])])
        }
    }

    #[inline(always)]
    unsafe fn least(self) -> (u32, f32) {
        // SAFETY: the trait's contract.
        unsafe {
            let value = _mm_cvtss_f32(least_8(_mm256_min_ps(self.0[0], self.0[1])));
            let least = _mm256_set1_ps(value);
            let bits = |half| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(half, least)).cast_unsigned();
            (bits(self.0[0]) | bits(self.0[1]) << 8, value)
        }
    }

    #[inline(always)]
    unsafe fn different(first: u32, new: *const u32, old: *const u16, to: *mut u32) -> usize {
        // SAFETY: the caller has 16 values in each place, and no more numbers than values are put.
        unsafe {
            let half = |at: usize| {
                let old = _mm256_cvtepu16_epi32(_mm_loadu_si128(old.add(at).cast()));
                let same = _mm256_cmpeq_epi32(_mm256_loadu_si256(new.add(at).cast()), old);
                _mm256_movemask_ps(_mm256_castsi256_ps(same)).cast_unsigned()
            };
            let mut bits = !(half(0) | half(8) << 8) & 0xFFFF;
            let mut n = 0;
            while bits != 0 {
                *to.add(n) = first + bits.trailing_zeros();
                bits &= bits - 1;
                n += 1;
            }
            n
        }
    }

    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
        // SAFETY: same contract; both sets come with AVX.
        unsafe { transpose_8x8(from, stride, to, pitch) };
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: same contract.
        unsafe { prefetch(at) };
    }

    #[inline(always)]
    unsafe fn prefetch_first(at: *const f32) {
        // SAFETY: same contract.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
    }

    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
            Self([_mm256_round_ps::<NEAREST>(self.0[0]), _mm256_round_ps::<NEAREST>(self.0[1])])
        }
    }

    #[inline(always)]
    unsafe fn power_of_two(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            let bias = _mm256_set1_epi32(127);
            let power = [_mm256_cvtps_epi32(self.0[0]), _mm256_cvtps_epi32(self.0[1])];
            Self([
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(power[0], bias))),
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(power[1], bias))),
            ])
        }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: the trait's contract.
        unsafe { sum_8(_mm256_add_ps(self.0[0], self.0[1])) }
    }
}

impl Lanes for Avx512 {
    const WIDE: bool = true;
    type Eight = Avx512Eight;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_set1_ps(value)) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has 16 values there.
        unsafe { Self(_mm512_loadu_ps(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for 16 values.
        unsafe { _mm512_storeu_ps(to, self.0) };
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_sub_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_mul_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_div_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_max_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_min_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_sqrt_ps(self.0)) }
    }

    #[inline(always)]
    unsafe fn fma(self, factor: Self, term: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_fmadd_ps(self.0, factor.0, term.0)) }
    }

    #[inline(always)]
    unsafe fn where_positive(self, yes: Self, no: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            let mask = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, _mm512_setzero_ps());
            Self(_mm512_mask_mov_ps(no.0, mask, yes.0))
        }
    }

    #[inline(always)]
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_mask_mov_ps(no.0, _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0), yes.0)) }
    }

    #[inline(always)]
    unsafe fn least(self) -> (u32, f32) {
        // SAFETY: the trait's contract.
        unsafe {
            let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(self.0)));
            let value = _mm_cvtss_f32(least_8(_mm256_min_ps(_mm512_castps512_ps256(self.0), high)));
            (u32::from(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, _mm512_set1_ps(value))), value)
        }
    }

    #[inline(always)]
    unsafe fn different(first: u32, new: *const u32, old: *const u16, to: *mut u32) -> usize {
        // SAFETY: the caller has 16 values in each place.
        unsafe {
            let old = _mm512_cvtepu16_epi32(_mm256_loadu_si256(old.cast()));
            let differ = _mm512_cmpneq_epi32_mask(_mm512_loadu_si512(new.cast()), old);
            _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi32(differ, numbers(first)));
            differ.count_ones() as usize
        }
    }

    #[inline(always)]
    unsafe fn look_up(table: &[f32], places: *const u32) -> Self {
        // SAFETY: the caller has 16 places in the table.
        unsafe { Self(look_up(table, _mm512_loadu_si512(places.cast()))) }
    }

    #[inline(always)]
    unsafe fn store_halves(self, to: *mut u16) {
        // SAFETY: the caller has room for 16 halves.
        unsafe {
            let halves = _mm512_cvtepi32_epi16(_mm512_srli_epi32::<16>(_mm512_castps_si512(self.0)));
            _mm256_storeu_si256(to.cast(), halves);
        }
    }

    #[inline(always)]
    unsafe fn not_above(first: u32, halves: *const u16, places: *const u16, table: &[f32], to: *mut u32) -> usize {
        // SAFETY: the caller has 16 halves and places, which exist, and room for 16 numbers.
        unsafe {
            let halves = _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(_mm256_loadu_si256(halves.cast())));
            let places = _mm512_cvtepu16_epi32(_mm256_loadu_si256(places.cast()));
            let values = look_up(table, places);
            let bits = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(_mm512_castsi512_ps(halves), values);
            if bits != 0 {
                _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi32(bits, numbers(first)));
            }
            bits.count_ones() as usize
        }
    }

    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
        // SAFETY: same contract; both sets come with AVX.
        unsafe { transpose_8x8(from, stride, to, pitch) };
    }

    #[inline(always)]
    unsafe fn prefetch(at: *const f32) {
        // SAFETY: same contract.
        unsafe { prefetch(at) };
    }

    #[inline(always)]
    unsafe fn prefetch_first(at: *const f32) {
        // SAFETY: same contract.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
    }

    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self(_mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)) }
    }

    #[inline(always)]
    unsafe fn power_of_two(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            let power = _mm512_add_epi32(_mm512_cvtps_epi32(self.0), _mm512_set1_epi32(127));
            Self(_mm512_castsi512_ps(_mm512_slli_epi32::<23>(power)))
        }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: the trait's contract.
        unsafe {
            let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(self.0)));
            sum_8(_mm256_add_ps(_mm512_castps512_ps256(self.0), high))
        }
    }
}
