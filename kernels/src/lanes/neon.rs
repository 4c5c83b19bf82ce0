//! NEON of 64-bit ARM.

use std::arch::aarch64::{
    float32x4_t, vadd_f32, vaddq_f32, vaddq_s32, vbslq_f32, vcgtzq_f32, vcltq_f32, vcvtq_s32_f32, vdivq_f32,
    vdupq_n_f32, vdupq_n_s32, vfmaq_f32, vget_high_f32, vget_lane_f32, vget_low_f32, vld1q_f32, vmaxq_f32, vminq_f32,
    vmulq_f32, vreinterpretq_f32_s32, vrndnq_f32, vshlq_n_s32, vsqrtq_f32, vst1q_f32, vsubq_f32,
};

use super::eight::PortableEight;
use super::{Kernel, LANES, Lanes, portable};

/// # Safety
/// The processor has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn neon<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the feature is on in this function, into which the kernel is inlined.
    unsafe { kernel.run::<Neon>() }
}

#[derive(Clone, Copy)]
pub(super) struct Neon([float32x4_t; 4]);

impl Lanes for Neon {
    const WIDE: bool = false;
    type Eight = PortableEight;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([vdupq_n_f32(value); 4]) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has 16 values there.
        unsafe { Self([vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))]) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for 16 values.
        unsafe {
            vst1q_f32(to, self.0[0]);
            vst1q_f32(to.add(4), self.0[1]);
            vst1q_f32(to.add(8), self.0[2]);
            vst1q_f32(to.add(12), self.0[3]);
        }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vaddq_f32(self.0[0], other.0[0]),
                vaddq_f32(self.0[1], other.0[1]),
                vaddq_f32(self.0[2], other.0[2]),
                vaddq_f32(self.0[3], other.0[3]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vsubq_f32(self.0[0], other.0[0]),
                vsubq_f32(self.0[1], other.0[1]),
                vsubq_f32(self.0[2], other.0[2]),
                vsubq_f32(self.0[3], other.0[3]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vmulq_f32(self.0[0], other.0[0]),
                vmulq_f32(self.0[1], other.0[1]),
                vmulq_f32(self.0[2], other.0[2]),
                vmulq_f32(self.0[3], other.0[3]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vdivq_f32(self.0[0], other.0[0]),
                vdivq_f32(self.0[1], other.0[1]),
                vdivq_f32(self.0[2], other.0[2]),
                vdivq_f32(self.0[3], other.0[3]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vmaxq_f32(self.0[0], other.0[0]),
                vmaxq_f32(self.0[1], other.0[1]),
                vmaxq_f32(self.0[2], other.0[2]),
                vmaxq_f32(self.0[3], other.0[3]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vminq_f32(self.0[0], other.0[0]),
                vminq_f32(self.0[1], other.0[1]),
                vminq_f32(self.0[2], other.0[2]),
                vminq_f32(self.0[3], other.0[3]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([vsqrtq_f32(self.0[0]), vsqrtq_f32(self.0[1]), vsqrtq_f32(self.0[2]), vsqrtq_f32(self.0[3])]) }
    }

    #[inline(always)]
    unsafe fn fma(self, factor: Self, term: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vfmaq_f32(term.0[0], self.0[0], factor.0[0]),
                vfmaq_f32(term.0[1], self.0[1], factor.0[1]),
                vfmaq_f32(term.0[2], self.0[2], factor.0[2]),
                vfmaq_f32(term.0[3], self.0[3], factor.0[3]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn where_positive(self, yes: Self, no: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vbslq_f32(vcgtzq_f32(self.0[0]), yes.0[0], no.0[0]),
                vbslq_f32(vcgtzq_f32(self.0[1]), yes.0[1], no.0[1]),
                vbslq_f32(vcgtzq_f32(self.0[2]), yes.0[2], no.0[2]),
                vbslq_f32(vcgtzq_f32(self.0[3]), yes.0[3], no.0[3]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vbslq_f32(vcltq_f32(self.0[0], other.0[0]), yes.0[0], no.0[0]),
                vbslq_f32(vcltq_f32(self.0[1], other.0[1]), yes.0[1], no.0[1]),
                vbslq_f32(vcltq_f32(self.0[2], other.0[2]), yes.0[2], no.0[2]),
                vbslq_f32(vcltq_f32(self.0[3], other.0[3]), yes.0[3], no.0[3]),
            ])
        }
    }

    #[inline(always)]
    unsafe fn least(self) -> (u32, f32) {
        let mut lanes = [0.0; LANES];
        // SAFETY: the array has room for all lanes.
        unsafe { self.store(lanes.as_mut_ptr()) };
        portable::least(lanes)
    }

    #[inline(always)]
    unsafe fn different(first: u32, new: *const u32, old: *const u16, to: *mut u32) -> usize {
        // SAFETY: same contract.
        unsafe { portable::different(first, new, old, to) }
    }

    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
        // SAFETY: same contract.
        unsafe { portable::transpose_8x8(from, stride, to, pitch) };
    }

    #[inline(always)]
    unsafe fn prefetch(_: *const f32) {}

    #[inline(always)]
    unsafe fn prefetch_first(_: *const f32) {}

    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe { Self([vrndnq_f32(self.0[0]), vrndnq_f32(self.0[1]), vrndnq_f32(self.0[2]), vrndnq_f32(self.0[3])]) }
    }

    #[inline(always)]
    unsafe fn power_of_two(self) -> Self {
        // SAFETY: the trait's contract.
        unsafe {
            Self([
                vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(vcvtq_s32_f32(self.0[0]), vdupq_n_s32(127)))),
                vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(vcvtq_s32_f32(self.0[1]), vdupq_n_s32(127)))),
                vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(vcvtq_s32_f32(self.0[2]), vdupq_n_s32(127)))),
                vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(vcvtq_s32_f32(self.0[3]), vdupq_n_s32(127)))),
            ])
        }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        // SAFETY: the trait's contract.
        unsafe {
            let four = vaddq_f32(vaddq_f32(self.0[0], self.0[2]), vaddq_f32(self.0[1], self.0[3]));
            let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
            vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
        }
    }
}
