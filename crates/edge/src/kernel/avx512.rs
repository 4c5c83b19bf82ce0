//! x86-64 with 512-bit vectors and `vpdpbusd`, which adds four products of unsigned with signed bytes to each 32-bit sum.
//!
//! Signed inputs are written with 128 added, by flipping their top bit, and the sums start 128 times the sum of the weights
//! lower; sums wrap in between and are exact in the end. Inputs behind a `ReLU` are not negative and need neither.

use core::arch::x86_64::{
    __m128i, __m512i, _mm_storeu_si128, _mm512_add_epi32, _mm512_and_si512, _mm512_cvtsepi32_epi8, _mm512_dpbusd_epi32,
    _mm512_loadu_si512, _mm512_mask_blend_epi32, _mm512_max_epi32, _mm512_mul_epi32, _mm512_set1_epi32,
    _mm512_setzero_si512, _mm512_slli_epi64, _mm512_srai_epi32, _mm512_srav_epi32, _mm512_srli_epi64,
    _mm512_storeu_si512,
};

use tenure_artifact::bundle::OUTPUTS_PER_PANEL;

use super::{Ends, Job, Lanes, PanelEnd, Sums};

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
        let mut out = [[[0; OUTPUTS_PER_PANEL]; P]; R];
        // SAFETY: the caller's contract; sixteen numbers are 64 bytes.
        unsafe {
            let sums = sums::<P, R>(panels, panel_bytes, rows);
            for r in 0..R {
                for p in 0..P {
                    _mm512_storeu_si512(out[r][p].as_mut_ptr().cast(), sums[r][p]);
                }
            }
        }
        out
    }

    /// Sums stay in registers.
    #[inline(always)]
    unsafe fn hidden<const P: usize, const R: usize, const SIGNED: bool>(
        panels: &[u8],
        panel_bytes: usize,
        rows: [&[i8]; R],
        ends: Ends<'_>,
        (out, stride): (&mut [i8], usize),
    ) {
        // SAFETY: the caller's contract; sixteen bytes are stored to sixteen.
        unsafe {
            let sums = sums::<P, R>(panels, panel_bytes, rows);
            for p in 0..P {
                let end = VectorEnd::new(ends.panel(p));
                for r in 0..R {
                    let out = &mut out[r * stride + p * OUTPUTS_PER_PANEL..][..OUTPUTS_PER_PANEL];
                    _mm_storeu_si128(out.as_mut_ptr().cast(), end.narrow(sums[r][p]));
                }
            }
        }
    }
}

/// A panel's end in vectors.
struct VectorEnd {
    start: __m512i,
    multipliers: __m512i,
    odd_multipliers: __m512i,
    shifts: __m512i,
    least: __m512i,
}

impl VectorEnd {
    /// # Safety
    /// The processor has AVX-512 F.
    #[inline(always)]
    unsafe fn new(end: PanelEnd<'_>) -> Self {
        // SAFETY: the caller's contract.
        unsafe {
            let multipliers = load(end.multipliers);
            Self {
                start: load(end.start),
                multipliers,
                odd_multipliers: _mm512_srli_epi64::<32>(multipliers),
                shifts: _mm512_and_si512(load(end.shifts), _mm512_set1_epi32(31)),
                least: _mm512_set1_epi32(end.least),
            }
        }
    }

    /// [`Lanes::requantize`] of a row's sums.
    ///
    /// `(a m + 2^(31+s)) >> (32+s)` is `u = (a m) >> (31+s)` halved and rounded up, `(u >> 1) + (u & 1)`: rounding down
    /// twice is rounding down once. `(a m) >> 31` fits into 32 bits, because no multiplier is less than -2^31 + 1.
    ///
    /// # Safety
    /// The processor has AVX-512 F.
    #[inline(always)]
    unsafe fn narrow(&self, sums: __m512i) -> __m128i {
        // SAFETY: the caller's contract.
        unsafe {
            let sums = _mm512_add_epi32(sums, self.start);
            // 64-bit products of the outputs with even places, then of those with odd ones.
            let even = _mm512_mul_epi32(sums, self.multipliers);
            let odd = _mm512_mul_epi32(_mm512_srli_epi64::<32>(sums), self.odd_multipliers);
            let upper = _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64::<31>(even), _mm512_slli_epi64::<1>(odd));
            let twice = _mm512_srav_epi32(upper, self.shifts);
            let one = _mm512_and_si512(twice, _mm512_set1_epi32(1));
            let rounded = _mm512_add_epi32(_mm512_srai_epi32::<1>(twice), one);
            // Narrowing saturates at 127.
            _mm512_cvtsepi32_epi8(_mm512_max_epi32(rounded, self.least))
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

/// Sums of products in registers.
///
/// # Safety
/// As [`Lanes::products`].
#[inline(always)]
unsafe fn sums<const P: usize, const R: usize>(
    panels: &[u8],
    panel_bytes: usize,
    rows: [&[i8]; R],
) -> [[__m512i; P]; R] {
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

/// [`sums`] with `C` running sums for each, which take its groups of inputs in turns.
///
/// # Safety
/// As [`Lanes::products`].
#[inline(always)]
unsafe fn chains<const P: usize, const R: usize, const C: usize>(
    panels: &[u8],
    panel_bytes: usize,
    rows: [&[i8]; R],
) -> [[__m512i; P]; R] {
    let n_groups = panel_bytes / 64;
    // SAFETY: the caller's contract; a panel has `n_groups` groups.
    unsafe {
        let mut sums = [[[_mm512_setzero_si512(); P]; R]; C];
        // Two groups at least, so that finding the place of each panel is shared.
        let n_at_once = const { if C > 2 { C } else { 2 } };
        let mut group = 0;
        while group + n_at_once <= n_groups {
            for c in 0..n_at_once {
                add_group::<P, R>(panels, panel_bytes, rows, group + c, &mut sums[c % C]);
            }
            group += n_at_once;
        }
        while group < n_groups {
            add_group::<P, R>(panels, panel_bytes, rows, group, &mut sums[0]);
            group += 1;
        }
        let mut out = sums[0];
        for r in 0..R {
            for p in 0..P {
                for c in 1..C {
                    out[r][p] = _mm512_add_epi32(out[r][p], sums[c][r][p]);
                }
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
