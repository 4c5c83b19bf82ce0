//! x86-64 with 256-bit vectors.
//!
//! `vpmaddubsw` multiplies unsigned with signed bytes and adds neighbours in 16 bits, saturating. With magnitudes of at
//! most 127 on both sides two products add up to at most 32,258, so nothing saturates. Signed inputs give their sign to the
//! weights first (`vpsignb`), which is exact because no weight is -128.

use core::arch::x86_64::{
    __m256i, _mm_storeu_si128, _mm256_abs_epi8, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256,
    _mm256_blend_epi32, _mm256_castsi256_si128, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_max_epi32, _mm256_min_epi32, _mm256_mul_epi32, _mm256_packs_epi16, _mm256_packs_epi32,
    _mm256_permute4x64_epi64, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_setzero_si256,
    _mm256_sign_epi8, _mm256_sllv_epi64, _mm256_srav_epi32, _mm256_srli_epi64, _mm256_storeu_si256,
};

use tenure_artifact::bundle::OUTPUTS_PER_PANEL;

use super::{Job, Lanes, Outputs, PanelEnd, Sums};

pub(super) struct Avx2;

pub(super) fn is_available() -> bool {
    #[cfg(feature = "std")]
    {
        std::is_x86_feature_detected!("avx2")
    }
    #[cfg(not(feature = "std"))]
    {
        cfg!(target_feature = "avx2")
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn run<J: Job>(job: J) -> J::Output {
    job.run::<Avx2>()
}

impl Lanes for Avx2 {
    const KNOWS_SIGNS: bool = true;
    const PANELS: usize = 4;
    const PANELS_OF_FOUR_ROWS: usize = 1;

    #[inline(always)]
    unsafe fn products<const P: usize, const R: usize, const SIGNED: bool>(
        panels: &[u8],
        panel_bytes: usize,
        rows: [&[i8]; R],
    ) -> [[Sums; P]; R] {
        // SAFETY: the caller's contract: the processor has AVX2, `panels` holds P panels of `panel_bytes`, a multiple of
        // 64, and each row `panel_bytes / 16` bytes; so every load below stays inside its slice.
        unsafe {
            let ones = _mm256_set1_epi16(1);
            let mut sums = [[[_mm256_setzero_si256(); 2]; P]; R];
            for group in 0..panel_bytes / 64 {
                let mut inputs = [_mm256_setzero_si256(); R];
                let mut magnitudes = inputs;
                for r in 0..R {
                    inputs[r] = _mm256_set1_epi32(rows[r].as_ptr().add(4 * group).cast::<i32>().read_unaligned());
                    magnitudes[r] = if SIGNED { _mm256_abs_epi8(inputs[r]) } else { inputs[r] };
                }
                for p in 0..P {
                    for half in 0..2 {
                        let at = panels.as_ptr().add(p * panel_bytes + group * 64 + half * 32);
                        let weights = _mm256_loadu_si256(at.cast());
                        for r in 0..R {
                            let weights = if SIGNED { _mm256_sign_epi8(weights, inputs[r]) } else { weights };
                            let pairs = _mm256_maddubs_epi16(magnitudes[r], weights);
                            let fours = _mm256_madd_epi16(pairs, ones);
                            sums[r][p][half] = _mm256_add_epi32(sums[r][p][half], fours);
                        }
                    }
                }
            }
            let mut out = [[[0; 16]; P]; R];
            for r in 0..R {
                for p in 0..P {
                    let at = out[r][p].as_mut_ptr();
                    _mm256_storeu_si256(at.cast(), sums[r][p][0]);
                    _mm256_storeu_si256(at.add(8).cast(), sums[r][p][1]);
                }
            }
            out
        }
    }

    #[inline(always)]
    unsafe fn requantize<const R: usize>(sums: [&Sums; R], end: PanelEnd<'_>) -> [Outputs; R] {
        // SAFETY: the processor has AVX2 by the caller's contract; every slice has twice eight numbers.
        unsafe {
            let (least, most) = (_mm256_set1_epi32(end.least), _mm256_set1_epi32(127));
            let mut halves = [[_mm256_setzero_si256(); 2]; R];
            for place in 0..2 {
                let (start, multipliers) = (load(end.start, place), load(end.multipliers, place));
                let shifts = _mm256_and_si256(load(end.shifts, place), _mm256_set1_epi32(31));
                let even_half = half(_mm256_and_si256(shifts, _mm256_set1_epi64x(31)));
                let (odd_multipliers, odd_half) = (upper(multipliers), half(upper(shifts)));
                for r in 0..R {
                    let sums = _mm256_add_epi32(load(sums[r], place), start);
                    // Products of the outputs with even places, then of those with odd ones: 64 bits each.
                    let even = _mm256_add_epi64(_mm256_mul_epi32(sums, multipliers), even_half);
                    let odd = _mm256_add_epi64(_mm256_mul_epi32(upper(sums), odd_multipliers), odd_half);
                    let shifted = _mm256_srav_epi32(_mm256_blend_epi32::<0b1010_1010>(upper(even), odd), shifts);
                    halves[r][place] = _mm256_min_epi32(_mm256_max_epi32(shifted, least), most);
                }
            }
            let mut out = [[0; OUTPUTS_PER_PANEL]; R];
            for r in 0..R {
                // Packing works on each half of a register by itself: `a0 b0 a1 b1`, put right by the permutation.
                let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi32(halves[r][0], halves[r][1]));
                let bytes = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi16(words, words));
                _mm_storeu_si128(out[r].as_mut_ptr().cast(), _mm256_castsi256_si128(bytes));
            }
            out
        }
    }
}

/// # Safety
/// The processor has AVX2; `place` is 0 or 1.
#[inline(always)]
unsafe fn load(values: &Sums, place: usize) -> __m256i {
    // SAFETY: sixteen numbers are twice 32 bytes.
    unsafe { _mm256_loadu_si256(values.as_ptr().add(8 * place).cast()) }
}

/// The upper half of each pair in the lower one's place.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn upper(pairs: __m256i) -> __m256i {
    // SAFETY: the caller's contract.
    unsafe { _mm256_srli_epi64::<32>(pairs) }
}

/// `2^(31+s)` for the lower half of each pair; the upper one is 0.
///
/// # Safety
/// The processor has AVX2.
#[inline(always)]
unsafe fn half(shifts: __m256i) -> __m256i {
    // SAFETY: the caller's contract.
    unsafe { _mm256_sllv_epi64(_mm256_set1_epi64x(1 << 31), shifts) }
}
