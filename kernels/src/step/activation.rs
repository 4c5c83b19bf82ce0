//! Non-linearities and their slopes on registers.

#![allow(clippy::inline_always)]
// Lanes are unsafe to use without their instructions; each block says why it holds.
#![allow(unsafe_code)]

use super::Activation;
use crate::lanes::Lanes;

const SELU_SCALE: f32 = 1.050_701;
const SELU_ALPHA: f32 = 1.673_263_2;

/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn apply<L: Lanes>(activation: Activation, x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        match activation {
            Activation::Relu => x.max(L::splat(0.0)),
            Activation::Silu => x.mul(sigmoid(x)),
            Activation::Gelu => x.mul(normal(x).0),
            Activation::Selu => {
                let below = x.min(L::splat(0.0)).exp().sub(L::splat(1.0)).mul(L::splat(SELU_SCALE * SELU_ALPHA));
                x.where_positive(x.mul(L::splat(SELU_SCALE)), below)
            }
        }
    }
}

/// The slope at `x`.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn slope<L: Lanes>(activation: Activation, x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let one = L::splat(1.0);
        match activation {
            Activation::Relu => x.where_positive(one, L::splat(0.0)),
            Activation::Silu => {
                let s = sigmoid(x);
                s.mul(x.mul(one.sub(s)).add(one))
            }
            Activation::Gelu => {
                let (cdf, density) = normal(x);
                x.fma(density, cdf)
            }
            Activation::Selu => {
                let below = x.min(L::splat(0.0)).exp().mul(L::splat(SELU_SCALE * SELU_ALPHA));
                x.where_positive(L::splat(SELU_SCALE), below)
            }
        }
    }
}

/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
unsafe fn sigmoid<L: Lanes>(x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe { L::splat(1.0).div(L::splat(0.0).sub(x).exp().add(L::splat(1.0))) }
}

/// Φ and φ; erfc by Abramowitz and Stegun 7.1.26, whose error is at most 1.5e-7.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
unsafe fn normal<L: Lanes>(x: L) -> (L, L) {
    // SAFETY: the caller's contract.
    unsafe {
        let one = L::splat(1.0);
        let magnitude = x.max(L::splat(0.0).sub(x));
        let bell = x.mul(x).mul(L::splat(-0.5)).exp();
        let t = one.div(magnitude.fma(L::splat(0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2), one));
        let mut p = L::splat(1.061_405_4);
        for c in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
            p = p.fma(t, L::splat(c));
        }
        let upper = p.mul(t).mul(bell).mul(L::splat(0.5));
        (x.where_positive(one.sub(upper), upper), bell.mul(L::splat(0.398_942_3)))
    }
}
