//! NEON of 64-bit ARM.

use std::arch::aarch64::{
    float32x4_t, vbslq_f32, vcltq_f32, vdupq_n_f32, vfmaq_f32, vld1q_f32, vminq_f32, vmulq_f32, vst1q_f32, vsubq_f32,
};

use super::portable::{self, PortableEight};
use super::vector::{Task, Vector};

/// # Safety
/// The CPU has NEON.
#[target_feature(enable = "neon")]
pub(super) unsafe fn neon<T: Task>(task: T) -> T::Output {
    // SAFETY: the feature is on in this function, into which the task is inlined.
    unsafe { task.run::<Neon>() }
}

#[derive(Clone, Copy)]
pub(super) struct Neon(float32x4_t);

impl Vector for Neon {
    const LANES: usize = 4;
    /// Plain loops over eight values, which the compiler gives to the registers that every 64-bit ARM has.
    type Eight = PortableEight;
    const EIGHTS: usize = 2;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: NEON, by the trait's contract, here and below.
        Neon(unsafe { vdupq_n_f32(value) })
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has 4 values there.
        Neon(unsafe { vld1q_f32(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has room for 4 values.
        unsafe { vst1q_f32(to, self.0) };
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: NEON.
        Neon(unsafe { vsubq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: NEON.
        Neon(unsafe { vmulq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: NEON.
        Neon(unsafe { vminq_f32(self.0, other.0) })
    }

    #[inline(always)]
    unsafe fn fma(self, factor: Self, term: Self) -> Self {
        // SAFETY: NEON.
        Neon(unsafe { vfmaq_f32(term.0, self.0, factor.0) })
    }

    #[inline(always)]
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self {
        // SAFETY: NEON.
        Neon(unsafe { vbslq_f32(vcltq_f32(self.0, other.0), yes.0, no.0) })
    }

    #[inline(always)]
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize) {
        // SAFETY: same contract.
        unsafe { portable::transpose_8x8(from, stride, to, pitch) };
    }

    #[inline(always)]
    unsafe fn prefetch(_: *const f32) {}
}
