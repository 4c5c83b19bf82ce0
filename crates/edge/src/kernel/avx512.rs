//! x86-64 with 512-bit vectors and `vpdpbusd`, which adds four products of unsigned with signed bytes to each 32-bit sum.
//!
//! Signed inputs are read with 128 added, by flipping their top bit, and the sums start 128 times the sum of the weights
//! lower; sums wrap in between and are exact in the end. Inputs behind a `ReLU` are not negative and need neither.

use core::arch::x86_64::{
    _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
};

use super::{Job, Lanes, Sums};

pub(super) struct Avx512Vnni;

pub(super) fn is_available() -> bool {
    #[cfg(feature = "std")]
    {
        std::is_x86_feature_detected!("avx512vnni")
            && std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx512dq")
    }
    #[cfg(not(feature = "std"))]
    {
        cfg!(all(
            target_feature = "avx512vnni",
            target_feature = "avx512f",
            target_feature = "avx512bw",
            target_feature = "avx512vl",
            target_feature = "avx512dq"
        ))
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
pub(super) fn run<J: Job>(job: J) -> J::Output {
    job.run::<Avx512Vnni>()
}

impl Lanes for Avx512Vnni {
    const ADDS_OFFSET: bool = true;
    const KNOWS_SIGNS: bool = true;
    const PANELS: usize = 8;
    const PANELS_OF_FOUR_ROWS: usize = 2;

    #[inline(always)]
    unsafe fn products<const P: usize, const R: usize, const SIGNED: bool>(
        panels: &[u8],
        panel_bytes: usize,
        rows: [&[i8]; R],
    ) -> [[Sums; P]; R] {
        let flip = if SIGNED { 0x8080_8080_u32.cast_signed() } else { 0 };
        // SAFETY: the caller's contract: the processor has AVX-512 VNNI, `panels` holds P panels of `panel_bytes`, a
        // multiple of 64, and each row `panel_bytes / 16` bytes; so every load below stays inside its slice.
        unsafe {
            let mut sums = [[_mm512_setzero_si512(); P]; R];
            for group in 0..panel_bytes / 64 {
                let mut inputs = [_mm512_setzero_si512(); R];
                for r in 0..R {
                    let four = rows[r].as_ptr().add(4 * group).cast::<i32>().read_unaligned();
                    inputs[r] = _mm512_set1_epi32(four ^ flip);
                }
                for p in 0..P {
                    let at = panels.as_ptr().add(p * panel_bytes + group * 64);
                    let weights = _mm512_loadu_si512(at.cast());
                    for r in 0..R {
                        sums[r][p] = _mm512_dpbusd_epi32(sums[r][p], inputs[r], weights);
                    }
                }
            }
            let mut out = [[[0; 16]; P]; R];
            for r in 0..R {
                for p in 0..P {
                    _mm512_storeu_si512(out[r][p].as_mut_ptr().cast(), sums[r][p]);
                }
            }
            out
        }
    }
}
