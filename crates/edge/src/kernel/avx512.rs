//! x86-64 with 512-bit vectors and `vpdpbusd`, which adds four products of unsigned with signed bytes to each 32-bit sum.
//!
//! Signed inputs are written with 128 added, by flipping their top bit, and the sums start 128 times the sum of the weights
//! lower; sums wrap in between and are exact in the end. Inputs behind a `ReLU` are not negative and need neither.

use core::arch::x86_64::{
    __m512i, _mm_storeu_si128, _mm512_add_epi32, _mm512_add_epi64, _mm512_and_si512, _mm512_cvtepi32_epi8,
    _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_mask_blend_epi32, _mm512_max_epi32, _mm512_min_epi32,
    _mm512_mul_epi32, _mm512_set1_epi32, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_sllv_epi64, _mm512_srav_epi32,
    _mm512_srli_epi64, _mm512_storeu_si512,
};

use tenure_artifact::bundle::OUTPUTS_PER_PANEL;

use super::{Job, Lanes, PanelEnd, Sums};

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
    const PANELS: usize = 8;
    const PANELS_OF_FOUR_ROWS: usize = 4;

    #[inline(always)]
    unsafe fn products<const P: usize, const R: usize, const SIGNED: bool>(
        panels: &[u8],
        panel_bytes: usize,
        rows: [&[i8]; R],
    ) -> [[Sums; P]; R] {
        // SAFETY: the caller's contract.
        unsafe {
            // An instruction's result is there for the next one after five cycles: as many sums run side by side as hide that.
            match P * R {
                1 => chains::<P, R, 4>(panels, panel_bytes, rows),
                2..=4 => chains::<P, R, 2>(panels, panel_bytes, rows),
                _ => chains::<P, R, 1>(panels, panel_bytes, rows),
            }
        }
    }

    #[inline(always)]
    unsafe fn requantize<const R: usize>(sums: [&Sums; R], end: PanelEnd<'_>) -> [[i8; OUTPUTS_PER_PANEL]; R] {
        // SAFETY: the processor has AVX-512 by the caller's contract; every slice has sixteen numbers.
        unsafe {
            let (start, multipliers) = (load(end.start), load(end.multipliers));
            let shifts = _mm512_and_si512(load(end.shifts), _mm512_set1_epi32(31));
            let even_half = half(_mm512_and_si512(shifts, _mm512_set1_epi64(31)));
            let (odd_multipliers, odd_half) = (upper(multipliers), half(upper(shifts)));
            let (least, most) = (_mm512_set1_epi32(end.least), _mm512_set1_epi32(127));
            let mut out = [[0; OUTPUTS_PER_PANEL]; R];
            for r in 0..R {
                let sums = _mm512_add_epi32(load(sums[r]), start);
                // Products of the outputs with even places, then of those with odd ones: 64 bits each.
                let even = _mm512_add_epi64(_mm512_mul_epi32(sums, multipliers), even_half);
                let odd = _mm512_add_epi64(_mm512_mul_epi32(upper(sums), odd_multipliers), odd_half);
                let shifted = _mm512_srav_epi32(_mm512_mask_blend_epi32(0xAAAA, upper(even), odd), shifts);
                let clamped = _mm512_min_epi32(_mm512_max_epi32(shifted, least), most);
                _mm_storeu_si128(out[r].as_mut_ptr().cast(), _mm512_cvtepi32_epi8(clamped));
            }
            out
        }
    }
}

/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn load(values: &Sums) -> __m512i {
    // SAFETY: sixteen numbers are 64 bytes.
    unsafe { _mm512_loadu_si512(values.as_ptr().cast()) }
}

/// The upper half of each pair in the lower one's place.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn upper(pairs: __m512i) -> __m512i {
    // SAFETY: the caller's contract.
    unsafe { _mm512_srli_epi64::<32>(pairs) }
}

/// `2^(31+s)` for the lower half of each pair; the upper one is 0.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn half(shifts: __m512i) -> __m512i {
    // SAFETY: the caller's contract.
    unsafe { _mm512_sllv_epi64(_mm512_set1_epi64(1 << 31), shifts) }
}

/// [`Lanes::products`] with `C` running sums for each sum, which take its groups of inputs in turns.
///
/// # Safety
/// As [`Lanes::products`].
#[inline(always)]
unsafe fn chains<const P: usize, const R: usize, const C: usize>(
    panels: &[u8],
    panel_bytes: usize,
    rows: [&[i8]; R],
) -> [[Sums; P]; R] {
    let n_groups = panel_bytes / 64;
    // SAFETY: the caller's contract; a panel has `n_groups` groups.
    unsafe {
        let mut sums = [[[_mm512_setzero_si512(); P]; R]; C];
        let mut group = 0;
        while group + C <= n_groups {
            for c in 0..C {
                add_group::<P, R>(panels, panel_bytes, rows, group + c, &mut sums[c]);
            }
            group += C;
        }
        while group < n_groups {
            add_group::<P, R>(panels, panel_bytes, rows, group, &mut sums[0]);
            group += 1;
        }
        let mut out = [[[0; 16]; P]; R];
        for r in 0..R {
            for p in 0..P {
                let mut sum = sums[0][r][p];
                for c in 1..C {
                    sum = _mm512_add_epi32(sum, sums[c][r][p]);
                }
                _mm512_storeu_si512(out[r][p].as_mut_ptr().cast(), sum);
            }
        }
        out
    }
}

/// Adds the products of one group of four inputs.
///
/// # Safety
/// As [`Lanes::products`]; `group` is less than `panel_bytes / 64`.
#[inline(always)]
unsafe fn add_group<const P: usize, const R: usize>(
    panels: &[u8],
    panel_bytes: usize,
    rows: [&[i8]; R],
    group: usize,
    sums: &mut [[__m512i; P]; R],
) {
    // SAFETY: the caller's contract: the processor has AVX-512 VNNI, `panels` holds P panels of `panel_bytes`, a multiple
    // of 64, and each row `panel_bytes / 16` bytes; so every load below stays inside its slice.
    unsafe {
        let mut inputs = [_mm512_setzero_si512(); R];
        for r in 0..R {
            inputs[r] = _mm512_set1_epi32(rows[r].as_ptr().add(4 * group).cast::<i32>().read_unaligned());
        }
        for p in 0..P {
            let at = panels.as_ptr().add(p * panel_bytes + group * 64);
            let weights = _mm512_loadu_si512(at.cast());
            for r in 0..R {
                sums[r][p] = _mm512_dpbusd_epi32(sums[r][p], inputs[r], weights);
            }
        }
    }
}
