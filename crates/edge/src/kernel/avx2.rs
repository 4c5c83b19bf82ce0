//! x86-64 with 256-bit vectors.
//!
//! `vpmaddubsw` multiplies unsigned with signed bytes and adds neighbours in 16 bits, saturating. With magnitudes of at
//! most 127 on both sides two products add up to at most 32,258, so nothing saturates. Signed inputs give their sign to the
//! weights first (`vpsignb`), which is exact because no weight is -128.

use core::arch::x86_64::{
    _mm256_abs_epi8, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_setzero_si256, _mm256_sign_epi8, _mm256_storeu_si256,
};

use super::{Job, Lanes, Sums};

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
}
