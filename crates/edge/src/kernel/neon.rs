//! 64-bit ARM: NEON is always there, its 8-bit dot product where the processor says so.

use core::arch::aarch64::{
    int32x4_t, vdupq_n_s32, vget_high_s8, vget_low_s8, vld1q_s8, vmull_s8, vpadalq_s16, vpaddq_s16,
    vreinterpretq_s8_s32, vst1q_s32,
};
use core::arch::asm;

use super::{Job, Lanes, Sums};

/// Widening products, added pairwise: two products of magnitudes up to 127 fit into 16 bits.
pub(super) struct Plain;
/// `sdot`.
pub(super) struct Dot;

pub(super) fn has_dot_product() -> bool {
    #[cfg(feature = "std")]
    {
        std::arch::is_aarch64_feature_detected!("dotprod")
    }
    #[cfg(not(feature = "std"))]
    {
        cfg!(target_feature = "dotprod")
    }
}

#[target_feature(enable = "dotprod")]
pub(super) fn run_dot<J: Job>(job: J) -> J::Output {
    job.run::<Dot>()
}

/// Adds the dot products of four neighbours to four sums.
trait FourProducts {
    /// # Safety
    /// The processor has the instructions; `weights` points to 16 bytes.
    unsafe fn add(sum: int32x4_t, weights: *const i8, inputs: int32x4_t) -> int32x4_t;
}

impl FourProducts for Plain {
    #[inline(always)]
    unsafe fn add(sum: int32x4_t, weights: *const i8, inputs: int32x4_t) -> int32x4_t {
        // SAFETY: NEON belongs to every 64-bit ARM; 16 bytes by the caller's contract.
        unsafe {
            let (weights, inputs) = (vld1q_s8(weights), vreinterpretq_s8_s32(inputs));
            let low = vmull_s8(vget_low_s8(weights), vget_low_s8(inputs));
            let high = vmull_s8(vget_high_s8(weights), vget_high_s8(inputs));
            vpadalq_s16(sum, vpaddq_s16(low, high))
        }
    }
}

impl FourProducts for Dot {
    #[inline(always)]
    unsafe fn add(sum: int32x4_t, weights: *const i8, inputs: int32x4_t) -> int32x4_t {
        let mut sum = sum;
        // SAFETY: the processor has `sdot` and the pointer 16 bytes, by the caller's contract; only registers change.
        unsafe {
            asm!(
                ".arch_extension dotprod",
                "sdot {sum:v}.4s, {weights:v}.16b, {inputs:v}.16b",
                sum = inout(vreg) sum,
                weights = in(vreg) vld1q_s8(weights),
                inputs = in(vreg) inputs,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sum
    }
}

/// # Safety
/// That of [`Lanes::products`].
#[inline(always)]
unsafe fn products<F: FourProducts, const P: usize, const R: usize>(
    panels: &[u8],
    panel_bytes: usize,
    rows: [&[i8]; R],
) -> [[Sums; P]; R] {
    // SAFETY: the caller's contract: `panels` holds P panels of `panel_bytes`, a multiple of 64, and each row
    // `panel_bytes / 16` bytes; so every load below stays inside its slice.
    unsafe {
        let mut sums = [[[vdupq_n_s32(0); 4]; P]; R];
        for group in 0..panel_bytes / 64 {
            for r in 0..R {
                let inputs = vdupq_n_s32(rows[r].as_ptr().add(4 * group).cast::<i32>().read_unaligned());
                for p in 0..P {
                    for quarter in 0..4 {
                        let at = panels.as_ptr().add(p * panel_bytes + group * 64 + quarter * 16);
                        sums[r][p][quarter] = F::add(sums[r][p][quarter], at.cast(), inputs);
                    }
                }
            }
        }
        let mut out = [[[0; 16]; P]; R];
        for r in 0..R {
            for p in 0..P {
                for quarter in 0..4 {
                    vst1q_s32(out[r][p].as_mut_ptr().add(4 * quarter), sums[r][p][quarter]);
                }
            }
        }
        out
    }
}

macro_rules! lanes {
    ($lanes:ty) => {
        impl Lanes for $lanes {
            const PANELS: usize = 4;
            const PANELS_OF_FOUR_ROWS: usize = 1;

            #[inline(always)]
            unsafe fn products<const P: usize, const R: usize, const SIGNED: bool>(
                panels: &[u8],
                panel_bytes: usize,
                rows: [&[i8]; R],
            ) -> [[Sums; P]; R] {
                // SAFETY: the contract is the same.
                unsafe { products::<$lanes, P, R>(panels, panel_bytes, rows) }
            }
        }
    };
}
lanes!(Plain);
lanes!(Dot);
